//! Refusals of the rules in people's languages: a text of `locales/` for each, with what it takes in words, and roles by the names that the tenant gives them.

use super::locale::{Language, Said};
use crate::accounts::capability::Capability;
use crate::accounts::{Denial, Role, RoleBook};

/// What a capability is called: as the catalogue says it, unless the language has words of its own.
pub(super) fn capability_words(language: Language, capability: Capability) -> String {
    let id = format!("capability-{}", capability.as_str().replace('.', "-"));
    language.find(&id, &[]).unwrap_or_else(|| capability.describe().to_owned())
}

/// Why not, as a sentence.
pub(super) fn denial_text(language: Language, book: &RoleBook, denial: Denial) -> String {
    let label = |role: Role| Said::from(book.terms(role).label);
    let values = match denial {
        Denial::Lacks(c) | Denial::NotHeld(c) => vec![("permission", Said::from(capability_words(language, c)))],
        Denial::MayNotCreate(role) => vec![("role", label(role))],
        Denial::WrongParent { role, parent } => vec![("role", label(role)), ("parent", label(parent))],
        Denial::NotBelow | Denial::NotLower | Denial::NotWhole | Denial::NotOfServer | Denial::Impersonated => Vec::new(),
    };
    language.text(&format!("denial-{}", denial.code()), &values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_has_a_text_with_all_its_values() {
        let (c, role, parent) = (Capability::CustomersView, Role::Admin, Role::Operator);
        for denial in [
            Denial::Lacks(c),
            Denial::MayNotCreate(role),
            Denial::WrongParent { role, parent },
            Denial::NotBelow,
            Denial::NotLower,
            Denial::NotHeld(c),
            Denial::NotWhole,
            Denial::NotOfServer,
            Denial::Impersonated,
        ] {
            let said = denial_text(Language::FIRST, &RoleBook::default(), denial);
            assert!(said.starts_with(char::is_uppercase) && said.ends_with('.') && !said.contains('{'), "{said}");
        }
        let said = denial_text(Language::FIRST, &RoleBook::default(), Denial::WrongParent { role, parent });
        assert!(said.contains("Admin") && said.contains("Operator"), "{said}");
        assert!(denial_text(Language::FIRST, &RoleBook::default(), Denial::NotHeld(c)).contains("See customers"));
    }
}
