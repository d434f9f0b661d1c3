//! Attributes as an administrator writes them: `Name = value`, several separated by commas or newlines.
//!
//! `Tunnel-Type:1 = VLAN, Reply-Message += "two words", Class := 0x00ff` with `#` comments on lines of their own. Names come
//! from the dictionary; what it does not know is written `Attr-231 = 0x...` or `Vendor-9999-Attr-5 = 0x...`.
//! Here are the syntax and the writing into a packet; `encode` turns a value into octets.

mod encode;

use crate::radius::dictionary::{Dictionary, Encryption};

/// Most octets of a value in one attribute, RFC 2865 §5.
const MOST_VALUE_OCTETS: usize = 253;
/// Most octets of a vendor's value in one Vendor-Specific attribute.
const MOST_VENDOR_OCTETS: usize = 247;
/// Most octets of a value that may continue in further attributes: a packet has 4096.
const MOST_JOINED_OCTETS: usize = 3900;

/// What is wrong in a text, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {reason}")]
pub struct AttributeTextError {
    /// Line, from 1.
    pub line: usize,
    /// Character in the line, from 1.
    pub column: usize,
    /// What is wrong, in words for an administrator.
    pub reason: String,
}

/// What happens to attributes of the same name that are there already. Carried out by whoever builds the reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `=`: only if there is none yet.
    Set,
    /// `:=`: in place of all there are.
    Replace,
    /// `+=`: beside those there are.
    Add,
}

/// One item of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedAttribute {
    /// The name that the dictionary prints, or the one that was written if it knows none.
    pub name: String,
    /// What to do with others of the name.
    pub operator: Operator,
    /// Its octets.
    pub attribute: EncodedAttribute,
}

/// How a value that does not fit one attribute goes on in the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// It must fit.
    Single,
    /// Next attribute of the same type (EAP-Message).
    Concat,
    /// RFC 6929 §2.2: `data` starts with the extended type; flags are put in when writing.
    LongExtended,
}

/// An attribute ready to be put into a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedAttribute {
    /// Private enterprise number, 0 for the standard space.
    pub vendor: u32,
    /// Type in that space; 241 to 246 for extended attributes, whose `data` starts with the extended type.
    pub number: u8,
    /// Octets of the value, tag included, unless `encrypt` asks for more: then the plain value without tag.
    pub data: Vec<u8>,
    /// How `data` has to be hidden before it is written.
    pub encrypt: Encryption,
    /// Tag as written, RFC 2868 §3.
    pub tag: Option<u8>,
    /// How a long value is split.
    pub layout: Layout,
}

/// Why an attribute cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// The value must be hidden first, which needs the secret.
    #[error("the value has to be encrypted before it is written")]
    NotEncrypted,
    /// The value does not fit.
    #[error("{octets} octets do not fit, at most {most} are possible")]
    TooLong {
        /// Octets of the value.
        octets: usize,
        /// Octets that fit.
        most: usize,
    },
}

impl EncodedAttribute {
    /// Appends the attribute, header included, in as many pieces as it needs. Nothing is appended on error.
    pub fn write_to(&self, out: &mut Vec<u8>) -> Result<(), WriteError> {
        if self.encrypt != Encryption::None {
            return Err(WriteError::NotEncrypted);
        }
        let most = self.most_octets();
        if self.data.len() > most {
            return Err(WriteError::TooLong { octets: self.data.len(), most });
        }
        match (self.layout, self.data.split_first()) {
            (Layout::LongExtended, Some((extended, value))) => {
                let last = value.len().saturating_sub(1) / 251;
                for (index, part) in value.chunks(251).enumerate() {
                    let flags = if index < last { 0x80 } else { 0 };
                    out.extend([self.number, part.len() as u8 + 4, *extended, flags]);
                    out.extend_from_slice(part);
                }
            }
            (Layout::Concat, Some(_)) => {
                for part in self.data.chunks(MOST_VALUE_OCTETS) {
                    out.extend([self.number, part.len() as u8 + 2]);
                    out.extend_from_slice(part);
                }
            }
            _ if self.vendor != 0 => {
                out.extend([26, self.data.len() as u8 + 8]);
                out.extend(self.vendor.to_be_bytes());
                out.extend([self.number, self.data.len() as u8 + 2]);
                out.extend_from_slice(&self.data);
            }
            _ => {
                out.extend([self.number, self.data.len() as u8 + 2]);
                out.extend_from_slice(&self.data);
            }
        }
        Ok(())
    }

    /// Most octets of `data`: salt, length octet and padding of hidden values taken off.
    fn most_octets(&self) -> usize {
        match (self.encrypt, self.layout, self.vendor) {
            (Encryption::UserPassword, _, _) => 128,
            (Encryption::TunnelPassword, _, _) => 239,
            (Encryption::AscendSecret, _, _) => 16,
            (Encryption::None, Layout::Single, 0) => MOST_VALUE_OCTETS,
            (Encryption::None, Layout::Concat | Layout::LongExtended, 0) => MOST_JOINED_OCTETS,
            (Encryption::None, _, _) => MOST_VENDOR_OCTETS,
        }
    }
}

/// Reads a text. The first error ends it.
pub fn parse(dictionary: &Dictionary, text: &str) -> Result<Vec<ParsedAttribute>, AttributeTextError> {
    let mut scanner = Scanner { text, at: 0 };
    let mut items = Vec::new();
    while scanner.skip_to_item() {
        items.push(scanner.item(dictionary)?);
    }
    Ok(items)
}

/// A value as written, escapes resolved.
struct Literal {
    octets: Vec<u8>,
    quoted: bool,
}

struct Scanner<'a> {
    text: &'a str,
    /// Octets read.
    at: usize,
}

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn error(&self, at: usize, reason: impl Into<String>) -> AttributeTextError {
        let before = &self.text[..at];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let (line, column) = (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1);
        AttributeTextError { line, column, reason: reason.into() }
    }

    fn skip(&mut self, wanted: impl Fn(char) -> bool) {
        self.at += self.rest().find(|next| !wanted(next)).unwrap_or(self.rest().len());
    }

    /// Goes to the next item; false at the end.
    fn skip_to_item(&mut self) -> bool {
        loop {
            self.skip(|next| next.is_whitespace() || next == ',');
            if !self.rest().starts_with('#') {
                return !self.rest().is_empty();
            }
            self.skip(|next| next != '\n');
        }
    }

    fn item(&mut self, dictionary: &Dictionary) -> Result<ParsedAttribute, AttributeTextError> {
        let name_at = self.at;
        self.skip(|next| next.is_ascii_alphanumeric() || matches!(next, '-' | '_' | '.' | '/'));
        let name = &self.text[name_at..self.at];
        if name.is_empty() {
            return Err(self.error(name_at, "an attribute name is expected"));
        }
        let target = encode::Target::find(dictionary, name).map_err(|reason| self.error(name_at, reason))?;
        let tag = self.tag()?;
        self.skip(is_blank);
        let operators = [("+=", Operator::Add), (":=", Operator::Replace), ("=", Operator::Set)];
        let Some((sign, operator)) = operators.into_iter().find(|(sign, _)| self.rest().starts_with(sign)) else {
            return Err(self.error(self.at, format!("=, := or += is expected after {name}")));
        };
        self.at += sign.len();
        self.skip(is_blank);
        let value_at = self.at;
        let literal = self.literal()?;
        let attribute = target.encode(&literal, tag).map_err(|reason| self.error(value_at, format!("{name}: {reason}")))?;
        let name = target.printed_name().unwrap_or(name).to_string();
        Ok(ParsedAttribute { name, operator, attribute })
    }

    /// `:1` after the name.
    fn tag(&mut self) -> Result<Option<u8>, AttributeTextError> {
        let Some(after) = self.rest().strip_prefix(':').filter(|after| after.starts_with(|next: char| next.is_ascii_digit())) else {
            return Ok(None);
        };
        let digits = after.len() - after.trim_start_matches(|next: char| next.is_ascii_digit()).len();
        let tag = after[..digits].parse().ok().filter(|tag| *tag <= 31u8);
        let tag = tag.ok_or_else(|| self.error(self.at + 1, "a tag is between 0 and 31"))?;
        self.at += 1 + digits;
        Ok(Some(tag))
    }

    fn literal(&mut self) -> Result<Literal, AttributeTextError> {
        let start = self.at;
        match self.rest().chars().next() {
            Some(quote @ ('"' | '\'')) => {
                let octets = self.quoted(quote)?;
                self.skip(is_blank);
                match self.rest().chars().next() {
                    None | Some(',' | '\n' | '\r') => Ok(Literal { octets, quoted: true }),
                    Some(_) => Err(self.error(self.at, "a comma or a new line is expected after the closing quote")),
                }
            }
            _ => {
                self.skip(|next| next != ',' && next != '\n');
                let value = self.text[start..self.at].trim();
                if value.is_empty() {
                    return Err(self.error(start, "a value is expected"));
                }
                Ok(Literal { octets: value.as_bytes().to_vec(), quoted: false })
            }
        }
    }

    /// Between quotes. In single quotes only `\'` and `\\` mean something else than they show.
    fn quoted(&mut self, quote: char) -> Result<Vec<u8>, AttributeTextError> {
        let start = self.at;
        self.at += 1;
        let mut octets = Vec::new();
        loop {
            let Some(next) = self.rest().chars().next() else { return Err(self.error(start, "the closing quote is missing")) };
            let escape_at = self.at;
            self.at += next.len_utf8();
            if next == quote {
                return Ok(octets);
            }
            if next != '\\' {
                octets.extend_from_slice(next.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
            let Some(escaped) = self.rest().chars().next() else { return Err(self.error(start, "the closing quote is missing")) };
            if quote == '\'' && !matches!(escaped, '\'' | '\\') {
                octets.push(b'\\');
                continue;
            }
            octets.push(
                self.escape(escaped)
                    .ok_or_else(|| self.error(escape_at, "unknown escape: \\n \\r \\t \\\\ \\\" \\' \\xHH \\OOO are known"))?,
            );
        }
    }

    /// After a backslash.
    fn escape(&mut self, escaped: char) -> Option<u8> {
        let rest = self.rest();
        let number = |digits: Option<&str>, radix| {
            let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
            u8::from_str_radix(digits, radix).ok()
        };
        let (octet, length) = match escaped {
            'n' => (b'\n', 1),
            'r' => (b'\r', 1),
            't' => (b'\t', 1),
            '\\' | '"' | '\'' => (escaped as u8, 1),
            'x' => (number(rest.get(1..3), 16)?, 3),
            '0'..='3' => (number(rest.get(..3), 8)?, 3),
            _ => return None,
        };
        self.at += length;
        Some(octet)
    }
}

fn is_blank(next: char) -> bool {
    next == ' ' || next == '\t'
}

#[cfg(test)]
mod tests;
