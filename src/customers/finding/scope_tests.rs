//! Whose customers the list finds.

use super::*;
use crate::accounts::test_scopes::{World, each_scope};
use crate::customers::Customer;
use crate::customers::scope_tests::{customers, sealer};
use crate::lists::COUNT_CAP;
use crate::q;
use crate::store::test_db::NOW;

#[tokio::test]
async fn every_function_of_sql_touches_what_the_scope_sees() {
    for world in World::on_each().await {
        let all: Vec<Customer> = customers(&world, &sealer(&world)).await;
        let rules = AccessRules::default();
        let meaning = Meaning { now: NOW, zone: TimeZone::UTC, rules: &rules };
        let everyone = conditions::Compiled::new(&Filter::default(), &meaning).expect("reads");
        let named = |name: &str| {
            let (filter, wrong) = Filter::read(&format!("username:{name}"), FIELDS);
            assert!(wrong.is_empty());
            conditions::Compiled::new(&filter, &meaning).expect("reads")
        };
        for order in [Order::Name, Order::Username, Order::Expires, Order::Registered] {
            for found in [0, COUNT_CAP + 1] {
                let query = CustomerQuery { order, ..CustomerQuery::default() };
                each_scope! { world, all, World::sees, (conn, scope, customer):
                    "list_found" => async {
                        let lines = sql::list_found(conn, scope, &query, &everyone, Start::First, found, 99).await?;
                        Ok::<_, crate::store::StoreError>(lines.into_iter().find(|line| line.id == customer.id.0))
                    },
                }
            }
        }
        each_scope! { world, all, World::sees, (conn, scope, customer):
            "count_found" => async { sql::count_found(conn, scope, &named(&customer.username)).await.map(|n| n == 1) },
            "list_expiries" => async {
                q!(exec conn, "UPDATE customers SET expires_at = $1 WHERE id = $2", NOW + 5, customer.id.0)?;
                let rows = sql::list_expiries(conn, scope, NOW, &[NOW + 9, NOW + 99]).await?;
                Ok::<_, crate::store::StoreError>(rows.into_iter().find(|row| row.day == 0))
            },
            "list_line_devices" => async {
                let devices = sql::list_line_devices(conn, scope, &[customer.id.0]).await?;
                Ok::<_, crate::store::StoreError>(devices.into_iter().find(|line| !line.macs.is_empty()))
            },
        }
        world.fresh.end().await;
    }
}
