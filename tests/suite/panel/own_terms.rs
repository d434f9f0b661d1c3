//! What is changed of a customer: what he has of his own, in the form; to whom he belongs; note and zone where they stand, taken back by one press.

use super::running;
use crate::harness::{Browser, Page, SECRET, Store, TestServer, on_both_stores};

fn with_customers(store: &Store) -> TestServer {
    let server = running(store);
    server.must(&["router", "add", "tower-3", "--address", "192.0.2.9", "--secret", SECRET]);
    server.must(&["package", "add", "home", "--download", "20M", "--upload", "10M", "--volume", "10G/day"]);
    for name in ["rahim", "karim", "firm"] {
        server.must(&["customer", "add", name, "--password", "first secret", "--package", "home", "--code", &format!("C-{name}")]);
    }
    server
}

fn customer(server: &TestServer, name: &str) -> serde_json::Value {
    let list: serde_json::Value = serde_json::from_str(&server.must(&["customer", "ls", name, "--json"])).expect("JSON");
    list[0].clone()
}

fn path(server: &TestServer, name: &str) -> String {
    format!("/customers/{}", customer(server, name)["id"].as_str().expect("an id"))
}

/// His form with these fields sent.
fn change(owner: &mut Browser, path: &str, fields: &[(&str, &str)]) -> Page {
    let edit = format!("{path}/edit");
    let mut form = owner.get(&edit).expect(200).form(&edit);
    for (name, value) in fields {
        form = form.set(name, value);
    }
    owner.submit(&form)
}

on_both_stores! {
    fn limits_and_a_rate_of_his_own_are_given_kept_and_taken_back(store: &Store) {
        let server = with_customers(store);
        let mut owner = Browser::signed_in(&server, "owner");
        let rahim = path(&server, "rahim");
        let edit = format!("{rahim}/edit");
        let form = owner.get(&edit).expect(200).form(&edit).tick("own_service", "pppoe").tick("own_service", "vpn");
        let form = [
            ("own_rate", "50M/20M"), ("own_burst", "80M/30M"), ("own_burst_secs", "8"), ("own_priority", "3"), ("own_until", "2099-12-31"),
            ("own_volume", "total:100G/month; upload:5G/day:rollover"), ("own_time", "none"), ("own_hours", "mon-fri:08:00-18:00"),
            ("own_fair_use", "after:80G/month=2M/1M"), ("own_devices", "bind-first:2"), ("own_routers", "tower-3"),
        ].iter().fold(form, |form, (name, value)| form.set(name, value));
        owner.submit(&form).leads_to();
        let his = customer(&server, "rahim");
        let limits = serde_json::json!({
            "volume": ["total:100G/month", "upload:5G/day:rollover"], "time": [], "hours": ["mon-fri:08:00-18:00"],
            "fair_use": ["after:total:80G/month=2M/1M"], "devices": "bind-first:2", "services": ["pppoe", "vpn"],
            "router_ids": [his["limits"]["router_ids"][0].as_str().expect("the router")],
        });
        assert_eq!(his["limits"], limits);
        assert!(his["own_rate"].to_string().contains("50M/20M"), "{}", his["own_rate"]);
        let page = owner.get(&rahim).expect(200).text();
        for said in ["50M/20M", "80M/30M", "total:100G/month; upload:5G/day:rollover", "pppoe; vpn", "tower-3", "bind-first:2"] {
            assert!(page.contains(said), "{said:?} is not on {page}");
        }
        // what is not touched stays
        server.must(&["customer", "set", "rahim", "--rate", "60M/20M", "--rate-until", "2098-01-01T00:00:00Z"]);
        let before = customer(&server, "rahim");
        change(&mut owner, &rahim, &[("name", "Rahim Khan")]).leads_to();
        let after = customer(&server, "rahim");
        assert_eq!((&after["own_rate"], &after["limits"], &after["name"]), (&before["own_rate"], &before["limits"], &serde_json::json!("Rahim Khan")));
        change(&mut owner, &rahim, &[("own_rate", "70M/20M")]).leads_to();
        let own = customer(&server, "rahim")["own_rate"].to_string();
        assert!(own.contains("70M/20M") && own.contains("2098-01-01T00:00:00Z"), "another rate, the same end: {own}");
        // back to the package
        let emptied = ["own_rate", "own_until", "own_volume", "own_time", "own_hours", "own_fair_use", "own_devices", "own_routers"];
        let form = owner.get(&edit).form(&edit).untick("own_service", "pppoe").untick("own_service", "vpn");
        let form = emptied.iter().fold(form, |form, name| form.set(name, ""));
        owner.submit(&form).leads_to();
        let his = customer(&server, "rahim");
        assert_eq!((&his["limits"], &his["own_rate"]), (&serde_json::json!({}), &serde_json::Value::Null));
    }

    fn what_does_not_read_is_said_at_its_field_and_changes_nothing(store: &Store) {
        let server = with_customers(store);
        let mut owner = Browser::signed_in(&server, "owner");
        let rahim = path(&server, "rahim");
        let before = customer(&server, "rahim");
        for (field, value, said) in [
            ("own_rate", "fast", "not a bit rate"),
            ("own_burst", "80M", "needs a download or upload rate"),
            ("own_until", "2099-12-31", "An end needs a rate"),
            ("own_until", "soon", "soon"),
            ("own_volume", "100G", "100G/month"),
            ("own_volume", "50G/month:soft", "needs a step of fair use"),
            ("own_hours", "8-18", "08:00-18:00"),
            ("own_devices", "bind-first:0", "bind-first:N"),
            ("own_service", "telepathy", "not a service"),
            ("own_routers", "tower-9", "there is no router \"tower-9\""),
            ("parent", "nobody", "there is no customer \"nobody\""),
        ] {
            let page = change(&mut owner, &rahim, &[(field, value)]).expect(422);
            assert!(page.text().to_lowercase().contains(&said.to_lowercase()), "{field}={value}: {}", page.text());
        }
        assert_eq!(customer(&server, "rahim"), before);
    }

    fn a_customer_belongs_to_another_but_never_to_himself(store: &Store) {
        let server = with_customers(store);
        let mut owner = Browser::signed_in(&server, "owner");
        let (rahim, karim, firm) = (path(&server, "rahim"), path(&server, "karim"), path(&server, "firm"));
        change(&mut owner, &rahim, &[("parent", "firm")]).leads_to();
        change(&mut owner, &karim, &[("parent", "C-rahim")]).leads_to();
        assert!(owner.get(&rahim).links().contains(&firm), "{:?}", owner.get(&rahim).links());
        let page = owner.get(&firm).expect(200);
        let list = page.links().into_iter().find(|link| link.starts_with("/customers?q=parent")).expect("those who belong to it");
        let text = owner.get(&list).expect(200).text();
        assert!(text.contains("rahim") && !text.contains("karim"), "{text}");
        assert!(owner.get("/customers?q=parent:none").text().contains("1 customer"), "only the firm belongs to nobody");
        for (who, to) in [(&firm, "karim"), (&firm, "firm"), (&rahim, "karim")] {
            let page = change(&mut owner, who, &[("parent", to)]).expect(422);
            assert!(page.text().contains("Nobody belongs to himself"), "{}", page.text());
        }
        // a new one of the same firm; whose firm is removed belongs to nobody
        let new = owner.get("/customers/new").expect(200).form("/customers/new");
        let new = [("username", "branch"), ("package", "home"), ("parent", "firm"), ("own_rate", "5M")].iter().fold(new, |f, (n, v)| f.set(n, v));
        owner.submit(&new).leads_to();
        assert_eq!(customer(&server, "branch")["parent_id"], customer(&server, "firm")["id"]);
        assert!(customer(&server, "branch")["own_rate"].to_string().contains("5M/5M"));
        server.must(&["customer", "set", "branch", "--parent", "none"]);
        assert!(customer(&server, "branch")["parent_id"].is_null());
        server.must(&["customer", "rm", "firm"]);
        assert!(customer(&server, "rahim")["parent_id"].is_null());
        assert!(!customer(&server, "karim")["parent_id"].is_null());
        // an operator sees neither the firm nor whether it is there
        server.must(&["customer", "add", "firm", "--password", "first secret", "--package", "home"]);
        server.must(&["customer", "set", "rahim", "--parent", "firm"]);
        let page = owner.get(&rahim).expect(200);
        let accounts: serde_json::Value = serde_json::from_str(&server.must(&["account", "ls", "--json"])).expect("JSON");
        let north = accounts.as_array().expect("a list").iter().find(|account| account["name"] == "north").expect("north")["id"].to_string();
        owner.send(&page, &format!("{rahim}/transfer"), &[("owner", north.trim_matches('"'))]).leads_to();
        let page = Browser::signed_in(&server, "north").get(&rahim).expect(200);
        assert!(page.text().contains("rahim") && !page.text().contains("firm"), "{}", page.text());
    }

    fn tags_and_what_a_device_is_are_changed_where_they_stand_and_taken_back(store: &Store) {
        let server = with_customers(store);
        let mut owner = Browser::signed_in(&server, "owner");
        let rahim = path(&server, "rahim");
        let undo_of = |page: &Page, end: &str| {
            let form = page.forms().into_iter().find(|form| form.action.ends_with(end) && form.get("instead_of").is_some());
            form.unwrap_or_else(|| panic!("no way back: {}", page.text()))
        };
        let page = owner.get(&rahim).expect(200);
        let sent = owner.send(&page, &format!("{rahim}/tags"), &[("tags", "VIP, roof")]);
        let undo_first = undo_of(&owner.follow(&sent).expect(200), "/tags");
        owner.send(&page, &format!("{rahim}/tags"), &[("tags", "late")]).expect(409);
        let page = owner.get(&rahim).expect(200);
        let sent = owner.send(&page, &format!("{rahim}/tags"), &[("tags", "late")]);
        let undo = undo_of(&owner.follow(&sent).expect(200), "/tags");
        owner.submit(&undo_first).expect(409);
        owner.submit(&undo).leads_to();
        assert_eq!(owner.get(&rahim).form(&format!("{rahim}/tags")).get("tags"), Some("roof, vip"));
        owner.submit(&undo_first).leads_to();
        assert_eq!(owner.get(&rahim).form(&format!("{rahim}/tags")).get("tags"), Some(""), "there were none");

        server.must(&["customer", "device", "add", "rahim", "48:00:00:00:00:01", "--note", "router"]);
        server.must(&["customer", "device", "note", "rahim", "48:00:00:00:00:01", "his router"]);
        let (devices, note) = (format!("{rahim}/devices"), format!("{rahim}/devices/note"));
        let page = owner.get(&devices).expect(200);
        assert_eq!(page.form(&note).get("note"), Some("his router"));
        let sent = owner.send(&page, &note, &[("note", "<b>TV</b>")]);
        let said = owner.follow(&sent).expect(200);
        assert!(said.text().contains("Note saved. Undo") && !said.body.contains("<b>TV"), "{}", said.text());
        let undo = undo_of(&said, "/note");
        owner.send(&page, &note, &[("note", "phone")]).expect(409);
        owner.send(&said, &note, &[("note", "phone")]).leads_to();
        owner.submit(&undo).expect(409);
        let page = owner.get(&devices).expect(200);
        owner.send(&page, &note, &[("note", "<b>TV</b>")]).leads_to();
        owner.submit(&undo).leads_to();
        assert_eq!(owner.get(&devices).form(&note).get("note"), Some("his router"));
        let page = owner.get(&devices).expect(200);
        assert_eq!(owner.send(&page, &note, &[]).leads_to(), devices, "what did not change is not said to be saved");
        let long = "x".repeat(5_000);
        assert!(owner.send(&page, &note, &[("note", &long)]).expect(422).body.contains(&long), "nothing that was typed is lost");
        let token = page.form(&note).get("form_token").expect("a token").to_owned();
        let gone = owner.post(&note, &[("form_token", &token), ("device", "48:00:00:00:00:99"), ("note", "x")]);
        assert_eq!(gone.leads_to(), devices, "nothing is said of a device that is not there");
        assert!(owner.get(&format!("{rahim}/timeline")).text().contains("noted a device"));
    }

    fn note_and_zone_are_changed_where_they_stand_and_taken_back(store: &Store) {
        let server = with_customers(store);
        let mut owner = Browser::signed_in(&server, "owner");
        let page = owner.get("/customers/zones").expect(200);
        for zone in ["Uttara", "Banani"] {
            owner.send(&page, "/customers/zones", &[("name", zone)]).leads_to();
        }
        let (rahim, note) = (path(&server, "rahim"), "first\nsecond \"line\" ".repeat(60));
        let page = owner.get(&rahim).expect(200);
        let sent = owner.send(&page, &format!("{rahim}/note"), &[("note", &note)]);
        let sent = owner.follow(&sent).expect(200);
        assert!(sent.text().contains("Undo"), "{}", sent.text());
        let sent = owner.send(&sent, &format!("{rahim}/note"), &[("note", "another")]);
        let said = owner.follow(&sent).expect(200);
        let undo = said.forms().into_iter().find(|form| form.action.ends_with("/note") && form.get("since").is_some()).expect("a way back");
        assert_eq!(undo.get("note").map(|text| text.replace("\r\n", "\n")), Some(note.trim().to_owned()), "whole, however long");
        owner.submit(&undo).leads_to();
        assert_eq!(customer(&server, "rahim")["note"], note.trim());
        let page = owner.get(&rahim).expect(200);
        let kept = owner.send(&page, &format!("{rahim}/zone"), &[("zone", "Uttara")]);
        let said = owner.follow(&kept).expect(200);
        assert!(said.text().contains("Zone saved. Undo"), "{}", said.text());
        let undo = said.forms().into_iter().find(|form| form.action.ends_with("/zone") && form.get("since").is_some()).expect("a way back");
        assert_eq!(undo.get("zone"), Some(""));
        // somebody else's change since is not run over, and others have no way back
        let mut other = Browser::signed_in(&server, "super-admin");
        assert!(!other.get(kept.leads_to()).expect(200).text().contains("Undo"));
        let page = other.get(&rahim).expect(200);
        other.send(&page, &format!("{rahim}/zone"), &[("zone", "Banani")]).leads_to();
        owner.submit(&undo).expect(409);
        assert!(owner.get(&rahim).text().contains("Zone Banani"), "{}", owner.get(&rahim).text());
        let page = owner.get(&rahim).expect(200);
        assert!(owner.send(&page, &format!("{rahim}/zone"), &[("zone", "Atlantis")]).expect(422).text().contains("There is no zone \"Atlantis\""));
        // the same in the language that he reads
        let profile = owner.get("/profile").expect(200);
        owner.send(&profile, "/preferences", &[("language", "bn")]).leads_to();
        let page = owner.get(&rahim).expect(200);
        let refused = owner.send(&page, &format!("{rahim}/zone"), &[("zone", "Atlantis")]).expect(422).text();
        assert!(refused.contains("\"Atlantis\" নামে কোনো জোন নেই।") && !refused.contains("There is no zone"), "{refused}");
        let wrong = owner.get("/customers?q=staus:active").expect(422).text();
        assert!(wrong.contains("\"staus\" নামে কোনো ফিল্টার নেই"), "{wrong}");
    }
}
