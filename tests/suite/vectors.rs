//! What HTTPX does, recorded by running it: every case comes out the same here, or as a row of docs/differences-from-httpx.md
//! says. (`digest.json` and `no_proxy.json` are about rules that cannot be reached from outside: src/auth/digest/vectors.rs and
//! src/mounts/environment.rs count them.)

use serde_json::Value;
use whimbrel::{Client, QueryParams, Response, Url};

use crate::requests::check_recorded;
use crate::support::{self, latin1};
use crate::text::streamed;

/// The rows that cases are different by.
const DIFFERENCES: &str = include_str!("../../docs/differences-from-httpx.md");
const CREDENTIALS: &str = "| credentials on redirects |";
const BODY_FIELDS: &str = "| header fields of a body that is dropped |";
const BASE_QUERY: &str = "| `base_url` with a query |";
const URLS: &str = "| URLs |";
const RELATIVE: &str = "| relative URLs |";

/// A file of cases, and how they came out.
struct Vectors {
    same: usize,
    different: usize,
}

impl Vectors {
    fn cases(text: &str) -> (Vec<Value>, Self) {
        let file: Value = serde_json::from_str(text).unwrap();
        (file["cases"].as_array().unwrap().clone(), Self { same: 0, different: 0 })
    }

    /// The outcome is HTTPX's, or what the named row makes of it.
    fn same(&mut self, case: &Value, outcome: &str, expected: &str) {
        assert_eq!(outcome, expected, "{case}");
        self.same += 1;
    }

    fn different(&mut self, case: &Value, row: &str, outcome: &str, httpxs: &str) {
        assert!(DIFFERENCES.contains(row), "no row '{row}' in docs/differences-from-httpx.md");
        assert_ne!(outcome, httpxs, "it is the same by now: {case}");
        self.different += 1;
    }

    fn count(&self, same: usize, different: usize) {
        assert_eq!((self.same, self.different), (same, different));
    }
}

/// The URL that a client with this base asks for.
fn merged(base: &str, url: &str) -> String {
    let client = Client::builder().base_url(base).build().unwrap();
    client.get(url).build().map_or_else(|error| format!("{:?}", error.kind()), |request| request.url().to_string())
}

fn pairs(value: &Value) -> Option<Vec<(String, String)>> {
    let text = |value: &Value| match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let spread = |(name, value): (&String, &Value)| match value {
        Value::Array(values) => values.iter().map(|value| (name.clone(), text(value))).collect(),
        value => vec![(name.clone(), text(value))],
    };
    Some(value.as_object()?.iter().flat_map(spread).collect())
}

/// Method, URL, header fields and body, a line each, names in lower case.
fn shown(request: &whimbrel::Request) -> String {
    let fields = request.headers().iter().map(|(name, value)| format!("{name}: {}\n", latin1(value.as_bytes())));
    let body = latin1(request.body().as_bytes().unwrap_or_default());
    format!("{} {}\n{}{body}", request.method(), request.url(), fields.collect::<String>())
}

fn shown_by_httpx(second: &Value, without: &[&str]) -> String {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let fields =
        second["headers"].as_array().unwrap().iter().map(|field| (text(&field[0]).to_lowercase(), text(&field[1])));
    let kept = fields.filter(|(name, _)| !without.contains(&name.as_str()));
    let fields: String = kept.map(|(name, value)| format!("{name}: {value}\n")).collect();
    format!("{} {}\n{fields}{}", text(&second["method"]), text(&second["url"]), text(&second["body"]))
}

/// The request that follows the recorded one, if any does.
async fn redirected(case: &Value) -> Option<String> {
    let (code, location) = (case["code"].as_u64().unwrap() as u16, case["location"].as_str().unwrap().to_owned());
    let client = support::mock(move |_| Response::new(code).with_header("location", &location)).build().unwrap();
    let method = case["method"].as_str().unwrap();
    let request =
        client.request(method, "http://a.com/d/old?x#frag").header("user-agent", "t").header("authorization", "tok");
    let request = request.header("proxy-authorization", "pp").header("content-type", "text/x");
    let request = if matches!(method, "GET" | "HEAD") { request } else { request.content("xyz") };
    request.send().await.unwrap().next_request().map(shown)
}

support::test! {
    // J8.
    async fn base_url_merge() {
        let (cases, mut vectors) = Vectors::cases(include_str!("../data/base_url_merge.json"));
        for case in &cases {
            let (base, httpxs) = (case["base_url"].as_str().unwrap(), case["out"].as_str().unwrap());
            let outcome = merged(base, case["url"].as_str().unwrap());
            match (base.contains('?'), base.is_empty() && !httpxs.starts_with("http")) {
                (true, _) if outcome != httpxs => vectors.different(case, BASE_QUERY, &outcome, httpxs),
                (_, true) => vectors.different(case, RELATIVE, &outcome, httpxs),
                _ => vectors.same(case, &outcome, httpxs),
            }
        }
        vectors.count(32, 13);
    }

    async fn params_merge() {
        let (cases, mut vectors) = Vectors::cases(include_str!("../data/params_merge.json"));
        for case in &cases {
            let client = pairs(&case["client_params"]).into_iter().flatten();
            let client = client.fold(Client::builder(), |builder, (name, value)| builder.param(name, value)).build().unwrap();
            let request = client.get(case["url"].as_str().unwrap());
            let request = match pairs(&case["request_params"]) {
                Some(params) => request.params(params),
                None => request,
            };
            vectors.same(case, request.build().unwrap().url().as_str(), case["out"].as_str().unwrap());
        }
        vectors.count(24, 0);
    }

    async fn query_params() {
        let (cases, mut vectors) = Vectors::cases(include_str!("../data/query_params.json"));
        for case in &cases {
            let params = match (&case["in"], pairs(&case["in"])) {
                (Value::String(query), _) => QueryParams::parse(query),
                (_, pairs) => pairs.unwrap_or_default().into_iter().collect(),
            };
            let items: Vec<_> = params.iter().map(|(name, value)| serde_json::json!([name, value])).collect();
            assert_eq!(Value::from(items), case["multi_items"], "{case}");
            vectors.same(case, &params.to_string(), case["str"].as_str().unwrap());
        }
        vectors.count(12, 0);
    }

    async fn requests() {
        let (cases, mut vectors) = Vectors::cases(include_str!("../data/requests.json"));
        for case in &cases {
            check_recorded(case).await;
            vectors.same(case, "", "");
        }
        vectors.count(20, 0);
    }

    async fn iter_lines() {
        let (cases, mut vectors) = Vectors::cases(include_str!("../data/iter_lines.json"));
        for case in &cases {
            let chunks = case["chunks"].as_array().unwrap().iter().map(|chunk| chunk.as_str().unwrap().into()).collect();
            let mut response = streamed("utf-8", chunks);
            let (mut lines, mut seen) = (response.lines(), Vec::new());
            while let Some(line) = lines.next().await {
                seen.push(line.unwrap());
            }
            vectors.same(case, &Value::from(seen).to_string(), &case["lines"].to_string());
        }
        vectors.count(6, 0);
    }

    async fn url_join() {
        let (cases, mut vectors) = Vectors::cases(include_str!("../data/url_join.json"));
        for case in &cases {
            let (base, reference, httpxs) = (case["base"].as_str().unwrap(), case["ref"].as_str().unwrap(), case["out"].as_str().unwrap());
            let Ok(base) = base.parse::<Url>() else {
                vectors.different(case, RELATIVE, "an error", httpxs);
                continue;
            };
            let outcome = base.join(reference).unwrap().to_string();
            // HTTPX leaves an empty path empty until it sends it.
            match httpxs.parse::<Url>().is_ok_and(|httpxs| httpxs.as_str() == outcome) && !reference.contains("%2e") {
                true => vectors.same(case, "", ""),
                false => vectors.different(case, URLS, &outcome, httpxs),
            }
        }
        vectors.count(84, 23);
    }

    async fn redirects() {
        let (cases, mut vectors) = Vectors::cases(include_str!("../data/redirects.json"));
        for case in &cases {
            let (second, location) = (&case["second"], case["location"].as_str().unwrap());
            let Some(outcome) = redirected(case).await else {
                vectors.same(case, "null", &second.to_string());
                continue;
            };
            let httpxs = shown_by_httpx(second, &[]);
            let crosses = location.starts_with("http") || location.starts_with("//");
            let drops_body = second["method"] != case["method"];
            if location == "https:///n" {
                vectors.different(case, URLS, &outcome, &httpxs);
            } else if crosses || drops_body {
                let secrets: &[&str] = if crosses { &["authorization", "proxy-authorization"] } else { &[] };
                let fields: &[&str] = if drops_body { &["content-type"] } else { &[] };
                assert_eq!(outcome, shown_by_httpx(second, &[secrets, fields].concat()), "{case}");
                vectors.different(case, if crosses { CREDENTIALS } else { BODY_FIELDS }, &outcome, &httpxs);
            } else {
                vectors.same(case, &outcome, &httpxs);
            }
        }
        vectors.count(126, 90);
    }
}
