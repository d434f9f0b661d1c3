//! The simulated router against replies built here, with a clock of our own.

use super::*;
use crate::demo::router::CountersSnapshot;
use crate::radius::client::reply_to;
use crate::radius::credentials::{chap, pap};

const SECRET: &[u8] = b"testing123";
const NOW: u64 = 1_790_000_000_000;

fn router(change: impl FnOnce(&mut RouterOptions)) -> SimulatedRouter {
    let mut options = RouterOptions { identity: "tower-1".into(), secret: SECRET.to_vec(), boot: 3, seed: 42, ..RouterOptions::default() };
    change(&mut options);
    SimulatedRouter::new(options, Arc::default(), NOW)
}

fn customer(service: Service) -> Arc<DemoCustomer> {
    Arc::new(DemoCustomer { username: "alice@isp".into(), password: "wonderland".into(), mac: "AA:BB:CC:00:11:22".into(), service })
}

fn login(router: &mut SimulatedRouter, service: Service, method: Method) -> Datagram {
    router.login(&customer(service), "wonderland", method, NOW).expect("short names fit")
}

/// Number and value of every attribute in packet order; Vendor-Specific as 26 with its whole body.
fn attributes(packet: &[u8]) -> Vec<(u8, Vec<u8>)> {
    assert_eq!(usize::from(u16::from_be_bytes([packet[2], packet[3]])), packet.len());
    let mut rest = &packet[20..];
    let mut found = Vec::new();
    while let [number, length, ..] = *rest {
        found.push((number, rest[2..usize::from(length)].to_vec()));
        rest = &rest[usize::from(length)..];
    }
    found
}

fn numbers(packet: &[u8]) -> Vec<u8> {
    attributes(packet).into_iter().map(|(number, _)| number).collect()
}

fn value(packet: &[u8], number: u8) -> Vec<u8> {
    attributes(packet).into_iter().find(|(other, _)| *other == number).unwrap_or_else(|| panic!("no attribute {number}")).1
}

fn integer(packet: &[u8], number: u8) -> u32 {
    u32::from_be_bytes(value(packet, number).try_into().unwrap())
}

/// Logs a customer in with these attributes in the Accept and returns the session id and the Start.
fn online(router: &mut SimulatedRouter, service: Service, accept: &[(u8, &[u8])]) -> (u32, Datagram) {
    let request = login(router, service, Method::Pap);
    let outcome = router.receive(request.exchange, &reply_to(&request.bytes, Code::AccessAccept, accept, SECRET, true), NOW);
    let Outcome::Online(id) = outcome else { panic!("{outcome:?}") };
    let start = router.due(NOW).pop().expect("a Start");
    acknowledge(router, &start, NOW);
    (id, start)
}

fn acknowledge(router: &mut SimulatedRouter, datagram: &Datagram, now_ms: u64) {
    let reply = reply_to(&datagram.bytes, Code::AccountingResponse, &[], SECRET, false);
    assert_eq!(router.receive(datagram.exchange, &reply, now_ms), Outcome::Acknowledged);
}

fn counters(router: &SimulatedRouter) -> CountersSnapshot {
    router.counters.snapshot()
}

#[test]
fn hotspot_login_has_the_captured_order() {
    let mut router = router(|_| {});
    let request = login(&mut router, Service::Hotspot, Method::Chap);
    assert_eq!(request.port, Port::Authentication);
    // NAS-Port-Type, Calling, Called, NAS-Port-Id, User-Name, NAS-Port, Acct-Session-Id, Framed-IP, Host-IP, CHAP-Challenge, CHAP-Password,
    // Service-Type, WISPr-Logoff-URL, NAS-Identifier, NAS-IP-Address, Message-Authenticator.
    assert_eq!(numbers(&request.bytes), [61, 31, 30, 87, 1, 5, 44, 8, 26, 60, 3, 6, 26, 32, 4, 80]);
    assert_eq!(value(&request.bytes, 44), b"80300001");
    assert_eq!(integer(&request.bytes, 5), 0x8030_0001, "NAS-Port is the session id as a number");
    assert_eq!(value(&request.bytes, 31), b"AA:BB:CC:00:11:22");
    assert_eq!((value(&request.bytes, 60).len(), integer(&request.bytes, 6)), (16, 1));
    assert!(chap::verify_chap(&value(&request.bytes, 3), &value(&request.bytes, 60), b"wonderland"));
}

#[test]
fn ppp_login_has_its_order_and_a_second_login_the_next_id() {
    let mut router = router(|options| options.personality = Personality::V6);
    let first = login(&mut router, Service::Ppp, Method::Pap);
    assert_eq!(numbers(&first.bytes), [6, 7, 5, 61, 1, 31, 30, 87, 44, 2, 32, 4], "no Message-Authenticator before 7.15");
    assert_eq!((value(&first.bytes, 44), integer(&first.bytes, 6), integer(&first.bytes, 7)), (b"81300001".to_vec(), 2, 1));
    let authenticator = first.bytes[4..20].try_into().unwrap();
    assert_eq!(pap::unhide_password(&value(&first.bytes, 2), SECRET, &authenticator, &mut [0; 128]), Some(&b"wonderland"[..]));
    let second = login(&mut router, Service::Ppp, Method::MsChapV2);
    assert_eq!(numbers(&second.bytes), [6, 7, 5, 61, 1, 31, 30, 87, 44, 26, 26, 32, 4]);
    assert_eq!(value(&second.bytes, 44), b"81300002");
    assert_ne!(first.exchange, second.exchange, "a source port of its own");
    assert_eq!(second.bytes[1], first.bytes[1] + 1, "one counter of identifiers");
}

#[test]
fn a_wrong_password_is_really_wrong() {
    let mut router = router(|_| {});
    let request = router.login(&customer(Service::Hotspot), "wonderlandx", Method::Chap, NOW).unwrap();
    assert!(!chap::verify_chap(&value(&request.bytes, 3), &value(&request.bytes, 60), b"wonderland"));
}

#[test]
fn the_session_follows_the_accept() {
    let mut router = router(|_| {});
    let accept: [(u8, &[u8]); 6] = [
        (25, b"class one"),
        (25, b"class two"),
        (27, &900u32.to_be_bytes()),
        (85, &300u32.to_be_bytes()),
        (8, &[100, 64, 0, 9]),
        (26, b"\0\0\x3a\x8c\x08\x0a10M/100M"),
    ];
    let (id, start) = online(&mut router, Service::Ppp, &accept);
    assert_eq!(start.port, Port::Accounting);
    assert_eq!(numbers(&start.bytes), [6, 7, 5, 61, 1, 31, 30, 87, 44, 8, 45, 25, 25, 55, 40, 32, 41, 4]);
    assert_eq!((integer(&start.bytes, 40), integer(&start.bytes, 55)), (1, (NOW / 1000) as u32));
    assert_eq!(value(&start.bytes, 8), [100, 64, 0, 9]);
    assert_eq!(attributes(&start.bytes)[11..13], [(25, b"class one".to_vec()), (25, b"class two".to_vec())]);
    assert_eq!(router.sessions().next().unwrap().rate_limit.unwrap().rate_bps, (10_000_000, 100_000_000));

    assert_eq!(router.due(NOW + 299_999), []);
    let interim = router.due(NOW + 300_000).pop().expect("an interim");
    assert_eq!((integer(&interim.bytes, 40), integer(&interim.bytes, 46)), (3, 300));
    acknowledge(&mut router, &interim, NOW + 300_000);

    let stop = router.due(NOW + 900_000).pop().expect("a Stop at Session-Timeout");
    assert_eq!((integer(&stop.bytes, 40), integer(&stop.bytes, 49), integer(&stop.bytes, 46)), (2, 5, 900));
    assert!(integer(&stop.bytes, 43) > integer(&interim.bytes, 43));
    acknowledge(&mut router, &stop, NOW + 900_000);
    assert_eq!((router.sessions().count(), router.pending(), router.is_busy("alice@isp")), (0, 0, false));
    assert!(!router.logout(id, TerminateCause::UserRequest, NOW + 900_001), "it ends once");
    let counted = counters(&router);
    assert_eq!(
        (counted.logins, counted.accepts, counted.online, counted.accounting_requests, counted.accounting_responses),
        (1, 1, 0, 3, 3)
    );
}

#[test]
fn hotspot_stop_has_the_captured_order_with_gigawords() {
    let mut router = router(|_| {});
    let (id, start) = online(&mut router, Service::Hotspot, &[(25, b"c")]);
    assert_eq!(numbers(&start.bytes), [40, 61, 31, 30, 87, 1, 5, 44, 8, 26, 25, 55, 32, 41, 4], "no Service-Type, no Acct-Authentic");
    assert!(router.logout(id, TerminateCause::UserRequest, NOW + 10));
    let stop = router.due(NOW + 10).pop().expect("a Stop");
    assert_eq!(numbers(&stop.bytes), [40, 49, 61, 31, 30, 87, 1, 5, 44, 8, 26, 25, 55, 46, 42, 52, 47, 43, 53, 48, 32, 41, 4]);
    assert_eq!((integer(&stop.bytes, 49), integer(&stop.bytes, 52), integer(&stop.bytes, 53)), (1, 0, 0), "gigawords also when zero");
}

#[test]
fn octets_pass_four_gigabytes_and_obey_the_rate() {
    let mut router = router(|_| {});
    online(&mut router, Service::Ppp, &[(26, b"\0\0\x3a\x8c\x08\x0c100M/1000M")]);
    let day_ms = 86_400_000;
    router.due(NOW + day_ms);
    let session = router.sessions().next().unwrap().clone();
    assert!(session.octets_out > u64::from(u32::MAX) && session.octets_out <= 1_000_000_000 / 8 * 86_400, "{}", session.octets_out);
    router.logout(session.id, TerminateCause::LostCarrier, NOW + day_ms);
    let stop = router.due(NOW + day_ms).pop().unwrap();
    assert_eq!(u64::from(integer(&stop.bytes, 53)) << 32 | u64::from(integer(&stop.bytes, 43)), session.octets_out);
    assert_eq!(u64::from(integer(&stop.bytes, 52)) << 32 | u64::from(integer(&stop.bytes, 42)), session.octets_in);
    assert_eq!(counters(&router).octets_out, session.octets_out);
}

#[test]
fn traffic_limits_end_the_session() {
    for (low, high) in [(1, 14), (2, 15), (17, 18)] {
        let mut router = router(|_| {});
        let word = |number: u8, value: u32| [&[0, 0, 0x3a, 0x8c, number, 6][..], &value.to_be_bytes()].concat();
        let (low, high) = (word(low, 5), word(high, 1));
        online(&mut router, Service::Hotspot, &[(26, &low), (26, &high)]);
        let mut stops = Vec::new();
        let mut now_ms = NOW;
        while stops.is_empty() {
            now_ms += 60_000;
            stops = router.due(now_ms);
            let sent = router.counters.snapshot();
            assert!(stops.len() == 1 || sent.octets_in + sent.octets_out < 1 << 40, "never ended");
        }
        assert_eq!((integer(&stops[0].bytes, 40), integer(&stops[0].bytes, 49)), (2, 10));
    }
}

#[test]
fn a_rate_limit_outside_the_grammar_limits_nothing() {
    let mut router = router(|_| {});
    online(&mut router, Service::Ppp, &[(26, b"\0\0\x3a\x8c\x08\x151M/1M 0/0 0/0 0/0 0")]);
    assert_eq!(router.sessions().next().unwrap().rate_limit, None);
    assert_eq!(counters(&router).bad_rate_limits, 1);
}

#[test]
fn three_tries_then_it_gives_up() {
    let mut router = router(|_| {});
    let request = login(&mut router, Service::Ppp, Method::Chap);
    assert_eq!(router.due(NOW + 1_099), []);
    assert_eq!(router.due(NOW + 1_100), std::slice::from_ref(&request), "same octets, same source port");
    assert_eq!(router.due(NOW + 2_199), []);
    assert_eq!(router.due(NOW + 2_200), std::slice::from_ref(&request));
    assert!(router.is_pending(request.exchange));
    assert_eq!(router.due(NOW + 3_300), []);
    assert!(!router.is_pending(request.exchange) && !router.is_busy("alice@isp"));
    let counted = counters(&router);
    assert_eq!((counted.logins, counted.resends, counted.timeouts), (1, 2, 1));
    let late = reply_to(&request.bytes, Code::AccessAccept, &[], SECRET, true);
    assert_eq!(router.receive(request.exchange, &late, NOW + 3_301), Outcome::Late);
}

#[test]
fn bad_replies_are_counted_and_waited_over() {
    let mut router = router(|_| {});
    let request = login(&mut router, Service::Ppp, Method::Pap);
    for (reply, error) in [
        (reply_to(&request.bytes, Code::AccessAccept, &[], b"other", true), ReplyError::WrongAuthenticator),
        (reply_to(&request.bytes, Code::AccessAccept, &[], SECRET, false), ReplyError::NoMessageAuthenticator),
        (reply_to(&request.bytes, Code::AccessAccept, &[(80, &[0; 16])], SECRET, false), ReplyError::WrongMessageAuthenticator),
        (reply_to(&request.bytes, Code::AccountingResponse, &[], SECRET, true), ReplyError::UnexpectedCode(5)),
        (vec![2; 7], ReplyError::Malformed),
    ] {
        assert_eq!(router.receive(request.exchange, &reply, NOW), Outcome::BadReply(error));
    }
    assert_eq!((counters(&router).bad_replies, router.is_pending(request.exchange)), (5, true));
    let good = reply_to(&request.bytes, Code::AccessAccept, &[], SECRET, true);
    assert!(matches!(router.receive(request.exchange, &good, NOW), Outcome::Online(_)));
}

#[test]
fn routeros_6_takes_replies_without_message_authenticator() {
    let mut router = router(|options| options.personality = Personality::V6);
    let request = login(&mut router, Service::Ppp, Method::Pap);
    let reply = reply_to(&request.bytes, Code::AccessAccept, &[], SECRET, false);
    assert!(matches!(router.receive(request.exchange, &reply, NOW), Outcome::Online(_)));
}

#[test]
fn mschap_v2_needs_the_servers_proof() {
    let mut router = router(|_| {});
    let request = login(&mut router, Service::Ppp, Method::MsChapV2);
    let reply = reply_to(&request.bytes, Code::AccessAccept, &[], SECRET, true);
    assert_eq!(router.receive(request.exchange, &reply, NOW), Outcome::Unproven(ReplyError::NoServerProof));
    assert_eq!((router.due(NOW), router.is_pending(request.exchange), counters(&router).bad_replies), (vec![], false, 1));
}

#[test]
fn rejects_are_counted_by_their_text() {
    let mut router = router(|_| {});
    let ms_chap_error = b"\0\0\x01\x37\x02\x15\x01E=691 R=0 C=AA V=3";
    let with_message = b"\0\0\x01\x37\x02\x20\x01E=648 R=0 C=AA V=3 M=too late";
    for (attributes, text) in [
        (&[(18, &b"Wrong password"[..])][..], "Wrong password"),
        (&[(18, b"Your plan "), (18, b"has ended")], "Your plan has ended"),
        (&[(26, ms_chap_error)], "E=691"),
        (&[(26, with_message)], "E=648 too late"),
        (&[], "(no text)"),
    ] {
        let request = login(&mut router, Service::Hotspot, Method::Pap);
        let reply = reply_to(&request.bytes, Code::AccessReject, attributes, SECRET, true);
        assert_eq!(router.receive(request.exchange, &reply, NOW), Outcome::Rejected(text.into()));
        assert!(!router.is_busy("alice@isp"));
    }
    let counted = counters(&router);
    assert_eq!((counted.rejects, counted.rejects_by_text.len(), counted.rejects_by_text["Wrong password"]), (5, 5, 1));
}

#[test]
fn a_lost_stop_is_never_sent() {
    let mut router = router(|options| options.faults.lost_stops = 1.0);
    let (id, _) = online(&mut router, Service::Ppp, &[]);
    assert!(router.logout(id, TerminateCause::UserRequest, NOW));
    assert_eq!((router.due(NOW + 100_000), router.sessions().count()), (vec![], 0));
    assert_eq!((counters(&router).lost_stops, counters(&router).online), (1, 0));
}

#[test]
fn a_reboot_forgets_everything_and_moves_the_nibble() {
    let mut router = router(|options| options.boot = 15);
    let (id, start) = online(&mut router, Service::Ppp, &[]);
    assert_eq!((id, value(&start.bytes, 44)), (0x81f0_0001, b"81f00001".to_vec()));
    login(&mut router, Service::Hotspot, Method::Pap);
    router.reboot(NOW + 1);
    assert_eq!((router.due(NOW + 100_000), router.pending(), router.sessions().count(), counters(&router).online), (vec![], 0, 0, 0));
    let again = login(&mut router, Service::Ppp, Method::Pap);
    assert_eq!(value(&again.bytes, 44), b"81000001", "the nibble wraps and the counter begins anew");
}

#[test]
fn a_reset_clock_says_1970() {
    let mut router = router(|options| options.faults.clock_at_1970 = true);
    let (id, start) = online(&mut router, Service::Ppp, &[]);
    assert_eq!(integer(&start.bytes, 55), 86_400);
    router.logout(id, TerminateCause::UserRequest, NOW + 60_000);
    assert_eq!(integer(&router.due(NOW + 60_000)[0].bytes, 55), 86_460);
}

#[test]
fn duplicates_are_the_same_datagram_twice() {
    let mut router = router(|options| options.faults.duplicates = 1.0);
    let request = login(&mut router, Service::Ppp, Method::Pap);
    router.receive(request.exchange, &reply_to(&request.bytes, Code::AccessAccept, &[], SECRET, true), NOW);
    let sent = router.due(NOW);
    assert_eq!((sent.len(), &sent[0]), (2, &sent[1]));
    acknowledge(&mut router, &sent[0], NOW);
    let again = reply_to(&sent[0].bytes, Code::AccountingResponse, &[], SECRET, false);
    assert_eq!(router.receive(sent[1].exchange, &again, NOW), Outcome::Late);
}

#[test]
fn a_held_start_arrives_after_the_stop() {
    let mut router = router(|options| options.faults.reordered = 1.0);
    let request = login(&mut router, Service::Ppp, Method::Pap);
    router.receive(request.exchange, &reply_to(&request.bytes, Code::AccessAccept, &[], SECRET, true), NOW);
    assert_eq!(router.due(NOW), [], "the Start is held back");
    router.options.faults.reordered = 0.0;
    let id = router.sessions().next().unwrap().id;
    router.logout(id, TerminateCause::UserRequest, NOW + 100);
    let sent = router.due(NOW + 100);
    assert_eq!(sent.iter().map(|datagram| integer(&datagram.bytes, 40)).collect::<Vec<_>>(), [2]);
    let sent = router.due(NOW + REORDER_MS);
    assert_eq!(sent.iter().map(|datagram| integer(&datagram.bytes, 40)).collect::<Vec<_>>(), [1]);
}

#[test]
fn same_seed_same_datagrams() {
    let script = |seed| {
        let mut router = router(|options| {
            options.seed = seed;
            options.stay_secs = Some((10, 60));
        });
        let (_, start) = online(&mut router, Service::Ppp, &[(85, &60u32.to_be_bytes())]);
        let mut sent = vec![start];
        sent.extend((0..70).flat_map(|second| router.due(NOW + second * 1000)));
        sent
    };
    assert_eq!(script(1), script(1));
    assert_ne!(script(1), script(2));
    assert!(script(1).len() > 1, "the customer left by itself");
}

mod incoming {
    //! `/radius incoming`: what is taken, refused and ignored.

    use super::*;
    use crate::demo::router::Incoming;
    use crate::radius::{DynamicOptions, DynamicReply, Secret, code, dynamic_request, read_dynamic_reply};
    use std::net::IpAddr;

    const SERVER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 9));

    fn name(framed_ip: bool) -> Vec<u8> {
        let mut attributes = [&[1, 11][..], b"alice@isp"].concat();
        if framed_ip {
            attributes.extend([8, 6, 100, 64, 0, 9]);
        }
        attributes
    }

    fn ask(router: &mut SimulatedRouter, kind: u8, attributes: &[u8], now_ms: u64) -> Option<DynamicReply> {
        let secret = Secret::new(SECRET);
        let request = dynamic_request(kind, 7, attributes, DynamicOptions::default(), &secret).expect("fits");
        let reply = router.incoming(&request, SERVER, now_ms)?;
        Some(read_dynamic_reply(&request, &reply, &secret).expect("signed"))
    }

    #[test]
    fn a_change_takes_effect_and_a_disconnect_sends_a_stop() {
        let mut router = router(|_| {});
        online(&mut router, Service::Ppp, &[(8, &[100, 64, 0, 9])]);
        let change = [name(true), b"\x1a\x0e\0\0\x3a\x8c\x08\x085M/50M".to_vec(), vec![27, 6, 0, 0, 0, 60]].concat();
        assert_eq!(ask(&mut router, code::COA_REQUEST, &change, NOW), Some(DynamicReply::Ack));
        assert_eq!(router.sessions().next().unwrap().rate_limit.unwrap().rate_bps, (5_000_000, 50_000_000));
        let stop = router.due(NOW + 60_000).pop().expect("a Stop at the new timeout");
        assert_eq!(integer(&stop.bytes, 49), 5);
        assert_eq!(ask(&mut router, code::DISCONNECT_REQUEST, &name(true), NOW), Some(DynamicReply::Nak(Some(503))));
        online(&mut router, Service::Ppp, &[(8, &[100, 64, 0, 9])]);
        assert_eq!(ask(&mut router, code::DISCONNECT_REQUEST, &name(true), NOW + 61_000), Some(DynamicReply::Ack));
        let stop = router.due(NOW + 61_000).pop().expect("a Stop");
        assert_eq!((integer(&stop.bytes, 40), integer(&stop.bytes, 49)), (2, 6), "Admin-Reset");
    }

    #[test]
    fn hotspots_need_the_address_and_addresses_pools_and_lists_are_refused() {
        let mut router = router(|_| {});
        online(&mut router, Service::Hotspot, &[(8, &[100, 64, 0, 9])]);
        assert_eq!(ask(&mut router, code::DISCONNECT_REQUEST, &name(false), NOW), Some(DynamicReply::Nak(Some(402))));
        let list = [name(true), b"\x1a\x0c\0\0\x3a\x8c\x13\x06abcd".to_vec()].concat();
        let pool = [name(true), b"\x58\x06pool".to_vec()].concat();
        let total = [name(true), b"\x1a\x0c\0\0\x3a\x8c\x11\x06\0\0\0\x09".to_vec()].concat();
        for attributes in [list, pool, total] {
            assert_eq!(ask(&mut router, code::COA_REQUEST, &attributes, NOW), Some(DynamicReply::Nak(Some(401))));
        }
        let rate = [name(true), b"\x1a\x0c\0\0\x3a\x8c\x08\x06fast".to_vec()].concat();
        assert_eq!(ask(&mut router, code::COA_REQUEST, &rate, NOW), Some(DynamicReply::Nak(Some(407))));
        assert_eq!(
            ask(&mut router, code::DISCONNECT_REQUEST, &[name(true), vec![4, 6, 9, 9, 9, 9]].concat(), NOW),
            Some(DynamicReply::Nak(Some(403)))
        );
        assert_eq!(ask(&mut router, code::DISCONNECT_REQUEST, &name(true), NOW), Some(DynamicReply::Ack));
    }

    #[test]
    fn strangers_are_ignored_and_modes_do_what_they_say() {
        let mut router = router(|options| options.server = Some(SERVER));
        online(&mut router, Service::Ppp, &[(8, &[100, 64, 0, 9])]);
        let forged = dynamic_request(code::DISCONNECT_REQUEST, 1, &name(true), DynamicOptions::default(), &Secret::new(b"wrong")).unwrap();
        assert_eq!(router.incoming(&forged, SERVER, NOW), None, "wrong secret");
        let good = dynamic_request(code::DISCONNECT_REQUEST, 1, &name(true), DynamicOptions::default(), &Secret::new(SECRET)).unwrap();
        assert_eq!(router.incoming(&good, IpAddr::V4(Ipv4Addr::LOCALHOST), NOW), None, "wrong source");
        for (mode, reply) in [
            (Incoming::Silent, None),
            (Incoming::AckOnly, Some(DynamicReply::Ack)),
            (Incoming::Refuse(506), Some(DynamicReply::Nak(Some(506)))),
            (Incoming::Refuse(0), Some(DynamicReply::Nak(None))),
        ] {
            router.options.incoming = mode;
            assert_eq!(ask(&mut router, code::DISCONNECT_REQUEST, &name(true), NOW), reply, "{mode:?}");
            assert_eq!(router.sessions().count(), 1, "{mode:?} has no effect");
        }
        assert_eq!((counters(&router).coa_ignored, counters(&router).disconnect_acks, counters(&router).coa_naks), (3, 1, 2));
    }
}

#[test]
fn a_router_that_enforces_nothing_leaves_limits_to_the_server_and_who_roams_away_sends_no_stop() {
    let limits: [(u8, &[u8]); 2] = [(27, &10u32.to_be_bytes()), (26, &[&[0, 0, 0x3a, 0x8c, 17, 6][..], &1000u32.to_be_bytes()].concat())];
    let mut strict = router(|options| options.use_permille = Some(1000));
    online(&mut strict, Service::Ppp, &limits);
    assert_eq!(strict.due(NOW + 1_000).len(), 1, "the Stop at the volume limit");
    assert_eq!(strict.sessions().count(), 0);
    let mut lax = router(|options| (options.enforces_limits, options.use_permille) = (false, Some(1000)));
    let (id, _) = online(&mut lax, Service::Ppp, &limits);
    assert_eq!(lax.due(NOW + 60_000), []);
    let session = lax.sessions().next().expect("still online");
    // The whole line: 20 Mbit/s up, of which customers use an eighth, and 100 Mbit/s down.
    assert_eq!((session.octets_in, session.octets_out), (60 * 20_000_000 / 64, 60 * 100_000_000 / 8));
    assert!(lax.roam_away(id) && !lax.roam_away(id));
    assert_eq!((lax.due(NOW + 61_000), lax.is_busy("alice@isp"), counters(&lax).online), (Vec::new(), false, 0));
}
