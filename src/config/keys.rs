//! The one table of configuration keys.

/// A configuration key.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// `section.key`.
    pub name: &'static str,
    /// TOML text of the default; empty if the key has none and is optional text.
    pub default: &'static str,
    /// What it means, one or more lines.
    pub comment: &'static str,
}

const fn key(name: &'static str, default: &'static str, comment: &'static str) -> Key {
    Key { name, default, comment }
}

/// Every key, in the order of the example; keys of one section stand together.
pub const KEYS: &[Key] = &[
    key("store.url", "", "The database: sqlite:PATH or postgres://USER@HOST/DATABASE.\nWithout it, the file tollgate.db in data.folder."),
    key(
        "data.folder",
        "\"tollgate-data\"",
        "Journal, decision log, snapshot and key file live here.\nA relative path is meant from this file's folder.",
    ),
    key(
        "data.key_file",
        "",
        "The key under which passwords and secrets are sealed in the database. Without it, the file key in data.folder.\nKeep a copy elsewhere: without it the \
         sealed values are lost.",
    ),
    key("journal.segment_mib", "64", "Size of one segment of the accounting journal, in MiB."),
    key(
        "journal.budget_gib",
        "8",
        "Disk that the journal may take, in GiB. When it is full of records not yet applied, accounting is no longer acknowledged.",
    ),
    key("journal.retain_hours", "72", "How long applied records are kept as evidence, in hours, within the budget."),
    key("decision_log.budget_mib", "1024", "Disk that the decision log may take, in MiB; the oldest decisions go first."),
    key("decision_log.retention_days", "30", "How long decisions are kept, in days."),
    key(
        "history.retention_days",
        "400",
        "How long ended sessions are kept, in days. What they used is kept after that too, per customer and day.",
    ),
    key(
        "backup.enabled",
        "true",
        "A backup of the whole store and its key every night, by the server. Each is read back before it counts.",
    ),
    key("backup.folder", "", "Where the backups go. Without it, the folder backups in data.folder; another disk or machine is better."),
    key("backup.keep", "14", "How many backups are kept there; the oldest go when there is a newer good one."),
    key("backup.hour", "3", "At which hour of this machine's clock, 0 to 23."),
    key(
        "backup.passphrase_file",
        "",
        "A file that holds the passphrase of these backups. Without it they open with the store's key file only\n(tollgate restore --key-file): keep a copy \
         of that elsewhere.",
    ),
    key("snapshot.budget_mib", "2048", "Disk that the snapshot of customers and live sessions may take, in MiB."),
    key("radius.auth", "[\"0.0.0.0:1812\", \"[::]:1812\"]", "Addresses that answer authentication."),
    key("radius.acct", "[\"0.0.0.0:1813\", \"[::]:1813\"]", "Addresses that answer accounting."),
    key("radius.workers", "0", "Worker threads per address; 0 for one per core."),
    key("radius.receive_buffer_kib", "4096", "Receive buffer asked of the kernel for each socket, in KiB (net.core.rmem_max limits it)."),
    key("radius.dictionaries", "", "A folder whose dictionary files add to those inside the program."),
    key("radius.reject_delay_ms", "200", "How long a rejection is held back, in milliseconds. RouterOS gives up after three times 300."),
    key("radius.patience_ms", "1000", "How long a router waits for an answer, in milliseconds; older requests are not worked on."),
    key("radius.duplicate_cache_secs", "5", "How long an answer is kept to be sent again, in seconds (RFC 5080 section 2.2.2)."),
    key("radius.duplicate_cache_mib", "32", "Memory for those answers, in MiB per worker; the oldest go first."),
    key(
        "radius.coa_source",
        "",
        "Our address in CoA and Disconnect requests. Without it, the one that each router sends its own requests to;\nRouterOS takes no CoA from another one.",
    ),
    key("radius.coa_per_second", "400", "CoA and Disconnect requests per second to one router's address."),
    key("radius.coa_window", "64", "CoA and Disconnect requests to one router's address that may be unanswered."),
    key("brute_force.window_secs", "60", "Wrong passwords are counted over this time, in seconds."),
    key(
        "brute_force.failures_per_mac",
        "10",
        "Wrong passwords from one device on one router within the window before it has to wait; 0 for no limit.",
    ),
    key(
        "brute_force.failures_per_username",
        "50",
        "Wrong passwords for one username within the window before devices that sent wrong ones themselves have to wait;\n0 for no limit. Devices that never \
         failed are never locked out by others.",
    ),
    key(
        "http.listen",
        "[\"127.0.0.1:8080\"]",
        "Addresses of the panel, /metrics, /healthz and /readyz. They speak HTTPS; loopback addresses plain http as long as neither a\ncertificate nor ACME is \
         set here. Without either, the certificate is made by the server itself and kept in data.folder.",
    ),
    key(
        "http.insecure",
        "false",
        "Plain http on every address: passwords can be read on the way. For a trusted network, or behind a proxy that speaks HTTPS.",
    ),
    key("http.certificate", "", "Your own certificate with its chain, in PEM. It is read again when the file changes."),
    key("http.certificate_key", "", "The private key that belongs to it, in PEM, without a passphrase."),
    key(
        "http.acme_domains",
        "[]",
        "Host names for which a certificate is got by ACME (Let's Encrypt), by which you accept the authority's terms of service.\nThe authority must reach this \
         server under each of them on port 443.",
    ),
    key("http.acme_email", "", "Where the ACME authority may write to."),
    key("http.acme_directory", "\"https://acme-v02.api.letsencrypt.org/directory\"", "The ACME authority."),
    key("http.acme_ca", "", "Certificate of the CA of a private ACME authority, in PEM. Without it, those that the system trusts."),
    key(
        "http.trusted_proxies",
        "[]",
        "Addresses or networks of the proxies in front of this server: what they say in X-Forwarded-For and X-Forwarded-Proto counts.\nFrom anyone else these \
         headers are ignored.",
    ),
    key("http.metrics_from", "[\"127.0.0.0/8\", \"::1/128\"]", "Who may read /metrics. For others there is no such page."),
    key("http.public_url", "", "How the panel is reached from outside, such as https://panel.example.org: used where links are printed."),
    key("log.level", "\"info\"", "error, warn, info, debug or trace; or a filter such as info,tollgate::sessions=debug."),
    key("log.format", "\"text\"", "text or json."),
    key("tenant.name", "\"default\"", "The tenant of commands that name none with --tenant."),
];

/// The commented example: every key with its default.
pub fn example() -> String {
    let mut text = String::from(
        "# Tollgate's configuration: every key with its default.\n\
         # Searched as ./tollgate.toml, then /etc/tollgate/tollgate.toml; or named with --config FILE.\n\
         # Each key can be overridden by the environment: TOLLGATE_SECTION__KEY, for example\n\
         # TOLLGATE_STORE__URL=postgres://tollgate@db/tollgate or TOLLGATE_RADIUS__AUTH=0.0.0.0:1812,[::]:1812\n",
    );
    let mut section = "";
    for key in KEYS {
        let Some((of, name)) = key.name.split_once('.') else { continue };
        if of != section {
            text.push_str(&format!("\n[{of}]\n"));
            section = of;
        }
        for line in key.comment.lines() {
            text.push_str(&format!("# {line}\n"));
        }
        match key.default {
            "" => text.push_str(&format!("# {name} = \"\"\n")),
            default => text.push_str(&format!("{name} = {default}\n")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_file_is_the_printed_one() {
        let kept = include_str!("../../config/example.toml");
        assert!(kept == example(), "run `cargo run -- config default > config/example.toml`");
    }

    #[test]
    fn keys_are_unique_and_sections_stand_together() {
        let mut names: Vec<&str> = KEYS.iter().map(|k| k.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KEYS.len());
        let mut sections: Vec<&str> = KEYS.iter().filter_map(|k| k.name.split_once('.')).map(|(s, _)| s).collect();
        sections.dedup();
        let total = sections.len();
        sections.sort_unstable();
        sections.dedup();
        assert_eq!(sections.len(), total, "a section is split");
    }
}
