//! What an administrator writes into a customer's answers: beside the package's attributes, in their place, or where there are none (as FreeRADIUS reads operators).

use crate::harness::{Client, PASSWORD, Packet, Reply, TestServer, USER, on_both_stores, wait};

const MIKROTIK: u32 = 14_988;
const RATE_LIMIT: u8 = 8;
const ADDRESS_LIST: u8 = 19;
const FILTER_ID: u8 = 11;
const FRAMED_ROUTE: u8 = 22;
const CLASS: u8 = 25;
const IDLE_TIMEOUT: u8 = 28;
const FRAMED_POOL: u8 = 88;

/// All values of an attribute of MikroTik's.
fn vendor(reply: &Reply, kind: u8) -> Vec<&[u8]> {
    let head = [&MIKROTIK.to_be_bytes()[..], &[kind]].concat();
    reply.all(26).into_iter().filter(|value| value.starts_with(&head)).map(|value| &value[6..]).collect()
}

on_both_stores! {
    fn each_operator_does_what_it_says(store: &Store) {
        let server = TestServer::start(store);
        server.must(&["package", "set", "home", "--address-list", "home", "--idle-timeout", "300"]);
        server.must(&["customer", "set", USER,
            "--reply-attribute", "Mikrotik-Rate-Limit := \"1M/2M\"",
            "--reply-attribute", "Mikrotik-Address-List += second",
            "--reply-attribute", "Idle-Timeout = 60",
            "--reply-attribute", "Filter-Id = gold",
            "--reply-attribute", "Framed-Pool := own",
            "--reply-attribute", "Class := 0x0102",
            "--reply-attribute", "Framed-Route += \"10.1.0.0/24\", Framed-Route += \"10.2.0.0/24\""]);
        let reply = wait::until("the server knows it", wait::SOON, || {
            let reply = Client::new().exchange(server.auth, &Packet::pap(USER, PASSWORD));
            (!reply.all(FILTER_ID).is_empty() && vendor(&reply, ADDRESS_LIST).len() == 2).then_some(reply)
        });
        assert_eq!(vendor(&reply, RATE_LIMIT), [b"1M/2M"], "in place of the package's");
        assert_eq!(vendor(&reply, ADDRESS_LIST), [&b"home"[..], b"second"], "beside it");
        assert_eq!(reply.all(IDLE_TIMEOUT), [300u32.to_be_bytes()], "the package has one");
        assert_eq!((reply.all(FILTER_ID), reply.all(FRAMED_POOL)), (vec![&b"gold"[..]], vec![&b"own"[..]]));
        assert_eq!(reply.all(FRAMED_ROUTE), [b"10.1.0.0/24", b"10.2.0.0/24"]);
        assert_eq!(reply.all(CLASS).len(), 2, "our token stays");
    }
}
