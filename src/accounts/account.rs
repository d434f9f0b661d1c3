//! An account: someone who signs in to the panel.

use serde::Serialize;

use super::capability::Menu;
use super::{AccountError, AccountPath, Role};
use crate::units::{AccountId, TenantId, UnixMs, lower_case};

const MAX_NAME_CHARS: usize = 64;
const MAX_TEXT_CHARS: usize = 200;
/// RFC 5321 section 4.5.3.1.3: a path has 256 octets with its brackets.
const MAX_EMAIL_OCTETS: usize = 254;

/// Someone who signs in to the panel. Secrets are not part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Whose.
    pub tenant_id: TenantId,
    /// Place in the tree.
    #[serde(skip)]
    pub path: AccountPath,
    /// Its own name for signing in, unique in the tenant whatever the case of its letters.
    pub name: String,
    /// The other way to sign in, unique in the tenant.
    pub email: Option<String>,
    /// For people.
    pub full_name: String,
    /// For people.
    pub phone: String,
    /// What it is.
    pub role: Role,
    /// Menu groups switched off for it and all below it.
    pub disabled_menus: Vec<Menu>,
    /// Since when it is suspended by itself; accounts below a suspended one are so too, without saying so.
    pub suspended_at: Option<UnixMs>,
    /// Why.
    pub suspended_reason: String,
    /// Whether it or any account above it is suspended.
    pub is_suspended: bool,
    /// Whether a password is set.
    pub has_password: bool,
    /// Whether signing in asks for a second factor.
    pub has_second_factor: bool,
    /// When it was added.
    pub created_at: UnixMs,
    /// When it was last changed.
    pub updated_at: UnixMs,
}

/// A name for signing in: letters, digits, dots, hyphens and underscores of ASCII, so that no two look alike, and never `@`.
pub fn check_account_name(name: &str) -> Result<String, AccountError> {
    let fits = (1..=MAX_NAME_CHARS).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
        && name.starts_with(|c: char| c.is_ascii_alphanumeric());
    fits.then(|| name.to_owned()).ok_or_else(|| AccountError::BadAccountName(name.to_owned()))
}

/// An e-mail address: one `@` with something on both sides, no spaces. Whether it exists only a mail can tell.
pub fn check_email(email: &str) -> Result<String, AccountError> {
    let bad = || AccountError::BadEmail(email.to_owned());
    let (local, domain) = email.rsplit_once('@').ok_or_else(bad)?;
    let fits = email.len() <= MAX_EMAIL_OCTETS
        && !local.is_empty()
        && !local.contains('@')
        && domain.split('.').all(|label| !label.is_empty())
        && !email.chars().any(|c| c.is_whitespace() || c.is_control());
    fits.then(|| email.to_owned()).ok_or_else(bad)
}

/// How a name or an e-mail address is looked up.
pub fn account_key(name_or_email: &str) -> String {
    name_or_email.trim().to_lowercase()
}

/// How a full name is looked for: in lower case letter by letter, the same wherever in a word a letter stands, so that any part of a name finds it.
pub(super) fn full_name_key(name: &str) -> String {
    lower_case(name)
}

pub(super) fn check_text(what: &'static str, text: &str) -> Result<String, AccountError> {
    let fits = text.chars().count() <= MAX_TEXT_CHARS && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned()).ok_or_else(|| AccountError::BadField(format!("the {what} must have at most {MAX_TEXT_CHARS} characters")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_are_checked_and_cannot_be_mistaken_for_each_other() {
        for (ok, name) in [
            (true, "alice"),
            (true, "a.b-c_9"),
            (true, "Owner"),
            (false, ""),
            (false, "-a"),
            (false, "a b"),
            (false, "a@b"),
            (false, "аlice"), // a Cyrillic letter
        ] {
            assert_eq!(check_account_name(name).is_ok(), ok, "{name:?}");
        }
        for (ok, email) in [
            (true, "a@example.org"),
            (true, "Ä.b+c@example.org"),
            (false, "a"),
            (false, "@b.c"),
            (false, "a@"),
            (false, "a@b..c"),
            (false, "a b@c.d"),
            (false, "a@b@c.d"),
        ] {
            assert_eq!(check_email(email).is_ok(), ok, "{email:?}");
        }
        assert_eq!(account_key(" Alice@Example.ORG "), "alice@example.org");
        assert!(full_name_key("ÖZGÜR ΟΔΥΣΣΕΑΣ").contains(&full_name_key("οδυσ")));
        assert!(full_name_key("ΟΔΥΣΣΕΥΣ").ends_with(&full_name_key("ΕΥΣ")), "no letter is another at the end of a word");
    }
}
