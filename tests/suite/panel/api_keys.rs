//! `/api-keys`: a key is made, shown once, listed and revoked.

use super::running;
use crate::harness::{ACCOUNT_PASSWORD, Browser, on_both_stores};

on_both_stores! {
    fn a_key_is_shown_once_and_revoked(store: &Store) {
        let server = running(store);
        let mut north = Browser::signed_in(&server, "north");
        let list = north.get("/api-keys").expect(200);
        assert!(list.text().contains("No API keys yet."));
        let page = north.get("/api-keys/new").expect(200);
        assert!(page.body.contains("value=\"customers.view\"") && !page.body.contains("value=\"routers.edit\""), "only what he holds");
        let form = page.form("/api-keys/new").set("name", "billing").tick("capability", "customers.view");
        let form = form.set("networks", "192.0.2.0/24\n2001:db8::1").set("expires", "2099-12-31");
        let wrong = north.submit(&form.clone().set("password", "a guess")).expect(422);
        assert!(wrong.body.contains("id=\"password-complaint\"") && !wrong.body.contains("tgk_"), "{}", wrong.text());
        assert!(!wrong.body.contains("a guess"), "never filled in again");
        let made = north.submit(&form.set("password", ACCOUNT_PASSWORD)).expect(200);
        assert!(made.text().contains("tgk_") && made.text().contains("It is shown only now"));
        let list = north.get("/api-keys").expect(200);
        let text = list.text();
        for word in ["billing", "Good", "192.0.2.0/24", "2001:db8::1/128", "1,000", "2100-01-01 00:00", "never", "See customers"] {
            assert!(text.contains(word), "{word} in {text}");
        }
        let secret = made.text().split_whitespace().find(|word| word.starts_with("tgk_")).expect("the key").to_owned();
        assert!(!list.body.contains(&secret), "never again");
        let revoke = list.forms().into_iter().find(|form| form.action.ends_with("/revoke")).expect("a button");
        let done = north.submit(&revoke);
        assert!(north.follow(&done).text().contains("Revoked"));
        north.submit(&revoke).expect(404);
    }

    fn what_does_not_fit_is_said_on_the_form(store: &Store) {
        let server = running(store);
        let mut north = Browser::signed_in(&server, "north");
        let form = north.get("/api-keys/new").form("/api-keys/new").set("name", "billing").set("password", ACCOUNT_PASSWORD);
        let refused = north.submit(&form.clone().set("networks", "example.org").set("hourly_limit", "many").tick("capability", "customers.view")).expect(422);
        assert!(refused.body.contains("id=\"networks-complaint\"") && refused.body.contains("id=\"hourly_limit-complaint\""));
        assert_eq!(refused.form("/api-keys/new").all("capability"), ["customers.view"], "what was filled in stays");
        assert!(north.submit(&form.clone()).expect(422).text().contains("An API key without a capability"));
        assert!(north.submit(&form.clone().tick("capability", "customers.view").set("expires", "2001-01-01")).expect(422).text().contains("past"));
        assert!(north.submit(&form.tick("capability", "routers.edit")).expect(403).text().contains("does not hold"));
        // another's key is as if absent
        server.must(&["api-key", "add", "hill", "--name", "x", "--capability", "customers.view"]);
        let keys: serde_json::Value = serde_json::from_str(&server.must(&["api-key", "ls", "hill", "--json"])).expect("JSON");
        let token = north.get("/api-keys/new").form("/api-keys/new").get("form_token").expect("a token").to_owned();
        let id = keys[0]["id"].as_str().expect("an id");
        north.post(&format!("/api-keys/{id}/revoke"), &[("form_token", &token)]).expect(404);
    }
}
