//! The time zones that a form offers.

use std::sync::LazyLock;

use jiff::tz::TimeZoneDatabase;

/// Names of the zone database inside the program, in their order.
pub static ZONES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let database = TimeZoneDatabase::bundled();
    let mut names: Vec<String> = database.available().map(|name| name.as_str().to_owned()).collect();
    names.sort_unstable();
    names
});

#[cfg(test)]
mod tests {
    use super::ZONES;

    #[test]
    fn the_database_is_there_and_every_name_in_it_is_taken() {
        assert!(ZONES.len() > 300 && ZONES.iter().any(|name| name == "Asia/Dhaka"));
        for name in ZONES.iter() {
            assert!(crate::accounts::check_time_zone(name).is_ok(), "{name}");
        }
    }
}
