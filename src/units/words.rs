//! Enums that are one word each wherever people or programs write them.

/// Gives an enum without fields its words: `as_str`, `FromStr` (whose error lists the words after "is not `$what`"), `Display` and `Serialize`.
macro_rules! words {
    ($type:ident, $what:literal, $($word:literal = $value:ident),+ $(,)?) => {
        impl $type {
            /// All words, in their order.
            #[allow(dead_code, reason = "not every enum is offered as a choice")]
            pub const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word in the database, on the command line, in CSV and in JSON.
            pub fn as_str(self) -> &'static str {
                match self { $($type::$value => $word),+ }
            }
        }
        impl std::str::FromStr for $type {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok($type::$value),)+
                    _ => Err(format!(concat!("{:?} is not ", $what, ": write ", $($word, " "),+), text).trim_end().to_owned()),
                }
            }
        }
        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

#[cfg(test)]
mod tests {
    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Pace {
        Slow,
        Quick,
    }
    words!(Pace, "a pace", "slow" = Slow, "quick" = Quick);

    #[test]
    fn words_are_read_as_they_are_written_and_others_are_told_which_there_are() {
        for pace in [Pace::Slow, Pace::Quick] {
            assert_eq!(pace.to_string().parse(), Ok(pace));
            assert_eq!(serde_json::json!(pace), pace.as_str());
        }
        assert_eq!("Slow".parse::<Pace>(), Err("\"Slow\" is not a pace: write slow quick".to_owned()));
    }
}
