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
    /// How the ids of its choices' texts begin; empty for `value-NAME`.
    pub said_as: &'static str,
}

impl Field {
    /// A field that every row has.
    pub const fn new(name: &'static str, kind: Kind) -> Field {
        Field { name, kind, may_lack: false, said_as: "" }
    }

    /// A field that a row may lack.
    pub const fn lacking(name: &'static str, kind: Kind) -> Field {
        Field { may_lack: true, ..Field::new(name, kind) }
    }

    /// Whose choices have texts already, with ids that begin so.
    pub const fn said_as(self, stem: &'static str) -> Field {
        Field { said_as: stem, ..self }
    }

    /// The id of a choice's text.
    pub fn text_id(&self, choice: &str) -> String {
        let choice = choice.replace(['.', '_'], "-");
        match self.said_as {
            "" => format!("value-{}-{choice}", self.name),
            stem => format!("{stem}-{choice}"),
        }
    }
}
