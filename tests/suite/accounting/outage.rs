//! The database goes away: logins and accounting go on, also when the server starts meanwhile, and the store catches up after.

use crate::harness::packet::status;
use crate::harness::postgres::PrivatePostgres;
use crate::harness::{Client, PASSWORD, Packet, Store, TestServer, USER, code, wait};

fn account(server: &TestServer, status: u32, session: &str, octets: u32) {
    let reply = Client::new().exchange(server.acct, &Packet::accounting(status, USER, session, octets));
    assert_eq!(reply.code, code::ACCOUNTING_RESPONSE, "{session}");
}

#[test]
fn logins_and_accounting_go_on_without_postgresql() {
    let Some(postgres) = PrivatePostgres::start_new() else { return };
    let store = Store::in_server(&postgres);
    let mut server = TestServer::start(&store);
    assert!(server.accepts(USER, PASSWORD));
    account(&server, status::START, "81000001", 0);

    postgres.stop();
    assert!(server.accepts(USER, PASSWORD), "from the directory in memory");
    assert!(!server.accepts(USER, "wrong"));
    account(&server, status::INTERIM, "81000001", 1_000);
    account(&server, status::START, "81000002", 0);
    wait::until("/readyz tells that the database is away", wait::SOON, || (server.get("/readyz")?.0 == 503).then_some(()));
    assert_eq!(server.get("/healthz").map(|(status, _)| status), Some(200));

    postgres.start();
    wait::until("/readyz answers 200 again", wait::SOON, || (server.get("/readyz")?.0 == 200).then_some(()));
    account(&server, status::STOP, "81000001", 2_000);
    assert_eq!(server.exported_session("81000001")["octets_in"], "2000");
    assert!(server.exported_session("81000002")["ended_at"].is_empty());
    assert!(server.terminate().success(), "{}", server.log());
}

#[test]
fn a_server_that_starts_without_postgresql_uses_its_snapshot() {
    let Some(postgres) = PrivatePostgres::start_new() else { return };
    let store = Store::in_server(&postgres);
    let mut server = TestServer::start(&store);
    account(&server, status::START, "81000001", 0);
    account(&server, status::INTERIM, "81000001", 1_000);
    assert!(server.terminate().success(), "{}", server.log());

    postgres.stop();
    server.serve_unready();
    // Accounting is kept before the directory is there; logins as soon as it is.
    account(&server, status::INTERIM, "81000001", 2_000);
    wait::until("the snapshot is loaded", wait::SOON, || server.accepts(USER, PASSWORD).then_some(()));
    assert!(!server.accepts(USER, "wrong"));
    server.kill9();
    server.serve_unready();
    account(&server, status::STOP, "81000001", 3_000);

    postgres.start();
    wait::until("/readyz answers 200", wait::SOON, || (server.get("/readyz")?.0 == 200).then_some(()));
    let row = server.exported_session("81000001");
    assert_eq!(row["octets_in"], "3000");
    assert!(!row["ended_at"].is_empty());
}

#[test]
fn postgresql_crashing_under_load_loses_nothing() {
    let Some(postgres) = PrivatePostgres::start_new() else { return };
    let store = Store::in_server(&postgres);
    let server = TestServer::start(&store);
    for round in 1..=5 {
        for session in 0..40 {
            account(&server, status::INTERIM, &format!("810000{session:02x}"), round * 100);
            if session == 20 {
                postgres.stop();
            }
        }
        postgres.start();
    }
    let rows = server.exported_sessions();
    assert_eq!(rows.len(), 40);
    assert!(rows.iter().all(|row| row["octets_in"] == "500"), "{rows:?}");
}
