//! Sign-ins on both databases: who gets in, what ends a sign-in, and whose eyes somebody may look through.

use super::*;
use crate::accounts::capability::Capability;
use crate::accounts::password::TEST_COST;
use crate::accounts::tests::Tree;
use crate::accounts::*;
use crate::store::KeyFile;
use crate::store::test_db::NOW;

const PASSWORD: &str = "correct horse battery";

struct Door {
    tree: Tree,
    desk: SignInDesk,
}

fn guest(ip: &str) -> Guest {
    Guest { ip: ip.parse().expect("an address"), user_agent: "Firefox".into(), request_id: "r".into() }
}

impl Door {
    async fn on_each() -> Vec<Door> {
        let mut all = Vec::new();
        for tree in Tree::on_each().await {
            let sealer = KeyFile::read_or_create(&tree.fresh.folder.path().join("key")).expect("a key").sealer();
            let hasher = PasswordHasher::new(TEST_COST, 2);
            for name in ["super-admin", "owner", "north", "hill"] {
                reset_password(&tree.fresh.db, &hasher, &tree.top, name, PASSWORD, NOW).await.expect("a password");
            }
            let desk = SignInDesk::new(tree.fresh.db.clone(), sealer, hasher, SignInRules::default());
            all.push(Door { tree, desk });
        }
        all
    }

    async fn try_in(&self, name: &str, password: &str, ip: &str, now: UnixMs) -> Result<Step, AccountError> {
        self.desk.sign_in(&self.tree.fresh.ids, None, name, password, &guest(ip), now).await
    }

    async fn enter(&self, name: &str, now: UnixMs) -> String {
        match self.try_in(name, PASSWORD, "192.0.2.1", now).await.expect("signed in") {
            Step::Open(opened) => opened.token.expose().to_owned(),
            Step::SecondFactor(_) => panic!("no second factor is set up"),
        }
    }

    async fn check(&self, token: &str, now: UnixMs) -> Result<Principal, AccountError> {
        self.desk.check(token, now).await
    }
}

fn code<T: std::fmt::Debug>(result: Result<T, AccountError>) -> &'static str {
    result.expect_err("refused").code()
}

#[tokio::test]
async fn a_sign_in_lasts_until_it_is_unused_old_ended_or_its_account_changes() {
    for door in Door::on_each().await {
        let token = door.enter("North", NOW).await;
        let north = door.check(&token, NOW).await.expect("signed in");
        assert_eq!((north.account_name.as_str(), north.scope.name()), ("north", "north"));
        assert!(door.check(&token, NOW + 1_799_000).await.is_ok());
        assert!(door.check(&token, NOW + 3_598_000).await.is_ok(), "in use");
        assert_eq!(code(door.check(&token, NOW + 3_598_000 + 1_800_000).await), "not-signed-in");
        assert_eq!(code(door.check("tgs_nonsense", NOW).await), "not-signed-in");

        // a change of permissions acts on the next use
        let token = door.enter("north", NOW).await;
        let owner = door.tree.scope("owner").await;
        let menus =
            AccountChanges { disabled_menus: Some(vec![crate::accounts::capability::Menu::Customers]), ..AccountChanges::default() };
        set_account(&door.tree.fresh.db, &owner, "north", &menus, NOW).await.expect("changed");
        assert!(!door.check(&token, NOW).await.expect("signed in").scope.may(Capability::CustomersView));
        // a suspension above ends it, also after it is lifted
        let below = door.enter("hill", NOW).await;
        suspend_account(&door.tree.fresh.db, &owner, "north", "unpaid", NOW).await.expect("suspended");
        assert_eq!(code(door.check(&below, NOW).await), "not-signed-in");
        assert_eq!(code(door.try_in("hill", PASSWORD, "192.0.2.9", NOW).await), "sign-in-refused");
        restore_account(&door.tree.fresh.db, &owner, "north", NOW).await.expect("restored");
        assert_eq!(code(door.check(&below, NOW).await), "not-signed-in");

        // a new password ends all others, signing out ends one
        let (one, two) = (door.enter("north", NOW).await, door.enter("north", NOW).await);
        let principal = door.check(&one, NOW).await.expect("signed in");
        let g = guest("192.0.2.1");
        let renewed = door.desk.change_password(&principal, PASSWORD, "another long password", &g, NOW).await.expect("changed");
        assert!(door.check(renewed.expose(), NOW).await.is_ok() && door.check(&two, NOW).await.is_err());
        assert_eq!(code(door.check(&one, NOW).await), "not-signed-in", "a copied cookie is void");
        door.desk.sign_out(&principal, &g, NOW).await.expect("ended");
        assert_eq!(code(door.check(renewed.expose(), NOW).await), "not-signed-in");
        let all = door.desk.list_own(&principal, 10).await.expect("listed");
        assert!(all.len() >= 4 && all.iter().all(|s| s.ended_at.is_some() || s.expires_at > NOW));
        door.tree.fresh.end().await;
    }
}

#[tokio::test]
async fn guessing_is_slowed_down_where_it_comes_from() {
    for door in Door::on_each().await {
        for _ in 0..5 {
            assert_eq!(code(door.try_in("owner", "wrong", "192.0.2.66", NOW).await), "sign-in-refused");
        }
        assert_eq!(code(door.try_in("owner", PASSWORD, "192.0.2.66", NOW).await), "too-many-attempts", "even with the right one");
        assert!(door.try_in("owner", PASSWORD, "192.0.2.1", NOW).await.is_ok(), "the owner from elsewhere");
        assert_eq!(code(door.try_in("nobody", PASSWORD, "192.0.2.1", NOW).await), "sign-in-refused");
        assert_eq!(code(door.try_in("mary", "", "192.0.2.1", NOW).await), "sign-in-refused", "without a password nobody signs in");
        door.desk.written().await;
        let refused = door.tree.audit(&door.tree.top).await.iter().filter(|r| r.verb == "sign-in.refuse").count();
        assert_eq!(refused, 5, "for the owner; none for mary, who has no password, nor for a name that is nobody's");
        door.tree.fresh.end().await;
    }
}

#[tokio::test]
async fn the_second_factor_is_asked_for_and_each_code_is_good_once() {
    for door in Door::on_each().await {
        let (desk, g) = (&door.desk, guest("192.0.2.1"));
        let principal = door.check(&door.enter("owner", NOW).await, NOW).await.expect("signed in");
        let (secret, uri) = desk.begin_second_factor(&principal, PASSWORD, "Net", &g, NOW).await.expect("begun");
        assert!(uri.contains(secret.as_str()));
        assert!(matches!(door.try_in("owner", PASSWORD, "192.0.2.1", NOW).await, Ok(Step::Open(_))), "not before it is confirmed");
        let principal = door.check(&door.enter("owner", NOW).await, NOW).await.expect("signed in");
        let row = sql::find_secrets(&mut door.tree.fresh.db.read().await.expect("reads"), door.tree.tenant, principal.account)
            .await
            .expect("read")
            .expect("owner");
        let opened = desk.totp_secret(&row).expect("opens");
        let at = |now: UnixMs| {
            (0..1_000_000)
                .map(|n| format!("{n:06}"))
                .find(|c| totp::matching_step(&opened, c, now / 30_000 - 1, now) == Some(now / 30_000))
                .expect("a code")
        };
        let first = at(NOW);
        let (recovery, _) = desk.confirm_second_factor(&principal, &first, &g, NOW).await.expect("confirmed");
        let ticket = async |now| match door.try_in("owner", PASSWORD, "192.0.2.1", now).await.expect("right") {
            Step::SecondFactor(ticket) => ticket.expose().to_owned(),
            Step::Open(_) => panic!("a second factor is set up"),
        };
        let ids = &door.tree.fresh.ids;
        let waiting = ticket(NOW).await;
        assert_eq!(code(door.check(&waiting, NOW).await), "not-signed-in", "a ticket opens nothing");
        assert_eq!(code(desk.second_factor(ids, &waiting, &first, &g, NOW).await), "sign-in-refused", "used");
        let later = NOW + 30_000;
        desk.second_factor(ids, &waiting, &at(later), &g, later).await.expect("signed in");
        assert_eq!(code(desk.second_factor(ids, &waiting, &recovery[0], &g, later).await), "not-signed-in", "the ticket is used up");
        desk.second_factor(ids, &ticket(later).await, &recovery[0].to_lowercase(), &g, later).await.expect("by a recovery code");
        assert_eq!(code(desk.second_factor(ids, &ticket(later).await, &recovery[0], &g, later).await), "sign-in-refused");
        assert_eq!(desk.count_recovery_codes(&principal).await.expect("counted"), 9);
        let late = ticket(later).await;
        assert_eq!(code(desk.second_factor(ids, &late, &recovery[1], &g, later + 300_000).await), "not-signed-in");
        reset_second_factor(&door.tree.fresh.db, &door.tree.top, "owner", later).await.expect("reset");
        assert!(matches!(door.try_in("owner", PASSWORD, "192.0.2.1", later).await, Ok(Step::Open(_))));
        // whoever removes it himself goes on with a new token, and the others are out
        let (one, two) = (door.enter("owner", later).await, door.enter("owner", later).await);
        let principal = door.check(&one, later).await.expect("signed in");
        let renewed = desk.remove_second_factor(&principal, PASSWORD, &g, later).await.expect("removed");
        assert!(door.check(renewed.expose(), later).await.is_ok());
        assert!(door.check(&one, later).await.is_err() && door.check(&two, later).await.is_err());
        door.tree.fresh.end().await;
    }
}

#[tokio::test]
async fn a_secret_waits_a_quarter_of_an_hour_to_be_confirmed() {
    for door in Door::on_each().await {
        let (desk, g) = (&door.desk, guest("192.0.2.1"));
        let principal = door.check(&door.enter("owner", NOW).await, NOW).await.expect("signed in");
        let (first, _) = desk.begin_second_factor(&principal, PASSWORD, "Net", &g, NOW).await.expect("begun");
        let end = NOW + 15 * 60_000;
        let shown = desk.unconfirmed_second_factor(&principal, "Net", end - 1).await.expect("read");
        assert_eq!(shown.map(|(secret, _)| secret.to_string()), Some(first.to_string()));
        assert!(desk.unconfirmed_second_factor(&principal, "Net", end).await.expect("read").is_none());
        assert_eq!(code(desk.confirm_second_factor(&principal, "000000", &g, end).await), "second-factor-ran-out");
        let (second, _) = desk.begin_second_factor(&principal, PASSWORD, "Net", &g, end).await.expect("begun anew");
        assert_ne!(first.as_str(), second.as_str());
        assert!(desk.unconfirmed_second_factor(&principal, "Net", end).await.expect("read").is_some());
        door.tree.fresh.end().await;
    }
}

#[tokio::test]
async fn a_set_up_link_is_good_once_and_for_a_while() {
    for door in Door::on_each().await {
        let (db, ids, top, g) = (&door.tree.fresh.db, &door.tree.fresh.ids, &door.tree.top, guest("192.0.2.1"));
        let (old, _) = make_setup_link(db, ids, top, "mary", LINK_SECS, NOW).await.expect("a link");
        let (link, until) = make_setup_link(db, ids, top, "mary", LINK_SECS, NOW).await.expect("another");
        assert_eq!(until, NOW + 86_400_000);
        assert_eq!(code(door.desk.use_link(old.expose(), PASSWORD, &g, NOW).await), "link-void", "replaced");
        assert_eq!(code(door.desk.use_link(link.expose(), "short", &g, NOW).await), "password-invalid");
        assert_eq!(code(door.desk.use_link(link.expose(), PASSWORD, &g, until).await), "link-void", "run out");
        assert_eq!(door.desk.look_at_link(link.expose(), NOW).await.expect("good").1, "mary");
        assert_eq!(door.desk.use_link(link.expose(), PASSWORD, &g, NOW).await.expect("used"), "mary");
        assert_eq!(code(door.desk.use_link(link.expose(), PASSWORD, &g, NOW).await), "link-void");
        door.enter("mary", NOW).await;
        assert_eq!(code(make_setup_link(db, ids, &door.tree.scope("north").await, "mary", LINK_SECS, NOW).await), "account-unknown");
        door.tree.fresh.end().await;
    }
}

#[tokio::test]
async fn looking_through_anothers_eyes_goes_down_only_and_is_written_down() {
    for door in Door::on_each().await {
        let g = guest("192.0.2.1");
        let first = door.enter("owner", NOW).await;
        let owner = door.check(&first, NOW).await.expect("signed in");
        for (target, wanted) in [("super-admin", "account-unknown"), ("other", "account-unknown"), ("owner", "impersonation-refused")] {
            assert_eq!(code(door.desk.begin_impersonation(&owner, target, "help", &g, NOW).await), wanted, "{target}");
        }
        assert_eq!(code(door.desk.begin_impersonation(&owner, "north", " ", &g, NOW).await), "impersonation-refused", "without a reason");
        let north = door.check(&door.enter("north", NOW).await, NOW).await.expect("signed in");
        assert_eq!(
            code(door.desk.begin_impersonation(&north, "hill", "help", &g, NOW).await),
            "impersonation-refused",
            "without the capability"
        );

        let (token, _) = door.desk.begin_impersonation(&owner, "north", "help with a bill", &g, NOW).await.expect("begun");
        assert_eq!(code(door.check(&first, NOW).await), "not-signed-in", "the token was changed");
        let through = door.check(token.expose(), NOW).await.expect("signed in");
        assert_eq!((through.account_name.as_str(), through.scope.name()), ("owner", "north"));
        assert!(through.scope.may(Capability::CustomersView) && !through.scope.may(Capability::PaymentsProcess));
        let refused = door.desk.change_password(&through, PASSWORD, "another long password", &g, NOW).await;
        assert_eq!(code(refused), "refused-while-impersonating");
        let db = &door.tree.fresh.db;
        let link = make_setup_link(db, &door.tree.fresh.ids, &through.scope, "hill", LINK_SECS, NOW).await;
        assert_eq!(code(link), "refused-while-impersonating");
        assert_eq!(code(reset_second_factor(db, &through.scope, "hill", NOW).await), "refused-while-impersonating");
        assert_eq!(code(door.desk.begin_impersonation(&through, "hill", "help", &g, NOW).await), "impersonation-refused");
        let origin = through.origin(Source::Panel, "r2", g.ip);
        assert_eq!((origin.actor.as_str(), origin.on_behalf_of.map(|(_, name)| name)), ("owner", Some("north".to_owned())));
        // the other one reads it in his own part of the log
        let log = door.tree.audit(&door.tree.scope("north").await).await;
        assert!(log.iter().any(|r| r.verb == "impersonation.begin" && r.actor == "owner" && r.changes["reason"][1] == "help with a bill"));
        assert!(door.check(token.expose(), NOW + 1_799_000).await.expect("signed in").impersonation.is_some());
        let own = door.desk.end_impersonation(&through, &g, NOW).await.expect("ended");
        let owner = door.check(own.expose(), NOW).await.expect("signed in");
        assert_eq!(owner.scope.name(), "owner");
        // half an hour; the request that comes too late is not done with one's own power
        let (token, _) = door.desk.begin_impersonation(&owner, "north", "again", &g, NOW).await.expect("begun");
        assert!(door.check(token.expose(), NOW + 1_799_000).await.is_ok(), "still");
        assert_eq!(code(door.check(token.expose(), NOW + 1_800_000).await), "impersonation-refused");
        assert_eq!(door.check(token.expose(), NOW + 1_800_000).await.expect("himself").scope.name(), "owner");
        door.tree.fresh.end().await;
    }
}
