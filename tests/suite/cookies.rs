//! Cookies of one host.

use whimbrel::{Cookies, ErrorKind, Response};

use crate::support;

/// `/set…` sets the cookies of its query, one for each; everything answers with the Cookie header it got.
fn jar() -> whimbrel::Client {
    let client = support::mock(|request| {
        let sent = request.headers().joined("cookie").unwrap_or_default();
        let set = request.url().query().filter(|_| request.url().path().starts_with("/set"));
        let set = set.map(|query| query.replace("%20", " ")).unwrap_or_default();
        set.split('&')
            .filter(|set| !set.is_empty())
            .fold(Response::new(200).with_text(sent), |response, set| response.with_header("set-cookie", set))
    });
    client.build().unwrap()
}

async fn sent(client: &whimbrel::Client, url: &str) -> String {
    client.get(url).send().await.unwrap().text().into_owned()
}

support::test! {
    async fn cookies_go_back_to_their_host_alone() {
        let client = jar();
        sent(&client, "http://a.example/set?n=1").await;
        assert_eq!(sent(&client, "http://a.example/").await, "n=1");
        assert_eq!(sent(&client, "http://b.example/").await, "");
        assert_eq!(client.cookies().get("n").unwrap(), Some("1"));
    }

    async fn domains_do_not_widen_without_a_suffix_list() {
        let client = jar();
        sent(&client, "http://a.co.uk/set?n=1;%20Domain=co.uk").await;
        assert_eq!(sent(&client, "http://b.co.uk/").await, "");
    }

    async fn paths_and_secure_are_kept() {
        let client = jar();
        sent(&client, "https://h/set?p=1;%20Path=/deep&s=1;%20Secure;%20Path=/").await;
        assert_eq!(sent(&client, "https://h/deep/x").await, "p=1; s=1");
        assert_eq!(sent(&client, "http://h/deeper").await, "");
    }

    async fn max_age_zero_deletes() {
        let client = jar();
        sent(&client, "http://h/set?n=1;%20Path=/").await;
        sent(&client, "http://h/set?n=1;%20Path=/;%20Max-Age=0").await;
        assert_eq!(sent(&client, "http://h/").await, "");
    }

    async fn cookies_set_on_a_redirect_count() {
        let client = support::mock(|request| match request.url().path() {
            "/login" => Response::new(302).with_header("location", "/").with_header("set-cookie", "n=1; Path=/"),
            _ => Response::new(200).with_text(request.headers().joined("cookie").unwrap_or_default()),
        });
        let client = client.follow_redirects(true).build().unwrap();
        assert_eq!(sent(&client, "http://h/login").await, "n=1");
    }

    async fn two_cookies_of_one_name_conflict() {
        let client = jar();
        sent(&client, "http://a.example/set?n=1").await;
        sent(&client, "http://b.example/set?n=2").await;
        assert_eq!(client.cookies().get("n").unwrap_err().kind(), ErrorKind::CookieConflict);
    }

    async fn values_are_in_no_debug_output() {
        let mut cookies = Cookies::new();
        cookies.set("n", "S3CR3T");
        assert!(!format!("{cookies:?}").contains("S3CR3T"));
    }
}
