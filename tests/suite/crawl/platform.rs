//! A Developer in a tenant that is not his, and what belongs to a whole tenant: its settings and what its roles mean.

use super::caller::{Caller, between};
use super::cast::{CAST, Side, mark, name, part_of};
use super::contents::Contents;
use super::world::{World, run};

#[test]
fn a_developer_sees_one_tenant_at_a_time_and_nobody_follows_him() {
    run(async {
        let world = World::copy().await;
        let mut developer = Caller::account(&world, "developer").await;
        let enter = |side: Side| format!("/tenants/{}/enter", world.known.tenant(side));
        assert_eq!(developer.get(&format!("/accounts/{}", world.known.account("north"))).await.status, 404, "at home");
        assert_eq!(developer.post(&enter(Side::A), &[]).await.status, 303);
        let end = format!("/accounts/{}/end-sign-ins", world.known.account("south"));
        assert_eq!(developer.post(&end, &[]).await.status, 403, "a form that was opened at home does nothing here");
        developer.look_again().await;
        let page = developer.get("/accounts").await;
        // his own name stands at the top of each page
        for part in CAST.iter().filter(|part| part.key != "developer") {
            assert_eq!(page.body.contains(&name(part.key)), part.side == Side::A, "{}", part.key);
            let status = developer.get(&format!("/accounts/{}", world.known.account(part.key))).await.status;
            assert_eq!(status, if part.side == Side::A { 200 } else { 404 }, "{}", part.key);
        }
        // and so are those whom forms offer
        let offered = developer.get("/within").await;
        assert_eq!(offered.status, 200);
        for (key, is_there) in [("north", true), ("south", true), ("north-b", false), ("hill-b", false)] {
            assert_eq!(offered.body.contains(&name(key)), is_there, "{key}");
        }
        let audit = developer.get("/audit.csv").await;
        assert!(audit.body.contains(&mark("north")) && !audit.body.contains(&mark("north-b")) && !audit.body.contains("wwbww"));
        // he manages whom he sees there, and below nobody else
        let north = world.known.account("north");
        assert_eq!(developer.post(&format!("/accounts/{north}/end-sign-ins"), &[]).await.status, 303);
        let hill_b = world.known.account("hill-b").to_string();
        assert_eq!(developer.post(&format!("/accounts/{hill_b}/end-sign-ins"), &[]).await.status, 404);
        assert_eq!(developer.post(&format!("/accounts/{north}/transfer"), &[("parent", &hill_b)]).await.status, 404);
        // what is his own stays his own
        assert!(
            developer.get("/profile").await.body.contains("Full")
                || developer.get("/profile/security").await.body.contains(&mark("developer"))
        );
        assert_eq!(developer.post("/tenants/leave", &[]).await.status, 303);
        developer.look_again().await;
        assert_eq!(developer.get(&format!("/accounts/{north}")).await.status, 404);
        // nobody else enters anything
        let mut contents = Contents::of(world.url()).await;
        // whose sign-ins were not ended above
        for actor in ["super", "admin", "south", "sales"] {
            let caller = Caller::account(&world, actor).await;
            for side in [Side::A, Side::B, Side::Platform] {
                assert_eq!(caller.post(&enter(side), &[]).await.status, 403, "{actor}");
            }
            assert_eq!(caller.post("/tenants/leave", &[]).await.status, 403, "{actor}");
            assert_eq!(
                caller.post("/tenants/new", &[("name", "Mine"), ("time_zone", "UTC"), ("currency", "USD")]).await.status,
                403,
                "{actor}"
            );
            contents.are_as_they_were(actor).await;
        }
        world.end().await;
    });
}

/// A form of a page as it stands, with some fields of ours.
async fn with_version<'f>(caller: &Caller<'_>, page: &str, fields: &[(&'f str, &'f str)]) -> Vec<(&'f str, String)> {
    let body = caller.get(page).await.body;
    let version = between(&body, "name=\"version\" value=\"", "\"").unwrap_or_default().to_owned();
    let mut all = vec![("version", version)];
    all.extend(fields.iter().map(|(name, value)| (*name, (*value).to_owned())));
    all
}

async fn post(caller: &Caller<'_>, path: &str, form: &[(&str, String)]) -> u16 {
    let fields: Vec<(&str, &str)> = form.iter().map(|(n, v)| (*n, v.as_str())).collect();
    caller.post(path, &fields).await.status
}

#[test]
fn nobody_makes_his_own_role_more() {
    run(async {
        let world = World::copy().await;
        let mut contents = Contents::of(world.url()).await;
        for (actor, role, what, fields, status) in [
            // one's own role and those above it
            ("super", "super-admin", "", &[("capability", "platform.view"), ("level", "1")][..], 403),
            ("super", "developer", "", &[("level", "50")], 403),
            ("super", "super-admin", "/reset", &[], 403),
            ("super", "super-admin", "/label", &[("label", "King")], 403),
            ("admin", "admin", "/label", &[("label", "King")], 403),
            ("admin", "super-admin", "/label", &[("label", "Servant")], 403),
            // a name holds for all providers, who agree on two only
            ("admin", "manager", "/label", &[("label", "Servant")], 403),
            // to one's own level or above it
            ("super", "admin", "", &[("level", "10")], 422),
            ("super", "manager", "", &[("level", "5")], 422),
            ("super", "staff", "", &[("level", "100")], 422),
            // nobody changes what a role may do but whoever may
            ("admin", "operator", "", &[("capability", "routers.view")], 403),
            ("admin", "operator", "/reset", &[], 403),
            ("keeper", "operator", "/label", &[("label", "x")], 403),
            ("north", "sub-operator", "", &[("capability", "accounts.edit")], 403),
            ("north", "sub-operator", "/label", &[("label", "x")], 403),
        ] {
            let caller = Caller::account(&world, actor).await;
            let form = with_version(&caller, &format!("/roles/{role}"), fields).await;
            let found = post(&caller, &format!("/roles/{role}{what}"), &form).await;
            assert!(found == status || (status == 422 && found == 403), "{actor} {role}{what} {fields:?}: {found}");
            contents.are_as_they_were(&format!("{actor} {role}{what} {fields:?}")).await;
        }
        // a box that its sender does not hold stays as it is
        let caller = Caller::account(&world, "super").await;
        let form =
            with_version(&caller, "/roles/manager", &[("capability", "tickets.view"), ("capability", "platform.view"), ("level", "")])
                .await;
        assert_eq!(post(&caller, "/roles/manager", &form).await, 303);
        let page = Caller::account(&world, "manager").await.get("/settings").await;
        assert_eq!(page.status, 403);
        assert!(!holds_anything_of_the_platform(&world).await, "platform.view was not given");
        let audit = caller.get("/audit.csv").await.body;
        assert!(audit.contains("role.set") && !audit.contains("platform.view"), "nor is it said to have been");
        world.end().await;
    });
}

async fn holds_anything_of_the_platform(world: &World) -> bool {
    let caller = Caller::account(world, "manager").await;
    caller.post("/tenants/leave", &[]).await.status != 403
}

#[test]
fn settings_are_the_whole_tenants() {
    run(async {
        let world = World::copy().await;
        let mut contents = Contents::of(world.url()).await;
        let settings =
            [("time_zone", "Asia/Dhaka"), ("currency", "BDT"), ("language", "en"), ("case_sensitive", "no"), ("cross_provider", "yes")];
        for (actor, status) in [("admin", 403), ("north", 403), ("keeper", 403), ("manager", 403), ("accountant", 403), ("sales", 403)] {
            let caller = Caller::account(&world, actor).await;
            let form = with_version(&caller, "/settings", &settings).await;
            assert_eq!(post(&caller, "/settings", &form).await, status, "{actor}");
            contents.are_as_they_were(actor).await;
        }
        // its host name is the server's, also where everything else may be changed; its name is its own, unless it is another's
        let caller = Caller::account(&world, "super").await;
        let rules = [("address_list", "garden"), ("pool", "garden"), ("download", "512k"), ("upload", "512k"), ("grace_secs", "0")];
        let times = [("session_secs", "10m"), ("interim_secs", "1m")];
        let verdicts = ["when_suspended", "when_expired", "when_volume_used_up", "when_time_used_up"].map(|name| (name, "reject"));
        let whole: Vec<(&str, &str)> = settings.into_iter().chain(rules).chain(times).chain(verdicts).collect();
        for (named, host, status, is_called) in
            [("tenant-b-xxbxx", "b.example.test", 422, "tenant-a-xxaxx"), ("renamed-xxaxx", "c.example.test", 303, "renamed-xxaxx")]
        {
            let mut form = with_version(&caller, "/settings", &whole).await;
            form.extend([("name", named.to_owned()), ("host_name", host.to_owned())]);
            assert_eq!(post(&caller, "/settings", &form).await, status, "{named}");
            let page = caller.get(&format!("/tenants/{}", world.known.tenant(Side::A))).await.body;
            assert!(page.contains(is_called) && page.contains("a.example.test") && !page.contains(host), "{page}");
            assert_eq!(page.contains("BDT"), status == 303, "all of it or nothing");
        }
        assert_eq!(part_of("super").side, Side::A);
        world.end().await;
    });
}

#[test]
fn the_audit_log_finds_nothing_of_what_is_hidden() {
    run(async {
        let world = World::copy().await;
        let north = Caller::account(&world, "north").await;
        let lines = |csv: &str| csv.lines().count().saturating_sub(1);
        for hidden in ["south", "marsh", "rival", "cove", "admin-b", "super"] {
            let id = world.known.account(hidden);
            for query in [
                format!("q=kind:accounts+id:{id}"),
                format!("q=object:{}", name(hidden)),
                format!("q=actor:{}", name(hidden)),
                format!("q={}", name(hidden)),
            ] {
                let page = north.get(&format!("/audit?{query}")).await;
                assert_eq!(page.status, 200, "{query}");
                // the filter's own field shows what was asked for
                let rows = page.body.matches("<tr").count();
                assert_eq!(rows, 0, "{query} finds something\n{}", page.body);
            }
        }
        assert!(north.get(&format!("/audit?q=kind:accounts+id:{}", world.known.account("hill"))).await.body.matches("<tr").count() > 1);
        let csv = Caller::account(&world, "admin").await.get("/audit.csv").await;
        assert!(csv.status == 200 && lines(&csv.body) > 10 && csv.body.contains(&mark("north")));
        for hidden in ["rival", "cove", "north-b"] {
            assert!(!csv.body.contains(&mark(hidden)), "{hidden}");
        }
        world.end().await;
    });
}
