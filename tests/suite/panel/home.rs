//! `/`: first steps on a new install, what needs attention, live figures, who runs out; and the same figures for programs.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::tz::TimeZone;
use tollgate::units::{next_local_midnight, print_instant};

use super::running;
use crate::harness::{Browser, on_both_stores, wait};

/// What stands under a heading of a figure.
fn figure(text: &str, heading: &str) -> String {
    let after = text.split(heading).nth(1).unwrap_or_else(|| panic!("no {heading:?} in {text}"));
    after.split_whitespace().next().expect("a figure").to_owned()
}

on_both_stores! {
    fn a_new_install_says_what_to_do_first(store: &Store) {
        let server = running(store);
        let mut owner = Browser::signed_in(&server, "super-admin");
        let page = owner.get("/").expect(200);
        let text = page.text();
        for word in ["First steps", "Set the time zone", "tollgate router add", "tollgate package add", "See the first login", "Nobody's time runs out"] {
            assert!(text.contains(word), "{word} in {text}");
        }
        assert!(text.contains("Add accounts for your people · done"), "there is an operator: {text}");
        server.must(&["package", "add", "Home 20", "--download", "20M", "--upload", "10M"]);
        assert!(owner.get("/").text().contains("Add a package · done"));
        // whoever sees a part only is not bothered with it
        let north = Browser::signed_in(&server, "north").get("/").expect(200);
        assert!(!north.text().contains("First steps"), "{}", north.text());
    }

    fn who_runs_out_is_counted_by_package_and_zone(store: &Store) {
        let server = running(store);
        server.must(&["package", "add", "Home 20", "--retail-price", "500.50"]);
        server.must(&["package", "add", "Gift"]);
        let mut owner = Browser::signed_in(&server, "owner");
        let zones = owner.get("/customers/zones").expect(200);
        owner.send(&zones, "/customers/zones", &[("name", "Mirpur \"10\"")]).expect(422);
        let added = owner.send(&zones, "/customers/zones", &[("name", "Mirpur 10")]);
        assert!(owner.follow(&added).text().contains("Mirpur 10"));
        // the tenant's zone is UTC
        let today = print_instant(next_local_midnight(now(), &TimeZone::UTC));
        for (name, package, more) in [("rahim", "Home 20", None), ("karim", "Home 20", None), ("free", "Gift", None), ("held", "Home 20", Some("suspended"))] {
            server.must(&["customer", "add", name, "--password", "first secret", "--package", package, "--expires-at", &today]);
            more.iter().for_each(|status| { server.must(&["customer", "set", name, "--status", status, "--reason", "unpaid"]); });
        }
        let page = wait::until("the feed has told of them", wait::SOON, || {
            let page = owner.get("/").expect(200);
            (figure(&page.text(), "Run out today") == "3").then_some(page)
        });
        let text = page.text();
        assert_eq!(figure(&text, "At risk, USD"), "1,001.00", "two of 500.50, one without a price, one held: {text}");
        assert!(text.contains("One of them has a package without a price"), "{text}");
        assert!(text.contains("Today by package Customers USD Share Home 20 2 1,001.00"), "{text}");
        assert!(text.contains("No zone 3"), "{text}");
        // the number leads to those who are meant
        let link = page.links().into_iter().find(|link| link.contains("expires-today") && link.contains("package")).expect("a link");
        let list = owner.get(&link).expect(200).text();
        assert!(list.contains("rahim") && list.contains("karim") && !list.contains("free") && !list.contains("held"), "{list}");

        // a page that changes something counts anew at once
        let id = list_id(&server, "rahim");
        let customer = owner.get(&format!("/customers/{id}")).expect(200);
        owner.send(&customer, &format!("/customers/{id}/extend"), &[("days", "3"), ("reason", "paid")]).leads_to();
        let after = owner.get("/").expect(200).text();
        assert_eq!((figure(&after, "Run out today"), figure(&after, "At risk, USD")), ("2".to_owned(), "500.50".to_owned()), "{after}");
        assert!(after.contains("1 500.50"), "he runs out later: {after}");

        // an operator sees his own; a program sees what its key may
        let mut north = Browser::signed_in(&server, "north");
        assert!(north.get("/").text().contains("Nobody's time runs out"));
        let key = |capability: &str, name: &str| {
            let made = server.must(&["api-key", "add", "owner", "--name", name, "--capability", capability]);
            made.split_whitespace().find(|word| word.starts_with("tgk_")).expect("a key").to_owned()
        };
        let (sees, not) = (key("customers.view", "sees"), key("api-keys.own", "not"));
        let mut program = Browser::new(&server);
        program.call("POST", "/api/v1/widgets/refresh", &not, "").expect(403);
        program.call("POST", "/api/v1/widgets/refresh", &sees, "{\"widgets\": [\"nothing\"]}").expect(400);
        let answer = program.call("POST", "/api/v1/widgets/refresh", &sees, "{\"widgets\": [\"suspension-forecast\"]}").expect(200);
        let answer: serde_json::Value = serde_json::from_str(&answer.body).expect("JSON");
        let days = &answer["widgets"]["suspension-forecast"]["value"]["days"];
        assert_eq!((days.as_array().map(Vec::len), &days[0][1]["amount_minor"]), (Some(8), &serde_json::json!(50_050)), "{answer}");
        let all = program.call("POST", "/api/v1/widgets/refresh", &sees, "").expect(200);
        assert!(all.body.contains("suspension-forecast") && !all.body.contains("live-figures"), "sessions are not for this key: {}", all.body);
    }
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock").as_millis() as i64
}

/// The id of a customer.
fn list_id(server: &crate::harness::TestServer, username: &str) -> String {
    let all: Vec<serde_json::Value> = serde_json::from_str(&server.must(&["customer", "ls", "--json"])).expect("JSON");
    let one = all.iter().find(|customer| customer["username"] == username).expect("listed");
    one["id"].as_str().expect("an id").to_owned()
}
