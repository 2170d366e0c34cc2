//! The URL cases of web-platform-tests, on the three ways by which a URL comes into a request.
//!
//! What differs is meant to: URLs of schemes beyond HTTP's and WebSockets' are refused, and so is port 0; a redirect inherits the
//! fragment that it does not have (so the bases are asked without theirs); and a `base_url` is appended to, so that nothing
//! relative leaves it.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;
use whimbrel::{Client, ErrorKind, Headers, Response, Url};

use crate::support;

/// An input, the URL that it is read against, and the URL that comes out, if one does.
struct Case {
    input: String,
    base: Option<String>,
    href: Option<String>,
}

fn cases() -> impl Iterator<Item = Case> {
    let data: Vec<Value> = serde_json::from_str(include_str!("../../data/urltestdata.json")).unwrap();
    let text = |case: &Value, name: &str| case[name].as_str().map(str::to_owned);
    data.into_iter().filter(Value::is_object).map(move |case| Case {
        input: text(&case, "input").unwrap(),
        base: text(&case, "base"),
        href: text(&case, "href").filter(|_| case["port"] != "0" || !is_http(case["protocol"].as_str().unwrap())),
    })
}

impl Case {
    /// The base, where a client can ask it.
    fn http_base(&self) -> Option<String> {
        let mut base = Url::parse(self.base.as_ref()?).ok().filter(|base| is_http(base.as_str()))?;
        base.set_fragment(None);
        Some(base.into())
    }

    /// The URL that was asked, or the error, as it should be; whether a URL was.
    fn check(&self, asked: Result<Url, ErrorKind>, none: &[ErrorKind]) -> bool {
        let shown = format!("{:?} at {:?}", self.input, self.base);
        match (&self.href, asked) {
            // The standard came to escape this one in paths, which the `url` crate does not yet.
            (Some(href), Ok(asked)) => {
                assert_eq!(asked.as_str().replace('^', "%5E"), href.replace('^', "%5E"), "{shown}")
            }
            (Some(href), Err(kind)) => {
                assert!(!is_http(href) && kind == ErrorKind::UnsupportedProtocol, "{shown}: {kind:?}")
            }
            (None, Ok(asked)) => panic!("{shown} is {asked}"),
            (None, Err(kind)) => assert!(none.contains(&kind), "{shown}: {kind:?}"),
        }
        self.href.as_deref().is_some_and(is_http)
    }
}

fn is_http(url: &str) -> bool {
    url.starts_with("http:") || url.starts_with("https:")
}

/// Where a redirect from this URL to this Location leads.
async fn redirected(base: &str, location: &str) -> Result<Url, ErrorKind> {
    let (location, asked) = (location.to_owned(), AtomicBool::new(false));
    let client = support::mock(move |_| match asked.swap(true, Ordering::Relaxed) {
        false => Response::new(302).with_header("location", &location),
        true => Response::new(200),
    });
    let response = client.follow_redirects(true).build().unwrap().get(base).send().await;
    response.map(|response| response.url().unwrap().clone()).map_err(|error| error.kind())
}

/// The host of the request, of its Host field, and of the cookie that its response sets.
async fn hosts(url: &Url) -> (String, String, String) {
    let client = support::mock(|_| Response::new(200).with_header("set-cookie", "n=1")).build().unwrap();
    let response = client.get(url).send().await.unwrap();
    let request = response.request().unwrap();
    let port = request.url().port().map(|port| format!(":{port}")).unwrap_or_default();
    let field = request.headers().joined("host").unwrap();
    let jar = client.cookies();
    let cookie = jar.jar().next().unwrap();
    let text = |host: Option<&str>| host.unwrap().to_owned();
    (text(request.url().host_str()), text(field.strip_suffix(&port)), text(cookie.domain()))
}

support::test! {
    // E11, J2, J3, J4, J5.
    async fn redirects_lead_where_browsers_go() {
        let mut count = 0;
        for case in cases() {
            let Some(base) = case.http_base() else { continue };
            // What no field can hold is no Location either.
            if Headers::new().append("location", case.input.as_str()).is_err() {
                continue;
            }
            let asked = redirected(&base, &case.input).await;
            count += usize::from(case.check(asked, &[ErrorKind::RemoteProtocol]));
        }
        assert!(count > 100, "{count}");
    }

    // J2, J3, J4, J5.
    async fn whole_urls_are_read_as_browsers_read_them() {
        let mut count = 0;
        for case in cases().filter(|case| case.base.is_none()) {
            let built = Client::new().get(case.input.as_str()).build();
            let asked = built.map(|request| request.url().clone()).map_err(|error| error.kind());
            count += usize::from(case.check(asked, &[ErrorKind::InvalidUrl, ErrorKind::UnsupportedProtocol]));
        }
        assert!(count > 100, "{count}");
    }

    // J8: what is no whole URL stays below the base, whatever it looks like.
    async fn nothing_relative_leaves_its_base() {
        let mut counts = [0, 0];
        for case in cases() {
            let base = case.http_base().unwrap_or("http://base.example/v1".into());
            let client = Client::builder().base_url(&base).build().unwrap();
            let whole = Url::parse(&case.input).ok().filter(|url| case.input.contains("://") && url.has_host());
            let Ok(request) = client.get(case.input.as_str()).build() else { continue };
            let expected = whole.unwrap_or(Url::parse(&base).unwrap());
            assert_eq!(request.url().origin(), expected.origin(), "{:?} on {base}", case.input);
            counts[usize::from(case.base.is_some())] += 1;
        }
        assert!(counts[0] > 100 && counts[1] > 100, "{counts:?}");
    }

    // J1.
    async fn one_parser_decides_which_host_it_is() {
        let mut count = 0;
        for case in cases() {
            let Some(url) = case.href.filter(|href| is_http(href)).and_then(|href| Url::parse(&href).ok()) else { continue };
            let (asked, field, cookie) = hosts(&url).await;
            assert_eq!((&field, &cookie), (&asked, &asked), "{url}");
            count += 1;
        }
        assert!(count > 100, "{count}");
    }
}
