//! Full names as they are looked for, where a migration could not write them: what lower case is, the databases see differently.

use super::account::full_name_key;
use super::sql;
use crate::store::{Db, StoreError};
use crate::units::{AccountId, TenantId, UnixMs};

/// Names of one transaction.
const LOT: i64 = 1_000;

/// Writes full names as they are looked for, for accounts that were there before they were. `tollgate migrate` does it.
pub async fn fold_full_names(db: &Db, now: UnixMs) -> Result<(), StoreError> {
    loop {
        let mut tx = db.begin().await?;
        let lot = sql::list_unfolded(&mut tx, LOT).await?;
        for (id, tenant, name) in &lot {
            sql::update_full_name_key(&mut tx, TenantId(*tenant), AccountId(*id), &full_name_key(name)).await?;
        }
        tx.commit(now).await?;
        if (lot.len() as i64) < LOT {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::Tree;
    use super::*;
    use crate::accounts::{AccountChanges, AccountFilter, AccountPath, list_accounts, set_account};
    use crate::q;
    use crate::store::test_db::NOW;

    // cross-tenant: the accounts of a test
    async fn forget_keys(db: &Db) {
        let mut tx = db.begin().await.expect("a transaction");
        q!(exec tx, "UPDATE accounts SET full_name_key = NULL").expect("forgotten");
        tx.commit(NOW).await.expect("committed");
    }

    #[tokio::test]
    async fn full_names_are_found_whatever_the_case_of_their_letters() {
        for tree in Tree::on_each().await {
            let db = &tree.fresh.db;
            let named = AccountChanges { full_name: Some("Özgür ÅSLUND 100%".into()), ..AccountChanges::default() };
            set_account(db, &tree.top, "north", &named, NOW).await.expect("named");
            let find = async |text: &str| {
                let filter = AccountFilter { text: text.into(), ..AccountFilter::default() };
                let mut conn = db.read().await.expect("reads");
                let found = list_accounts(&mut conn, &tree.top, &filter, &AccountPath::TOP, 9).await.expect("listed");
                found.into_iter().map(|account| account.name).collect::<Vec<_>>()
            };
            for text in ["özgür", "ÖZGÜR", "åslund", " Åsl ", "100%"] {
                assert_eq!(find(text).await, ["north"], "{text}");
            }
            assert!(find("ozgur").await.is_empty() && find("0_%").await.is_empty());
            // as a migration leaves them
            forget_keys(db).await;
            assert!(find("özgür").await.is_empty());
            fold_full_names(db, NOW).await.expect("folded");
            assert_eq!(find("ÅSLUND").await, ["north"]);
            tree.fresh.end().await;
        }
    }
}
