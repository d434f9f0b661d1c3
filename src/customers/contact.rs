//! How a customer is reached and where he lives.

use serde::Serialize;

use super::CustomerError;
use super::checks::check_text;
use crate::accounts::check_email;
use crate::units::lower_case;

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
        if !self.email.is_empty() {
            check_email(&self.email).map_err(|error| CustomerError::BadField(error.to_string()))?;
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
    lower_case(name.trim())
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
