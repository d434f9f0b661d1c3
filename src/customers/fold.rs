//! Names and phones as they are searched for, where a migration could not write them.

use super::contact::{name_key, phone_key};
use super::sql;
use crate::store::{Db, StoreError};
use crate::units::UnixMs;

/// Customers of one transaction.
const LOT: i64 = 2_000;

/// Writes both keys for customers that were there before the keys were. `tollgate migrate` does it.
pub async fn fold_customers(db: &Db, now: UnixMs) -> Result<(), StoreError> {
    let mut after = 0;
    loop {
        let mut tx = db.begin().await?;
        let lot = sql::list_unfolded(&mut tx, after, LOT).await?;
        for (id, name, phone) in &lot {
            sql::update_keys(&mut tx, *id, &name_key(name), &phone_key(phone)).await?;
            after = *id;
        }
        tx.commit(now).await?;
        if (lot.len() as i64) < LOT {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scope_tests::{customers, sealer};
    use super::*;
    use crate::accounts::test_scopes::World;
    use crate::q;
    use crate::store::test_db::NOW;

    #[tokio::test]
    async fn customers_of_before_get_their_keys() {
        for world in World::on_each().await {
            let db = &world.fresh.db;
            customers(&world, &sealer(&world)).await;
            let mut tx = db.begin().await.expect("a transaction");
            q!(exec tx, "UPDATE customers SET name = 'ÖZ Rahim', phone = '0171-2', name_key = '', phone_key = ''").expect("as before");
            tx.commit(NOW).await.expect("committed");
            fold_customers(db, NOW).await.expect("folded");
            let mut conn = db.read().await.expect("reads");
            let keys = q!(all conn, (String, String), "SELECT DISTINCT name_key, phone_key FROM customers").expect("read");
            assert_eq!(keys, [("öz rahim".to_owned(), "21710".to_owned())]);
            drop(conn);
            world.fresh.end().await;
        }
    }
}
