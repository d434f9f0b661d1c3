//! Reading the file and the environment, merging them over the defaults, and naming the place of each mistake.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

use super::http;
use super::keys::KEYS;
use super::settings::{
    BackupConfig, BruteForceConfig, Config, DataConfig, DecisionLogConfig, HistoryConfig, JournalConfig, LogConfig, RadiusConfig,
    SnapshotConfig, StoreConfig, TenantConfig,
};
use super::suggest::nearest;
use crate::store::StoreUrl;

/// Where a file is looked for when none is named.
pub const SEARCH_PATHS: [&str; 2] = ["tollgate.toml", "/etc/tollgate/tollgate.toml"];
const ENV_PREFIX: &str = "TOLLGATE_";

/// A mistake in the configuration and where it stands (`file:line`, or the environment variable).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {reason}")]
pub struct ConfigError {
    /// File and line, or variable.
    pub place: String,
    /// What is wrong, and what to write.
    pub reason: String,
}

/// A value and where it stands.
struct Given {
    value: toml::Value,
    place: String,
}

type Values = BTreeMap<&'static str, Given>;

/// Reads the named file, or the first of [`SEARCH_PATHS`] that exists, or none; then the environment (names and values as `std::env::vars`
/// gives them). All mistakes are reported at once.
pub fn load_config(named: Option<&Path>, environment: impl Iterator<Item = (String, String)>) -> Result<Config, Vec<ConfigError>> {
    let file = named.map(Path::to_owned).or_else(|| SEARCH_PATHS.iter().map(PathBuf::from).find(|p| p.is_file()));
    let mut errors = Vec::new();
    let mut values = Values::new();
    if let Some(path) = &file {
        match std::fs::read_to_string(path) {
            Ok(text) => read_file(&path.display().to_string(), &text, &mut values, &mut errors),
            Err(e) => errors.push(ConfigError { place: path.display().to_string(), reason: e.to_string() }),
        }
    }
    read_environment(environment, &mut values, &mut errors);
    let folder = file.as_deref().and_then(Path::parent).map(Path::to_owned).unwrap_or_default();
    let config = build(file, &folder, &Reader { values: &values, errors: std::cell::RefCell::new(&mut errors) });
    match config {
        Some(config) if errors.is_empty() => Ok(config),
        _ => Err(errors),
    }
}

/// The defaults with another data folder; neither a file nor the environment is read.
pub fn default_config(data_folder: &Path) -> Result<Config, Vec<ConfigError>> {
    let Some(folder) = data_folder.to_str() else {
        return Err(vec![ConfigError { place: data_folder.display().to_string(), reason: "a folder's name must be UTF-8".to_owned() }]);
    };
    let folder = toml::Value::String(folder.to_owned());
    let values = Values::from([("data.folder", Given { value: folder, place: "the data folder".to_owned() })]);
    let mut errors = Vec::new();
    let config = build(None, Path::new(""), &Reader { values: &values, errors: std::cell::RefCell::new(&mut errors) });
    match config {
        Some(config) if errors.is_empty() => Ok(config),
        _ => Err(errors),
    }
}

fn read_file(name: &str, text: &str, values: &mut Values, errors: &mut Vec<ConfigError>) {
    let line_of = |at: usize| text.as_bytes()[..at.min(text.len())].iter().filter(|b| **b == b'\n').count() + 1;
    let place = |at: usize| format!("{name}:{}", line_of(at));
    let table = match DeTable::parse(text) {
        Ok(table) => table,
        Err(e) => {
            let at = e.span().map_or(0, |s| s.start);
            return errors.push(ConfigError { place: place(at), reason: e.message().to_owned() });
        }
    };
    for (section, inner) in table.get_ref() {
        let DeValue::Table(keys) = inner.get_ref() else {
            let reason = format!("{:?} must stand in a section: {}", section.get_ref(), unknown(section.get_ref(), "."));
            errors.push(ConfigError { place: place(section.span().start), reason });
            continue;
        };
        if keys.is_empty() && !KEYS.iter().any(|k| k.name.split_once('.').is_some_and(|(s, _)| s == section.get_ref().as_ref())) {
            let sections = KEYS.iter().filter_map(|k| k.name.split_once('.')).map(|(s, _)| s);
            let near = nearest(section.get_ref(), sections).map(|n| format!("; did you mean [{n}]?")).unwrap_or_default();
            let reason = format!("unknown section [{}]{near}", section.get_ref());
            errors.push(ConfigError { place: place(section.span().start), reason });
        }
        for (key, value) in keys {
            let full = format!("{}.{}", section.get_ref(), key.get_ref());
            let place = place(key.span().start);
            match KEYS.iter().find(|k| k.name == full) {
                None => errors.push(ConfigError { place, reason: unknown(&full, ".") }),
                // the value's own text, read again by itself: that is what turns a borrowed, spanned value into an owned one
                Some(known) => match format!("x = {}", &text[value.span()]).parse::<toml::Table>().ok().and_then(|mut t| t.remove("x")) {
                    Some(value) => drop(values.insert(known.name, Given { value, place })),
                    None => errors.push(ConfigError { place, reason: format!("{full}: write the value in one piece") }),
                },
            }
        }
    }
}

fn unknown(given: &str, separator: &str) -> String {
    let names: Vec<String> = KEYS.iter().map(|k| k.name.replace('.', separator)).collect();
    let by_last = || {
        let last = given.rsplit(separator).next().unwrap_or(given);
        names.iter().find(|n| n.rsplit(separator).next() == Some(last)).map(String::as_str)
    };
    match nearest(given, names.iter().map(String::as_str)).or_else(by_last) {
        Some(near) => format!("unknown key {given:?}; did you mean {near:?}?"),
        None => format!("unknown key {given:?}; `tollgate config default` prints all keys"),
    }
}

fn read_environment(environment: impl Iterator<Item = (String, String)>, values: &mut Values, errors: &mut Vec<ConfigError>) {
    for (name, text) in environment {
        let Some(rest) = name.strip_prefix(ENV_PREFIX) else { continue };
        let lower = rest.to_ascii_lowercase();
        if !lower.contains("__") {
            // TOLLGATE_STORE_URL is a likely slip; other single-underscore names belong to other tools
            if let Some(meant) = KEYS.iter().find(|k| k.name.replace('.', "_") == lower) {
                let wanted = format!("{ENV_PREFIX}{}", meant.name.replace('.', "__").to_ascii_uppercase());
                errors.push(ConfigError {
                    place: format!("environment variable {name}"),
                    reason: format!("write {wanted}, with two underscores"),
                });
            }
            continue;
        }
        let place = format!("environment variable {name}");
        match KEYS.iter().find(|k| k.name.replace('.', "__") == lower) {
            None => errors.push(ConfigError { place, reason: unknown(&lower, "__") }),
            Some(key) => drop(values.insert(key.name, Given { value: environment_value(key.default, &text), place })),
        }
    }
}

/// Text for a key whose default is text or nothing, a list (TOML, or separated by commas) for a list, TOML else.
fn environment_value(default: &str, text: &str) -> toml::Value {
    let toml = || format!("x = {text}").parse::<toml::Table>().ok().and_then(|mut t| t.remove("x"));
    let plain = || toml::Value::String(text.to_owned());
    if default.is_empty() || default.starts_with('"') {
        plain()
    } else if default.starts_with('[') {
        let by_comma = || toml::Value::Array(text.split(',').map(|part| toml::Value::String(part.trim().to_owned())).collect());
        toml().filter(toml::Value::is_array).unwrap_or_else(by_comma)
    } else {
        toml().unwrap_or_else(plain)
    }
}

/// Takes typed values out; notes what does not fit.
pub(super) struct Reader<'v> {
    values: &'v Values,
    errors: std::cell::RefCell<&'v mut Vec<ConfigError>>,
}

impl Reader<'_> {
    /// The given value, else the default; `None` if neither.
    pub(super) fn optional<T: DeserializeOwned>(&self, name: &'static str) -> Option<T> {
        let key = KEYS.iter().find(|k| k.name == name).expect("a key of the table");
        let (value, place) = match self.values.get(name) {
            Some(given) => (given.value.clone(), given.place.as_str()),
            None if key.default.is_empty() => return None,
            None => (format!("x = {}", key.default).parse::<toml::Table>().ok()?.remove("x")?, "default"),
        };
        T::deserialize(value).map_err(|e| self.note(place, name, e.message())).ok()
    }

    fn note(&self, place: &str, name: &str, reason: &str) {
        self.errors.borrow_mut().push(ConfigError { place: place.to_owned(), reason: format!("{name}: {}", reason.trim()) });
    }

    pub(super) fn reject(&self, name: &'static str, reason: &str) {
        let place = self.values.get(name).map_or("default", |g| g.place.as_str());
        self.note(place, name, reason);
    }

    /// The environment's paths are relative to the working folder, the file's (and its defaults) to the file's.
    pub(super) fn path(&self, base: &Path, name: &'static str) -> Option<PathBuf> {
        let text: String = self.optional(name)?;
        if text.is_empty() {
            self.reject(name, "must not be empty");
        }
        let from_environment = self.values.get(name).is_some_and(|g| g.place.starts_with("environment"));
        Some(if from_environment { PathBuf::from(text) } else { base.join(text) })
    }

    fn number(&self, name: &'static str, least: u32, most: u32) -> Option<u32> {
        let number: u32 = self.optional(name)?;
        if !(least..=most).contains(&number) {
            self.reject(name, &format!("must be {least} to {most}"));
        }
        Some(number)
    }

    pub(super) fn addresses(&self, name: &'static str) -> Option<Vec<SocketAddr>> {
        let texts: Vec<String> = self.optional(name)?;
        let mut addresses = Vec::with_capacity(texts.len());
        for text in texts {
            match text.parse::<SocketAddr>() {
                Ok(address) if addresses.contains(&address) => self.reject(name, &format!("{address} comes twice")),
                Ok(address) => addresses.push(address),
                Err(_) => self.reject(name, &format!("{text:?} is not an address with a port, such as 0.0.0.0:1812 or [::]:1812")),
            }
        }
        Some(addresses)
    }
}

fn build(file: Option<PathBuf>, base: &Path, r: &Reader<'_>) -> Option<Config> {
    let path = |name: &'static str| r.path(base, name);
    let folder = path("data.folder");
    let url = store_url(r, base, folder.as_deref());
    let key_file = path("data.key_file").or_else(|| folder.as_ref().map(|f| f.join("key")));
    let journal =
        (r.number("journal.segment_mib", 1, 1024), r.number("journal.budget_gib", 1, 65_536), r.number("journal.retain_hours", 0, 8_784));
    let decision_log = (r.number("decision_log.budget_mib", 1, 1 << 20), r.number("decision_log.retention_days", 1, 3_660));
    let history = r.number("history.retention_days", 32, 36_600);
    let backup = backup(r, base, folder.as_deref());
    let snapshot = r.number("snapshot.budget_mib", 1, 1 << 20);
    let (auth, acct) = (r.addresses("radius.auth"), r.addresses("radius.acct"));
    let http = http::read(base, r);
    let (workers, receive_buffer_kib) = (r.number("radius.workers", 0, 1024), r.number("radius.receive_buffer_kib", 64, 1 << 20));
    let (reject_delay_ms, patience_ms) = (r.number("radius.reject_delay_ms", 0, 5_000), r.number("radius.patience_ms", 100, 60_000));
    let cache = (r.number("radius.duplicate_cache_secs", 1, 60), r.number("radius.duplicate_cache_mib", 1, 4_096));
    let coa = (r.number("radius.coa_per_second", 1, 1_000_000), r.number("radius.coa_window", 1, 200));
    let coa_source: Option<std::net::IpAddr> = r.optional("radius.coa_source");
    let window_secs = r.number("brute_force.window_secs", 1, 86_400);
    let failures = (r.number("brute_force.failures_per_mac", 0, 1_000_000), r.number("brute_force.failures_per_username", 0, 1_000_000));
    let (level, format) = (r.optional("log.level"), r.optional("log.format"));
    let tenant: Option<String> = r.optional("tenant.name");
    if auth.as_ref().is_some_and(Vec::is_empty) && acct.as_ref().is_some_and(Vec::is_empty) {
        r.reject("radius.auth", "neither this nor radius.acct names an address: nothing would be answered");
    }
    if let (Some(delay), Some(patience)) = (reject_delay_ms, patience_ms)
        && delay >= patience
    {
        r.reject("radius.reject_delay_ms", "must be less than radius.patience_ms, or the router gives up before it hears of the rejection");
    }
    Some(Config {
        file,
        store: StoreConfig { url: url? },
        data: DataConfig { folder: folder?, key_file: key_file? },
        journal: JournalConfig { segment_mib: journal.0?, budget_gib: journal.1?, retain_hours: journal.2? },
        decision_log: DecisionLogConfig { budget_mib: decision_log.0?, retention_days: decision_log.1? },
        history: HistoryConfig { retention_days: history? },
        backup: backup?,
        snapshot: SnapshotConfig { budget_mib: snapshot? },
        radius: RadiusConfig {
            auth: auth?,
            acct: acct?,
            workers: workers?,
            receive_buffer_kib: receive_buffer_kib?,
            dictionaries: path("radius.dictionaries"),
            reject_delay_ms: reject_delay_ms?,
            patience_ms: patience_ms?,
            duplicate_cache_secs: cache.0?,
            duplicate_cache_mib: cache.1?,
            coa_source,
            coa_per_second: coa.0?,
            coa_window: coa.1?,
        },
        brute_force: BruteForceConfig { window_secs: window_secs?, failures_per_mac: failures.0?, failures_per_username: failures.1? },
        http: http?,
        log: LogConfig { level: level?, format: format? },
        tenant: TenantConfig { name: tenant? },
    })
}

fn backup(r: &Reader<'_>, base: &Path, folder: Option<&Path>) -> Option<BackupConfig> {
    let own_folder = r.path(base, "backup.folder").or_else(|| folder.map(|f| f.join("backups")));
    let passphrase_file = r.path(base, "backup.passphrase_file");
    let (enabled, keep, hour) = (r.optional("backup.enabled"), r.number("backup.keep", 1, 10_000), r.number("backup.hour", 0, 23));
    Some(BackupConfig { enabled: enabled?, folder: own_folder?, keep: keep?, hour: u8::try_from(hour?).ok()?, passphrase_file })
}

fn store_url(r: &Reader<'_>, base: &Path, folder: Option<&Path>) -> Option<StoreUrl> {
    let Some(text) = r.optional::<String>("store.url") else {
        return if r.values.contains_key("store.url") { None } else { folder.map(|f| StoreUrl::Sqlite(f.join("tollgate.db"))) };
    };
    match text.parse() {
        Ok(StoreUrl::Sqlite(path)) if r.values.get("store.url").is_some_and(|g| g.place.starts_with("environment")) => {
            Some(StoreUrl::Sqlite(path))
        }
        Ok(StoreUrl::Sqlite(path)) => Some(StoreUrl::Sqlite(base.join(path))),
        Ok(url) => Some(url),
        Err(_) => {
            // the text may hold a password: do not repeat it
            r.reject("store.url", "expected sqlite:PATH or postgres://...");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str, environment: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("t.toml");
        std::fs::write(&file, text).expect("written");
        let environment = environment.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
        let shown = format!("{}/", folder.path().display());
        load_config(Some(&file), environment).map_err(|errors| errors.iter().map(|e| e.to_string().replace(&shown, "")).collect())
    }

    #[test]
    fn defaults_fill_what_a_file_leaves_out_and_paths_are_meant_from_its_folder() {
        let config = load("", &[]).expect("the defaults");
        assert_eq!(config.radius.auth.len(), 2);
        assert_eq!(config.journal.segment_mib, 64);
        assert!(config.data.folder.is_absolute() && config.data.folder.ends_with("tollgate-data"));
        assert!(config.data.key_file.ends_with("tollgate-data/key"));
        assert!(matches!(&config.store.url, StoreUrl::Sqlite(p) if p.ends_with("tollgate-data/tollgate.db")));
        let config =
            load("[store]\nurl = \"postgres://a@b/c\"\n[data]\nfolder = \"/srv/t\"\n[radius]\nauth = [\"127.0.0.1:1812\"]\nacct=[]", &[])
                .expect("ok");
        assert_eq!(config.store.url, StoreUrl::Postgres("postgres://a@b/c".into()));
        assert_eq!((config.data.folder.to_str(), config.radius.acct.len()), (Some("/srv/t"), 0));
    }

    #[test]
    fn the_example_is_the_defaults() {
        let (from_example, defaults) = (load(&super::super::keys::example(), &[]).expect("loads"), load("", &[]).expect("loads"));
        assert_eq!(
            format!("{:?}", (from_example.radius, from_example.brute_force, from_example.log)),
            format!("{:?}", (defaults.radius, defaults.brute_force, defaults.log))
        );
    }

    #[test]
    fn the_environment_wins() {
        let config = load(
            "[radius]\nworkers = 3\n",
            &[
                ("TOLLGATE_RADIUS__WORKERS", "7"),
                ("TOLLGATE_RADIUS__AUTH", "[::1]:1812,127.0.0.1:1812"),
                ("TOLLGATE_HTTP__LISTEN", "[\"127.0.0.1:9\"]"),
                ("TOLLGATE_STORE__URL", "sqlite:/x.db"),
                ("TOLLGATE_TEST_POSTGRES", "ignored"),
                ("OTHER", "ignored"),
            ],
        )
        .expect("loads");
        assert_eq!((config.radius.workers, config.radius.auth.len(), config.http.listen[0].port()), (7, 2, 9));
        assert_eq!(config.store.url, StoreUrl::Sqlite("/x.db".into()));
    }

    #[test]
    fn the_http_section_is_read() {
        let config = load(
            "[http]\nacme_domains = [\"Panel.example.org\"]\nacme_ca = \"ca.pem\"\npublic_url = \"https://panel.example.org/\"\n",
            &[("TOLLGATE_HTTP__TRUSTED_PROXIES", "10.0.0.1,fd00::5/8"), ("TOLLGATE_HTTP__INSECURE", "false")],
        )
        .expect("loads");
        let http = &config.http;
        let acme = http.acme.as_ref().expect("there are domains");
        assert_eq!((&acme.domains[..], acme.directory.starts_with("https://")), (&["panel.example.org".to_owned()][..], true));
        assert!(acme.ca.as_ref().is_some_and(|path| path.is_absolute() && path.ends_with("ca.pem")));
        assert_eq!(http.public_url.as_deref(), Some("https://panel.example.org"));
        let printed: Vec<String> = http.trusted_proxies.iter().chain(&http.metrics_from).map(ToString::to_string).collect();
        assert_eq!(printed, ["10.0.0.1/32", "fd00::/8", "127.0.0.0/8", "::1/128"]);
        let own = load("[http]\ncertificate = \"c.pem\"\ncertificate_key = \"/k.pem\"\n", &[]).expect("loads").http;
        let files = own.certificate.expect("both are set");
        assert!(files.certificate.ends_with("c.pem") && files.key == Path::new("/k.pem") && own.acme.is_none());
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        for (text, environment, wanted) in [
            ("\n[radius]\nauht = []\n", &[][..], "t.toml:3: unknown key \"radius.auht\"; did you mean \"radius.auth\"?"),
            ("[radius]\nworkers = \"many\"\n", &[], "t.toml:2: radius.workers: invalid type: string \"many\", expected u32"),
            (
                "[radius]\nauth = [\"localhost\"]\n",
                &[],
                "t.toml:2: radius.auth: \"localhost\" is not an address with a port, such as 0.0.0.0:1812 or [::]:1812",
            ),
            ("[data\n", &[], "t.toml:1: "),
            ("\n[radus]\n", &[], "t.toml:2: unknown section [radus]; did you mean [radius]?"),
            ("url = \"x\"\n", &[], "t.toml:1: \"url\" must stand in a section: unknown key \"url\"; did you mean \"store.url\"?"),
            ("[store]\nurl = \"mysql://u:geheim@h\"\n", &[], "t.toml:2: store.url: expected sqlite:PATH or postgres://..."),
            ("[radius]\nreject_delay_ms = 2000\n", &[], "t.toml:2: radius.reject_delay_ms: must be less than radius.patience_ms"),
            ("[journal]\nsegment_mib = 0\n", &[], "t.toml:2: journal.segment_mib: must be 1 to 1024"),
            ("[http]\ncertificate = \"a.pem\"\n", &[], "t.toml:2: http.certificate: needs its key too: http.certificate_key"),
            ("[http]\ncertificate_key = \"a.pem\"\n", &[], "t.toml:2: http.certificate_key: needs its certificate too: http.certificate"),
            (
                "[http]\ncertificate = \"a\"\ncertificate_key = \"b\"\nacme_domains = [\"a.example\"]\n",
                &[],
                "t.toml:4: http.acme_domains: http.certificate is set too",
            ),
            ("[http]\nacme_email = \"a@example.org\"\n", &[], "t.toml:2: http.acme_email: is of no use without http.acme_domains"),
            ("[http]\nacme_domains = [\"*.a.example\"]\n", &[], "t.toml:2: http.acme_domains: \"*.a.example\": a wildcard"),
            ("[http]\nacme_domains = [\"a.example\", \"A.example\"]\n", &[], "t.toml:2: http.acme_domains: \"a.example\" comes twice"),
            ("[http]\ninsecure = true\nacme_domains = [\"a.example\"]\n", &[], "t.toml:2: http.insecure: a certificate is set too"),
            (
                "[http]\ntrusted_proxies = [\"proxy\"]\n",
                &[],
                "t.toml:2: http.trusted_proxies: \"proxy\" is neither an address nor a network",
            ),
            ("[http]\npublic_url = \"panel.example.org\"\n", &[], "t.toml:2: http.public_url: expected the panel's address"),
            (
                "",
                &[("TOLLGATE_RADIUS__AUTHS", "x")],
                "environment variable TOLLGATE_RADIUS__AUTHS: unknown key \"radius__auths\"; did you mean \"radius__auth\"?",
            ),
            (
                "",
                &[("TOLLGATE_STORE_URL", "x")],
                "environment variable TOLLGATE_STORE_URL: write TOLLGATE_STORE__URL, with two underscores",
            ),
        ] {
            let errors = load(text, environment).expect_err(wanted);
            assert!(errors[0].starts_with(wanted), "{errors:?}");
        }
        let both = load("[radius]\nnope = 1\n[store]\nurl = 5\n", &[]).expect_err("two");
        assert_eq!(both.len(), 2, "all mistakes at once: {both:?}");
    }
}
