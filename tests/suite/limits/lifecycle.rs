//! From pending to closed, and the walled garden.

use super::*;
use crate::harness::{USER, on_both_stores};

fn state(server: &TestServer, user: &str) -> String {
    json(server, &["customer", "ls", user])[0]["state"].as_str().expect("a state").to_owned()
}

on_both_stores! {
    fn the_first_login_begins_the_validity(store: &Store) {
        let mut server = TestServer::start(store);
        add(&server, "card", &["--validity", "1h:from-first-login"]);
        assert_eq!(state(&server, "card"), "pending");
        let reply = login_until(&server, "card", "the customer is known", is_accept);
        let timeout = number(&reply, SESSION_TIMEOUT).expect("a Session-Timeout");
        assert!((3590..=3600).contains(&timeout), "{timeout}");
        // Killed at once: the accept left when the first login was on disk.
        server.kill9();
        server.serve();
        wait::until("the applier has noted it", wait::SOON, || (state(&server, "card") == "active").then_some(()));
        let customer = json(&server, &["customer", "ls", "card"]);
        let (activated, expires) = (customer[0]["activated_at"].clone(), customer[0]["expires_at"].clone());
        assert!(activated.is_string() && expires.is_string(), "{customer}");
        assert!(is_accept(&login(&server, "card")));
        let again = json(&server, &["customer", "ls", "card"]);
        assert_eq!((&again[0]["activated_at"], &again[0]["expires_at"]), (&activated, &expires), "the first login counts");
    }

    fn a_validity_from_purchase_sets_the_expiry(store: &Store) {
        let server = TestServer::start(store);
        add(&server, "month", &["--validity", "30d"]);
        let reply = login_until(&server, "month", "the customer is known", is_accept);
        let timeout = number(&reply, SESSION_TIMEOUT).expect("a Session-Timeout");
        assert!((30 * 86_400 - 60..=30 * 86_400).contains(&timeout), "{timeout}");
    }

    fn who_may_not_come_in_is_walled_where_the_tenant_says_so(store: &Store) {
        let server = TestServer::start(store);
        server.must(&["customer", "set", USER, "--expires-at", "2020-01-01", "--static-ip", "10.1.2.3"]);
        login_until(&server, USER, "he has expired", |reply| text(reply, REPLY_MESSAGE) == "This account has expired");
        server.must(&["tenant", "set", "default", "--when-expired", "walled-garden", "--walled-rate", "1M/512k", "--walled-session", "5m"]);
        let reply = login_until(&server, USER, "the wall is up", is_accept);
        assert_eq!(reply.vendor(MIKROTIK, ADDRESS_LIST), Some(&b"walled-garden"[..]));
        assert_eq!((rate(&reply).as_str(), text(&reply, FRAMED_POOL).as_str()), ("512k/1M", "walled-garden"));
        assert_eq!((number(&reply, SESSION_TIMEOUT), number(&reply, INTERIM)), (Some(300), Some(60)));
        assert!(reply.all(8).is_empty(), "his own address would be a hole in the wall");
        assert!(!server.accepts(USER, "wrong"), "the wall asks for the password too");
        wait::until("the trace tells it", wait::SOON, || server.must(&["trace", USER]).contains("WALLED-GARDEN (expired)").then_some(()));
        server.must(&["customer", "set", USER, "--status", "suspended", "--reason", "unpaid"]);
        login_until(&server, USER, "suspension rejects", |reply| text(reply, REPLY_MESSAGE) == "This account is suspended");
        server.must(&["customer", "set", USER, "--status", "active", "--expires-at", "none", "--static-ip", "none"]);
        let reply = login_until(&server, USER, "he has paid", |reply| reply.vendor(MIKROTIK, ADDRESS_LIST).is_none() && is_accept(reply));
        assert_eq!((rate(&reply).as_str(), text(&reply, FRAMED_POOL).as_str()), ("10M/20M", "pppoe"));
    }

    fn grace_closing_and_coming_back(store: &Store) {
        let server = TestServer::start(store);
        let yesterday = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
        let secs = yesterday.duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_secs() as i64;
        let instant = jiff::Timestamp::from_second(secs).expect("an instant").to_string();
        server.must(&["customer", "set", USER, "--expires-at", &instant]);
        assert_eq!(state(&server, USER), "expired");
        login_until(&server, USER, "he has expired", |reply| !is_accept(reply));
        server.must(&["tenant", "set", "default", "--grace", "1d"]);
        let customer = json(&server, &["customer", "ls", USER]);
        assert_eq!((&customer[0]["state"], &customer[0]["view"]), (&"active".into(), &"grace".into()));
        let reply = login_until(&server, USER, "grace holds", is_accept);
        let timeout = number(&reply, SESSION_TIMEOUT).expect("a Session-Timeout");
        assert!((82_000..=82_800).contains(&timeout), "{timeout}");
        server.must(&["customer", "close", USER]);
        assert_eq!(state(&server, USER), "closed");
        login_until(&server, USER, "he has left", |reply| text(reply, REPLY_MESSAGE) == "This account is closed");
        server.must(&["customer", "reopen", USER]);
        login_until(&server, USER, "he is back", is_accept);
    }
}
