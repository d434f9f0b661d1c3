//! The door: set-up link, password, second factor, stolen and ended sign-ins.

use super::running;
use crate::harness::{ACCOUNT_PASSWORD, Browser, TestServer, on_both_stores, wait};

/// The path of a link that a command or the server printed.
fn path_of(text: &str) -> String {
    let link = text.split_whitespace().find(|word| word.contains("/setup/")).unwrap_or_else(|| panic!("no link in {text:?}"));
    link[link.find("/setup/").expect("just found")..].to_owned()
}

on_both_stores! {
    fn the_first_start_prints_a_link_that_sets_the_first_password_once(store: &Store) {
        let mut server = TestServer::prepare(store);
        server.serve();
        let printed = wait::until("a link is printed", wait::SOON, || Some(server.log()).filter(|text| text.contains("/setup/")));
        let path = path_of(&printed);
        let mut first = Browser::new(&server);
        let page = first.get(&path).expect(200);
        assert!(page.text().contains("super-admin"), "{}", page.text());
        let refused = first.send(&page, &path, &[("password", "short"), ("password_again", "short")]).expect(422);
        assert!(refused.text().contains("at least 12"));
        let refused = first.send(&page, &path, &[("password", ACCOUNT_PASSWORD), ("password_again", "another phrase of words")]).expect(422);
        assert!(refused.text().contains("differ"));
        let done = first.send(&page, &path, &[("password", ACCOUNT_PASSWORD), ("password_again", ACCOUNT_PASSWORD)]);
        assert!(first.follow(&done).expect(200).text().contains("The password is set"));
        first.get(&path).expect(422);
        let done = first.sign_in("super-admin", ACCOUNT_PASSWORD);
        assert!(first.follow(&done).expect(200).text().contains("First steps"));
        first.get("/accounts").expect(200);
        server.restart();
        let mut again = Browser::new(&server);
        // Until the server has its place among those of the store, nobody can be signed in: it asks to try again.
        let done = wait::until("sign-ins are taken", wait::SOON, || Some(again.sign_in("super-admin", ACCOUNT_PASSWORD)).filter(|page| page.status != 503));
        done.leads_to();
        assert_eq!(server.log().matches("Set up the first account").count(), 1, "somebody can sign in by now: {}", server.log());
    }

    fn refusals_tell_nothing_and_what_was_ended_is_void(store: &Store) {
        let server = running(store);
        let mut north = Browser::signed_in(&server, "north");
        let stolen = north.clone();
        let mut guest = Browser::new(&server);
        let wrong = guest.sign_in("north", "not the password at all").expect(422);
        let unknown = guest.sign_in("nobody-here", "not the password at all").expect(422);
        let common = |page: &crate::harness::Page| page.text().replace("nobody-here", "").replace("north", "");
        assert_eq!(common(&wrong), common(&unknown));
        assert!(!wrong.body.contains("not the password at all"), "a password is not shown again");
        // pages ask to sign in, and lead back
        let asked = guest.get("/accounts?role=staff");
        assert_eq!(asked.leads_to(), "/sign-in?next=%2Faccounts%3Frole%3Dstaff");
        let page = guest.follow(&asked);
        let done = guest.send(&page, "/sign-in", &[("name", "north"), ("password", ACCOUNT_PASSWORD)]);
        assert_eq!(done.leads_to(), "/accounts?role=staff");
        let page = Browser::new(&server).get("/sign-in?next=//evil.example/");
        let mut other = Browser::new(&server);
        other.cookies = page.headers.iter().filter(|(n, _)| n == "set-cookie").filter_map(|(_, v)| v.split(';').next()?.split_once('=')).map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        assert_eq!(other.send(&page, "/sign-in", &[("name", "north"), ("password", ACCOUNT_PASSWORD)]).leads_to(), "/");

        let page = north.get("/profile/security").expect(200);
        let done = north.send(&page, "/sign-out", &[]);
        assert!(north.follow(&done).text().contains("You are signed out"));
        assert_eq!(stolen.clone().get("/profile").leads_to(), "/sign-in?next=%2Fprofile", "a stolen cookie ends with its sign-in");
        // a form of the ended sign-in changes nothing
        let replayed = stolen.clone().submit(&page.form("/profile/password").set("old_password", ACCOUNT_PASSWORD));
        assert_eq!(replayed.leads_to(), "/sign-in");
        guest.get("/accounts").expect(200);
        let page = guest.get("/profile/security").expect(200);
        let new = "a different phrase of words";
        let done = guest.send(&page, "/profile/password", &[("old_password", ACCOUNT_PASSWORD), ("password", new), ("password_again", new)]);
        assert!(guest.follow(&done).text().contains("The password is changed"));
        assert_eq!(other.get("/accounts").leads_to(), "/sign-in?next=%2Faccounts", "other sign-ins end with the password");
    }

    fn forms_of_others_are_refused(store: &Store) {
        let server = running(store);
        let (mut north, mut hill) = (Browser::signed_in(&server, "north"), Browser::signed_in(&server, "hill"));
        let theirs = hill.get("/profile").form("/profile").get("form_token").expect("a token").to_owned();
        let refused = north.post("/profile", &[("form_token", &theirs), ("full_name", "Mallory")]).expect(403);
        assert!(refused.text().contains("out of date"), "{}", refused.text());
        north.post("/profile", &[("full_name", "Mallory")]).expect(403);
        assert!(!server.must(&["account", "show", "north"]).contains("Mallory"));
    }

    fn the_link_that_a_command_prints_opens_the_page_where_a_password_is_chosen(store: &Store) {
        let server = running(store);
        let link = server.must(&["account", "setup-link", "north"]);
        let page = Browser::new(&server).get(link.trim()).expect(200);
        assert!(page.text().contains("north"), "{}", page.text());
    }
}
