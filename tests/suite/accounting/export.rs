//! Sessions as they come out of `export sessions`: started, metered and ended by foreign clients and by our own.

use crate::harness::packet::{attr, status};
use crate::harness::{Client, Packet, SECRET, TestServer, USER, clients, code, on_both_stores};

on_both_stores! {
    fn radclient_starts_meters_and_ends_a_session(store: &Store) {
        let server = TestServer::start(store);
        for (kind, octets, more) in [
            ("Start", 0, ""),
            ("Interim-Update", 1_000, ""),
            ("Stop", 5_000, "Acct-Terminate-Cause = User-Request\nAcct-Output-Gigawords = 1\n"),
        ] {
            let request = format!(
                "Acct-Status-Type = {kind}\nAcct-Session-Id = \"8100001B\"\nUser-Name = \"{USER}\"\nNAS-IP-Address = 127.0.0.1\n\
                 NAS-Identifier = \"rw01\"\nCalling-Station-Id = \"02:00:00:00:00:01\"\nAcct-Session-Time = 60\n\
                 Acct-Input-Octets = {octets}\nAcct-Output-Octets = {octets}\n{more}"
            );
            let Some(said) = clients::radclient(server.acct, "acct", &request) else { return };
            said.must_hold("Received Accounting-Response");
        }
        let row = server.exported_session("8100001B");
        assert_eq!((row["router"].as_str(), row["username"].as_str()), ("rw01", USER));
        assert_eq!(row["octets_in"], "5000");
        assert_eq!(row["octets_out"], (5_000u64 + (1 << 32)).to_string());
        assert_eq!(row["session_secs"], "60");
        assert!(row["terminate_cause"].to_lowercase().contains("user"), "{row:?}");
        assert!(!row["ended_at"].is_empty());
        assert_eq!(row["mac"].to_lowercase().replace([':', '-'], ""), "020000000001");
    }

    fn pyrad_starts_and_ends_a_session(store: &Store) {
        let server = TestServer::start(store);
        let (host, port) = (server.acct.ip().to_string(), server.acct.port().to_string());
        for (kind, octets) in [("start", "0"), ("interim", "700"), ("stop", "900")] {
            let Some(said) = clients::pyrad(&["acct", &host, &port, SECRET, kind, USER, "81000002", octets]) else { return };
            said.must_hold("\"code\": 5");
        }
        assert_eq!(server.exported_session("81000002")["octets_in"], "900");
    }

    fn repeats_and_late_packets_count_once(store: &Store) {
        let server = TestServer::start(store);
        let client = Client::new();
        let send = |status, octets| {
            let reply = client.exchange(server.acct, &Packet::accounting(status, USER, "81000003", octets));
            assert_eq!(reply.code, code::ACCOUNTING_RESPONSE);
        };
        send(status::START, 0);
        send(status::INTERIM, 3_000);
        // The same counters under a new identifier, then an Interim that was overtaken.
        send(status::INTERIM, 3_000);
        send(status::INTERIM, 2_000);
        send(status::STOP, 4_000);
        // After the Stop: an overtaken Interim must not reopen it, a repeated Stop must not end it twice.
        send(status::INTERIM, 3_500);
        send(status::STOP, 4_000);
        let row = server.exported_session("81000003");
        assert_eq!((row["octets_in"].as_str(), row["octets_out"].as_str()), ("4000", "4000"));
        assert!(!row["ended_at"].is_empty());
        assert!(server.must(&["verify"]).contains("1 sessions agree"));
    }

    fn a_stop_without_a_start_is_a_session(store: &Store) {
        let server = TestServer::start(store);
        let stop = Packet::accounting(status::STOP, USER, "81000004", 77).with(attr::ACCT_TERMINATE_CAUSE, &1u32.to_be_bytes());
        assert_eq!(Client::new().exchange(server.acct, &stop).code, code::ACCOUNTING_RESPONSE);
        let row = server.exported_session("81000004");
        assert_eq!(row["octets_in"], "77");
        assert!(!row["ended_at"].is_empty());
    }

    fn a_wrapped_counter_without_gigawords_goes_on(store: &Store) {
        let server = TestServer::start(store);
        let client = Client::new();
        for (status, octets) in [(status::START, 0), (status::INTERIM, 4_294_967_000), (status::INTERIM, 1_000), (status::STOP, 2_000)] {
            client.exchange(server.acct, &Packet::accounting(status, USER, "81000005", octets));
        }
        assert_eq!(server.exported_session("81000005")["octets_in"], (2_000u64 + (1 << 32)).to_string());
    }

    fn another_boot_digit_ends_what_was_open(store: &Store) {
        let server = TestServer::start(store);
        let client = Client::new();
        client.exchange(server.acct, &Packet::accounting(status::START, USER, "81000006", 0));
        client.exchange(server.acct, &Packet::accounting(status::INTERIM, USER, "81000006", 500));
        client.exchange(server.acct, &Packet::accounting(status::START, USER, "81100001", 0));
        let ended = server.exported_session("81000006");
        assert!(!ended["ended_at"].is_empty(), "{ended:?}");
        assert_eq!(ended["octets_in"], "500", "billed to its last counters, nothing invented");
        assert!(server.exported_session("81100001")["ended_at"].is_empty());
    }

    fn the_online_list_shows_who_is_there(store: &Store) {
        let server = TestServer::start(store);
        let client = Client::new();
        client.exchange(server.acct, &Packet::accounting(status::START, USER, "81000007", 0));
        client.exchange(server.acct, &Packet::accounting(status::START, USER, "81000008", 0));
        client.exchange(server.acct, &Packet::accounting(status::STOP, USER, "81000008", 9));
        let online = server.must(&["sessions", "ls", "--online", "--json"]);
        assert!(online.contains("81000007") && !online.contains("81000008"), "{online}");
        let all = server.must(&["sessions", "ls", "--json"]);
        assert!(all.contains("81000007") && all.contains("81000008"), "{all}");
    }
}
