//! How a customer is reached and where he lives.

use serde::Serialize;

use super::CustomerError;
use super::checks::check_text;

/// Longest address that mail can have (RFC 5321 §4.5.3.1.3).
const MOST_EMAIL_OCTETS: usize = 254;

/// Free texts, any of them empty; the phone is with the name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Contact {
    /// E-mail address.
    pub email: String,
    /// House, street, area.
    pub address: String,
    /// City.
    pub city: String,
    /// Division, state or province.
    pub region: String,
    /// Postal code.
    pub postal_code: String,
    /// Country.
    pub country: String,
    /// Code of the language in which he is written to; empty for his tenant's.
    pub language: String,
}

impl Contact {
    pub(super) fn check(&self) -> Result<(), CustomerError> {
        let is_email = self.email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains(|c: char| c != '.'));
        if !self.email.is_empty() && (!is_email || self.email.len() > MOST_EMAIL_OCTETS || self.email.contains(char::is_whitespace)) {
            return Err(CustomerError::BadField(format!("{:?} is not an e-mail address", self.email)));
        }
        for (what, text) in [
            ("e-mail address", &self.email),
            ("address", &self.address),
            ("city", &self.city),
            ("region", &self.region),
            ("postal code", &self.postal_code),
            ("country", &self.country),
            ("language", &self.language),
        ] {
            check_text(what, text)?;
        }
        Ok(())
    }
}

/// A name as it is searched for and sorted by.
pub(in crate::customers) fn name_key(name: &str) -> String {
    name.trim().chars().flat_map(char::to_lowercase).collect()
}

/// A phone's digits backwards, so that its last ones are the beginning: `+880 1712-345678` and `01712345678` both begin with `87654321710`.
pub(in crate::customers) fn phone_key(phone: &str) -> String {
    phone.chars().rev().filter(char::is_ascii_digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_what_is_searched_for() {
        assert_eq!((name_key(" Özgür RAHIM ").as_str(), phone_key("+880 1712-345678").as_str()), ("özgür rahim", "8765432171088"));
        assert!(phone_key("01712345678").starts_with("876543217"));
    }

    #[test]
    fn a_contact_is_plain_text_and_an_address_has_an_at() {
        let with = |email: &str| Contact { email: email.into(), ..Contact::default() }.check().is_ok();
        assert!(with("") && with("a@b.example"));
        for email in ["a", "@b", "a@", "a b@c.example", "a@.", &format!("{}@b.example", "x".repeat(260))] {
            assert!(!with(email), "{email}");
        }
        assert!(Contact { city: "a\nb".into(), ..Contact::default() }.check().is_err());
    }
}
