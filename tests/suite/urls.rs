//! URLs: base_url, parameters, mistakes.

use serde_json::Value;
use whimbrel::{Client, ErrorKind, QueryParams};

use crate::support;

support::test! {
    async fn base_url_appends_as_httpx_does() {
        let data: Value = serde_json::from_str(include_str!("../data/base_url_merge.json")).unwrap();
        let cases = data["cases"].as_array().unwrap().iter();
        // HTTPX puts the base's query between the two paths, which is no URL that anybody meant; and without a base a
        // relative URL is an error here before anything is sent.
        for case in cases.filter(|case| !case["base_url"].as_str().unwrap().contains('?') && case["base_url"] != "") {
            let client = Client::builder().base_url(case["base_url"].as_str().unwrap()).build().unwrap();
            let url = client.get(case["url"].as_str().unwrap()).build().unwrap().url().to_string();
            assert_eq!(url, case["out"].as_str().unwrap(), "{case}");
        }
    }

    async fn the_base_urls_query_is_kept_where_the_url_has_none() {
        let client = Client::builder().base_url("http://x/api?k=1").build().unwrap();
        assert_eq!(client.get("/users").build().unwrap().url().as_str(), "http://x/api/users?k=1");
        assert_eq!(client.get("/users?a=2").build().unwrap().url().as_str(), "http://x/api/users?a=2");
    }

    async fn params_merge_as_httpx_does() {
        let data: Value = serde_json::from_str(include_str!("../data/params_merge.json")).unwrap();
        for case in data["cases"].as_array().unwrap() {
            let client = pairs(&case["client_params"]).into_iter().flatten();
            let client = client.fold(Client::builder(), |builder, (name, value)| builder.param(name, value)).build().unwrap();
            let request = client.get(case["url"].as_str().unwrap());
            let request = match pairs(&case["request_params"]) {
                Some(params) => request.params(params),
                None => request,
            };
            assert_eq!(request.build().unwrap().url().as_str(), case["out"].as_str().unwrap(), "{case}");
        }
    }

    async fn query_strings_are_read_and_written_as_httpx_does() {
        let data: Value = serde_json::from_str(include_str!("../data/query_params.json")).unwrap();
        for case in data["cases"].as_array().unwrap() {
            let params = match (&case["in"], pairs(&case["in"])) {
                (Value::String(query), _) => QueryParams::parse(query),
                (_, pairs) => pairs.unwrap_or_default().into_iter().collect(),
            };
            assert_eq!(params.to_string(), case["str"].as_str().unwrap(), "{case}");
        }
    }

    async fn urls_that_cannot_be_requested_are_typed_errors() {
        let cases = [
            ("ftp://example.org/", ErrorKind::UnsupportedProtocol, "'ftp://'"),
            ("/relative", ErrorKind::UnsupportedProtocol, "missing an 'http://' or 'https://'"),
            ("example.org", ErrorKind::UnsupportedProtocol, "missing an 'http://' or 'https://'"),
            ("http://", ErrorKind::InvalidUrl, "empty host"),
            ("http://h:99999/", ErrorKind::InvalidUrl, "invalid port"),
            ("http://[::1/", ErrorKind::InvalidUrl, "IPv6"),
            ("data:text/plain,hi", ErrorKind::UnsupportedProtocol, "missing an 'http://' or 'https://'"),
        ];
        for (url, kind, text) in cases {
            let error = Client::new().get(url).build().unwrap_err();
            assert_eq!(error.kind(), kind, "{url}: {error}");
            assert!(error.to_string().contains(text), "{url}: {error}");
        }
    }

    async fn credentials_of_an_invalid_url_are_in_no_error() {
        let error = Client::new().get("http://user:S3CR3T@h:99999/").build().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("S3CR3T"), "{error:?}");
    }

    async fn an_empty_base_is_none_and_a_scheme_alone_is_no_host() {
        assert!(whimbrel::Client::builder().base_url("").build().unwrap().base_url().is_none());
        let client = whimbrel::Client::builder().base_url("http://h/v1").build().unwrap();
        for (url, merged) in [("http:users", "http://h/v1/users"), ("https:evil.com/x", "http://h/v1/evil.com/x")] {
            assert_eq!(client.get(url).build().unwrap().url().as_str(), merged);
        }
    }
}

/// A JSON object as name and value pairs, lists expanded.
fn pairs(params: &Value) -> Option<Vec<(String, String)>> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let pairs = params.as_object()?.iter().flat_map(|(name, value)| match value {
        Value::Array(values) => values.iter().map(|value| (name.clone(), text(value))).collect(),
        value => vec![(name.clone(), text(value))],
    });
    Some(pairs.collect())
}
