//! A static server for a site on this machine, optionally with live reload.
//!
//! Live reload is one script added to the HTML on its way out, never to the files on disk. The script holds
//! the version of the site it was served with, listens to the versions that the server announces, and reloads
//! when they differ: so it also catches a rebuild that happens while it is not connected.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::sync::watch;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::WatchStream;
use tower_http::services::ServeDir;

const VERSIONS: &str = "/.poolscope/versions";
const PORTS_TRIED: u16 = 50;

/// The sending half of live reload: tells every open page that the site has changed.
#[derive(Debug)]
pub struct Reload(watch::Sender<u64>);

impl Reload {
    /// Versions start at the clock, so that pages opened before a restart notice it.
    pub fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(watch::Sender::new(u64::try_from(now.as_millis()).unwrap_or_default()))
    }

    pub fn announce(&self) {
        self.0.send_modify(|version| *version += 1);
    }
}

/// Listens on the port, or on the next free one.
pub fn listen(port: u16) -> Result<TcpListener> {
    for candidate in port..=port.saturating_add(PORTS_TRIED) {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, candidate)) {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == ErrorKind::AddrInUse => {}
            Err(error) => {
                return Err(error).with_context(|| format!("cannot listen on port {candidate}"));
            }
        }
    }
    bail!("no free port from {port} to {}", port.saturating_add(PORTS_TRIED))
}

/// Serves a folder in the background for as long as the process lives.
pub fn start(listener: TcpListener, site: &Path, reload: Option<&Reload>) -> Result<()> {
    let mut router = Router::new().fallback_service(ServeDir::new(site));
    if let Some(reload) = reload {
        let versions = reload.0.subscribe();
        router = router
            .layer(middleware::from_fn_with_state(versions.clone(), add_reload_script))
            .route(VERSIONS, get(announce_versions).with_state(versions));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
        .context("cannot start the server")?;
    listener.set_nonblocking(true).context("cannot start the server")?;
    thread::spawn(move || {
        let served = runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener)?;
            axum::serve(listener, router).await
        });
        if let Err(error) = served {
            eprintln!("error: the server stopped: {error}");
        }
    });
    Ok(())
}

async fn announce_versions(State(versions): State<watch::Receiver<u64>>) -> impl IntoResponse {
    let events =
        WatchStream::new(versions).map(|version| Ok::<_, Infallible>(Event::default().data(version.to_string())));
    Sse::new(events).keep_alive(KeepAlive::default())
}

async fn add_reload_script(State(versions): State<watch::Receiver<u64>>, mut request: Request, next: Next) -> Response {
    // A page is always sent whole and never kept, since what is behind its address changes all the time.
    for conditional in [header::IF_MODIFIED_SINCE, header::IF_NONE_MATCH, header::RANGE] {
        request.headers_mut().remove(conditional);
    }
    let version = *versions.borrow();
    let mut response = next.run(request).await;
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let is_page =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if !is_page {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let Ok(page) = to_bytes(body, usize::MAX).await else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    head.headers.remove(header::CONTENT_LENGTH);
    Response::from_parts(head, Body::from(with_reload_script(&page, version)))
}

fn with_reload_script(page: &[u8], version: u64) -> Vec<u8> {
    let script = format!(
        "<script>new EventSource({VERSIONS:?}).onmessage = \
         (event) => {{ if (event.data !== \"{version}\") location.reload(); }};</script>"
    );
    let end = b"</body>";
    let at = page.windows(end.len()).rposition(|window| window == end).unwrap_or(page.len());
    [&page[..at], script.as_bytes(), &page[at..]].concat()
}

#[cfg(test)]
mod tests {
    use super::with_reload_script;

    #[test]
    fn the_script_goes_before_the_last_end_of_body() {
        let page = with_reload_script(b"<body><pre>&lt;/body></pre></body></html>", 7);
        let page = String::from_utf8(page).unwrap();
        assert!(page.ends_with("</script></body></html>"), "{page}");
        assert!(page.contains("\"7\""));
    }

    #[test]
    fn a_page_without_body_gets_it_at_the_end() {
        let page = String::from_utf8(with_reload_script(b"<p>short", 7)).unwrap();
        assert!(page.starts_with("<p>short<script>") && page.ends_with("</script>"));
    }
}
