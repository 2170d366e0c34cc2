//! `Headers` against a plain list of pairs.

use proptest::prelude::*;
use proptest::sample::select;
use whimbrel::Headers;

use super::{any_text, bytes, check};
use crate::support;

/// Names in lower case, values, in order.
type Model = Vec<(String, Vec<u8>)>;
type Field = (String, Vec<u8>);

#[derive(Clone, Debug)]
enum Change {
    Append(Field),
    Insert(Field),
    Remove(String),
    Update(Vec<Field>),
}

/// A few names, so that they meet again, and some that are none.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![8 => select(vec!["a", "A", "Host", "host", "x-b", "X-B"]).prop_map(str::to_owned), 1 => any_text(4)]
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![3 => select(vec!["", "1", "a, b"]).prop_map(|text| text.as_bytes().to_vec()), 1 => bytes(6)]
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        (name(), value()).prop_map(Change::Append),
        (name(), value()).prop_map(Change::Insert),
        name().prop_map(Change::Remove),
        prop::collection::vec((name(), value()), 0..4).prop_map(Change::Update),
    ]
}

/// RFC 9110 5.1 and 5.5: a token; no controls, and no white space around.
fn is_legal((name, value): &Field) -> bool {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let in_value = |byte: &u8| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f);
    let padded = [value.first(), value.last()].iter().flatten().any(|byte| b" \t".contains(byte));
    !name.is_empty() && name.bytes().all(token) && value.iter().all(in_value) && !padded
}

fn lower((name, value): Field) -> Field {
    (name.to_ascii_lowercase(), value)
}

/// RFC 9110 5.5: UTF-8 if it is, else Latin-1.
fn text(value: &[u8]) -> String {
    std::str::from_utf8(value).map_or_else(|_| support::latin1(value), str::to_owned)
}

fn apply(model: &mut Model, headers: &mut Headers, change: Change) {
    match change {
        Change::Append(field) => {
            assert_eq!(headers.append(field.0.as_str(), field.1.as_slice()).is_ok(), is_legal(&field));
            model.extend(Some(field).filter(is_legal).map(lower));
        }
        Change::Insert(field) => {
            assert_eq!(headers.insert(field.0.as_str(), field.1.as_slice()).is_ok(), is_legal(&field));
            Some(field).filter(is_legal).map(lower).into_iter().for_each(|field| insert(model, field));
        }
        Change::Remove(name) => {
            let first = model.iter().find(|known| known.0.eq_ignore_ascii_case(&name)).map(|known| known.1.clone());
            assert_eq!(headers.remove(&name).map(|value| value.as_bytes().to_vec()), first);
            model.retain(|known| !known.0.eq_ignore_ascii_case(&name));
        }
        Change::Update(fields) => {
            let (mut others, mut other) = (Model::new(), Headers::new());
            fields.into_iter().for_each(|field| apply(&mut others, &mut other, Change::Append(field)));
            headers.update(&other);
            model.retain(|known| others.iter().all(|field| field.0 != known.0));
            model.append(&mut others);
        }
    }
}

fn insert(model: &mut Model, field: Field) {
    let Some(at) = model.iter().position(|known| known.0 == field.0) else { return model.push(field) };
    let after = model.split_off(at + 1);
    model.extend(after.into_iter().filter(|known| known.0 != field.0));
    model[at] = field;
}

support::test! {
    async fn headers_are_a_list_of_fields() {
        check(prop::collection::vec(change(), 0..12), |changes| {
            let (mut model, mut headers) = (Model::new(), Headers::new());
            for change in changes {
                apply(&mut model, &mut headers, change);
                let seen: Model = headers.iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
                assert_eq!(seen, model);
            }
            for (name, _) in &model {
                let values: Vec<_> = model.iter().filter(|known| known.0 == *name).map(|known| known.1.as_slice()).collect();
                let upper = name.to_uppercase();
                assert_eq!(headers.get(&upper).unwrap().as_bytes(), values[0]);
                assert_eq!(headers.get_list(&upper).map(|value| value.as_bytes()).collect::<Vec<_>>(), values);
                let joined = values.iter().map(|value| text(value)).collect::<Vec<_>>().join(", ");
                assert_eq!(headers.joined(&upper).unwrap(), joined);
            }
            assert_eq!((headers.len(), headers.is_empty()), (model.len(), model.is_empty()));
        });
    }

    async fn any_name_may_be_asked_for() {
        check((any_text(8), bytes(16)), |(name, value)| {
            let mut headers = Headers::new();
            let legal = headers.append(name.as_str(), value.as_slice()).is_ok();
            assert_eq!((headers.contains(&name), headers.joined(&name).is_some()), (legal, legal));
            let _ = format!("{headers:?}");
        });
    }
}
