//! How connections are made: names, several addresses, the guard, and once more.

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use whimbrel::{BoxFuture, Client, ClientBuilder, Error, ErrorKind, Resolver, Result, Timeout};

use crate::support::{self, OWN_TLS, server};

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
const ELSEWHERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 2));
const HERE_V6: IpAddr = IpAddr::V6(std::net::Ipv6Addr::LOCALHOST);

/// Answers with the first answer, then with the second, and so on; with the last one for ever. Writes down what it is asked.
struct Script<L>(L, Vec<std::result::Result<Vec<IpAddr>, &'static str>>, AtomicUsize);

impl<L: Fn(String) + Send + Sync + 'static> Resolver for Script<L> {
    fn resolve<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<IpAddr>>> {
        (self.0)(host.to_owned());
        let turn = self.2.fetch_add(1, Ordering::Relaxed).min(self.1.len() - 1);
        let answer = self.1[turn].clone();
        Box::pin(async { answer.map_err(|reason| Error::new(ErrorKind::Read, reason)) })
    }
}

/// A resolver with these answers, and what it was asked.
fn script(answers: &[std::result::Result<&[IpAddr], &'static str>]) -> (impl Resolver, impl Fn() -> Vec<String>) {
    let (log, asked) = support::log();
    let answers = answers.iter().map(|answer| answer.map(<[IpAddr]>::to_vec)).collect();
    (Script(log, answers, AtomicUsize::new(0)), asked)
}

/// A guard that lets these pass, and what it saw.
fn guarded(
    builder: ClientBuilder,
    allowed: impl Fn(IpAddr) -> bool + Send + Sync + 'static,
) -> (Client, impl Fn() -> Vec<String>) {
    let (log, seen) = support::log();
    let client = builder.connect_guard(move |target| {
        log(format!("{} {}", target.host(), target.address().ip()));
        match allowed(target.address().ip()) {
            true => Ok(()),
            false => Err(Error::new(ErrorKind::Unsupported, "not for visitors")),
        }
    });
    (client.build().unwrap(), seen)
}

/// The server's URL, by this name.
fn named(url: &str, name: &str) -> String {
    url.replace("127.0.0.1", name)
}

async fn get(client: &Client, url: &str) -> Result<String> {
    Ok(client.get(url).send().await?.text().into_owned())
}

support::test! {
    async fn the_host_of_wasi_asks_no_guard() {
        if OWN_TLS { return }
        let (client, _) = guarded(Client::builder(), |_| true);
        assert_eq!(get(&client, &server().https).await.unwrap_err().kind(), ErrorKind::Unsupported);
    }

    async fn names_are_resolved_by_whoever_the_user_says() {
        let (resolver, asked) = script(&[Ok(&[HERE])]);
        let client = Client::builder().resolver(resolver).resolve("Known.example", [HERE]).build().unwrap();
        let seen = get(&client, &named(&format!("{}/anything", server().http), "Api.EXAMPLE.")).await.unwrap();
        assert!(seen.contains(r#"["host","api.example.:"#), "{seen}");
        // Neither addresses nor what is known by hand is asked for.
        assert!(get(&client, &named(&format!("{}/get", server().http), "known.example.")).await.is_ok());
        assert!(get(&client, &format!("{}/get", server().http)).await.is_ok());
        assert_eq!(asked(), ["api.example."]);
    }

    // P1, faults 35: no address, no answer, and no end of addresses, of which most are the same.
    async fn bad_answers_of_resolvers_are_errors() {
        let (resolver, _) = script(&[Ok(&[]), Err("the name server sleeps")]);
        let client = Client::builder().resolver(resolver).build().unwrap();
        for words in ["has no addresses", "the name server sleeps"] {
            let error = get(&client, "http://a.invalid/").await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Dns);
            assert!(error.to_string().contains(words) && error.to_string().contains("'a.invalid'"), "{error}");
        }
        let many: Vec<IpAddr> = (0..1_000_u32).map(|n| [10, 0, (n / 100) as u8, (n % 100 / 2) as u8].into()).collect();
        let (client, seen) = guarded(Client::builder().resolve("many.invalid", many), |_| false);
        assert_eq!(get(&client, "http://many.invalid/").await.unwrap_err().kind(), ErrorKind::Connect);
        let distinct: std::collections::BTreeSet<_> = seen().into_iter().collect();
        assert_eq!((seen().len(), distinct.len()), (16, 16));
    }

    // P3: nothing that is no name comes to a resolver.
    async fn resolvers_see_names_alone() {
        let (resolver, asked) = script(&[Ok(&[HERE])]);
        let client = Client::builder().resolver(resolver).build().unwrap();
        let (long, label) = (format!("http://{}/", ["a"; 128].join(".")), format!("http://{}/", "a".repeat(64)));
        for url in ["http://a%00b/", "http://a b/", "http://a%20b/", "http:///", &long, &label] {
            let Err(error) = get(&client, url).await else { panic!("{url}") };
            assert!(matches!(error.kind(), ErrorKind::InvalidUrl | ErrorKind::UnsupportedProtocol), "{error}");
            if let Ok(url) = url.parse() {
                let request = whimbrel::Request::new(whimbrel::Method::GET, url);
                assert_eq!(client.send(request).await.unwrap_err().kind(), ErrorKind::InvalidUrl);
            }
        }
        assert_eq!(asked(), [""; 0]);
    }

    async fn what_is_said_about_names_is_checked() {
        let error = Client::builder().resolve("http://h/", [HERE]).build().err().unwrap();
        assert_eq!(error.kind(), ErrorKind::InvalidUrl);
    }

    // P1, faults 34: IPv6 that is broken, eight addresses of which one works. (The raw port has IPv4 alone.)
    async fn the_address_that_works_is_found() {
        let others = (2..9).map(|last| IpAddr::from([127, 0, 0, last]));
        let eight: Vec<IpAddr> = others.chain([HERE]).collect();
        for addresses in [vec![HERE_V6, HERE], eight] {
            let client = Client::builder().resolve("some.invalid", addresses).build().unwrap();
            assert_eq!(get(&client, &named(&format!("{}/banner", server().raw), "some.invalid")).await.unwrap(), "ok");
        }
        let client = Client::builder().resolve("none.invalid", [HERE_V6, HERE]).build().unwrap();
        let error = get(&client, &named(&server().refused, "none.invalid")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect);
        assert!(error.to_string().contains("Could not connect to 127.0.0.1:"), "{error}");
    }

    async fn a_local_address_of_all_is_a_family() {
        let builder = || Client::builder().resolve("both.invalid", [HERE_V6, HERE]);
        let url = named(&format!("{}/get", server().http), "both.invalid");
        let (client, seen) = guarded(builder().local_address([0, 0, 0, 0].into()), |_| true);
        assert!(get(&client, &url).await.is_ok());
        assert_eq!(seen(), ["both.invalid 127.0.0.1"]);
        let (client, seen) = guarded(builder().local_address("::".parse().unwrap()), |_| false);
        assert!(get(&client, &url).await.is_err());
        assert_eq!(seen(), ["both.invalid ::1"]);
        let error = get(&client, &format!("{}/get", server().http)).await.unwrap_err();
        assert!(error.to_string().contains("family of local_address"), "{error}");
    }

    // J9: each attempt, each hop and each retry is seen by its address; a connection that is used again was.
    async fn the_guard_sees_every_connection() {
        let server = server();
        let builder = Client::builder().follow_redirects(true).retries(2).resolve("hop.invalid", [ELSEWHERE, HERE_V6, HERE]);
        let (client, seen) = guarded(builder, |address| address == HERE);
        let there = format!("{}/banner", named(&server.raw, "hop.invalid"));
        for _ in 0..2 {
            let response = client.get(format!("{}/redirect-to", server.http)).param("url", &there).send().await.unwrap();
            assert_eq!(response.text(), "ok");
        }
        assert_eq!(seen(), ["127.0.0.1 127.0.0.1", "hop.invalid 127.0.0.2", "hop.invalid ::1", "hop.invalid 127.0.0.1"]);
        let refused = named(&server.refused, "localhost.invalid");
        let (client, seen) = guarded(Client::builder().retries(1).resolve("localhost.invalid", [HERE]), |_| true);
        assert_eq!(get(&client, &refused).await.unwrap_err().kind(), ErrorKind::Connect);
        assert_eq!(seen(), ["localhost.invalid 127.0.0.1", "localhost.invalid 127.0.0.1"]);
    }

    // J9: the refusal is what the user is told, and no retry changes it.
    async fn a_refusal_is_the_requests_error() {
        let builder = || Client::builder().retries(9).resolve("inner.invalid", [ELSEWHERE, HERE]);
        for url in [named(&server().http, "inner.invalid"), named(&server().http, "[::ffff:127.0.0.1]"), named(&server().http, "0x7f.1")] {
            let (client, seen) = guarded(builder(), |address| !address.is_loopback());
            let error = get(&client, &url).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Connect);
            assert!(error.to_string().starts_with("not for visitors (for http://"), "{error}");
            assert!(seen().len() <= 2 && seen().iter().all(|line| line.contains(" 127.0.0.")), "{:?}", seen());
        }
        // What the other addresses said is of less interest.
        let (client, _) = guarded(builder(), |address| address == HERE);
        let error = get(&client, &named(&server().refused, "inner.invalid")).await.unwrap_err();
        assert!(error.to_string().starts_with("not for visitors"), "{error}");
    }

    // J9, P5: a name that is a good address when it is looked at and another one when it is connected to.
    async fn a_name_that_changes_its_address_gets_nowhere() {
        let (resolver, asked) = script(&[Ok(&[HERE]), Ok(&[ELSEWHERE])]);
        let (client, _) = guarded(Client::builder().resolver(resolver), |address| address == HERE);
        let url = named(&format!("{}/get", server().http), "rebinding.invalid");
        assert!(client.get(&url).header("connection", "close").send().await.is_ok());
        assert_eq!(get(&client, &url).await.unwrap_err().kind(), ErrorKind::Connect);
        assert_eq!(asked().len(), 2);
    }

    // J9: behind a proxy is what the proxy sees.
    async fn the_guard_sees_the_proxys_address() {
        let proxy = named(&server().http, "proxy.invalid");
        let builder = || Client::builder().proxy(proxy.as_str()).resolve("proxy.invalid", [HERE]);
        let (client, seen) = guarded(builder(), |_| true);
        assert!(get(&client, "http://nowhere.invalid/anything").await.is_ok());
        assert_eq!(seen(), ["proxy.invalid 127.0.0.1"]);
        let (client, seen) = guarded(builder().retries(9), |_| false);
        let error = get(&client, "http://nowhere.invalid/anything").await.unwrap_err();
        assert!(error.kind() == ErrorKind::Connect && error.to_string().contains("not for visitors"), "{error}");
        assert!(!seen().is_empty());
    }

    // Faults 35: a name that comes and goes.
    async fn connecting_is_tried_again() {
        let (resolver, asked) = script(&[Err("flap"), Ok(&[HERE])]);
        let client = Client::builder().resolver(resolver).retries(1).build().unwrap();
        assert!(get(&client, &named(&format!("{}/get", server().http), "flap.invalid")).await.is_ok());
        assert_eq!(asked().len(), 2);
    }

    async fn retries_are_counted_and_told() {
        for (retries, expected) in [(0, 0), (1, 1)] {
            let (log, told) = support::log();
            let client = Client::builder().retries(retries).build().unwrap();
            let traced = client.get(server().refused).trace(move |event| log(event.to_string()));
            assert_eq!(traced.send().await.unwrap_err().kind(), ErrorKind::Connect);
            let count = |point: &str| told().iter().filter(|event| *event == point).count();
            assert_eq!((count("connection.retry.started"), count("connection.retry.complete")), (expected, expected));
            assert_eq!(count("connection.connect_tcp.failed"), expected + 1);
        }
    }

    // O5: each attempt has the connect timeout; the error says so, and for which host.
    async fn a_connection_that_is_never_made_ends_in_a_timeout_each_time() {
        let (client, seen) = guarded(Client::builder().retries(1), |_| true);
        let url = server().stalled.replace("http://", "http://user:S3CR3T@");
        let timeout = Timeout::default().connect(Duration::from_millis(5));
        let error = client.get(&url).timeout(timeout).send().await.unwrap_err();
        assert_eq!((error.kind(), seen().len()), (ErrorKind::ConnectTimeout, 2));
        assert!(error.to_string().contains("within 5ms, the connect timeout (for http://127.0.0.1:"), "{error}");
        assert!(!format!("{error} {error:?}").contains("S3CR3T"));
    }

    // O4: durations of any size.
    async fn extreme_durations_are_no_trouble() {
        for extreme in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
            let client = Client::builder().tcp_keepalive(extreme).timeout(None).build().unwrap();
            assert!(get(&client, &format!("{}/get", server().http)).await.is_ok(), "{extreme:?}");
        }
        let url = named(&format!("{}/get", server().http), "h.invalid");
        let client = Client::builder().timeout(Timeout::all(Duration::MAX).total(Duration::MAX)).resolve("h.invalid", [HERE_V6, HERE]);
        assert!(get(&client.build().unwrap(), &url).await.is_ok());
        let client = Client::builder().timeout(Timeout::default().connect(Duration::ZERO)).build().unwrap();
        assert_eq!(get(&client, &server().stalled).await.unwrap_err().kind(), ErrorKind::ConnectTimeout);
    }
}
