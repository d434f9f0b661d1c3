//! One row of the CSV.

use csv::StringRecord;
use jiff::tz::TimeZone;

use super::super::{BillingType, ConnectionType, CustomerError, CustomerPassword, Hold, HoldKind, NewCustomer, check_username};
use super::super::{parse_ipv6_prefix, parse_macs, parse_static_ipv4, readable_password};
use super::layout::Layout;
use crate::units::parse_instant;

/// The columns that a file may have, in any order; the first three it must have.
pub const COLUMNS: [&str; 25] = [
    "username",
    "password",
    "package",
    "status",
    "expires_at",
    "mac",
    "static_ip",
    "connection",
    "name",
    "phone",
    "code",
    "hold_reason",
    "billing_type",
    "device_type",
    "simultaneous_sessions",
    "pool",
    "framed_ipv6_prefix",
    "delegated_ipv6_prefix",
    "reply_attributes",
    "zone",
    "email",
    "address",
    "city",
    "postal_code",
    "note",
];
const REQUIRED: usize = 3;
const PASSWORD: usize = 1;

/// Where each column of [`COLUMNS`] stands in the file, and what stands for it where nothing does.
pub(super) struct Header {
    at: [Option<usize>; COLUMNS.len()],
    fields: usize,
    defaults: [String; COLUMNS.len()],
    makes_passwords: bool,
}

impl Header {
    /// Reads the header row.
    pub(super) fn read(record: &StringRecord) -> Result<Header, String> {
        let mut at = [None; COLUMNS.len()];
        for (index, name) in record.iter().enumerate() {
            let name = name.trim_start_matches('\u{feff}').trim().to_ascii_lowercase();
            let Some(column) = COLUMNS.iter().position(|c| *c == name) else {
                return Err(format!("unknown column {name:?}; known ones: {}", COLUMNS.join(",")));
            };
            if at[column].replace(index).is_some() {
                return Err(format!("the column {name:?} comes twice"));
            }
        }
        Header { at, fields: record.len(), defaults: Default::default(), makes_passwords: false }.complete()
    }

    /// The header as whoever imports has said it is, whatever it calls its columns.
    pub(super) fn mapped(record: &StringRecord, layout: &Layout) -> Result<Header, String> {
        layout.check()?;
        let place = |name: &str| layout.columns.iter().position(|column| column.as_deref() == Some(name));
        let default = |name: &str| layout.defaults.get(name).cloned().unwrap_or_default();
        Header { at: COLUMNS.map(place), fields: record.len(), defaults: COLUMNS.map(default), makes_passwords: layout.makes_passwords }
            .complete()
    }

    fn complete(self) -> Result<Header, String> {
        let is_there =
            |column: usize| self.at[column].is_some() || !self.defaults[column].is_empty() || (column == PASSWORD && self.makes_passwords);
        match (0..REQUIRED).find(|column| !is_there(*column)) {
            Some(missing) => Err(format!("the column {:?} is missing", COLUMNS[missing])),
            None => Ok(self),
        }
    }

    fn field<'r>(&'r self, record: &'r StringRecord, column: usize) -> &'r str {
        let said = self.at[column].and_then(|at| record.get(at)).unwrap_or_default();
        if said.trim().is_empty() { &self.defaults[column] } else { said }
    }

    /// The row's username as it stands there, for telling about it.
    pub(super) fn username<'r>(&'r self, record: &'r StringRecord) -> &'r str {
        self.field(record, 0)
    }

    /// Reads one row: the customer it describes, or what is wrong with it.
    pub(super) fn customer(&self, record: &StringRecord, zone: &TimeZone) -> Result<NewCustomer, String> {
        if record.len() != self.fields {
            return Err(format!("{} fields, but the header has {}", record.len(), self.fields));
        }
        let text = |name: &str| self.field(record, COLUMNS.iter().position(|c| *c == name).unwrap_or(0)).trim();
        let reason = |e: CustomerError| e.to_string();
        // neither is trimmed: a space there is a mistake to report, not to hide
        let (username, password) = (self.field(record, 0), self.field(record, 1));
        check_username(username).map_err(|e| e.to_string())?;
        let macs = parse_macs(text("mac")).map_err(reason)?;
        let by_mac_only = password.is_empty() && (!macs.is_empty() || crate::units::Mac::parse(username.as_bytes()).is_some());
        let password = match password.is_empty() {
            true if by_mac_only => CustomerPassword::none(),
            true if self.makes_passwords => readable_password(),
            _ => CustomerPassword::new(password).map_err(reason)?,
        };
        let package = text("package");
        if package.is_empty() {
            return Err("the package is empty".to_owned());
        }
        let mut new = NewCustomer::new(username, password, package);
        new.macs = macs;
        new.hold = hold(text("status"), text("hold_reason"))?;
        new.expires_at = present(text("expires_at")).map(|t| parse_instant(t, zone)).transpose()?;
        new.static_ipv4 = present(text("static_ip")).map(parse_static_ipv4).transpose().map_err(reason)?;
        new.connection_type = present(text("connection")).map_or(Ok(ConnectionType::default()), |t| t.to_ascii_lowercase().parse())?;
        new.billing_type = present(text("billing_type")).map_or(Ok(BillingType::default()), |t| t.to_ascii_lowercase().parse())?;
        new.name = text("name").to_owned();
        new.phone = text("phone").to_owned();
        new.code = present(text("code")).map(str::to_owned);
        new.device_type = text("device_type").to_owned();
        let sessions = present(text("simultaneous_sessions")).map(str::parse::<u32>).transpose();
        new.simultaneous_sessions = sessions.map_err(|_| "simultaneous_sessions is not a number".to_owned())?;
        new.framed_pool = present(text("pool")).map(str::to_owned);
        new.framed_ipv6_prefix = present(text("framed_ipv6_prefix")).map(parse_ipv6_prefix).transpose().map_err(reason)?;
        new.delegated_ipv6_prefix = present(text("delegated_ipv6_prefix")).map(parse_ipv6_prefix).transpose().map_err(reason)?;
        new.reply_attributes = text("reply_attributes").to_owned();
        new.zone = present(text("zone")).map(str::to_owned);
        new.contact.email = text("email").to_owned();
        new.contact.address = text("address").to_owned();
        new.contact.city = text("city").to_owned();
        new.contact.postal_code = text("postal_code").to_owned();
        new.note = text("note").to_owned();
        Ok(new)
    }
}

fn present(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

/// The status column sets the hold; expiry is a fact of its own.
fn hold(status: &str, reason: &str) -> Result<Hold, String> {
    match status.to_ascii_lowercase().as_str() {
        "" | "active" => Ok(Hold::None),
        "suspended" => Ok(Hold::new(HoldKind::Suspended, reason)),
        "disabled" => Ok(Hold::Disabled),
        "expired" => Err("\"expired\" is not a status to set: give expires_at an instant in the past and status active".to_owned()),
        other => Err(format!("{other:?} is not a status: write active, suspended or disabled")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(line: &str) -> StringRecord {
        StringRecord::from(line.split(',').collect::<Vec<_>>())
    }

    #[test]
    fn a_row_is_read_by_the_header() {
        let header =
            Header::read(&record("\u{feff}Package,username,password,mac,status,expires_at,static_ip,connection")).expect("a header");
        let row = record("home,Bob,secret,AA:BB:CC:DD:EE:01;AA:BB:CC:DD:EE:02,suspended,2026-12-31,10.0.0.7,HOTSPOT");
        let new = header.customer(&row, &TimeZone::UTC).expect("a customer");
        assert_eq!((new.username.as_str(), new.package.as_str(), new.password.plain()), ("Bob", "home", "secret"));
        assert_eq!((new.macs.len(), new.expires_at, new.connection_type), (2, Some(1_798_761_600_000), ConnectionType::Hotspot));
        assert_eq!(new.hold.kind(), HoldKind::Suspended);
        for (line, wanted) in [
            ("home,Bob", "2 fields, but the header has 8"),
            ("home,,x,,,,,", "the username is empty"),
            ("home, Bob,x,,,,,", "begins or ends with a space"),
            ("home,Bob,,,,,,", "the password is empty"),
            (",Bob,x,,,,,", "the package is empty"),
            ("home,Bob,x,zz,,,,", "not a MAC address"),
            ("home,Bob,x,,expired,,,", "\"expired\" is not a status"),
            ("home,Bob,x,,on,,,", "write active, suspended or disabled"),
            ("home,Bob,x,,,soon,,", "not an instant"),
            ("home,Bob,x,,,,127.0.0.1,", "cannot be a customer's address"),
            ("home,Bob,x,,,,,wifi", "not a connection type"),
        ] {
            let reason = header.customer(&record(line), &TimeZone::UTC).expect_err(line);
            assert!(reason.contains(wanted), "{line}: {reason}");
        }
        let by_mac = header.customer(&record("home,AABB.CCDD.EE01,,,,,,"), &TimeZone::UTC).expect("a MAC needs no password");
        assert_eq!(by_mac.password.plain(), "");
    }

    #[test]
    fn headers_are_checked() {
        for (line, wanted) in [
            ("username,password", "\"package\" is missing"),
            ("username,password,package,colour", "unknown column \"colour\""),
            ("username,password,package,username", "comes twice"),
        ] {
            let reason = Header::read(&record(line)).err().expect(line);
            assert!(reason.contains(wanted), "{line}: {reason}");
        }
    }
}
