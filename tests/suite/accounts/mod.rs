//! Accounts by the command line: the tree, roles, permissions, ways to sign in, API keys, the audit log, and stores of earlier versions.

use crate::harness::{PASSWORD, SECRET, Store, TestServer, on_both_stores};
use serde_json::Value;

/// A migrated store with an operator and his sub-operator.
fn prepared(store: &Store) -> TestServer {
    let server = TestServer::prepare(store);
    server.must(&["account", "add", "north", "--role", "operator", "--parent", "owner", "--email", "north@example.org"]);
    server.must(&["account", "add", "hill", "--role", "sub-operator", "--parent", "north"]);
    server
}

fn json(server: &TestServer, arguments: &[&str]) -> Value {
    let text = server.must(&[arguments, &["--json"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
}

/// The command must fail with this exit code; returns what it said.
fn refused(server: &TestServer, arguments: &[&str], exit: i32) -> String {
    let output = server.cli(arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(exit), "{arguments:?}: {said}");
    said
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().expect("a list").iter().map(|a| a["name"].as_str().expect("a name")).collect()
}

on_both_stores! {
    fn the_tree_is_made_shown_and_changed(store: &Store) {
        let server = prepared(store);
        assert_eq!(names(&json(&server, &["account", "ls"])), ["super-admin", "owner", "north", "hill"]);
        assert_eq!(names(&json(&server, &["account", "ls", "--below", "north"])), ["north", "hill"]);
        let text = server.must(&["account", "ls"]);
        assert!(text.contains("\n    north") && text.contains("\n      hill"), "indented: {text}");
        server.must(&["account", "suspend", "north", "--reason", "unpaid"]);
        assert_eq!(json(&server, &["account", "show", "hill"])["state"], "suspended above");
        server.must(&["account", "restore", "NORTH@example.org"]);
        assert_eq!(json(&server, &["account", "show", "hill"])["state"], "active");
        server.must(&["account", "transfer", "hill", "--to", "owner"]);
        assert_eq!(json(&server, &["account", "ls", "--role", "sub-operator"])[0]["name"], "hill");
        server.must(&["account", "set", "hill", "--rename", "valley", "--full-name", "A. Valley", "--email", "v@example.org"]);
        assert_eq!(json(&server, &["account", "show", "v@example.org"])["account"]["full_name"], "A. Valley");

        server.must(&["account", "add", "ada", "--role", "developer"]);
        assert_eq!(json(&server, &["account", "show", "ada"])["level"], 0);
        assert!(refused(&server, &["account", "transfer", "owner", "--to", "north"], 1).contains("account-circle"));
        assert!(refused(&server, &["account", "add", "x", "--role", "admin", "--parent", "north"], 1).contains("parent-role-wrong"));
        assert!(refused(&server, &["account", "add", "x", "--role", "super-admin"], 1).contains("role-reserved"));
        assert!(refused(&server, &["account", "add", "North", "--role", "operator", "--parent", "owner"], 1).contains("account-name-taken"));
        assert!(refused(&server, &["account", "show", "nobody"], 1).contains("account-unknown"));
        refused(&server, &["account", "add", "x", "--role", "customer", "--parent", "owner"], 2);
        server.must(&["tenant", "add", "elsewhere"]);
        assert!(refused(&server, &["--tenant", "elsewhere", "account", "show", "north"], 1).contains("account-unknown"));
    }

    fn roles_and_permissions_are_data(store: &Store) {
        let server = prepared(store);
        let holds = |name: &str| json(&server, &["account", "show", name])["holds"].to_string();
        server.must(&["account", "permit", "north", "special.bypass-credit-limit", "--until", "2199-12-31"]);
        assert!(holds("north").contains("special.bypass-credit-limit"));
        server.must(&["account", "revoke", "north", "special.bypass-credit-limit"]);
        assert!(!holds("north").contains("special.bypass-credit-limit"));
        server.must(&["account", "set", "north", "--disable-menu", "customers"]);
        assert!(!holds("hill").contains("customers.view"), "what is off above is off below");
        server.must(&["account", "set", "north", "--enable-menu", "customers"]);
        assert!(holds("hill").contains("customers.view"));
        server.must(&["role", "set", "operator", "--withhold", "customers.view"]);
        assert!(!holds("north").contains("customers.view") && !holds("hill").contains("customers.view"));
        server.must(&["role", "label", "operator", "Partner"]);
        assert!(server.must(&["account", "ls"]).contains("Partner"));
        server.must(&["tenant", "add", "elsewhere"]);
        let elsewhere = json(&server, &["--tenant", "elsewhere", "role", "ls"]).to_string();
        assert!(!elsewhere.contains("Partner"), "roles are the tenant's own");
        assert!(refused(&server, &["role", "set", "operator", "--level", "40"], 1).contains("role-invalid"));
        assert!(refused(&server, &["account", "permit", "north", "customers.view", "--until", "2001-01-01"], 1).contains("field-invalid"));
        refused(&server, &["account", "permit", "north", "customers.fly"], 2);
        assert!(server.must(&["role", "ls", "--capabilities"]).contains("customers.view"));
    }

    fn passwords_come_by_file_and_links_are_shown_once(store: &Store) {
        let server = prepared(store);
        let file = store.folder().join("password");
        std::fs::write(&file, "correct horse battery\n").expect("writable");
        let file = file.to_str().expect("UTF-8");
        server.must(&["account", "passwd", "north", "--password-file", file]);
        assert_eq!(json(&server, &["account", "show", "north"])["account"]["has_password"], true);
        refused(&server, &["account", "passwd", "north", "--password", "correct horse battery"], 2);
        std::fs::write(file, "short").expect("writable");
        assert!(refused(&server, &["account", "passwd", "north", "--password-file", file], 1).contains("password-invalid"));
        let link = json(&server, &["account", "setup-link", "north", "--valid", "2h"]);
        let path = link["path"].as_str().expect("a path");
        assert!(path.starts_with("/setup/tgl_") && path.len() > 64, "{path}");
        server.must(&["account", "reset-2fa", "north"]);
        assert!(server.must(&["account", "sign-ins", "north"]).contains("never"));
        let log = server.must(&["audit", "ls", "--json"]);
        for verb in ["account.passwd", "account.setup-link", "account.reset-2fa"] {
            assert!(log.contains(verb), "{verb} is missing in {log}");
        }
        let token = &path["/setup/".len()..];
        assert!(!log.contains("correct horse") && !log.contains(token) && !log.contains("argon2id"), "secrets in {log}");
    }

    fn api_keys_never_hold_more_than_their_account(store: &Store) {
        let server = prepared(store);
        let add = |capability: &str| ["api-key", "add", "north", "--name", "billing", "--capability", capability, "--from", "192.0.2.0/24"].map(str::to_owned);
        let made = add("customers.view");
        let made = json(&server, &made.iter().map(String::as_str).collect::<Vec<_>>());
        let key = made["key"].as_str().expect("a key");
        let listed = server.must(&["api-key", "ls", "north", "--json"]);
        assert!(key.starts_with("tgk_") && listed.contains(&key[..12]) && !listed.contains(key));
        let more = add("routers.edit");
        assert!(refused(&server, &more.iter().map(String::as_str).collect::<Vec<_>>(), 1).contains("capability-not-held"));
        server.must(&["api-key", "revoke", "north", &key[..12]]);
        assert!(refused(&server, &["api-key", "revoke", "north", &key[..12]], 1).contains("api-key-unknown"));
        assert!(!server.must(&["audit", "ls", "--json"]).contains(key));
    }

    fn a_tenant_is_renamed_and_its_old_name_still_means_it(store: &Store) {
        let server = prepared(store);
        server.must(&["tenant", "add", "Hill Net"]);
        assert!(server.must(&["tenant", "set", "default", "--rename", "North Net"]).contains("\"North Net\" changed"));
        assert_eq!(names(&json(&server, &["tenant", "ls"])), ["Hill Net", "North Net"]);
        // the configuration says the old name, and a migration makes no tenant of it
        server.must(&["migrate"]);
        for tenant in ["default", "North Net"] {
            assert!(server.must(&["--tenant", tenant, "account", "ls"]).contains("hill"), "{tenant}");
        }
        for (name, code) in [("default", "tenant-name-taken"), ("North Net", "tenant-name-taken"), ("a/b", "tenant-name-invalid")] {
            assert!(refused(&server, &["tenant", "set", "Hill Net", "--rename", name], 1).contains(code), "{name}");
            assert!(refused(&server, &["tenant", "add", name], 1).contains(code), "{name}");
        }
        assert_eq!(json(&server, &["tenant", "ls"]).as_array().map(Vec::len), Some(2));
        let log = json(&server, &["audit", "ls", "--verb", "tenant.set"]);
        assert_eq!((&log[0]["object"], &log[0]["changes"]["name"]), (&"default".into(), &serde_json::json!(["default", "North Net"])));
    }

    fn every_command_that_changes_something_is_in_the_audit_log(store: &Store) {
        let server = prepared(store);
        server.add_standard_entries();
        server.must(&["customer", "set", "bob", "--name", "Robert", "--static-ip", "10.0.0.9"]);
        server.must(&["customer", "passwd", "bob", "--password", "another one"]);
        server.must(&["customer", "top-up", "bob", "--volume", "1G"]);
        server.must(&["customer", "device", "add", "bob", "AA:BB:CC:00:00:01"]);
        server.must(&["package", "set", "home", "--download", "30M"]);
        server.must(&["router", "set", "rw01", "--coa-port", "3800", "--next-secret", "a longer secret 12"]);
        server.must(&["pool", "add", "p1", "--range", "10.0.0.0/24"]);
        server.must(&["pool", "rm", "p1"]);
        server.must(&["tenant", "set", "default", "--currency", "BDT", "--host-name", "panel.example.org"]);
        server.must(&["customer", "rm", "bob"]);
        server.must(&["package", "rm", "home"]);
        server.must(&["router", "rm", "rw01"]);
        refused(&server, &["customer", "rm", "nobody"], 1);
        let log = json(&server, &["audit", "ls"]);
        let verbs: Vec<&str> = log.as_array().expect("a list").iter().rev().map(|l| l["verb"].as_str().expect("a verb")).collect();
        assert_eq!(verbs, [
            "tenant.add", "account.add", "account.add", "router.add", "package.add", "customer.add", "customer.set", "customer.passwd", "customer.top-up",
            "customer.device-add", "package.set", "router.set", "pool.add", "pool.remove", "tenant.set", "customer.remove", "package.remove", "router.remove",
        ]);
        for line in log.as_array().expect("a list") {
            assert!(line["actor"].as_str().is_some_and(|a| a.starts_with("cli:") && a.len() > 4) && line["source"] == "cli", "{line}");
        }
        let find = |verb: &str| log.as_array().expect("a list").iter().find(|l| l["verb"] == verb).expect(verb).clone();
        assert_eq!(find("customer.set")["changes"]["name"], serde_json::json!(["", "Robert"]));
        assert_eq!(find("customer.set")["changes"].as_object().map(|c| c.len()), Some(2));
        assert_eq!(find("package.set")["changes"]["download_bps"], serde_json::json!([20_000_000, 30_000_000]));
        assert_eq!(find("tenant.set")["changes"]["currency"], serde_json::json!(["USD", "BDT"]));
        let text = log.to_string();
        for secret in [SECRET, PASSWORD, "another one", "a longer secret 12"] {
            assert!(!text.contains(secret), "{secret} is in the audit log");
        }
        assert_eq!(json(&server, &["audit", "ls", "--verb", "customer."]).as_array().map(Vec::len), Some(6));
        assert!(server.must(&["audit", "ls", "--limit", "1"]).contains("router.remove"));
    }
}
