//! Secrets from an option, a file or standard input.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::Failure;

/// Nobody has a longer secret; a wrong file is noticed.
const MAX_OCTETS: u64 = 4096;

/// The secret given directly (`-` for standard input) or in a file (`-` likewise); `None` if neither is given. One line end is removed.
pub fn read_secret(direct: Option<&str>, file: Option<&PathBuf>) -> Result<Option<String>, Failure> {
    match (direct, file) {
        (Some("-"), _) => read(std::io::stdin().lock(), "standard input").map(Some),
        (Some(text), _) => Ok(Some(text.to_owned())),
        (None, Some(path)) if path == Path::new("-") => read(std::io::stdin().lock(), "standard input").map(Some),
        (None, Some(path)) => {
            let name = path.display().to_string();
            let file = std::fs::File::open(path).map_err(|e| Failure::new(format!("{name}: {e}")))?;
            read(file, &name).map(Some)
        }
        (None, None) => Ok(None),
    }
}

fn read(from: impl Read, name: &str) -> Result<String, Failure> {
    let mut text = String::new();
    from.take(MAX_OCTETS + 1).read_to_string(&mut text).map_err(|e| Failure::new(format!("{name}: {e}")))?;
    if text.len() as u64 > MAX_OCTETS {
        return Err(Failure::new(format!("{name}: longer than {MAX_OCTETS} octets")));
    }
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Ok(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_end_is_removed() {
        for (text, wanted) in [("secret\n", "secret"), ("secret\r\n", "secret"), ("secret", "secret"), ("a\n\n", "a\n"), (" b ", " b ")] {
            assert_eq!(read(text.as_bytes(), "x").expect("read"), wanted);
        }
        assert!(read(&[b'x'; 5000][..], "x").is_err());
    }
}
