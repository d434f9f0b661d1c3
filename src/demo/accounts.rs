//! Accounts of every role, so that a visitor can look at the panel with each one's eyes.

use crate::accounts::{AccountError, NewAccount, Role, Scope, add_account, find_account_by_name, make_sign_in_link};
use crate::store::{Db, IdMaker};
use crate::units::{AccountId, UnixMs};

/// How long a link is good.
const LINK_SECS: u32 = 12 * 3_600;

/// Name, role, the account above it, the holder's name. The first two come with the tenant.
const ACCOUNTS: [(&str, Role, Option<&str>, &str); 11] = [
    ("super-admin", Role::SuperAdmin, None, ""),
    ("owner", Role::Admin, None, ""),
    ("developer", Role::Developer, None, "Dilara Rahman"),
    ("operator", Role::Operator, Some("owner"), "Omar Faruk"),
    ("sub-operator", Role::SubOperator, Some("operator"), "Shirin Akter"),
    ("manager", Role::Manager, Some("owner"), "Mahmud Hasan"),
    ("accountant", Role::Accountant, Some("owner"), "Anika Sultana"),
    ("sales-manager", Role::SalesManager, Some("super-admin"), "Sajid Khan"),
    ("technician", Role::FieldTechnician, Some("owner"), "Tareq Aziz"),
    ("staff", Role::Staff, Some("owner"), "Sadia Islam"),
    ("distributor", Role::CardDistributor, Some("owner"), "Delwar Hossain"),
];

fn new_account(name: &str, role: Role, parent: Option<&str>, full_name: &str) -> NewAccount {
    NewAccount {
        name: name.to_owned(),
        email: None,
        full_name: full_name.to_owned(),
        phone: String::new(),
        role,
        parent: parent.map(str::to_owned),
    }
}

/// The accounts that have customers: the provider, his operator, and the sub-operator below that one. Those that are missing are made.
pub async fn sellers(db: &Db, ids: &IdMaker, scope: &Scope, now: UnixMs) -> Result<[AccountId; 3], AccountError> {
    let mut found = [AccountId(0); 3];
    for (at, name) in ["owner", "operator", "sub-operator"].into_iter().enumerate() {
        let terms = ACCOUNTS.iter().find(|account| account.0 == name);
        if let Some((name, role, parent, full_name)) = terms.filter(|account| account.1 != Role::Admin) {
            add_unless_there(db, ids, scope, &new_account(name, *role, *parent, full_name), now).await?;
        }
        let account = find_account_by_name(&mut db.read().await?, scope, name).await?;
        found[at] = account.ok_or_else(|| AccountError::UnknownAccount(name.to_owned()))?.id;
    }
    Ok(found)
}

async fn add_unless_there(db: &Db, ids: &IdMaker, scope: &Scope, new: &NewAccount, now: UnixMs) -> Result<(), AccountError> {
    match add_account(db, ids, scope, new, now).await {
        // from the last time, if the folder was kept
        Ok(_) | Err(AccountError::SignInNameTaken(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// A link for each role: role, account, token.
pub async fn sign_in_links(db: &Db, ids: &IdMaker, scope: &Scope, now: UnixMs) -> Result<Vec<(Role, &'static str, String)>, AccountError> {
    let mut links = Vec::with_capacity(ACCOUNTS.len());
    for (name, role, parent, full_name) in ACCOUNTS {
        if name != "super-admin" && name != "owner" {
            add_unless_there(db, ids, scope, &new_account(name, role, parent, full_name), now).await?;
        }
        let token = make_sign_in_link(db, ids, scope, name, LINK_SECS, now).await?;
        links.push((role, name, token.expose().to_owned()));
    }
    Ok(links)
}
