//! `/settings`: changed by whoever sees the whole tenant, read by others, and never over somebody else's change.

use super::running;
use crate::harness::{ACCOUNT_PASSWORD, Browser, on_both_stores};

fn settings(server: &crate::harness::TestServer) -> serde_json::Value {
    serde_json::from_str::<serde_json::Value>(&server.must(&["tenant", "ls", "--json"])).expect("JSON")[0].clone()
}

on_both_stores! {
    fn settings_are_changed_and_complaints_stand_at_their_fields(store: &Store) {
        let server = running(store);
        let mut super_admin = Browser::signed_in(&server, "super-admin");
        let page = super_admin.get("/settings").expect(200);
        assert!(!page.text().contains("Schema version"), "only for whoever looks after the platform");
        let names = page.form("/settings").set("name", "Hill Net").set("host_name", "panel.example.net");
        super_admin.submit(&names).leads_to();
        // the server is configured with the old name, which commands go on to say
        assert_eq!((&settings(&server)["name"], &settings(&server)["host_name"]), (&"Hill Net".into(), &serde_json::Value::Null));
        assert!(server.must(&["--tenant", "default", "account", "ls"]).contains("north"));
        for tenant in ["default", "Hill Net"] {
            Browser::new(&server).sign_in(&format!("{tenant}/super-admin"), ACCOUNT_PASSWORD).leads_to();
        }
        let mut top = Browser::signed_in(&server, "ada");
        let page = top.get("/settings").expect(200);
        assert!(page.body.contains("<option value=\"Asia/Dhaka\">"));
        let form = page.form("/settings");
        for (field, value) in [
            ("time_zone", "Moon"),
            ("currency", "taka"),
            ("host_name", "not a host"),
            ("name", ""),
            ("name", "Hill/Net"),
            ("address_list", ""),
            ("interim_secs", "5s"),
            ("grace_secs", "soon"),
            ("download", "fast"),
            ("language", "tlh"),
        ] {
            let refused = top.submit(&form.clone().set(field, value)).expect(422);
            assert!(refused.body.contains(&format!("id=\"{field}-complaint\"")), "{field}: {}", refused.text());
            assert_eq!(refused.form("/settings").get(field), Some(if field == "language" { "en" } else { value }), "what was filled in stays");
        }
        let form = form.set("time_zone", "Asia/Dhaka").set("host_name", "panel.example.org").set("when_expired", "walled-garden");
        let form = form.set("grace_secs", "1d12h").set("download", "1M").set("cross_provider", "yes");
        let done = top.submit(&form);
        assert!(top.follow(&done).expect(200).text().contains("The settings are saved."));
        let saved = settings(&server);
        assert_eq!((&saved["time_zone"], &saved["host_name"]), (&"Asia/Dhaka".into(), &"panel.example.org".into()));
        assert_eq!(saved["access_rules"]["grace_secs"], 129_600);
        assert_eq!(saved["access_rules"]["when_expired"], "walled-garden");
        assert_eq!(saved["access_rules"]["walled_garden"]["download"], 1_000_000);
        assert_eq!(saved["cross_provider_login"], true);
    }

    fn others_read_them_and_the_second_of_two_sees_both(store: &Store) {
        let server = running(store);
        let mut owner = Browser::signed_in(&server, "owner");
        let page = owner.get("/settings").expect(200);
        assert!(page.text().contains("Only accounts that see the whole tenant"));
        let form = page.form("/settings");
        assert!(form.get("currency").is_none() && form.disabled.contains(&"currency".to_owned()), "shown, not sent");
        let fields = [("form_token", form.get("form_token").expect("a token")), ("version", form.get("version").expect("a version")), ("currency", "EUR")];
        owner.post("/settings", &fields).expect(403);
        let mut ada = Browser::signed_in(&server, "ada");
        let page = ada.get("/settings").expect(200);
        assert!(page.text().contains("Schema version"));
        server.must(&["tenant", "set", "default", "--currency", "EUR"]);
        let conflict = ada.send(&page, "/settings", &[("currency", "BDT")]).expect(409);
        assert!(conflict.text().contains("Currency EUR BDT"), "{}", conflict.text());
        assert_eq!(settings(&server)["currency"], "EUR");
        let done = ada.submit(&conflict.form("/settings"));
        ada.follow(&done).expect(200);
        assert_eq!(settings(&server)["currency"], "BDT");
    }
}
