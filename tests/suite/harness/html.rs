//! As much of HTML as tests read: tags with their attributes, the forms of a page as a browser would send them, the text that people see.

/// A tag of a page.
#[derive(Debug, Clone)]
pub struct Tag {
    /// In lower case; an end tag begins with `/`.
    pub name: String,
    attributes: Vec<(String, String)>,
    /// Where what follows the tag begins.
    after: usize,
    /// Where the tag itself begins.
    at: usize,
}

impl Tag {
    /// The value of an attribute; empty for one without a value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

/// All tags of a page, in its order.
pub fn tags(html: &str) -> Vec<Tag> {
    let (mut tags, mut at) = (Vec::new(), 0);
    while let Some(found) = html[at..].find('<').map(|i| at + i) {
        if html[found..].starts_with("<!") {
            // comments and the document's type are text to nobody
            let end = if html[found..].starts_with("<!--") { "-->" } else { ">" };
            let after = html[found..].find(end).map_or(html.len(), |at| found + at + end.len());
            tags.push(Tag { name: "!".to_owned(), attributes: Vec::new(), after, at: found });
            at = after;
            continue;
        }
        match read_tag(html, found) {
            Some(tag) => {
                at = tag.after;
                tags.push(tag);
            }
            None => at = found + 1,
        }
    }
    tags
}

fn read_tag(html: &str, at: usize) -> Option<Tag> {
    let name_end = html[at + 1..].find(|c: char| !c.is_ascii_alphanumeric() && c != '/' && c != '-').map(|i| at + 1 + i)?;
    let name = html[at + 1..name_end].trim_end_matches('/').to_ascii_lowercase();
    if !name.trim_start_matches('/').starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let (mut attributes, mut rest) = (Vec::new(), name_end);
    loop {
        rest += html[rest..].find(|c: char| !c.is_whitespace() && c != '/')?;
        if html[rest..].starts_with('>') {
            return Some(Tag { name, attributes, after: rest + 1, at });
        }
        let end = rest + html[rest..].find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/'))?;
        let attribute = html[rest..end].to_ascii_lowercase();
        rest = end;
        let mut value = String::new();
        if html[rest..].starts_with('=') {
            let quote = html[rest + 1..].chars().next()?;
            let (begin, stop) = if matches!(quote, '"' | '\'') { (rest + 2, 1) } else { (rest + 1, 0) };
            let is_end = |c: char| if stop == 1 { c == quote } else { c.is_whitespace() || c == '>' };
            let end = begin + html[begin..].find(is_end)?;
            value = plain(&html[begin..end]);
            rest = end + stop;
        }
        attributes.push((attribute, value));
    }
}

/// Text of a page with its entities read.
pub fn plain(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let entity = rest.find(';').filter(|end| *end < 10).map(|end| (&rest[1..end], end + 1));
        let read = entity.and_then(|(name, length)| Some((entity_char(name)?, length)));
        let (c, length) = read.unwrap_or(('&', 1));
        out.push(c);
        rest = &rest[length..];
    }
    out + rest
}

fn entity_char(name: &str) -> Option<char> {
    let code = match name.strip_prefix('#') {
        Some(number) => match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        },
        None => match name {
            "amp" => u32::from('&'),
            "lt" => u32::from('<'),
            "gt" => u32::from('>'),
            "quot" => u32::from('"'),
            "nbsp" => 0xa0,
            _ => return None,
        },
    };
    char::from_u32(code)
}

/// What people read of a page: no tags, one space for any white space.
pub fn visible_text(html: &str) -> String {
    let (mut text, mut from) = (String::new(), 0);
    for tag in tags(html) {
        text.push_str(&html[from..tag.at]);
        text.push(' ');
        from = tag.after;
    }
    text.push_str(&html[from..]);
    plain(&text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A form of a page, as a browser would send it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageForm {
    /// Where it goes.
    pub action: String,
    /// Whether it changes something.
    pub is_post: bool,
    /// What it sends unless something is changed: no buttons, no unticked boxes, nothing that is disabled.
    pub fields: Vec<(String, String)>,
    /// Names and values of its buttons that have a name.
    pub buttons: Vec<(String, String)>,
    /// Names of fields that are shown but disabled.
    pub disabled: Vec<String>,
}

impl PageForm {
    /// The first value of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// All values of a field.
    pub fn all(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|(n, _)| n == name).map(|(_, v)| v.as_str()).collect()
    }

    /// With one value of a field in place of all that it had.
    pub fn set(mut self, name: &str, value: &str) -> PageForm {
        self.fields.retain(|(n, _)| n != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// With one more value: a box ticked, a button pressed.
    pub fn tick(mut self, name: &str, value: &str) -> PageForm {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without a value: a box no longer ticked.
    pub fn untick(mut self, name: &str, value: &str) -> PageForm {
        self.fields.retain(|(n, v)| n != name || v != value);
        self
    }
}

/// All forms of a page; one without an action goes to `here`.
pub fn forms(html: &str, here: &str) -> Vec<PageForm> {
    let tags = tags(html);
    let begins: Vec<usize> = tags.iter().enumerate().filter(|(_, tag)| tag.name == "form").map(|(i, _)| i).collect();
    let end = |begin: usize| tags[begin..].iter().position(|tag| tag.name == "/form").map_or(tags.len(), |i| begin + i);
    begins.into_iter().map(|begin| read_form(html, here, &tags[begin..end(begin)])).collect()
}

fn read_form(html: &str, here: &str, tags: &[Tag]) -> PageForm {
    let mut form = PageForm {
        action: tags[0].get("action").filter(|a| !a.is_empty()).unwrap_or(here).to_owned(),
        is_post: tags[0].get("method").is_some_and(|m| m.eq_ignore_ascii_case("post")),
        fields: Vec::new(),
        buttons: Vec::new(),
        disabled: Vec::new(),
    };
    let mut disabled_sets: Vec<bool> = Vec::new();
    for (i, tag) in tags.iter().enumerate() {
        match tag.name.as_str() {
            "fieldset" => disabled_sets.push(tag.has("disabled")),
            "/fieldset" => drop(disabled_sets.pop()),
            "input" | "select" | "textarea" | "button" => {
                let Some(name) = tag.get("name").map(str::to_owned) else { continue };
                if tag.has("disabled") || disabled_sets.contains(&true) {
                    form.disabled.push(name);
                    continue;
                }
                let is_button = tag.name == "button" || matches!(tag.get("type"), Some("submit" | "button" | "image"));
                if is_button {
                    form.buttons.push((name, tag.get("value").unwrap_or_default().to_owned()));
                } else if let Some(value) = value_of(html, tag, &tags[i + 1..]) {
                    form.fields.push((name, value));
                }
            }
            _ => {}
        }
    }
    form
}

/// What a field sends; `None` for an unticked box.
fn value_of(html: &str, tag: &Tag, following: &[Tag]) -> Option<String> {
    let text_after = |tag: &Tag, end: usize| plain(&html[tag.after..end]);
    match tag.name.as_str() {
        "textarea" => {
            let end = html[tag.after..].find("</textarea").map_or(html.len(), |i| tag.after + i);
            let text = text_after(tag, end);
            Some(text.strip_prefix('\n').unwrap_or(&text).to_owned())
        }
        "select" => {
            let options: Vec<&Tag> = following.iter().take_while(|t| t.name != "/select").filter(|t| t.name == "option").collect();
            let chosen = options.iter().find(|o| o.has("selected")).or(options.first())?;
            let end = html[chosen.after..].find('<').map_or(html.len(), |i| chosen.after + i);
            Some(chosen.get("value").map_or_else(|| text_after(chosen, end).trim().to_owned(), str::to_owned))
        }
        _ if matches!(tag.get("type"), Some("checkbox" | "radio")) && !tag.has("checked") => None,
        _ if matches!(tag.get("type"), Some("checkbox" | "radio")) => Some(tag.get("value").unwrap_or("on").to_owned()),
        _ => Some(tag.get("value").unwrap_or_default().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_read_as_a_browser_sends_them() {
        let html = r##"<!doctype html><!-- <form> --><h1>Tom &amp; Ann</h1>
<form method="post" action="/a?b=1&#38;c=2"><input type="hidden" name="form_token" value="f&#34;t"><input name=plain value=bare>
<input type="checkbox" name="cap" value="x" checked><input type=checkbox name="cap" value="y"><input type="checkbox" name="cap" value="z" disabled>
<select name="role"><option value="staff">Staff<option value="admin" selected>Admin</select><select name="first"><option>One</option></select>
<textarea name="networks">
192.0.2.0/24
</textarea><fieldset disabled><input name="locked" value="1"></fieldset><button name="go" value="now">Go</button></form>
<form><input name="q" value=""></form>"##;
        let found = forms(html, "/here");
        assert_eq!(found.len(), 2);
        let one = &found[0];
        assert_eq!((one.action.as_str(), one.is_post), ("/a?b=1&c=2", true));
        assert_eq!(one.get("form_token"), Some("f\"t"));
        assert_eq!(one.get("plain"), Some("bare"));
        assert_eq!(one.all("cap"), ["x"]);
        assert_eq!((one.get("role"), one.get("first"), one.get("networks")), (Some("admin"), Some("One"), Some("192.0.2.0/24\n")));
        assert_eq!(one.buttons, [("go".to_owned(), "now".to_owned())]);
        assert_eq!(one.disabled, ["cap", "locked"]);
        assert_eq!((found[1].action.as_str(), found[1].is_post), ("/here", false));
        let changed = one.clone().set("role", "staff").tick("cap", "y").untick("cap", "x");
        assert_eq!((changed.get("role"), changed.all("cap")), (Some("staff"), vec!["y"]));
        assert!(visible_text(html).starts_with("Tom & Ann"));
    }
}
