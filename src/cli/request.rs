//! From the arguments to the request.

use std::io::{self, IsTerminal};

use whimbrel::{Client, Multipart, Part, RequestBuilder, Tls};

use super::Failure;
use super::arguments::Arguments;

impl Arguments {
    pub(super) fn request(&self) -> Result<RequestBuilder, Failure> {
        let builder = Client::builder().follow_redirects(self.follow_redirects).timeout(self.timeout());
        let builder = if self.no_verify { builder.tls(Tls::new().verify(false)) } else { builder };
        let client = self.proxy.iter().fold(builder, |builder, url| builder.proxy(url)).build()?;
        let mut request = client.request(self.method(), self.url());
        // Given ones replace the URL's query, even none of them.
        if self.params().next().is_some() {
            request = request.params(self.params());
        }
        for (name, value) in self.headers() {
            request = request.header(name, value);
        }
        for (name, value) in self.cookies() {
            request = request.cookie(name, value);
        }
        if let Some((user, password)) = self.auth() {
            let password = if password == "-" { asked_password()? } else { password.to_owned() };
            request = request.auth((user.to_owned(), password));
        }
        self.fill(request)
    }

    /// Adds the body. The grammar allows one kind of it at most.
    fn fill(&self, request: RequestBuilder) -> Result<RequestBuilder, Failure> {
        if self.files().next().is_some() {
            return Ok(request.multipart(self.multipart()?));
        }
        Ok(match (&self.json, &self.content) {
            (Some(json), _) => self.json_type(request).content(json.clone()),
            (_, Some(content)) => request.content(content.clone()),
            _ if self.data().next().is_some() => request.form(self.data()),
            _ => request,
        })
    }

    /// `--json` is sent as it was written; a Content-Type among the headers wins.
    fn json_type(&self, request: RequestBuilder) -> RequestBuilder {
        match self.headers().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            true => request,
            false => request.header("content-type", "application/json"),
        }
    }

    fn multipart(&self) -> Result<Multipart, Failure> {
        let form = self.data().fold(Multipart::new(), |form, (name, value)| form.text(name, value));
        self.files().try_fold(form, |form, (name, path)| Ok(form.file(name, Part::path(path)?)))
    }
}

/// Q4: what is typed here is in no list of processes and no shell's history. A terminal does not show it either.
fn asked_password() -> Result<String, Failure> {
    let unreadable = |error: io::Error| Failure::Io(format!("The password could not be read: {error}"));
    if io::stdin().is_terminal() {
        return rpassword::prompt_password("Password: ").map_err(unreadable);
    }
    let mut line = String::new();
    io::stdin().read_line(&mut line).map_err(unreadable)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}
