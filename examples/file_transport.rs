//! A transport of one's own: `file://` URLs, answered from the files below one folder as a server would.
//!
//! `cargo run --example file_transport` writes a file, asks for it and for some that it must not have, and says what came.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};

use whimbrel::{
    BoxError, BoxFuture, Bytes, Client, Method, Request, Response, Result, StreamingResponse, Transport, Url,
};

/// Gives out the files below its root, to GET and HEAD.
struct FileTransport {
    root: PathBuf,
}

impl FileTransport {
    fn new(root: impl AsRef<Path>) -> io::Result<Self> {
        Ok(Self { root: root.as_ref().canonicalize()? })
    }

    /// The file, unless it is not below the root. `canonicalize` resolves `..` and symbolic links, so that what is
    /// compared is where the file really is: a link that leads out of the root is refused. (Whoever may change the folder
    /// between this line and the opening of the file may still swap one for the other; such folders want `openat2`.)
    fn open(&self, url: &Url) -> Option<(PathBuf, File, u64)> {
        let path = path_of(url)?.canonicalize().ok().filter(|path| path.starts_with(&self.root))?;
        let file = File::open(&path).ok()?;
        let metadata = file.metadata().ok().filter(|metadata| metadata.is_file())?;
        Some((path, file, metadata.len()))
    }
}

impl Transport for FileTransport {
    fn send(&self, request: Request) -> BoxFuture<'_, Result<StreamingResponse>> {
        Box::pin(async move {
            if !matches!(*request.method(), Method::GET | Method::HEAD) {
                let refusal = Response::new(405).with_header("allow", "GET, HEAD");
                return Ok(StreamingResponse::new(request, refusal));
            }
            // A file outside of the root is as good as missing: nobody learns whether it is there.
            let Some((path, file, length)) = self.open(request.url()) else {
                return Ok(StreamingResponse::new(request, Response::new(404).with_text("There is no such file")));
            };
            let head = Response::new(200)
                .with_header("content-length", &length.to_string())
                .with_header("content-type", content_type(&path));
            match *request.method() {
                Method::HEAD => Ok(StreamingResponse::new(request, head)),
                _ => Ok(StreamingResponse::with_stream(request, head, Pieces(file))),
            }
        })
    }
}

/// A file as it is read. Reading blocks; a program with much else to do would give it to a thread.
struct Pieces(File);

impl futures_core::Stream for Pieces {
    type Item = Result<Bytes, BoxError>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut piece = Vec::with_capacity(64 * 1024);
        let read = self.0.by_ref().take(64 * 1024).read_to_end(&mut piece);
        Poll::Ready(match read {
            Ok(0) => None,
            Ok(_) => Some(Ok(piece.into())),
            Err(error) => Some(Err(error.into())),
        })
    }
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("txt") => "text/plain; charset=utf-8",
        Some("html") => "text/html; charset=utf-8",
        Some("json") => "application/json",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}

/// The path that the URL names on this system.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
fn path_of(url: &Url) -> Option<PathBuf> {
    url.to_file_path().ok()
}

/// There are no files in JavaScript hosts.
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn path_of(_: &Url) -> Option<PathBuf> {
    None
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::temp_dir().join(format!("whimbrel-{}", std::process::id()));
    std::fs::create_dir(&folder)?;
    std::fs::write(folder.join("notes.txt"), "A whimbrel crosses oceans without stopping.\n")?;
    let client = Client::builder().mount("file://", FileTransport::new(&folder)?).build()?;
    let shown = whimbrel::block_on(show_all(&client, &folder))?;
    std::fs::remove_dir_all(&folder)?;
    Ok(shown?)
}

async fn show_all(client: &Client, folder: &Path) -> Result<()> {
    let url = |name: &str| format!("file://{}/{name}", folder.display());
    show(&client.get(url("notes.txt")).await?);
    show(&client.head(url("notes.txt")).await?);
    show(&client.get(url("missing.txt")).await?);
    // `..` behind an encoded slash, so that no parser of URLs takes it away.
    show(&client.get(url("..%2F..%2Fetc%2Fpasswd")).await?);
    show(&client.post(url("notes.txt")).content("mine now").await?);
    Ok(())
}

fn show(response: &Response) {
    let method = response.request().map(|request| request.method().as_str()).unwrap_or_default();
    let name = response.url().and_then(|url| url.path_segments()?.next_back()).unwrap_or_default();
    println!("{method} {name}: {} {}", response.status(), response.text().trim_end());
}
