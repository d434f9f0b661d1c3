//! How a file from another program is read: what separates its fields, which of its columns is what, what stands where nothing does. Guessed from the header, then said by
//! whoever imports.

use std::collections::BTreeMap;

use csv::StringRecord;
use serde::{Deserialize, Serialize};

use super::row::COLUMNS;
use crate::units::lower_case;

/// What other programs call our columns, in lower case and without spaces, hyphens and underscores.
const OTHER_NAMES: [(&str, &[&str]); 13] = [
    ("username", &["user", "login", "pppoeusername", "pppoename", "userid", "customerusername", "loginname"]),
    ("password", &["pass", "secret", "pppoepassword", "userpassword", "cleartextpassword"]),
    ("package", &["plan", "profile", "service", "packagename", "groupname", "billingprofile", "bandwidth"]),
    ("name", &["customername", "fullname", "clientname", "subscriber", "customer"]),
    ("phone", &["mobile", "mobileno", "mobilenumber", "phonenumber", "contact", "contactno", "cell"]),
    ("code", &["customercode", "customerid", "clientcode", "clientid", "id"]),
    ("expires_at", &["expiry", "expire", "expires", "expirydate", "expirationdate", "expiration", "validtill", "validuntil"]),
    ("mac", &["macaddress", "callingstationid", "callerid"]),
    ("static_ip", &["ip", "ipaddress", "remoteaddress", "framedipaddress", "staticip"]),
    ("connection", &["connectiontype", "servicetype"]),
    ("zone", &["area", "location", "zonename", "pop"]),
    ("note", &["comment", "comments", "notes", "remark", "remarks", "description"]),
    ("postal_code", &["zip", "zipcode", "postcode"]),
];

/// See the head of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    /// Comma, semicolon or tab.
    pub delimiter: char,
    /// For each column of the file, which of [`COLUMNS`] it is; `None` = it is left out.
    pub columns: Vec<Option<String>>,
    /// What stands where a row has nothing, or the file no such column; by the names of [`COLUMNS`].
    pub defaults: BTreeMap<String, String>,
    /// Whether a customer without a password is given one.
    pub makes_passwords: bool,
}

impl Layout {
    /// What the first line of a file suggests.
    pub fn guess(content: &str) -> Layout {
        let first = content.lines().next().unwrap_or_default();
        let count = |c: &char| first.matches(*c).count();
        let delimiter = [',', ';', '\t'].into_iter().rev().max_by_key(count).unwrap_or(',');
        Layout::guess_with(content, delimiter)
    }

    /// The same where it is known what separates the fields.
    pub fn guess_with(content: &str, delimiter: char) -> Layout {
        let mut layout = Layout { delimiter, columns: Vec::new(), defaults: BTreeMap::new(), makes_passwords: false };
        for name in layout.head(content).iter() {
            let found = our_name(name).filter(|ours| !layout.columns.iter().flatten().any(|taken| taken == ours));
            layout.columns.push(found.map(str::to_owned));
        }
        layout
    }

    /// The names that the file's first line gives to its columns.
    pub fn head(&self, content: &str) -> StringRecord {
        let mut record = StringRecord::new();
        // a line that does not read has no names
        let is_read = self.reader(content.as_bytes()).read_record(&mut record).unwrap_or(false);
        if is_read { record } else { StringRecord::new() }
    }

    /// A reader of its fields, from the first line on.
    pub fn reader<R: std::io::Read>(&self, file: R) -> csv::Reader<R> {
        reader(file, self.delimiter)
    }

    /// What cannot be: a column that is taken twice, or one that nobody knows.
    pub fn check(&self) -> Result<(), String> {
        if ![',', ';', '\t'].contains(&self.delimiter) {
            return Err("fields are separated by a comma, a semicolon or a tab".to_owned());
        }
        let known = |name: &String| COLUMNS.contains(&name.as_str());
        if let Some(unknown) = self.columns.iter().flatten().chain(self.defaults.keys()).find(|name| !known(name)) {
            return Err(format!("there is no column {unknown:?}"));
        }
        let mut seen: Vec<&String> = self.columns.iter().flatten().collect();
        seen.sort_unstable();
        match seen.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("two columns of the file are {:?}", pair[0])),
            None => Ok(()),
        }
    }
}

/// A reader of fields between which this stands, from the first line on; rows may have any number of them.
pub(super) fn reader<R: std::io::Read>(file: R, delimiter: char) -> csv::Reader<R> {
    csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter as u8).from_reader(file)
}

fn our_name(name: &str) -> Option<&'static str> {
    let plain: String = lower_case(name.trim_start_matches('\u{feff}')).chars().filter(|c| c.is_alphanumeric()).collect();
    let ours = |column: &&&str| column.chars().filter(|c| c.is_alphanumeric()).eq(plain.chars());
    let other = || OTHER_NAMES.iter().find(|(_, names)| names.contains(&plain.as_str())).map(|(ours, _)| *ours);
    COLUMNS.iter().find(ours).copied().or_else(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_of_another_program_is_understood() {
        let layout = Layout::guess("\u{feff}User Name;Mobile No;Plan;Secret;Expiry-Date;Colour;User\nbob;017;home;x;;red;y\n");
        let columns: Vec<&str> = layout.columns.iter().map(|c| c.as_deref().unwrap_or("-")).collect();
        assert_eq!((layout.delimiter, &columns[..]), (';', &["username", "phone", "package", "password", "expires_at", "-", "-"][..]));
        assert_eq!(layout.check(), Ok(()));
        let twice = Layout { columns: vec![Some("name".into()), Some("name".into())], ..layout.clone() };
        assert!(twice.check().is_err_and(|why| why.contains("two columns")));
        let unknown = Layout { defaults: BTreeMap::from([("colour".into(), "red".into())]), ..layout };
        assert!(unknown.check().is_err_and(|why| why.contains("colour")));
        assert_eq!(Layout::guess("a\tb\n").delimiter, '\t');
        assert_eq!(Layout::guess("").columns.len(), 0);
    }
}
