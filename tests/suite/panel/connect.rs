//! "Why can't this customer connect?": real requests by UDP, and what the page says of them.

use super::running;
use crate::harness::html::PageForm;
use crate::harness::packet::{attr, status};
use crate::harness::{Browser, Client, PASSWORD, Packet, Page, SECRET, Store, TestServer, code, on_both_stores, wait};

const MAC_A: &str = "48:00:00:00:00:0A";
const MAC_B: &str = "48:00:00:00:00:0B";

/// The provider's router, package and customers.
fn with_customers(store: &Store) -> TestServer {
    let mut server = TestServer::prepare(store);
    server.must(&["account", "add", "north", "--role", "operator", "--parent", "owner"]);
    server.must(&["router", "add", "tower-3", "--address", "127.0.0.1", "--secret", SECRET]);
    server.must(&["package", "add", "home", "--download", "20M", "--upload", "10M"]);
    for name in ["rahim", "karim"] {
        server.must(&["customer", "add", name, "--password", PASSWORD, "--package", "home"]);
    }
    server.serve();
    server
}

fn path(server: &TestServer, name: &str) -> String {
    let list: serde_json::Value = serde_json::from_str(&server.must(&["customer", "ls", name, "--json"])).expect("JSON");
    let id = &list[0]["id"];
    format!("/customers/{}", id.as_str().map_or_else(|| id.to_string(), str::to_owned))
}

fn ask(server: &TestServer, name: &str, password: &str, mac: &str) -> u8 {
    let packet = Packet::pap(name, password).with(attr::CALLING_STATION_ID, mac.as_bytes());
    Client::new().exchange(server.auth, &packet).code
}

/// The page once it says this: the log is written by a thread of its own.
fn page_that_says(browser: &mut Browser, path: &str, text: &str) -> Page {
    wait::until(&format!("{path} says {text:?}"), wait::SOON, || {
        Some(browser.get(path).expect(200)).filter(|page| page.text().contains(text))
    })
}

fn says(page: &Page, all: &[&str]) {
    for text in all {
        assert!(page.text().contains(text), "{text:?} is not on {}: {}", page.path, page.text());
    }
}

on_both_stores! {
    fn each_cause_is_told_with_its_remedy(store: &Store) {
        let server = with_customers(store);
        let mut owner = Browser::signed_in(&server, "owner");
        let (rahim, karim) = (path(&server, "rahim"), path(&server, "karim"));
        let connect = format!("{rahim}/connect");
        let never = owner.get(&connect).expect(200);
        says(&never, &["No request from him has ever been seen.", "No router has asked anything yet", "Neither this server", "use-radius=yes"]);

        // a wrong password, twice
        (0..2).for_each(|_| assert_eq!(ask(&server, "rahim", "nonsense", MAC_A), code::ACCESS_REJECT));
        let page = page_that_says(&mut owner, &connect, "The last 2 requests were rejected");
        says(&page, &["wrong password", "wrong-credential", "tower-3", MAC_A, "Password right: failed here", "Username known: passed", "Router allowed: not reached"]);
        assert!(page.links().contains(&format!("{rahim}#new_password")), "{:?}", page.links());
        assert!(!page.text().contains("What to look at"), "his requests do come");
        assert_eq!(ask(&server, "karim", PASSWORD, MAC_B), code::ACCESS_ACCEPT);
        let other = page_that_says(&mut owner, &format!("{karim}/connect"), "He was let in");
        says(&other, &["He was let in", "told of no session"]);
        assert!(!other.text().contains("wrong-credential"), "rahim's are none of karim's: {}", other.text());

        // suspended, and activated by the page's own button
        server.must(&["customer", "set", "rahim", "--status", "suspended", "--reason", "unpaid"]);
        wait::until("he is suspended", wait::SOON, || (ask(&server, "rahim", PASSWORD, MAC_A) == code::ACCESS_REJECT).then_some(()));
        let page = page_that_says(&mut owner, &connect, "suspended.");
        owner.send(&page, &format!("{rahim}/activate"), &[]).leads_to();
        says(&owner.get(&connect).expect(200), &["This holds no longer"]);
        wait::until("he is let in", wait::SOON, || (ask(&server, "rahim", PASSWORD, MAC_A) == code::ACCESS_ACCEPT).then_some(()));

        // expired
        server.must(&["customer", "set", "rahim", "--expires-at", "2020-01-01"]);
        wait::until("he is expired", wait::SOON, || (ask(&server, "rahim", PASSWORD, MAC_A) == code::ACCESS_REJECT).then_some(()));
        let page = page_that_says(&mut owner, &connect, "package has run out.");
        assert!(page.links().contains(&format!("{rahim}#days")), "{:?}", page.links());
        says(&page, &["Package not run out: failed here", "Extend validity"]);
        server.must(&["customer", "set", "rahim", "--expires-at", "2099-01-01"]);
        wait::until("he is let in again", wait::SOON, || (ask(&server, "rahim", PASSWORD, MAC_A) == code::ACCESS_ACCEPT).then_some(()));

        // a device that is not on his list, and is put there
        server.must(&["customer", "device", "add", "rahim", MAC_B]);
        wait::until("another device is refused", wait::SOON, || (ask(&server, "rahim", PASSWORD, MAC_A) == code::ACCESS_REJECT).then_some(()));
        let page = page_that_says(&mut owner, &connect, "device not on his list.");
        let form = page.form(&format!("{rahim}/devices"));
        owner.submit(&form).leads_to();
        says(&owner.get(&format!("{rahim}/devices")).expect(200), &[MAC_A, MAC_B]);
        wait::until("it may come in", wait::SOON, || (ask(&server, "rahim", PASSWORD, MAC_A) == code::ACCESS_ACCEPT).then_some(()));

        // online
        let accepted = Client::new().exchange(server.auth, &Packet::pap("rahim", PASSWORD).with(attr::CALLING_STATION_ID, MAC_A.as_bytes()));
        let start = Packet::accounting(status::START, "rahim", "81000001", 1).with(attr::CLASS, accepted.all(attr::CLASS)[0]);
        assert_eq!(Client::new().exchange(server.acct, &start).code, code::ACCOUNTING_RESPONSE);
        let page = page_that_says(&mut owner, &connect, "He is online since");
        says(&page, &["on tower-3", "Let in"]);
        // his session is found by its id, and counted on the home page
        page_that_says(&mut owner, "/go?q=81000001", "81000001 · rahim");
        let home = page_that_says(&mut owner, "/?refresh=1", "device not on his list");
        says(&home, &["Sessions online 1", "Logins per minute 1"]);
    }

    fn a_full_pool_is_named(store: &Store) {
        let server = with_customers(store);
        server.must(&["pool", "add", "hall", "--range", "10.77.0.1-10.77.0.1"]);
        server.must(&["package", "set", "home", "--framed-pool", "hall"]);
        wait::until("the only address is taken", wait::SOON, || {
            ask(&server, "karim", PASSWORD, MAC_B);
            server.must(&["pool", "leases", "hall"]).contains("karim").then_some(())
        });
        assert_eq!(ask(&server, "rahim", PASSWORD, MAC_A), code::ACCESS_REJECT);
        let mut owner = Browser::signed_in(&server, "owner");
        let page = page_that_says(&mut owner, &format!("{}/connect", path(&server, "rahim")), "no free address.");
        says(&page, &["Pool hall: 1 of 1 addresses are held", "Address free: failed here"]);
    }

    fn what_never_arrived_may_have_come_from_elsewhere(store: &Store) {
        let server = running(store);
        server.must(&["router", "add", "far", "--address", "192.0.2.9", "--secret", SECRET]);
        server.must(&["package", "add", "home", "--download", "20M", "--upload", "10M"]);
        server.must(&["customer", "add", "rahim", "--password", PASSWORD, "--package", "home"]);
        // 127.0.0.1 is no router's address: nobody answers
        let client = Client::new();
        client.send(server.auth, &Packet::pap("rahim", PASSWORD).sign(SECRET));
        // addresses of no router are for who sees the whole tenant
        let mut owner = Browser::signed_in(&server, "super-admin");
        let connect = format!("{}/connect", path(&server, "rahim"));
        let page = page_that_says(&mut owner, &connect, "127.0.0.1");
        says(&page, &["No request from him has ever been seen.", "No router has asked anything yet", "If it is his router, add it"]);
        page_that_says(&mut owner, "/", "127.0.0.1 asks for logins but is no router here");
        // a name spelled otherwise, once the router is added
        server.must(&["router", "add", "near", "--address", "127.0.0.1", "--secret", SECRET]);
        wait::until("the router is known", wait::SOON, || {
            client.send(server.auth, &Packet::pap("rahmi", PASSWORD).sign(SECRET));
            client.receive(std::time::Duration::from_millis(500))
        });
        // counters and decisions reach the store by tasks of their own
        page_that_says(&mut owner, &connect, "The newest came");
        let page = page_that_says(&mut owner, &connect, "rahmi, a letter or two apart");
        says(&page, &["No request from him has ever been seen.", "at near", "The newest came"]);
    }

    fn a_simulated_login_takes_nothing(store: &Store) {
        let server = with_customers(store);
        server.must(&["package", "add", "card", "--download", "20M", "--upload", "10M", "--validity", "1h:from-first-login"]);
        server.must(&["pool", "add", "hall", "--range", "10.77.0.1-10.77.0.1"]);
        server.must(&["package", "set", "card", "--framed-pool", "hall"]);
        server.must(&["customer", "add", "card", "--password", PASSWORD, "--package", "card", "--simultaneous-sessions", "1"]);
        let mut owner = Browser::signed_in(&server, "owner");
        let connect = format!("{}/connect", path(&server, "card"));
        let forms = owner.get(&connect).expect(200).forms();
        let form = forms.into_iter().find(|form| form.action == format!("{connect}#trial") && !form.is_post).expect("the form");
        let form = PageForm { action: connect.clone(), ..form };
        assert_eq!((form.get("service"), form.get("router")), (Some("pppoe"), Some("tower-3")));
        for _ in 0..2 {
            let page = owner.submit(&form.clone().set("mac", MAC_A).set("service", "hotspot")).expect(200);
            says(&page, &["Let in", "At tower-3", "Session-Timeout = 3600", "20M/10M", "the package runs out", "Password right: passed", "10.77.0.1"]);
        }
        says(&owner.get(&path(&server, "card")).expect(200), &["Pending"]);
        assert!(!server.must(&["pool", "leases", "hall"]).contains("10.77.0.1"), "no address is taken");
        says(&owner.get(&connect).expect(200), &["No request from him has ever been seen."]);
        wait::until("a real login finds place and address", wait::SOON, || (ask(&server, "card", PASSWORD, MAC_A) == code::ACCESS_ACCEPT).then_some(()));

        let refused = owner.submit(&form.clone().set("at", "2090-01-01 00:00").set("mac", "nonsense")).expect(200);
        says(&refused, &["This is not a MAC address"]);
        let rahim = format!("{}/connect", path(&server, "rahim"));
        server.must(&["customer", "set", "rahim", "--expires-at", "2030-01-01"]);
        let later = owner.get(&format!("{rahim}?service=pppoe&router=tower-3&mac=&at=2090-01-01+00:00")).expect(200);
        says(&later, &["Rejected", "package has run out", "Package not run out: failed here", "Reply-Message = This account has expired"]);
        let nowhere = owner.get(&format!("{rahim}?service=pppoe&router=nowhere")).expect(200);
        says(&nowhere, &["Choose a router."]);
    }

    fn it_is_for_those_who_see_the_customer_and_sessions(store: &Store) {
        let server = with_customers(store);
        let connect = format!("{}/connect", path(&server, "rahim"));
        let mut north = Browser::signed_in(&server, "north");
        north.get(&connect).expect(404);
        server.must(&["customer", "add", "jamal", "--password", PASSWORD, "--package", "home"]);
        let mut owner = Browser::signed_in(&server, "owner");
        let base = path(&server, "jamal");
        let page = owner.get(&base).expect(200);
        let north_id = page.body.split("<option value=\"").find_map(|option| option.split_once("\">north<")).expect("an operator").0.to_owned();
        owner.send(&page, &format!("{base}/transfer"), &[("owner", &north_id)]).leads_to();
        let own = format!("{base}/connect");
        wait::until("jamal is known", wait::SOON, || server.accepts("jamal", PASSWORD).then_some(()));
        let page = page_that_says(&mut north, &own, "He was let in");
        says(&page, &["tower-3", "Let in"]);
        let preferences = owner.get("/profile").expect(200);
        owner.send(&preferences, "/preferences", &[("language", "bn")]).leads_to();
        let page = owner.get(&connect).expect(200);
        says(&page, &["এই গ্রাহক সংযোগ পাচ্ছেন না কেন?", "তাঁর কাছ থেকে এখনো কোনো অনুরোধ আসেনি।"]);
    }
}
