//! Query parameters and forms, read by the `url` crate.

use proptest::prelude::*;
use url::form_urlencoded;
use whimbrel::{Client, QueryParams};

use super::{any_text, at_once, check};
use crate::support;

type Pairs = Vec<(String, String)>;

fn pairs() -> impl Strategy<Value = Pairs> {
    let name = prop_oneof![super::text_of("ab&=+ %#?", 0..3), any_text(4)];
    prop::collection::vec((name, any_text(8)), 0..8)
}

/// As `QueryParams` has them: those of one name together, where the first stands.
fn grouped(pairs: &Pairs) -> Pairs {
    let mut grouped = Pairs::new();
    for (at, (name, _)) in pairs.iter().enumerate() {
        if pairs[..at].iter().all(|before| before.0 != *name) {
            grouped.extend(pairs[at..].iter().filter(|pair| pair.0 == *name).cloned());
        }
    }
    grouped
}

fn read(encoded: &[u8]) -> Pairs {
    form_urlencoded::parse(encoded).into_owned().collect()
}

support::test! {
    // J10: NUL, `+` and `%` are exact.
    async fn what_is_written_is_read() {
        check(pairs(), |pairs| {
            let params: QueryParams = pairs.clone().into_iter().collect();
            assert_eq!(read(params.to_string().as_bytes()), grouped(&pairs));
            let again = QueryParams::parse(&params.to_string());
            assert_eq!(again, params);
        });
    }

    async fn what_others_write_is_read() {
        check(pairs(), |pairs| {
            let written = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
            let params = QueryParams::parse(&written);
            let seen: Pairs = params.iter().map(|(name, value)| (name.into(), value.into())).collect();
            assert_eq!(seen, grouped(&pairs));
        });
    }

    async fn any_text_is_read_as_others_read_it() {
        check(prop_oneof![super::text_of("a%2&=+é;", 0..12), any_text(12)], |text| {
            let params = QueryParams::parse(&text);
            let seen: Pairs = params.iter().map(|(name, value)| (name.into(), value.into())).collect();
            assert_eq!(seen, grouped(&read(text.as_bytes())));
        });
    }

    async fn urls_and_forms_carry_them_unchanged() {
        check(pairs(), |pairs| {
            let request = Client::new().post("http://h/?old=1").params(pairs.clone()).form(pairs.clone());
            let mut request = request.build().unwrap();
            assert_eq!(read(request.url().query().unwrap_or_default().as_bytes()), grouped(&pairs));
            assert_eq!(read(at_once(request.body_mut().read()).unwrap()), grouped(&pairs));
        });
    }
}
