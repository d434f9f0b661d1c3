//! A browser without scripts, as small as tests need: it keeps cookies, gets pages, and sends a page's forms as they stand with some fields changed. Redirects are
//! followed by hand.

use super::TestServer;
use super::html::{self, PageForm};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Words that [`Browser::signed_in`] gives an account as its password.
pub const ACCOUNT_PASSWORD: &str = "correct horse battery staple";

/// See the head of the file. Clones have cookies of their own from then on.
#[derive(Debug, Clone)]
pub struct Browser {
    address: SocketAddr,
    /// The Host header; that of the address unless a test says otherwise.
    pub host: String,
    /// Names and values of the cookies it holds.
    pub cookies: BTreeMap<String, String>,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Page {
    /// Path and query that were asked for.
    pub path: String,
    /// The status code.
    pub status: u16,
    /// All headers, their names in lower case, in the order they came.
    pub headers: Vec<(String, String)>,
    /// The content.
    pub body: String,
}

impl Page {
    /// The first header of a name (in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// Where a redirect leads; panics if this is none.
    pub fn leads_to(&self) -> &str {
        assert_eq!(self.status, 303, "{} is no redirect:\n{}", self.path, self.text());
        self.header("location").expect("a redirect says where to")
    }

    /// What people read: no tags, one space for any white space.
    pub fn text(&self) -> String {
        html::visible_text(&self.body)
    }

    /// Its forms.
    pub fn forms(&self) -> Vec<PageForm> {
        html::forms(&self.body, &self.path)
    }

    /// The one form that goes to this action; panics if there is none.
    pub fn form(&self, action: &str) -> PageForm {
        let forms = self.forms();
        let actions: Vec<String> = forms.iter().map(|f| f.action.clone()).collect();
        let found = forms.into_iter().find(|f| f.action == action);
        found.unwrap_or_else(|| panic!("{} ({}) has no form to {action}, only {actions:?}:\n{}", self.path, self.status, self.text()))
    }

    /// The addresses of its links.
    pub fn links(&self) -> Vec<String> {
        html::tags(&self.body).iter().filter(|tag| tag.name == "a").filter_map(|tag| tag.get("href").map(str::to_owned)).collect()
    }

    /// The same page if it has this status, else a panic that shows it.
    #[track_caller]
    pub fn expect(self, status: u16) -> Page {
        assert_eq!(self.status, status, "{}:\n{}", self.path, self.text());
        self
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

impl Browser {
    /// A new one, without cookies, for a running server.
    pub fn new(server: &TestServer) -> Browser {
        Browser { address: server.http, host: server.http.to_string(), cookies: BTreeMap::new() }
    }

    /// A new one in which an account has signed in; the account gets [`ACCOUNT_PASSWORD`] by the command line.
    pub fn signed_in(server: &TestServer, name: &str) -> Browser {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        std::fs::write(file.path(), ACCOUNT_PASSWORD).expect("writable");
        server.must(&["account", "passwd", name, "--password-file", file.path().to_str().expect("UTF-8")]);
        let mut browser = Browser::new(server);
        browser.sign_in(name, ACCOUNT_PASSWORD).leads_to();
        browser
    }

    /// Signs in by name and password; returns the answer to the form.
    pub fn sign_in(&mut self, name: &str, password: &str) -> Page {
        let page = self.get("/sign-in");
        let form = page.form("/sign-in").set("name", name).set("password", password);
        self.submit(&form)
    }

    /// Gets a page.
    pub fn get(&mut self, path: &str) -> Page {
        self.ask("GET", path, None, "")
    }

    /// Where a redirect leads.
    pub fn follow(&mut self, page: &Page) -> Page {
        self.get(page.leads_to())
    }

    /// Sends a form.
    pub fn submit(&mut self, form: &PageForm) -> Page {
        let fields: Vec<(&str, &str)> = form.fields.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        match form.is_post {
            true => self.ask("POST", &form.action, Some((FORM, query.as_bytes())), ""),
            false => self.get(&format!("{}?{query}", form.action.split('?').next().unwrap_or_default())),
        }
    }

    /// Sends the form of a page that goes to `action`, with some fields changed.
    pub fn send(&mut self, page: &Page, action: &str, changes: &[(&str, &str)]) -> Page {
        let form = changes.iter().fold(page.form(action), |form, (name, value)| form.set(name, value));
        self.submit(&form)
    }

    /// Posts fields that no page has shown, as a forger would; without a token.
    pub fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.ask("POST", path, Some((FORM, body.as_bytes())), "")
    }

    /// Sends a form with a file, as browsers do (RFC 7578).
    pub fn send_file(&mut self, form: &PageForm, file_name: &str, content: &[u8]) -> Page {
        const BOUNDARY: &str = "----tests-boundary";
        let mut body = Vec::new();
        for (name, value) in &form.fields {
            body.extend_from_slice(
                format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").as_bytes(),
            );
        }
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\nContent-Type: text/csv\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        self.ask("POST", &form.action, Some((&format!("multipart/form-data; boundary={BOUNDARY}"), &body)), "")
    }

    /// Asks the API with a key, as programs do.
    pub fn call(&mut self, method: &str, path: &str, key: &str, body: &str) -> Page {
        self.ask(method, path, Some(("application/json", body.as_bytes())), &format!("Authorization: Bearer {key}\r\n"))
    }

    fn ask(&mut self, method: &str, path: &str, body: Option<(&str, &[u8])>, more: &str) -> Page {
        let mut stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(5)).expect("the server listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a socket");
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nUser-Agent: tests\r\n", self.host);
        if !self.cookies.is_empty() {
            let pairs: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            head.push_str(&format!("Cookie: {}\r\n", pairs.join("; ")));
        }
        head.push_str(more);
        if let Some((kind, body)) = body {
            head.push_str(&format!("Origin: http://{}\r\nSec-Fetch-Site: same-origin\r\n", self.host));
            head.push_str(&format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len()));
        }
        let request = [head.as_bytes(), b"\r\n", body.map_or(&[][..], |(_, body)| body)].concat();
        stream.write_all(&request).expect("the server reads");
        let mut octets = Vec::new();
        stream.read_to_end(&mut octets).unwrap_or_else(|error| panic!("{method} {path}: {error}"));
        let page = read_answer(path, &octets).unwrap_or_else(|| panic!("{method} {path}: {:?}", String::from_utf8_lossy(&octets)));
        self.keep_cookies(&page);
        page
    }

    fn keep_cookies(&mut self, page: &Page) {
        for (_, line) in page.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let Some((name, value)) = line.split(';').next().and_then(|pair| pair.split_once('=')) else { continue };
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

fn read_answer(path: &str, octets: &[u8]) -> Option<Page> {
    let head_end = octets.windows(4).position(|w| w == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&octets[..head_end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> =
        lines.filter_map(|line| line.split_once(':')).map(|(n, v)| (n.to_ascii_lowercase(), v.trim().to_owned())).collect();
    let body = &octets[head_end + 4..];
    let is_chunked = headers.iter().any(|(n, v)| n == "transfer-encoding" && v.eq_ignore_ascii_case("chunked"));
    let body = if is_chunked { joined_chunks(body)? } else { body.to_vec() };
    Some(Page { path: path.to_owned(), status, headers, body: String::from_utf8(body).ok()? })
}

/// RFC 9112 section 7.1; `None` if it was cut off.
fn joined_chunks(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut whole = Vec::new();
    loop {
        let end = rest.windows(2).position(|w| w == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        if size == 0 {
            return Some(whole);
        }
        whole.extend_from_slice(rest.get(end + 2..end + 2 + size)?);
        rest = rest.get(end + 2 + size + 2..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_whole_or_not_at_all() {
        let chunked = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n";
        let page = read_answer("/", chunked).expect("read");
        assert_eq!((page.status, page.body.as_str(), page.header("set-cookie")), (200, "abcde", Some("a=1; Path=/")));
        assert!(read_answer("/", &chunked[..chunked.len() - 9]).is_none(), "cut off");
        assert_eq!(read_answer("/", b"HTTP/1.1 303 See Other\r\nLocation: /x\r\n\r\n").expect("read").leads_to(), "/x");
    }
}
