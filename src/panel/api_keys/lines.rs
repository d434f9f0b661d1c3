//! API keys as lines of a table, for the page of one's own and for the page of an account.

use crate::accounts::ApiKey;
use crate::units::UnixMs;
use crate::web::Shell;

/// One key.
pub struct KeyLine {
    /// Names it in addresses.
    pub id: i64,
    /// What it is for.
    pub name: String,
    /// How it begins.
    pub prefix: String,
    /// What it may do, in words.
    pub may: Vec<String>,
    /// From where; empty for anywhere.
    pub networks: Vec<String>,
    /// Requests per hour.
    pub hourly_limit: u32,
    /// When it was made.
    pub created_at: UnixMs,
    /// When it runs out.
    pub expires_at: Option<UnixMs>,
    /// When it was last used.
    pub last_used_at: Option<UnixMs>,
    /// From where it was last used.
    pub last_ip: String,
    /// The class of its state's mark.
    pub mark: &'static str,
    /// The id of its state's text.
    pub state: &'static str,
    /// Whether it can still be revoked.
    pub is_open: bool,
}

/// Lines of `templates/panel/api_keys/table.html`.
pub fn key_lines(shell: &Shell, keys: Vec<ApiKey>) -> Vec<KeyLine> {
    let line = |key: ApiKey| {
        let (mark, state) = state(&key, shell.now);
        KeyLine {
            id: key.id,
            may: key.capabilities.iter().map(|c| shell.capability(&c)).collect(),
            networks: key.networks.iter().map(ToString::to_string).collect(),
            hourly_limit: key.hourly_limit,
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
            is_open: key.revoked_at.is_none(),
            name: key.name,
            prefix: key.prefix,
            last_ip: key.last_ip,
            mark,
            state,
        }
    };
    keys.into_iter().map(line).collect()
}

fn state(key: &ApiKey, now: UnixMs) -> (&'static str, &'static str) {
    match key {
        _ if key.revoked_at.is_some() => ("off", "api-key-revoked"),
        _ if key.expires_at.is_some_and(|at| at <= now) => ("off", "api-key-expired"),
        _ => ("ok", "api-key-good"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accounts::capability::CapabilitySet;
    use crate::units::AccountId;

    #[test]
    fn a_key_is_good_until_it_runs_out_or_is_revoked() {
        let key = ApiKey {
            id: 1,
            account_id: AccountId(2),
            name: "billing".into(),
            prefix: "tgk_".into(),
            capabilities: CapabilitySet::EMPTY,
            networks: Vec::new(),
            hourly_limit: 1,
            created_at: 0,
            expires_at: Some(10),
            revoked_at: None,
            last_used_at: None,
            last_ip: String::new(),
        };
        assert_eq!(state(&key, 9).1, "api-key-good");
        assert_eq!(state(&key, 10).1, "api-key-expired");
        assert_eq!(state(&ApiKey { revoked_at: Some(3), ..key }, 20).1, "api-key-revoked");
    }
}
