//! Values of options.

use std::fmt::Display;
use std::str::FromStr;

/// A value, or the word `none` that removes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrNone<T>(pub Option<T>);

impl<T: FromStr> FromStr for OrNone<T>
where
    T::Err: Display,
{
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(OrNone(None));
        }
        text.parse().map(|value| OrNone(Some(value))).map_err(|e: T::Err| e.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_removes() {
        assert_eq!("none".parse(), Ok(OrNone::<u32>(None)));
        assert_eq!("7".parse(), Ok(OrNone(Some(7u32))));
        assert!("seven".parse::<OrNone<u32>>().is_err());
    }
}
