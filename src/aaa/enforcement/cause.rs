//! Error-Cause (RFC 5176 section 3.5): what a router's refusal means, and what is done about it. One table.

/// What a refusal leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    /// It is as good as done: the router has removed the session.
    Removed,
    /// The router does not have the session: it is over, unless accounting says otherwise.
    Gone,
    /// It may work later.
    Retry,
    /// It may work with the session named by less: Acct-Session-Id and User-Name alone.
    NameByLess,
    /// This change cannot be made while the session lives: the session is ended, and the next login brings the new state.
    EndInstead,
    /// Nothing of this kind will work until somebody changes the router's settings.
    Hopeless,
}

/// One cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cause {
    /// Its number.
    pub number: u32,
    /// What it means, for people.
    pub words: &'static str,
    /// If a change was refused.
    pub of_change: Remedy,
    /// If a Disconnect was refused.
    pub of_disconnect: Remedy,
}

const fn cause(number: u32, words: &'static str, of_change: Remedy, of_disconnect: Remedy) -> Cause {
    Cause { number, words, of_change, of_disconnect }
}

/// Every cause that has a meaning here.
pub const CAUSES: &[Cause] = &[
    cause(201, "it had removed what was left of the session", Remedy::Gone, Remedy::Removed),
    cause(202, "it speaks of EAP, which was not used", Remedy::EndInstead, Remedy::Retry),
    cause(401, "it does not support an attribute of the request", Remedy::EndInstead, Remedy::NameByLess),
    cause(402, "it misses an attribute in the request", Remedy::Retry, Remedy::Retry),
    cause(403, "it says that the request is meant for another router", Remedy::Hopeless, Remedy::Hopeless),
    cause(404, "it finds the request invalid", Remedy::EndInstead, Remedy::NameByLess),
    cause(405, "it does not support the service asked for", Remedy::EndInstead, Remedy::NameByLess),
    cause(406, "it does not support this kind of request", Remedy::EndInstead, Remedy::Hopeless),
    cause(407, "it cannot use a value in the request", Remedy::EndInstead, Remedy::NameByLess),
    cause(501, "its settings forbid it", Remedy::Hopeless, Remedy::Hopeless),
    cause(502, "a proxy on the way does not know where to send it", Remedy::Hopeless, Remedy::Hopeless),
    cause(503, "it does not have the session", Remedy::Gone, Remedy::Gone),
    cause(504, "it cannot remove the session", Remedy::Retry, Remedy::Retry),
    cause(505, "a proxy on the way failed", Remedy::Retry, Remedy::Retry),
    cause(506, "it lacks the resources at present", Remedy::Retry, Remedy::Retry),
    cause(507, "it asks for a new login instead", Remedy::Retry, Remedy::Retry),
    cause(508, "it cannot find a session by several attributes", Remedy::NameByLess, Remedy::NameByLess),
];

/// A refusal without a cause, or with an unknown one.
const UNNAMED: Cause = cause(0, "it refuses without a known cause", Remedy::Retry, Remedy::Retry);

/// What is known of a refusal.
pub fn find_cause(error_cause: Option<u32>) -> &'static Cause {
    CAUSES.iter().find(|c| Some(c.number) == error_cause).unwrap_or(&UNNAMED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::radius::dictionary::Dictionary;

    #[test]
    fn every_cause_of_the_rfc_is_in_the_table_once_and_in_order() {
        let numbers: Vec<u32> = CAUSES.iter().map(|c| c.number).collect();
        assert!(numbers.is_sorted_by(|a, b| a < b));
        let dictionary = Dictionary::embedded();
        let attribute = dictionary.by_name("Error-Cause").expect("RFC 5176");
        for number in [201, 202, 401, 402, 403, 404, 405, 406, 407, 501, 502, 503, 504, 505, 506, 507, 508] {
            assert!(numbers.contains(&number) && attribute.value_name(u64::from(number)).is_some(), "{number}");
        }
    }

    #[test]
    fn a_lost_session_is_gone_and_an_unknown_refusal_is_tried_again() {
        assert_eq!(find_cause(Some(503)).of_disconnect, Remedy::Gone);
        for unknown in [None, Some(0), Some(601), Some(u32::MAX)] {
            assert_eq!((find_cause(unknown).of_change, find_cause(unknown).of_disconnect), (Remedy::Retry, Remedy::Retry));
        }
    }
}
