//! Programs: what a key opens, and when it opens nothing any more.

use super::caller::Caller;
use super::contents::run_sql;
use super::world::{PASSPHRASE, World, run};

/// A key that `north` makes on its page, and a program that comes with it.
pub async fn program<'w>(world: &'w World, more: &[(&str, &str)]) -> Caller<'w> {
    let mut form = vec![("name", "program"), ("capability", "customers.view"), ("password", PASSPHRASE)];
    form.extend_from_slice(more);
    let page = Caller::account(world, "north").await.post("/api-keys/new", &form).await;
    let at = page.body.find("tgk_").unwrap_or_else(|| panic!("no key: {}", page.body));
    let key: String = page.body[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let mut program = Caller::guest(world).await;
    program.headers = vec![("authorization", format!("Bearer {key}"))];
    program
}

#[test]
fn a_key_that_is_void_opens_nothing() {
    run(async {
        let world = World::copy().await;
        for void in ["revoked_at", "expires_at"] {
            let program = program(&world, &[("hourly_limit", "10")]).await;
            assert_eq!(program.get("/api/v1/account").await.status, 200);
            let one = "id = (SELECT MAX(id) FROM api_keys WHERE name = 'program')";
            run_sql(world.url(), &format!("UPDATE api_keys SET {void} = 1 WHERE {one}")).await;
            assert_eq!(program.get("/api/v1/account").await.status, 401, "{void}");
        }
        world.end().await;
    });
}

#[test]
fn a_key_is_good_from_where_and_as_often_as_it_says() {
    run(async {
        let world = World::copy().await;
        let mut here = program(&world, &[("hourly_limit", "2"), ("networks", "192.0.2.0/24")]).await;
        here.ip = "198.51.100.9".into();
        assert_eq!(here.get("/api/v1/account").await.status, 401, "from elsewhere");
        here.headers.push(("x-forwarded-for", "192.0.2.9".into()));
        assert_eq!(here.get("/api/v1/account").await.status, 401, "whatever it says of where it comes from");
        here.ip = "192.0.2.9".into();
        for expected in [200, 200, 429] {
            assert_eq!(here.get("/api/v1/account").await.status, expected);
        }
        world.end().await;
    });
}
