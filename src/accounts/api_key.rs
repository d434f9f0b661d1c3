//! API keys: what a program may do in an account's name. Never more than the account may at that moment, perhaps less.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::Serialize;

use super::account::check_text;
use super::capability::{Capability, CapabilitySet};
use super::change::Whom;
use super::set_account::own_account;
use super::sign_in::{Guest, Principal, SignInDesk};
use super::sql::ApiKeyRow;
use super::{Account, AccountError, Denial, Scope, SecretToken, change, may_manage, sql, token_hash};
use crate::store::{AuditEntry, Db, IdMaker, Origin, Source};
use crate::units::{AccountId, HOUR_MS, TenantId, UnixMs};

const KEY_PREFIX: &str = "tgk_";
/// So much of a key is shown in lists.
const SHOWN_CHARS: usize = 12;
const MOST_NETWORKS: usize = 32;
/// Requests per hour, unless said otherwise.
pub const KEY_HOURLY_LIMIT: u32 = 1_000;
const HIGHEST_HOURLY_LIMIT: u32 = 1_000_000;

/// What is said of a new key.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// For people.
    pub name: String,
    /// What it may do; each must be held by its account.
    pub capabilities: CapabilitySet,
    /// From where it may be used; empty for anywhere.
    pub networks: Vec<IpNet>,
    /// Requests per hour.
    pub hourly_limit: u32,
    /// Until when; `None` for good.
    pub expires_at: Option<UnixMs>,
}

/// A key without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ApiKey {
    /// Names it.
    #[serde(serialize_with = "super::sql::as_text")]
    pub id: i64,
    /// Whose.
    pub account_id: AccountId,
    /// For people.
    pub name: String,
    /// How the key begins.
    pub prefix: String,
    /// What it may do at most.
    pub capabilities: CapabilitySet,
    /// From where; empty for anywhere.
    pub networks: Vec<IpNet>,
    /// Requests per hour.
    pub hourly_limit: u32,
    /// When it was made.
    pub created_at: UnixMs,
    /// When it runs out.
    pub expires_at: Option<UnixMs>,
    /// When it was revoked.
    pub revoked_at: Option<UnixMs>,
    /// When it was last used.
    pub last_used_at: Option<UnixMs>,
    /// From where.
    pub last_ip: String,
}

/// A program that came with a key, as it is at this very request.
#[derive(Debug, Clone)]
pub struct KeyHolder {
    /// What it may see and do: what the key says, as far as its account may it now.
    pub scope: Scope,
    /// The key.
    pub key: ApiKey,
}

impl KeyHolder {
    /// In whose name the request changes the store.
    pub fn origin(&self, request_id: &str, ip: IpAddr) -> Origin {
        Origin {
            account_id: Some(self.key.account_id.0),
            actor: self.scope.name().to_owned(),
            on_behalf_of: None,
            source: Source::Api,
            request_id: request_id.to_owned(),
            ip: Some(ip),
        }
    }
}

impl ApiKey {
    /// Whether it may be used from an address.
    pub fn allows(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        self.networks.is_empty() || self.networks.iter().any(|net| net.contains(&ip))
    }

    /// Why it may not be used now, if so.
    fn refusal(&self, ip: IpAddr, now: UnixMs) -> Option<&'static str> {
        match self {
            _ if self.revoked_at.is_some() => Some("this API key was revoked"),
            _ if self.expires_at.is_some_and(|at| at <= now) => Some("this API key has run out"),
            _ if !self.allows(ip) => Some("this API key may not be used from this address"),
            _ => None,
        }
    }
}

/// Makes a key for an account: one's own (`account` = `None`), or on the command line anybody's. The secret is shown this once. A surface for people goes by
/// [`SignInDesk::add_api_key`], which asks for the password.
pub async fn add_api_key(
    db: &Db,
    ids: &IdMaker,
    scope: &Scope,
    account: Option<&str>,
    new: NewApiKey,
    now: UnixMs,
) -> Result<(ApiKey, SecretToken), AccountError> {
    scope.require_himself()?;
    let name = check_text("name of a key", &new.name)?;
    if name.trim().is_empty() {
        return Err(AccountError::ApiKey("an API key needs a name: say what it is for".to_owned()));
    }
    if new.capabilities.is_empty() {
        return Err(AccountError::ApiKey("an API key without a capability can do nothing".to_owned()));
    }
    if new.networks.len() > MOST_NETWORKS || !(1..=HIGHEST_HOURLY_LIMIT).contains(&new.hourly_limit) {
        return Err(AccountError::ApiKey(format!(
            "an API key has at most {MOST_NETWORKS} networks and 1 to {HIGHEST_HOURLY_LIMIT} requests an hour"
        )));
    }
    if new.expires_at.is_some_and(|at| at <= now) {
        return Err(AccountError::ApiKey("an API key cannot end in the past".to_owned()));
    }
    let mut tx = db.begin().await?;
    let change = change::begin(&mut tx, scope, now).await?;
    let owner = match account {
        Some(account) if scope.acting().is_none() => change.account(&mut tx, account).await?,
        Some(_) => return Err(AccountError::ApiKey("everybody makes API keys for himself only".to_owned())),
        None => {
            change.scope.require(Capability::ApiKeys)?;
            own_account(&mut tx, &change.scope).await?
        }
    };
    let standing = sql::find_standing(&mut tx, owner.id, now).await?;
    let held = standing.map(|s| s.scope.held.and(&change.scope.held)).unwrap_or_default();
    if let Some(missing) = new.capabilities.without(held.whole()).iter().next() {
        return Err(Denial::NotHeld(missing).into());
    }
    let token = SecretToken::new(KEY_PREFIX);
    let key = ApiKey {
        id: ids.next(now),
        account_id: owner.id,
        name,
        prefix: token.expose().chars().take(SHOWN_CHARS).collect(),
        capabilities: new.capabilities,
        networks: new.networks.iter().map(IpNet::trunc).collect(),
        hourly_limit: new.hourly_limit,
        created_at: now,
        expires_at: new.expires_at,
        revoked_at: None,
        last_used_at: None,
        last_ip: String::new(),
    };
    sql::insert_api_key(&mut tx, change.tenant(), &ApiKeyRow::of(&key), &token.hash()).await?;
    tx.audit(AuditEntry::new(change.tenant().0, "api-key.add", "accounts", owner.id.0, &owner.name).after(&key));
    tx.commit(now).await?;
    Ok((key, token))
}

/// The keys of an account that the scope sees: one's own always, others' only where one could change the account.
pub async fn list_api_keys(db: &Db, scope: &Scope, account: impl Into<Whom<'_>>) -> Result<Vec<ApiKey>, AccountError> {
    let mut conn = db.read().await?;
    let owner = change::find(&mut conn, scope, account).await?;
    may_see_keys(&mut conn, scope, &owner).await?;
    Ok(sql::list_api_keys(&mut conn, scope.tenant(), owner.id).await?)
}

/// Revokes a key of one's own or of an account below; at once, on every node.
pub async fn revoke_api_key(
    db: &Db,
    scope: &Scope,
    account: impl Into<Whom<'_>>,
    prefix: &str,
    now: UnixMs,
) -> Result<ApiKey, AccountError> {
    scope.require_himself()?;
    let mut tx = db.begin().await?;
    let change = change::begin(&mut tx, scope, now).await?;
    let owner = change.account(&mut tx, account).await?;
    may_see_keys(&mut tx, &change.scope, &owner).await?;
    let keys = sql::list_api_keys(&mut tx, change.tenant(), owner.id).await?;
    let mut fitting = keys.into_iter().filter(|k| k.revoked_at.is_none() && (k.prefix == prefix || k.id.to_string() == prefix));
    let key = match (fitting.next(), fitting.next()) {
        (Some(key), None) => key,
        _ => return Err(AccountError::UnknownApiKey(prefix.to_owned())),
    };
    sql::revoke_api_key(&mut tx, change.tenant(), key.id, now).await?;
    tx.audit(AuditEntry::new(change.tenant().0, "api-key.revoke", "accounts", owner.id.0, &owner.name).note("key", &key.prefix));
    tx.commit(now).await?;
    Ok(ApiKey { revoked_at: Some(now), ..key })
}

impl SignInDesk {
    /// Makes a key of one's own, by the password: whoever came by an open sign-in must not make himself a way in that outlives it.
    pub async fn add_api_key(
        &self,
        ids: &IdMaker,
        principal: &Principal,
        password: &str,
        new: NewApiKey,
        guest: &Guest,
        now: UnixMs,
    ) -> Result<(ApiKey, SecretToken), AccountError> {
        principal.require_himself()?;
        self.prove_password(principal, password, guest, now).await?;
        let db = self.db_for(principal.account, &principal.account_name, guest);
        add_api_key(&db, ids, principal.home_scope(), None, new, now).await
    }
}

async fn may_see_keys(conn: &mut crate::store::Conn, scope: &Scope, owner: &Account) -> Result<(), AccountError> {
    if scope.acting() == Some(owner.id) {
        return Ok(());
    }
    let level = sql::list_role_book(conn, scope.tenant()).await?.level(owner.role);
    let target = super::Target { path: owner.path.clone(), role: owner.role, level };
    Ok(may_manage(scope, &target, Capability::AccountsEdit)?)
}

/// Who comes with this key, at each request: the key itself, its account's standing, the address, the hour's limit.
pub async fn check_api_key(db: &Db, token: &str, ip: IpAddr, now: UnixMs) -> Result<KeyHolder, AccountError> {
    let unknown = || AccountError::NotSignedIn("there is no such API key");
    let (tenant, key, standing) = {
        let mut conn = db.read().await?;
        let (tenant, key) = sql::find_api_key(&mut conn, &token_hash(token)).await?.ok_or_else(unknown)?;
        let standing = sql::find_standing(&mut conn, key.account_id, now).await?.ok_or_else(unknown)?;
        (tenant, key, standing)
    };
    if let Some(why) = key.refusal(ip, now) {
        return Err(AccountError::NotSignedIn(why));
    }
    if standing.suspended_by.is_some() {
        return Err(AccountError::NotSignedIn("the account of this API key is suspended"));
    }
    count_use(db, tenant, &key, ip, now).await?;
    let held = standing.scope.held.within(key.capabilities);
    Ok(KeyHolder { scope: Scope { held, ..standing.scope }, key })
}

/// One request of the hour, over all nodes.
async fn count_use(db: &Db, tenant: TenantId, key: &ApiKey, ip: IpAddr, now: UnixMs) -> Result<(), AccountError> {
    let hour = now.div_euclid(HOUR_MS);
    let mut tx = db.begin().await?;
    if !sql::count_api_key_use(&mut tx, tenant, key.id, hour, i64::from(key.hourly_limit)).await? {
        let wait_secs = ((hour + 1) * HOUR_MS - now).unsigned_abs().div_ceil(1000);
        return Err(AccountError::ApiKeyLimit { limit: key.hourly_limit, wait_secs });
    }
    sql::update_api_key_used(&mut tx, tenant, key.id, &ip.to_canonical().to_string(), now).await?;
    Ok(tx.commit(now).await?)
}

#[cfg(test)]
mod tests {
    use super::super::tests::Tree;
    use super::*;
    use crate::accounts::{AccountChanges, capability::Menu, set_account, suspend_account};
    use crate::store::test_db::NOW;

    fn new(list: &[Capability]) -> NewApiKey {
        NewApiKey {
            name: "billing".into(),
            capabilities: list.iter().copied().collect(),
            networks: vec!["192.0.2.0/24".parse().expect("a network")],
            hourly_limit: 3,
            expires_at: Some(NOW + 3 * HOUR_MS),
        }
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn code<T: std::fmt::Debug>(result: Result<T, AccountError>) -> &'static str {
        result.expect_err("refused").code()
    }

    #[tokio::test]
    async fn a_key_may_what_it_says_as_far_as_its_account_may_it_now() {
        for tree in Tree::on_each().await {
            let (db, ids, north, owner) = (&tree.fresh.db, &tree.fresh.ids, tree.scope("north").await, tree.scope("owner").await);
            let view = Capability::CustomersView;
            let refused = add_api_key(db, ids, &north, None, new(&[view, Capability::RoutersEdit]), NOW).await;
            assert_eq!(code(refused), "capability-not-held");
            assert_eq!(code(add_api_key(db, ids, &north, Some("hill"), new(&[view]), NOW).await), "api-key-invalid");
            assert_eq!(code(add_api_key(db, ids, &tree.scope("mary").await, None, new(&[view]), NOW).await), "capability-missing");
            let (key, token) = add_api_key(db, ids, &north, None, new(&[view, Capability::BillsView]), NOW).await.expect("made");
            let token = token.expose().to_owned();
            assert!(token.starts_with(&key.prefix) && !serde_json::json!(key).to_string().contains(&token));

            let use_it = async |from: &str, at: UnixMs| check_api_key(db, &token, ip(from), at).await;
            let holder = use_it("192.0.2.7", NOW).await.expect("good");
            assert!(holder.scope.may(view) && !holder.scope.may(Capability::CustomersEdit), "only what the key says");
            assert_eq!(holder.origin("r", ip("192.0.2.7")).actor, "north");
            assert!(use_it("::ffff:192.0.2.7", NOW).await.is_ok());
            assert_eq!(code(use_it("198.51.100.7", NOW).await), "not-signed-in");
            assert_eq!(code(check_api_key(db, "tgk_nonsense", ip("192.0.2.7"), NOW).await), "not-signed-in");
            // less as soon as the account may less
            let menus = AccountChanges { disabled_menus: Some(vec![Menu::Customers]), ..AccountChanges::default() };
            set_account(db, &owner, "north", &menus, NOW).await.expect("switched off");
            let holder = use_it("192.0.2.7", NOW).await.expect("good");
            assert!(!holder.scope.may(view) && holder.scope.may(Capability::BillsView));
            // the hour
            assert_eq!(code(use_it("192.0.2.7", NOW).await), "api-key-limit");
            assert!(use_it("192.0.2.7", NOW + HOUR_MS).await.is_ok());
            assert_eq!(code(use_it("192.0.2.7", NOW + 3 * HOUR_MS).await), "not-signed-in", "run out");
            // who sees and revokes it
            assert_eq!(list_api_keys(db, &north, "north").await.expect("listed").len(), 1);
            assert_eq!(code(list_api_keys(db, &tree.scope("hill").await, "north").await), "account-unknown");
            assert_eq!(code(list_api_keys(db, &tree.scope("mary").await, "north").await), "capability-missing");
            revoke_api_key(db, &owner, "north", &key.prefix, NOW).await.expect("revoked");
            assert_eq!(code(use_it("192.0.2.7", NOW + HOUR_MS).await), "not-signed-in");
            assert_eq!(code(revoke_api_key(db, &owner, "north", &key.prefix, NOW).await), "api-key-unknown");

            assert_eq!(code(add_api_key(db, ids, &tree.top, Some("hill"), new(&[view]), NOW).await), "capability-not-held", "no longer");
            let (_, token) = add_api_key(db, ids, &tree.top, Some("hill"), new(&[Capability::BillsView]), NOW).await.expect("made");
            suspend_account(db, &owner, "north", "unpaid", NOW).await.expect("suspended");
            assert_eq!(code(check_api_key(db, token.expose(), ip("192.0.2.7"), NOW).await), "not-signed-in");
            tree.fresh.end().await;
        }
    }
}
