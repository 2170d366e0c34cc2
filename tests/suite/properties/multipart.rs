//! Forms with files, read by `multer`, which servers use.

use proptest::prelude::*;
use proptest::sample::select;
use whimbrel::{Bytes, Client, Multipart, Part};

use super::{Pieces, any_text, at_once, bytes, check, text_of};
use crate::support;

#[derive(Clone, Debug)]
struct Field {
    name: String,
    value: Vec<u8>,
    /// `None` for a text field.
    file: Option<File>,
}

#[derive(Clone, Debug)]
struct File {
    name: Option<String>,
    content_type: Option<&'static str>,
    header: Option<String>,
}

/// As it is read: name, file name, content type, header `x-part`, value.
type Seen = (String, Option<String>, Option<String>, Option<String>, Vec<u8>);

/// Anything but what multer does not read: DEL and ESC, which stay as they are (HTML, HTTPX), and a backslash at the end,
/// which it takes for one that escapes the closing quote.
fn name() -> impl Strategy<Value = String> {
    let name = prop_oneof![any_text(8), text_of("ab\"\\;=/. \r\n\0é%2", 0..8)];
    name.prop_map(|name| name.replace(['\x7f', '\x1b'], "-").trim_end_matches('\\').to_owned())
}

fn field() -> impl Strategy<Value = Field> {
    let types = select(vec![None, Some("text/plain"), Some("image/png"), Some("application/x-y; a=\"b\"")]);
    let header = prop::option::of(text_of("ab;=\"é,", 1..6));
    let file = (prop::option::of(name()), types, header);
    let file = file.prop_map(|(name, content_type, header)| File { name, content_type, header });
    // What looks like the end of a part, but for the boundary.
    let value = prop_oneof![bytes(64), text_of("\r\n-ab", 0..16).prop_map(String::into_bytes)];
    (name(), value, prop::option::of(file)).prop_map(|(name, value, file)| match file {
        None => Field { name, value: String::from_utf8_lossy(&value).into_owned().into_bytes(), file },
        Some(_) => Field { name, value, file },
    })
}

impl Field {
    fn add(&self, form: Multipart) -> Multipart {
        let text = || String::from_utf8(self.value.clone()).unwrap();
        let Some(file) = &self.file else { return form.text(&self.name, text()) };
        let part = Part::bytes(self.value.clone());
        let part = match &file.name {
            Some(name) => part.file_name(name),
            None => part.no_file_name(),
        };
        let part = file.content_type.into_iter().fold(part, Part::content_type);
        form.file(&self.name, file.header.iter().fold(part, |part, value| part.header("X-Part", value)))
    }

    fn expected(&self) -> Seen {
        let file = self.file.as_ref();
        let file_name = file.and_then(|file| file.name.as_deref()).filter(|name| !name.is_empty());
        let guessed = file_name.map(|_| "application/octet-stream");
        let content_type = file.and_then(|file| file.content_type).or(guessed).map(str::to_owned);
        let header = file.and_then(|file| file.header.clone());
        (escaped(&self.name), file_name.map(escaped), content_type, header, self.value.clone())
    }
}

/// HTML's way to write names, which no reader undoes; backslashes are doubled (HTTPX).
fn escaped(name: &str) -> String {
    name.chars()
        .map(|letter| match letter {
            '"' => "%22".into(),
            '\\' => "\\\\".into(),
            '\0'..='\x1f' => format!("%{:02X}", letter as u32),
            letter => letter.to_string(),
        })
        .collect()
}

fn read(content_type: &str, body: &[u8], sizes: &[usize]) -> Vec<Seen> {
    let mut form = multer::Multipart::new(Pieces::of(body, sizes), multer::parse_boundary(content_type).unwrap());
    let mut seen = Vec::new();
    while let Some(field) = at_once(form.next_field()).unwrap() {
        let header =
            |name: &str| field.headers().get(name).map(|value| String::from_utf8(value.as_bytes().to_vec()).unwrap());
        let known = (
            field.name().unwrap().into(),
            field.file_name().map(str::to_owned),
            header("content-type"),
            header("x-part"),
        );
        let value: Bytes = at_once(field.bytes()).unwrap();
        seen.push((known.0, known.1, known.2, known.3, value.to_vec()));
    }
    seen
}

support::test! {
    // I5, L1.
    async fn forms_are_read_as_they_were_made() {
        check((prop::collection::vec(field(), 0..5), prop::collection::vec(0..64usize, 0..8)), |(fields, sizes)| {
            let form = fields.iter().fold(Multipart::new(), |form, field| field.add(form));
            let mut request = Client::new().post("http://h/").multipart(form).build().unwrap();
            let content_type = request.headers().joined("content-type").unwrap();
            let body = at_once(request.body_mut().read()).unwrap();
            assert_eq!(read(&content_type, body, &sizes), fields.iter().map(Field::expected).collect::<Vec<_>>());
        });
    }
}
