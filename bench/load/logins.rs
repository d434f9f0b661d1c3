//! Access-Requests: the layout of a RouterOS PPP login, and a pool of them made before the measurement.
//!
//! The pool spares the generator the cryptography while it measures. A packet is made for one identifier, since the
//! Message-Authenticator covers it; 256 × depth packets are used so that the same source port meets the same packet again
//! only after millions of sends, far beyond any server's duplicate cache.

use crate::engine::{Requests, Slot, Verdict};
use crate::mschap;
use crate::users::{self, Dice, Users};
use crate::wire::{self, ACCESS_ACCEPT, ACCESS_REJECT, ACCESS_REQUEST, Layout, MESSAGE_AUTHENTICATOR, Secret, attributes};
use md5::{Digest, Md5};
use std::rc::Rc;

/// How the password is proved.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// RFC 2865 §5.2.
    Pap,
    /// RFC 2865 §5.3, with CHAP-Challenge as RouterOS sends it.
    Chap,
    /// RFC 2759 in the attributes of RFC 2548.
    MsChap2,
}

/// Where the Message-Authenticator stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mac {
    /// Right after the header.
    First,
    /// At the end, as RouterOS 7.15 and later do.
    Last,
    /// Absent, as before RouterOS 7.15.
    Absent,
}

/// What the router says of itself in every packet.
#[derive(Clone)]
pub struct Router {
    /// NAS-Identifier.
    pub identifier: String,
    /// NAS-IP-Address.
    pub address: [u8; 4],
    /// NAS-Port-Type, 15 = Ethernet (PPPoE).
    pub port_type: u32,
    /// Called-Station-Id: the PPPoE service name.
    pub called: String,
    /// NAS-Port-Id: the interface.
    pub port_id: String,
    /// Boot nibble of its session ids, 0 to 15.
    pub boot_nibble: u8,
}

/// An Access-Request with the offsets of what differs between users.
pub struct Login {
    layout: Layout,
    port_at: usize,
    name_at: usize,
    mac_at: usize,
    session_at: usize,
    credential_at: usize,
    challenge_at: usize,
    signature_at: Option<usize>,
    method: Method,
    users: Users,
    secret: Rc<Secret>,
}

impl Login {
    /// Lays the packet out in the order that RouterOS uses for PPP.
    pub fn new(users: Users, router: &Router, method: Method, mac: Mac, secret: Rc<Secret>) -> Self {
        let mut layout = Layout::new(ACCESS_REQUEST);
        let mut signature_at = None;
        if mac == Mac::First {
            signature_at = Some(layout.push(MESSAGE_AUTHENTICATOR, &[0; 16]));
        }
        layout.push_u32(6, 2);
        layout.push_u32(7, 1);
        let port_at = layout.push_u32(5, 0);
        layout.push_u32(61, router.port_type);
        let name_at = layout.push(1, users.name(1).as_bytes());
        let mac_at = layout.push(31, &users::mac(1));
        layout.push(30, router.called.as_bytes());
        layout.push(87, router.port_id.as_bytes());
        let session_at = layout.push(44, b"81000000");
        let (challenge_at, credential_at) = match method {
            Method::Pap => {
                let hidden = secret.hide(users.password(1).as_bytes(), &[0; 16]);
                (0, layout.push(2, &hidden))
            }
            Method::Chap => (layout.push(60, &[0; 16]), layout.push(3, &[0; 17])),
            Method::MsChap2 => (layout.push_vendor(311, 11, &[0; 16]), layout.push_vendor(311, 25, &[0; 50])),
        };
        layout.push(32, router.identifier.as_bytes());
        layout.push(4, &router.address);
        if mac == Mac::Last {
            signature_at = Some(layout.push(MESSAGE_AUTHENTICATOR, &[0; 16]));
        }
        Login { layout, port_at, name_at, mac_at, session_at, credential_at, challenge_at, signature_at, method, users, secret }
    }

    /// Octets of every packet.
    pub fn octets(&self) -> usize {
        self.layout.octets.len()
    }

    /// Writes a signed login over `out` (of `octets()`); returns the success octets to expect of MS-CHAPv2.
    pub fn write(&self, user: u32, session: u32, identifier: u8, dice: &mut Dice, out: &mut [u8]) -> Option<[u8; 20]> {
        out.copy_from_slice(&self.layout.octets);
        out[1] = identifier;
        out[4..20].copy_from_slice(&dice.octets());
        out[self.port_at..][..4].copy_from_slice(&session.to_be_bytes());
        let name_octets = self.users.prefix.len() + self.users.digits;
        self.users.write_name(user, &mut out[self.name_at..][..name_octets]);
        out[self.mac_at..][..17].copy_from_slice(&users::mac(user));
        users::write_session_id(session, &mut out[self.session_at..][..8]);
        let success = self.write_credential(user, identifier, dice, out);
        if let Some(at) = self.signature_at {
            self.secret.write_mac(out, at);
        }
        success
    }

    fn write_credential(&self, user: u32, identifier: u8, dice: &mut Dice, out: &mut [u8]) -> Option<[u8; 20]> {
        let password = self.users.password(user);
        let challenge = dice.octets();
        match self.method {
            Method::Pap => {
                let hidden = self.secret.hide(password.as_bytes(), &out[4..20]);
                out[self.credential_at..][..hidden.len()].copy_from_slice(&hidden);
                None
            }
            Method::Chap => {
                out[self.challenge_at..][..16].copy_from_slice(&challenge);
                let digest = Md5::new().chain_update([identifier]).chain_update(password).chain_update(challenge).finalize();
                out[self.credential_at] = identifier;
                out[self.credential_at + 1..][..16].copy_from_slice(&digest);
                None
            }
            Method::MsChap2 => {
                let peer = dice.octets();
                let made = mschap::exchange(self.users.name(user).as_bytes(), &password, &challenge, &peer);
                out[self.challenge_at..][..16].copy_from_slice(&challenge);
                out[self.credential_at] = identifier;
                out[self.credential_at + 2..][..16].copy_from_slice(&peer);
                out[self.credential_at + 26..][..24].copy_from_slice(&made.response);
                Some(made.success)
            }
        }
    }
}

/// Packets made beforehand, and what each must be answered with.
pub struct Pool {
    octets: usize,
    depth: usize,
    packets: Vec<u8>,
    successes: Vec<[u8; 20]>,
}

impl Pool {
    /// Makes 256 × `depth` logins of random users.
    pub fn new(login: &Login, router: &Router, depth: usize, dice: &mut Dice) -> Self {
        let octets = login.octets();
        let mut pool = Pool { octets, depth, packets: vec![0; octets * depth * 256], successes: Vec::new() };
        for (index, packet) in pool.packets.chunks_mut(octets).enumerate() {
            let user = login.users.pick(dice);
            let session = users::session_id(router.boot_nibble, dice.below(1 << 20));
            let success = login.write(user, session, (index / depth) as u8, dice, packet);
            pool.successes.extend(success);
        }
        pool
    }
}

impl Requests for Pool {
    fn write(&mut self, slot: &Slot, out: &mut [u8]) -> Option<(usize, u32)> {
        // Ports start at different places, so that neighbours do not send the same packets in the same moment.
        let turn = (slot.uses as usize + slot.port * 37) % self.depth;
        let index = usize::from(slot.identifier) * self.depth + turn;
        out[..self.octets].copy_from_slice(&self.packets[index * self.octets..][..self.octets]);
        Some((self.octets, index as u32))
    }

    fn answered(&mut self, item: u32, reply: &[u8], closely: bool) -> Verdict {
        match reply[0] {
            ACCESS_REJECT => Verdict::Reject,
            ACCESS_ACCEPT if closely && !self.successes.is_empty() => {
                if spells_success(reply, &self.successes[item as usize]) {
                    Verdict::Accept
                } else {
                    Verdict::Bad
                }
            }
            ACCESS_ACCEPT => Verdict::Accept,
            _ => Verdict::Bad,
        }
    }

    fn lost(&mut self, _item: u32) {}
}

/// Whether the reply carries MS-CHAP2-Success (RFC 2548 §2.3.3) with these octets behind `S=`.
fn spells_success(reply: &[u8], expected: &[u8; 20]) -> bool {
    let mut text = [0; 40];
    users::write_hex(expected, &mut text);
    attributes(reply)
        .filter(|(kind, value)| *kind == 26 && value.len() > 4 && value[..4] == 311u32.to_be_bytes())
        .any(|(_, value)| value[4] == 26 && value.get(7..9) == Some(b"S=") && value.get(9..49) == Some(&text[..]))
}

/// Status-Server requests (RFC 5997): what the sockets and one MAC cost.
pub struct Status {
    packets: Vec<Vec<u8>>,
}

impl Status {
    /// One request per identifier and turn.
    pub fn new(secret: &Secret, dice: &mut Dice) -> Self {
        let packets = (0..256 * 64)
            .map(|index| {
                let mut layout = Layout::new(wire::STATUS_SERVER);
                let at = layout.push(MESSAGE_AUTHENTICATOR, &[0; 16]);
                layout.octets[1] = (index / 64) as u8;
                layout.octets[4..20].copy_from_slice(&dice.octets());
                secret.write_mac(&mut layout.octets, at);
                layout.octets
            })
            .collect();
        Status { packets }
    }
}

impl Requests for Status {
    fn write(&mut self, slot: &Slot, out: &mut [u8]) -> Option<(usize, u32)> {
        let packet = &self.packets[usize::from(slot.identifier) * 64 + (slot.uses as usize + slot.port * 7) % 64];
        out[..packet.len()].copy_from_slice(packet);
        Some((packet.len(), 0))
    }

    fn answered(&mut self, _item: u32, reply: &[u8], _closely: bool) -> Verdict {
        if matches!(reply[0], ACCESS_ACCEPT | wire::ACCOUNTING_RESPONSE) { Verdict::Accept } else { Verdict::Bad }
    }

    fn lost(&mut self, _item: u32) {}
}
