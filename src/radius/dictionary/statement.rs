//! One line of a dictionary file. Knows the syntax only; what a statement means is decided in `define` and `load`.

use super::{DataType, Encryption, Flags};

/// Longest name of an attribute, value or vendor in octets.
const LONGEST_NAME: usize = 128;

/// What a line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Statement<'a> {
    Attribute { name: &'a str, number: NumberPath, data_type: DataType, flags: Flags, vendor: Option<&'a str> },
    Value { attribute: &'a str, name: &'a str, number: u64 },
    Alias { name: &'a str, target: &'a str },
    Vendor { name: &'a str, number: u32, format: Format },
    BeginVendor { name: &'a str, parent: Option<&'a str> },
    EndVendor { name: &'a str },
    BeginTlv { name: &'a str },
    EndTlv { name: &'a str },
    Include { path: &'a str, optional: bool },
}

/// Numbers of an attribute line: `8`, `0x08` or `241.26.9.1`. A leading dot (FreeRADIUS 4) changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NumberPath(pub Vec<u32>);

/// `format=1,1,c` of a vendor line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Format {
    pub type_octets: u8,
    pub length_octets: u8,
    pub continuation: bool,
}

/// Reads a line. `None`: blank or comment. The error is the reason alone.
pub(super) fn parse(line: &[u8]) -> Result<Option<Statement<'_>>, String> {
    let text = std::str::from_utf8(without_comment(line)).map_err(|_| "the line is not UTF-8 text".to_string())?;
    let words: Vec<&str> = text.split_whitespace().collect();
    let Some((keyword, arguments)) = words.split_first() else { return Ok(None) };
    let statement = match keyword.to_ascii_uppercase().as_str() {
        "ATTRIBUTE" => attribute(arguments),
        "VALUE" => value(arguments),
        "ALIAS" => {
            two(arguments, "ALIAS NAME EXISTING-NAME").and_then(|[name, target]| Ok(Statement::Alias { name: checked(name)?, target }))
        }
        "VENDOR" => vendor(arguments),
        "BEGIN-VENDOR" => begin_vendor(arguments),
        "END-VENDOR" => one(arguments, "END-VENDOR NAME").map(|name| Statement::EndVendor { name }),
        "BEGIN-TLV" => one(arguments, "BEGIN-TLV NAME").map(|name| Statement::BeginTlv { name }),
        "END-TLV" => one(arguments, "END-TLV NAME").map(|name| Statement::EndTlv { name }),
        "$INCLUDE" => one(arguments, "$INCLUDE FILE").map(|path| Statement::Include { path, optional: false }),
        "$INCLUDE-" => one(arguments, "$INCLUDE- FILE").map(|path| Statement::Include { path, optional: true }),
        _ => Err(format!("unknown keyword {:?}", shortened(keyword))),
    };
    statement.map(Some)
}

/// A comment starts at `#` at the line's start or after a blank; other octets of it need not be text.
fn without_comment(line: &[u8]) -> &[u8] {
    let starts = |&at: &usize| line[at] == b'#' && (at == 0 || line[at - 1].is_ascii_whitespace());
    (0..line.len()).find(starts).map_or(line, |at| &line[..at])
}

fn attribute<'a>(words: &[&'a str]) -> Result<Statement<'a>, String> {
    let [name, number, data_type, rest @ ..] = words else { return Err("expected: ATTRIBUTE NAME NUMBER TYPE [FLAGS]".into()) };
    let mut flags = Flags { concat: data_type.eq_ignore_ascii_case("concat"), ..Flags::default() };
    let data_type = DataType::from_name(data_type).ok_or_else(|| format!("unknown data type {:?}", shortened(data_type)))?;
    let mut vendor = None;
    for flag in rest.iter().flat_map(|word| word.split(',')).filter(|flag| !flag.is_empty()) {
        if !read_flag(flag, &mut flags)? {
            // Before BEGIN-VENDOR existed, the vendor's name stood here.
            if vendor.replace(flag).is_some() {
                return Err(format!("unknown flag {:?}", shortened(flag)));
            }
        }
    }
    if flags.has_tag && !matches!(data_type, DataType::Text | DataType::Octets(_) | DataType::Integer) {
        return Err(format!("has_tag needs string, octets or integer, not {}", data_type.name()));
    }
    if flags.concat && !matches!(data_type, DataType::Text | DataType::Octets(_)) {
        return Err(format!("concat needs string or octets, not {}", data_type.name()));
    }
    Ok(Statement::Attribute { name: checked(name)?, number: number_path(number)?, data_type, flags, vendor })
}

/// Takes a flag in; false if it is none that is known.
fn read_flag(flag: &str, flags: &mut Flags) -> Result<bool, String> {
    match flag {
        "has_tag" => flags.has_tag = true,
        "concat" => flags.concat = true,
        "array" => flags.array = true,
        // Of FreeRADIUS; they say nothing about octets on the wire.
        "secret" | "virtual" | "counter" | "internal" | "unsafe" => {}
        _ => match flag.strip_prefix("encrypt=") {
            Some("1" | "User-Password") => flags.encryption = Encryption::UserPassword,
            Some("2" | "Tunnel-Password") => flags.encryption = Encryption::TunnelPassword,
            Some("3" | "Ascend-Secret") => flags.encryption = Encryption::AscendSecret,
            Some(other) => return Err(format!("unknown encryption {:?}, expected encrypt=1, 2 or 3", shortened(other))),
            None => return Ok(false),
        },
    }
    Ok(true)
}

fn value<'a>(words: &[&'a str]) -> Result<Statement<'a>, String> {
    let [attribute, name, number] = words else { return Err("expected: VALUE ATTRIBUTE NAME NUMBER".into()) };
    if name.len() > LONGEST_NAME {
        return Err(format!("the value's name is longer than {LONGEST_NAME} octets"));
    }
    Ok(Statement::Value { attribute, name, number: number_of(number)? })
}

fn vendor<'a>(words: &[&'a str]) -> Result<Statement<'a>, String> {
    let (name, number, format) = match words {
        [name, number] => (name, number, Format { type_octets: 1, length_octets: 1, continuation: false }),
        [name, number, format] => (name, number, vendor_format(format)?),
        _ => return Err("expected: VENDOR NAME NUMBER [format=TYPE,LENGTH]".into()),
    };
    let number = u32::try_from(number_of(number)?).ok().filter(|number| (1..1 << 24).contains(number));
    let number = number.ok_or("a vendor's number is between 1 and 16777215")?;
    Ok(Statement::Vendor { name: checked(name)?, number, format })
}

fn vendor_format(word: &str) -> Result<Format, String> {
    let wrong = || format!("{:?} is not format=T,L with T of 1, 2 or 4 octets and L of 0, 1 or 2", shortened(word));
    let parts: Vec<&str> = word.strip_prefix("format=").ok_or_else(wrong)?.split(',').collect();
    let (kind, length, continuation) = match parts.as_slice() {
        [kind, length] => (*kind, *length, false),
        [kind, length, "c"] => (*kind, *length, true),
        _ => return Err(wrong()),
    };
    let type_octets = kind.parse().ok().filter(|octets| matches!(octets, 1 | 2 | 4)).ok_or_else(wrong)?;
    let length_octets = length.parse().ok().filter(|octets| matches!(octets, 0..=2)).ok_or_else(wrong)?;
    if continuation && (type_octets, length_octets) != (1, 1) {
        return Err("continuation needs format=1,1,c".into());
    }
    Ok(Format { type_octets, length_octets, continuation })
}

fn begin_vendor<'a>(words: &[&'a str]) -> Result<Statement<'a>, String> {
    match words {
        [name] => Ok(Statement::BeginVendor { name, parent: None }),
        [name, option] => {
            let parent = option.strip_prefix("parent=").or_else(|| option.strip_prefix("format="));
            let parent = parent.ok_or_else(|| format!("unknown option {:?}, expected parent=NAME", shortened(option)))?;
            Ok(Statement::BeginVendor { name, parent: Some(parent) })
        }
        _ => Err("expected: BEGIN-VENDOR NAME [parent=EXTENDED-VENDOR-SPECIFIC-N]".into()),
    }
}

fn one<'a>(words: &[&'a str], form: &str) -> Result<&'a str, String> {
    if let [word] = words { Ok(word) } else { Err(format!("expected: {form}")) }
}

fn two<'a>(words: &[&'a str], form: &str) -> Result<[&'a str; 2], String> {
    if let [first, second] = words { Ok([first, second]) } else { Err(format!("expected: {form}")) }
}

fn checked(name: &str) -> Result<&str, String> {
    let allowed = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.' | b'/' | b'+');
    if name.len() > LONGEST_NAME {
        return Err(format!("the name is longer than {LONGEST_NAME} octets"));
    }
    if !name.bytes().all(allowed) {
        return Err(format!("{name:?} is no name: letters, digits, '-', '_', '.', '/' and '+' are allowed"));
    }
    Ok(name)
}

fn number_path(word: &str) -> Result<NumberPath, String> {
    let numbers = word.strip_prefix('.').unwrap_or(word).split('.').map(|part| number_of(part).and_then(narrow));
    numbers.collect::<Result<_, _>>().map(NumberPath)
}

fn narrow(number: u64) -> Result<u32, String> {
    u32::try_from(number).map_err(|_| format!("{number} does not fit 32 bits"))
}

/// Decimal, or hexadecimal after `0x`.
fn number_of(word: &str) -> Result<u64, String> {
    let (digits, radix) = match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
        Some(digits) => (digits, 16),
        None => (word, 10),
    };
    let number = if digits.starts_with('+') { None } else { u64::from_str_radix(digits, radix).ok() };
    number.ok_or_else(|| format!("{:?} is not a number", shortened(word)))
}

/// What is quoted in an error stays short however long the word is.
fn shortened(word: &str) -> String {
    word.chars().take(40).collect()
}
