//! `/accounts`: the tree, adding, changing, permissions, suspension, seeing with another's eyes.

use super::running;
use crate::harness::{Browser, Page, on_both_stores};

/// The path of the account of this name, read off the list.
fn path_of(browser: &mut Browser, name: &str) -> String {
    let list = browser.get(&format!("/accounts?q={name}")).expect(200);
    let at = list.body.find(&format!("\">{name}</a>")).unwrap_or_else(|| panic!("{name} is not in the list: {}", list.text()));
    let begin = list.body[..at].rfind("/accounts/").expect("a link");
    list.body[begin..at].to_owned()
}

fn says(page: &Page, text: &str) {
    assert!(page.text().contains(text), "{text:?} is not on {}: {}", page.path, page.text());
}

on_both_stores! {
    fn an_account_is_added_changed_moved_and_suspended(store: &Store) {
        let server = running(store);
        let mut owner = Browser::signed_in(&server, "owner");
        let page = owner.get("/accounts/new").expect(200);
        assert_eq!(page.form("/accounts/new").get("role"), Some(""), "no role is chosen for him");
        let refused = owner.send(&page, "/accounts/new", &[("name", "south")]).expect(422);
        says(&refused, "Choose a role: it decides");
        let refused = owner.send(&page, "/accounts/new", &[("role", "operator"), ("name", "no spaces please")]).expect(422);
        says(&refused, "The name \"no spaces please\" must have 1 to 64 letters");
        let taken = owner.send(&page, "/accounts/new", &[("role", "operator"), ("name", "NORTH")]).expect(422);
        says(&taken, "is taken");
        let done = owner.send(&page, "/accounts/new", &[("role", "operator"), ("name", "south"), ("full_name", "<b>Sü & Co</b>")]);
        let page = owner.follow(&done).expect(200);
        says(&page, "The account is added");
        assert!(!page.body.contains("<b>Sü"), "what people type is text");
        let south = page.path.split('?').next().expect("a path").to_owned();
        let link = owner.send(&page, &format!("{south}/setup-link"), &[]).expect(200);
        says(&link, "/setup/tgl_");

        let form = owner.get(&format!("{south}/edit")).expect(200);
        let done = owner.send(&form, &format!("{south}/edit"), &[("email", "south@example.org"), ("full_name", "South")]);
        says(&owner.follow(&done).expect(200), "south@example.org");
        // who comes second sees both values
        let conflict = owner.send(&form, &format!("{south}/edit"), &[("full_name", "Late")]).expect(409);
        says(&conflict, "South");
        says(&conflict, "Late");

        let hill = path_of(&mut owner, "hill");
        let page = owner.get(&hill).expect(200);
        let south_id = south.rsplit('/').next().expect("an id");
        let done = owner.send(&page, &format!("{hill}/transfer"), &[("parent", south_id)]);
        says(&owner.follow(&done).expect(200), "The account is moved");
        let mut below = Browser::signed_in(&server, "hill");
        below.get("/accounts").expect(403);
        let page = owner.get(&south).expect(200);
        let refused = owner.send(&page, &format!("{south}/suspend"), &[]).expect(422);
        says(&refused, "Say why");
        let done = owner.send(&page, &format!("{south}/suspend"), &[("reason", "unpaid since June")]);
        says(&owner.follow(&done).expect(200), "unpaid since June");
        assert_eq!(below.get("/profile").leads_to(), "/sign-in?next=%2Fprofile", "all below it are signed out");
        assert_eq!(below.sign_in("hill", crate::harness::ACCOUNT_PASSWORD).status, 422);
        let page = owner.get(&south).expect(200);
        let done = owner.send(&page, &format!("{south}/restore"), &[]);
        says(&owner.follow(&done).expect(200), "The account is restored");
        below.sign_in("hill", crate::harness::ACCOUNT_PASSWORD).leads_to();
    }

    fn permissions_act_at_the_next_request_and_end(store: &Store) {
        let server = running(store);
        let (mut owner, mut hill) = (Browser::signed_in(&server, "owner"), Browser::signed_in(&server, "hill"));
        hill.get("/accounts").expect(403);
        let path = path_of(&mut owner, "hill");
        let page = owner.get(&path).expect(200);
        let refused = owner.send(&page, &format!("{path}/permissions"), &[("capability", "accounts.view"), ("until", "last year")]).expect(422);
        assert!(refused.text().contains("last year"), "{}", refused.text());
        let done = owner.send(&page, &format!("{path}/permissions"), &[("capability", "accounts.view")]);
        let page = owner.follow(&done).expect(200);
        says(&page, "The permission is given");
        let list = hill.get("/accounts").expect(200);
        assert!(!list.text().contains("north"), "he sees his own tree: {}", list.text());
        let done = owner.send(&page, &format!("{path}/permissions/revoke"), &[]);
        says(&owner.follow(&done).expect(200), "The permission is taken");
        hill.get("/accounts").expect(403);
    }

    fn seeing_with_anothers_eyes_says_so_and_refuses_what_is_his_alone(store: &Store) {
        let server = running(store);
        let mut owner = Browser::signed_in(&server, "owner");
        let before = owner.clone();
        let path = path_of(&mut owner, "north");
        let page = owner.get(&path).expect(200);
        let done = owner.send(&page, &format!("{path}/view-as"), &[("reason", "a call about his list")]);
        let list = owner.follow(&done).expect(200);
        says(&list, "You see Tollgate as north does");
        assert!(!list.text().contains("owner Admin"), "{}", list.text());
        assert_eq!(before.clone().get("/accounts").leads_to(), "/sign-in?next=%2Faccounts", "the sign-in has a new token");
        owner.get("/profile").expect(403);
        owner.get("/profile/security").expect(403);
        let done = owner.send(&list, "/view-as/stop", &[]);
        assert!(!owner.follow(&done).expect(200).text().contains("You see Tollgate as"));
        let log = server.must(&["audit", "ls"]);
        assert!(log.contains("impersonation.begin") && log.contains("a call about his list"), "{log}");
    }

    fn what_is_not_below_is_not_there(store: &Store) {
        let server = running(store);
        server.must(&["account", "add", "west", "--role", "operator", "--parent", "owner"]);
        let (mut owner, mut north) = (Browser::signed_in(&server, "owner"), Browser::signed_in(&server, "north"));
        let west = path_of(&mut owner, "west");
        for path in [west.clone(), format!("{west}/edit"), "/accounts/abc".into(), "/accounts/1".into()] {
            north.get(&path).expect(404);
        }
        let token = north.get("/profile").form("/profile").get("form_token").expect("a token").to_owned();
        for action in ["suspend", "restore", "setup-link", "end-sign-ins", "reset-second-factor", "permissions", "edit"] {
            let fields = [("form_token", token.as_str()), ("reason", "x"), ("capability", "accounts.view")];
            north.post(&format!("{west}/{action}"), &fields).expect(404);
        }
        let list = north.get("/accounts").expect(200);
        assert!(!list.body.contains(">west<") && !list.text().contains("super-admin"), "{}", list.text());
    }
}
