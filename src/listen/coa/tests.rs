//! The CoA client against routers made of sockets, and its lanes against a clock of our own.

use std::sync::mpsc::{Receiver, channel};

use super::*;
use crate::aaa::directory::{Nas, NasFields, NasTable};
use crate::radius::{DynamicReply, PacketView, Secret, code, dynamic_reply};

fn nas(secrets: &[&str], port: u16) -> Arc<Nas> {
    let fields = NasFields {
        id: 1,
        name: "tower".into(),
        prefixes: vec!["127.0.0.1/32".parse().expect("a prefix")],
        secrets: secrets.iter().map(|s| Secret::new(s.as_bytes())).collect(),
        coa_port: port,
        tenant_id: 1,
        owner_id: 1,
        ..NasFields::default()
    };
    NasTable::new(vec![fields], &[], &NasTable::default()).all()[0].clone()
}

fn order(serial: u64, nas: &Arc<Nas>, secret: usize) -> Order {
    let to = SocketAddr::from(([127, 0, 0, 1], nas.fields.coa_port));
    Order { serial, nas: nas.clone(), secret, to, from: None, code: code::DISCONNECT_REQUEST, attributes: vec![1, 5, b'b', b'o', b'b'] }
}

fn client(window: usize, per_second: u32) -> (CoaClient, Receiver<(u64, Outcome)>) {
    let (answers, answered) = channel();
    let options = CoaOptions { source: None, per_second, window };
    let client = CoaClient::start(options, Box::new(move |serial, outcome| answers.send((serial, outcome)).unwrap_or(())));
    (client.expect("sockets"), answered)
}

fn router() -> (UdpSocket, u16) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    socket.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    let port = socket.local_addr().expect("bound").port();
    (socket, port)
}

#[test]
fn answers_reach_their_orders_and_forgeries_are_counted() {
    let ((socket, port), (client, answered)) = (router(), client(64, 100_000));
    let (secret, nas) = (Secret::new(b"s"), nas(&["s"], port));
    for serial in 0..500 {
        client.send(order(serial, &nas, 0));
    }
    let mut buffer = [0; 4096];
    for n in 0..500 {
        let (octets, peer) = socket.recv_from(&mut buffer).expect("a request");
        let view = PacketView::parse(&buffer[..octets]).expect("well formed");
        assert!(secret.verifies_request_authenticator(&view));
        assert_eq!((view.code(), view.get(1)), (code::DISCONNECT_REQUEST, Some(&b"bob"[..])));
        if n == 0 {
            socket.send_to(&dynamic_reply(&buffer[..octets], DynamicReply::Ack, b"r", &Secret::new(b"wrong")), peer).expect("sent");
        }
        let answer = if n % 2 == 0 { DynamicReply::Ack } else { DynamicReply::Nak(Some(503)) };
        socket.send_to(&dynamic_reply(&buffer[..octets], answer, b"r", &secret), peer).expect("sent");
    }
    let mut all: Vec<(u64, Outcome)> = (0..500).map(|_| answered.recv_timeout(Duration::from_secs(20)).expect("answered")).collect();
    all.sort_by_key(|(serial, _)| *serial);
    assert!(all.iter().enumerate().all(|(n, (serial, _))| n as u64 == *serial), "each once");
    assert_eq!(all.iter().filter(|(_, outcome)| *outcome == Outcome::Nak(Some(503))).count(), 250);
    assert!(client.counters().foreign.load(Ordering::Relaxed) >= 1);
    client.stop();
}

#[test]
fn a_dead_router_does_not_hold_up_a_live_one() {
    let ((_dead, dead_port), (socket, port), (client, answered)) = (router(), router(), client(8, 100_000));
    let (dead, live, secret) = (nas(&["s"], dead_port), nas(&["s"], port), Secret::new(b"s"));
    for serial in 0..1000 {
        client.send(order(serial, &dead, 0));
    }
    client.send(order(5000, &live, 0));
    let mut buffer = [0; 4096];
    let began = Instant::now();
    let (octets, peer) = socket.recv_from(&mut buffer).expect("a request");
    socket.send_to(&dynamic_reply(&buffer[..octets], DynamicReply::Ack, b"r", &secret), peer).expect("sent");
    assert_eq!(answered.recv_timeout(Duration::from_secs(10)), Ok((5000, Outcome::Ack)));
    assert!(began.elapsed() < Duration::from_secs(2));
    client.stop();
}

fn pace(window: usize) -> Pace {
    Pace { per_second: 10.0, window, source: None }
}

#[test]
fn a_request_is_repeated_unchanged_with_growing_pauses_and_given_up_after_thirty_seconds() {
    let (mut lane, nas, begin) = (Lane::default(), nas(&["s"], 3799), Instant::now());
    assert_eq!(lane.put(order(7, &nas, 0)), None);
    let Some(Ok((id, first, mut at))) = lane.next(begin, &pace(4)) else { panic!("sent at once") };
    let mut pauses = vec![at - begin];
    loop {
        match lane.repeat(id, at, at) {
            lane::Repeat::Again(datagram, next) => {
                assert_eq!(datagram.octets, first.octets, "same identifier and authenticator");
                pauses.push(next - at);
                at = next;
            }
            lane::Repeat::GivenUp(serial) => {
                assert_eq!(serial, 7);
                break;
            }
            lane::Repeat::Nothing => panic!("it was due"),
        }
    }
    assert!(at - begin <= Duration::from_secs(30) && pauses.len() <= 5, "{pauses:?}");
    assert!((1.8..=2.2).contains(&pauses[0].as_secs_f64()) && pauses[1] == pauses[0] * 2, "{pauses:?}");
}

#[test]
fn window_and_rate_hold_and_a_silent_router_is_asked_by_one_request() {
    let (mut lane, nas, begin) = (Lane::default(), nas(&["s"], 3799), Instant::now());
    for serial in 0..10 {
        lane.put(order(serial, &nas, 0));
    }
    let (_, _, at) = lane.next(begin, &pace(2)).expect("the first").expect("fits");
    assert!(lane.next(begin, &pace(2)).is_none(), "ten a second are one at once");
    let later = begin + Duration::from_millis(150);
    let (_, _, at2) = lane.next(later, &pace(2)).expect("the second").expect("fits");
    assert!(lane.next(later + Duration::from_secs(1), &pace(2)).is_none(), "two may be unanswered");
    let give_up = |lane: &mut Lane, id: u8, mut at: Instant| {
        while let lane::Repeat::Again(_, next) = lane.repeat(id, at, at) {
            at = next;
        }
        at
    };
    let at = give_up(&mut lane, 1, at).max(give_up(&mut lane, 2, at2));
    assert_eq!(lane.bounce().count(), 0, "two might be chance");
    let (id, _, at) = lane.next(at, &pace(2)).expect("the third").expect("fits");
    let at = give_up(&mut lane, id, at);
    assert_eq!(lane.bounce().count(), 7, "what waits is told at once");
    assert_eq!(lane.put(order(20, &nas, 0)), None, "one asks whether it is back");
    assert_eq!(lane.put(order(21, &nas, 0)), Some(21));
    let (id, asked, _) = lane.next(at + Duration::from_secs(1), &pace(2)).expect("asks").expect("fits");
    assert_eq!(lane.take(&dynamic_reply(&asked.octets, DynamicReply::Ack, b"r", &Secret::new(b"s"))), Some((20, Outcome::Ack)));
    assert!(asked.octets[1] == id && lane.put(order(22, &nas, 0)).is_none() && lane.put(order(23, &nas, 0)).is_none());
}
