//! The dictionary as the configuration names it, loaded when it is first needed.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::Failure;
use crate::radius::attribute_text;
use crate::radius::dictionary::Dictionary;

/// What is inside the program, with the administrator's folder on top.
pub fn load_dictionary(folder: Option<&Path>) -> Result<Dictionary, Failure> {
    match folder {
        None => Ok(Dictionary::embedded()),
        Some(folder) => Dictionary::load_folder(folder).map_err(|e| Failure::config(e.to_string())),
    }
}

/// Checks a line of a customer's reply attributes by the dictionary.
pub fn reply_check(folder: Option<PathBuf>) -> impl Fn(&str) -> Result<(), String> {
    let loaded = OnceLock::new();
    move |line| {
        let dictionary =
            loaded.get_or_init(|| load_dictionary(folder.as_deref()).map_err(|e| e.to_string())).as_ref().map_err(Clone::clone)?;
        attribute_text::parse(dictionary, line).map(|_| ()).map_err(|e| e.reason)
    }
}
