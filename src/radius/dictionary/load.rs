//! Reading dictionary files: the embedded ones, then an administrator's folder over them.

use super::statement::{self, Statement};
use super::{Dictionary, DictionaryError, VENDOR_SPECIFIC};
use std::collections::HashSet;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Largest file in octets.
const LARGEST_FILE_OCTETS: u64 = 4 << 20;
/// Deepest `$INCLUDE`.
const DEEPEST_INCLUDE: usize = 16;
/// Most files of one folder.
const MOST_FILES: usize = 2_000;
/// The file that is read first.
const MAIN_FILE: &str = "dictionary";

#[derive(rust_embed::RustEmbed)]
#[folder = "dictionaries/"]
struct EmbeddedFiles;

impl Dictionary {
    /// What is compiled into the program.
    pub fn embedded() -> Dictionary {
        let mut loader = Loader::over(Dictionary::default(), 0);
        let loaded = loader.read_embedded(MAIN_FILE).and_then(|()| loader.finish());
        loaded.expect("the embedded dictionaries are checked by a test")
    }

    /// The embedded dictionary with an administrator's folder over it: first its file `dictionary`, if there is one, then
    /// every other file named `dictionary.*` or `*.dict` by name. What these say replaces what the embedded files said.
    /// Backups of editors and package managers (`*~`, `*.bak`, `*.orig`, `*.dpkg-*`, `*.rpm*`) are left out.
    pub fn load_folder(folder: &Path) -> Result<Dictionary, DictionaryError> {
        let mut loader = Loader::over(Dictionary::embedded(), 1);
        for path in files_of(folder)? {
            if !loader.seen.contains(&path) {
                loader.read_file(&path)?;
            }
        }
        loader.finish()
    }

    /// This dictionary with one more text over it, as a file of an administrator would be. `file` is for messages only;
    /// `$INCLUDE` finds embedded files alone. For tests and for checking a file before it is put in place.
    pub fn with_text(self, file: &str, text: &[u8]) -> Result<Dictionary, DictionaryError> {
        let mut loader = Loader::over(self, 1);
        loader.read_text(file, None, text)?;
        loader.finish()
    }
}

fn files_of(folder: &Path) -> Result<Vec<PathBuf>, DictionaryError> {
    let unreadable = |error: std::io::Error| whole_file(folder, error.to_string());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if is_wanted(&name) && path.is_file() {
            files.push(path);
        }
    }
    // "dictionary" sorts before "dictionary.x", but not before "a.dict".
    files.sort_by_key(|path| (path.file_name().is_none_or(|name| name != MAIN_FILE), path.clone()));
    if files.len() > MOST_FILES { Err(whole_file(folder, format!("more than {MOST_FILES} dictionary files"))) } else { Ok(files) }
}

fn is_wanted(name: &str) -> bool {
    let backup =
        name.ends_with('~') || name.ends_with(".bak") || name.ends_with(".orig") || name.contains(".dpkg-") || name.contains(".rpm");
    !backup && (name == MAIN_FILE || name.starts_with("dictionary.") || name.ends_with(".dict"))
}

fn whole_file(path: &Path, reason: String) -> DictionaryError {
    DictionaryError { file: path.display().to_string(), line: 0, reason }
}

/// Reads files into a dictionary, one layer at a time.
struct Loader {
    dictionary: Dictionary,
    layer: u8,
    /// Files that have been begun: each is read once, which also ends loops.
    seen: HashSet<PathBuf>,
    /// Files that are being read now, outermost first.
    open: Vec<PathBuf>,
    /// Values wait for the layer's end: they may name attributes of a later file.
    values: Vec<PendingValue>,
}

struct PendingValue {
    file: String,
    line: usize,
    attribute: String,
    name: String,
    number: u64,
}

/// An open BEGIN-VENDOR or BEGIN-TLV.
struct Block {
    name: String,
    is_vendor: bool,
    oid: Vec<u32>,
}

impl Loader {
    fn over(dictionary: Dictionary, layer: u8) -> Loader {
        Loader { dictionary, layer, seen: HashSet::new(), open: Vec::new(), values: Vec::new() }
    }

    fn finish(mut self: Loader) -> Result<Dictionary, DictionaryError> {
        for PendingValue { file, line, attribute, name, number } in self.values {
            let defined = self.dictionary.define_value(&attribute, &name, number, self.layer);
            defined.map_err(|reason| DictionaryError { file, line, reason })?;
        }
        Ok(self.dictionary)
    }

    fn read_embedded(&mut self, name: &str) -> Result<(), DictionaryError> {
        let missing = || whole_file(Path::new(name), "there is no such embedded file".into());
        let file = EmbeddedFiles::get(name).ok_or_else(missing)?;
        self.within(PathBuf::from(name), |loader| loader.read_text(name, None, &file.data))
    }

    fn read_file(&mut self, path: &Path) -> Result<(), DictionaryError> {
        let text = read_limited(path).map_err(|reason| whole_file(path, reason))?;
        self.within(path.to_path_buf(), |loader| loader.read_text(&path.display().to_string(), path.parent(), &text))
    }

    fn within(&mut self, path: PathBuf, read: impl FnOnce(&mut Loader) -> Result<(), DictionaryError>) -> Result<(), DictionaryError> {
        self.seen.insert(path.clone());
        self.open.push(path);
        let outcome = read(self);
        self.open.pop();
        outcome
    }

    fn read_text(&mut self, file: &str, folder: Option<&Path>, text: &[u8]) -> Result<(), DictionaryError> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let mut blocks = Vec::new();
        let mut last = 0;
        for (index, line) in text.split(|&octet| octet == b'\n').enumerate() {
            last = index + 1;
            let at = |reason| DictionaryError { file: file.to_string(), line: index + 1, reason };
            match statement::parse(line).map_err(at)? {
                None => {}
                Some(Statement::Include { path, optional }) => self.include(path, optional, folder, at)?,
                Some(Statement::Value { attribute, name, number }) => {
                    let (attribute, name) = (attribute.to_string(), name.to_string());
                    self.values.push(PendingValue { file: file.to_string(), line: index + 1, attribute, name, number });
                }
                Some(statement) => self.take(statement, &mut blocks).map_err(at)?,
            }
        }
        match blocks.pop() {
            Some(block) => {
                let end = if block.is_vendor { "END-VENDOR" } else { "END-TLV" };
                Err(DictionaryError { file: file.to_string(), line: last, reason: format!("{end} {} is missing", block.name) })
            }
            None => Ok(()),
        }
    }

    fn include(
        &mut self,
        name: &str,
        optional: bool,
        folder: Option<&Path>,
        at: impl Fn(String) -> DictionaryError,
    ) -> Result<(), DictionaryError> {
        let path = folder.map_or_else(|| PathBuf::from(name), |folder| folder.join(name));
        if self.open.contains(&path) {
            return Err(at(format!("{name} includes itself")));
        }
        if self.open.len() >= DEEPEST_INCLUDE {
            return Err(at(format!("files include each other deeper than {DEEPEST_INCLUDE} levels")));
        }
        if self.seen.contains(&path) {
            return Ok(());
        }
        if folder.is_some() && path.is_file() {
            return self.read_file(&path);
        }
        match (EmbeddedFiles::get(name).is_some(), self.layer) {
            (true, 0) => self.read_embedded(name),
            // A copy of our main file may stand in the folder without its parts: those have been read already.
            (true, _) => Ok(()),
            (false, _) if optional => Ok(()),
            (false, _) => Err(at(format!("cannot include {name}: there is no such file"))),
        }
    }

    fn take(&mut self, statement: Statement<'_>, blocks: &mut Vec<Block>) -> Result<(), String> {
        let layer = self.layer;
        match statement {
            Statement::Attribute { name, number, data_type, flags, vendor } => {
                let mut oid = blocks.last().map(|block| block.oid.clone()).unwrap_or_default();
                if let Some(vendor) = vendor {
                    if !oid.is_empty() {
                        return Err(format!("unknown flag {vendor}"));
                    }
                    let known = self.dictionary.vendor_by_name(vendor).ok_or_else(|| format!("{vendor} is neither a flag nor a vendor"))?;
                    oid = vec![VENDOR_SPECIFIC, known.number];
                }
                oid.extend(number.0);
                self.dictionary.define(name, oid, data_type, flags, layer)
            }
            Statement::Alias { name, target } => self.dictionary.define_alias(name, target, layer),
            Statement::Vendor { name, number, format } => self.dictionary.define_vendor(name, number, format, layer),
            Statement::BeginVendor { name, parent } => self.begin_vendor(name, parent, blocks),
            Statement::BeginTlv { name } => self.begin_tlv(name, blocks),
            Statement::EndVendor { name } => end(name, true, blocks),
            Statement::EndTlv { name } => end(name, false, blocks),
            Statement::Value { .. } | Statement::Include { .. } => Ok(()),
        }
    }

    fn begin_vendor(&self, name: &str, parent: Option<&str>, blocks: &mut Vec<Block>) -> Result<(), String> {
        if let Some(open) = blocks.last() {
            return Err(format!("{} has not been ended", open.name));
        }
        let vendor = self.dictionary.vendor_by_name(name).ok_or_else(|| format!("unknown vendor {name}"))?;
        let mut oid = match parent {
            None => vec![VENDOR_SPECIFIC],
            Some(parent) => {
                let parent = self.dictionary.by_name(parent).filter(|known| known.data_type == super::DataType::ExtendedVendorSpecific);
                parent.ok_or("the parent is not an attribute of type evs")?.oid.clone()
            }
        };
        oid.push(vendor.number);
        blocks.push(Block { name: name.to_string(), is_vendor: true, oid });
        Ok(())
    }

    fn begin_tlv(&self, name: &str, blocks: &mut Vec<Block>) -> Result<(), String> {
        let known = self.dictionary.by_name(name).ok_or_else(|| format!("unknown attribute {name}"))?;
        if !matches!(known.data_type, super::DataType::Tlv | super::DataType::Extended | super::DataType::LongExtended) {
            return Err(format!("{name} is {} and contains no others", known.data_type.name()));
        }
        blocks.push(Block { name: name.to_string(), is_vendor: false, oid: known.oid.clone() });
        Ok(())
    }
}

fn end(name: &str, is_vendor: bool, blocks: &mut Vec<Block>) -> Result<(), String> {
    match blocks.pop() {
        Some(block) if block.is_vendor == is_vendor && block.name.eq_ignore_ascii_case(name) => Ok(()),
        Some(block) => Err(format!("{name} is ended, but {} was begun", block.name)),
        None => Err(format!("{name} was not begun")),
    }
}

fn read_limited(path: &Path) -> Result<Vec<u8>, String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let mut text = Vec::new();
    file.take(LARGEST_FILE_OCTETS + 1).read_to_end(&mut text).map_err(|error| error.to_string())?;
    if text.len() as u64 > LARGEST_FILE_OCTETS { Err(format!("larger than {LARGEST_FILE_OCTETS} octets")) } else { Ok(text) }
}
