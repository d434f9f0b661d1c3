//! A field by which a list can be filtered.

/// What its values are, and so which operators it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One of these words: is, is not.
    Choice(&'static [&'static str]),
    /// The name of something of the tenant's (a zone, a package): is, is not, none.
    Name,
    /// Text: holds, does not hold, none.
    Text,
    /// An address, a code: is, is not.
    Exact,
    /// An instant: from, until, between, none. Values are [`Moment`](super::Moment)s.
    Moment,
    /// `yes` or `no`.
    YesNo,
}

/// See the head of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// The word before the operator, the same in every language.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// Whether a row may have none.
    pub may_lack: bool,
}

impl Field {
    /// A field that every row has.
    pub const fn new(name: &'static str, kind: Kind) -> Field {
        Field { name, kind, may_lack: false }
    }

    /// A field that a row may lack.
    pub const fn lacking(name: &'static str, kind: Kind) -> Field {
        Field { name, kind, may_lack: true }
    }
}
