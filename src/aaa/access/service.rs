//! Which service of the router a login comes from, told by what its Access-Request carries. Pure.

use crate::packages::service;
use crate::radius::PacketView;
use crate::radius::dictionary::numbers::mikrotik::{HOST_IP, VENDOR};
use crate::radius::dictionary::numbers::{CALLING_STATION_ID, EAP_MESSAGE, FRAMED_PROTOCOL, NAS_PORT_TYPE, SERVICE_TYPE, USER_NAME};
use crate::units::Mac;

/// Service-Type (RFC 2865 section 5.6).
mod service_type {
    pub const LOGIN: u32 = 1;
    pub const FRAMED: u32 = 2;
    pub const CALL_CHECK: u32 = 10;
}

/// NAS-Port-Type (RFC 2865 section 5.41, RFC 4603).
mod port_type {
    pub const ASYNC: u32 = 0;
    pub const VIRTUAL: u32 = 5;
    pub const ETHERNET: u32 = 15;
    pub const WIRELESS: u32 = 19;
    pub const PPPOE: std::ops::RangeInclusive<u32> = 30..=34;
}

/// A bit of [`crate::packages::Places::services`]; 0 if the request does not tell, as that of somebody who signs in to the router itself.
///
/// PPP says Service-Type Framed: over Ethernet it is PPPoE, over Virtual or Async a VPN. The hotspot says Login and names Mikrotik-Host-IP; Winbox and SSH say
/// Login too, but name no device. DHCP says neither and sends the device's address as the name; wireless has its port type, EAP or MAC authentication.
pub fn service_of(view: &PacketView<'_>) -> u8 {
    if view.vendor_get(VENDOR, HOST_IP).is_some() {
        return service::HOTSPOT;
    }
    let port = view.get_u32(NAS_PORT_TYPE);
    let device = view.get(CALLING_STATION_ID).and_then(Mac::parse);
    match view.get_u32(SERVICE_TYPE) {
        Some(service_type::FRAMED) => framed(view, port, device),
        Some(service_type::LOGIN) if port == Some(port_type::WIRELESS) || device.is_some() => service::HOTSPOT,
        Some(service_type::LOGIN) => 0,
        None | Some(service_type::CALL_CHECK) => unframed(view, port),
        Some(_) => 0,
    }
}

/// Wi-Fi controllers say Framed too, but no Framed-Protocol, and come with EAP or from a wireless port.
fn framed(view: &PacketView<'_>, port: Option<u32>, device: Option<Mac>) -> u8 {
    match port {
        Some(port_type::WIRELESS) => service::WIRELESS,
        Some(port_type::ETHERNET) => service::PPPOE,
        Some(port) if port_type::PPPOE.contains(&port) => service::PPPOE,
        Some(port_type::VIRTUAL | port_type::ASYNC) => service::VPN,
        // A router that names no port: a device's address is seen over Ethernet only.
        _ if view.has(EAP_MESSAGE) && !view.has(FRAMED_PROTOCOL) => service::VPN,
        _ if device.is_some() => service::PPPOE,
        _ => service::VPN,
    }
}

fn unframed(view: &PacketView<'_>, port: Option<u32>) -> u8 {
    let names_device = view.get(USER_NAME).and_then(Mac::parse).is_some();
    match port {
        Some(port_type::WIRELESS) => service::WIRELESS,
        Some(port_type::VIRTUAL | port_type::ASYNC) if view.has(EAP_MESSAGE) => service::VPN,
        Some(port_type::ETHERNET) if names_device => service::DHCP,
        None if names_device => service::DHCP,
        _ => 0,
    }
}

/// The services of a set, as people write them: `pppoe, hotspot`; `any` for 0.
pub fn service_names(services: u8) -> String {
    let names: Vec<&str> = service::ALL.iter().filter(|(bit, _)| services & bit != 0).map(|(_, name)| *name).collect();
    if names.is_empty() { "any".to_owned() } else { names.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request of these attributes; a kind above 255 is a sub-attribute of MikroTik's.
    fn service_from(attributes: &[Attribute]) -> u8 {
        let mut packet = vec![1, 7, 0, 0];
        packet.extend_from_slice(&[3; 16]);
        for (kind, value) in attributes {
            let octets = value.len() as u8 + 2;
            if *kind > 255 {
                packet.extend_from_slice(&[26, octets + 6]);
                packet.extend_from_slice(&VENDOR.to_be_bytes());
            }
            packet.extend_from_slice(&[*kind as u8, octets]);
            packet.extend_from_slice(value);
        }
        let length = packet.len() as u16;
        packet[2..4].copy_from_slice(&length.to_be_bytes());
        service_of(&PacketView::parse(&packet).expect("a packet"))
    }

    type Attribute = (u16, &'static [u8]);
    const NAME: Attribute = (1, b"bob");
    const MAC_NAME: Attribute = (1, b"AA:BB:CC:00:00:01");
    const CALLING: Attribute = (31, b"AA:BB:CC:00:00:01");
    const CALLING_IP: Attribute = (31, b"203.0.113.7");
    const FRAMED: Attribute = (6, &[0, 0, 0, 2]);
    const LOGIN: Attribute = (6, &[0, 0, 0, 1]);
    const CALL_CHECK: Attribute = (6, &[0, 0, 0, 10]);
    const PPP: Attribute = (7, &[0, 0, 0, 1]);
    const ETHERNET: Attribute = (61, &[0, 0, 0, 15]);
    const VIRTUAL: Attribute = (61, &[0, 0, 0, 5]);
    const ASYNC: Attribute = (61, &[0, 0, 0, 0]);
    const WIRELESS: Attribute = (61, &[0, 0, 0, 19]);
    const PPPOEOVLAN: Attribute = (61, &[0, 0, 0, 33]);
    const EAP: Attribute = (79, &[2, 1, 0, 4]);
    const HOST: Attribute = (256 + HOST_IP as u16, &[10, 5, 50, 2]);

    #[test]
    fn each_service_is_known_by_what_it_sends() {
        let cases: [(&str, u8, &[Attribute]); 17] = [
            ("PPPoE as RouterOS sends it", service::PPPOE, &[FRAMED, PPP, ETHERNET, CALLING, NAME]),
            ("PPPoE over a VLAN", service::PPPOE, &[FRAMED, PPP, PPPOEOVLAN, CALLING, NAME]),
            ("PPPoE without a port type", service::PPPOE, &[FRAMED, PPP, CALLING, NAME]),
            ("L2TP", service::VPN, &[FRAMED, PPP, VIRTUAL, CALLING_IP, NAME]),
            ("PPTP as Async", service::VPN, &[FRAMED, PPP, ASYNC, CALLING_IP, NAME]),
            ("SSTP without a port type", service::VPN, &[FRAMED, PPP, CALLING_IP, NAME]),
            ("IKEv2", service::VPN, &[EAP, VIRTUAL, NAME]),
            ("hotspot", service::HOTSPOT, &[WIRELESS, CALLING, NAME, HOST, LOGIN]),
            ("hotspot with port type Ethernet", service::HOTSPOT, &[ETHERNET, CALLING, NAME, HOST, LOGIN]),
            ("hotspot by MAC", service::HOTSPOT, &[WIRELESS, CALLING, MAC_NAME, HOST]),
            ("hotspot, old, without host", service::HOTSPOT, &[WIRELESS, CALLING, NAME, LOGIN]),
            ("DHCP", service::DHCP, &[ETHERNET, (31, b"1:aa:bb:cc:0:0:1"), MAC_NAME]),
            ("Wi-Fi by MAC", service::WIRELESS, &[WIRELESS, CALLING, MAC_NAME]),
            ("Wi-Fi by EAP", service::WIRELESS, &[WIRELESS, FRAMED, EAP, CALLING, NAME]),
            ("Wi-Fi, Call-Check", service::WIRELESS, &[WIRELESS, CALL_CHECK, CALLING, MAC_NAME]),
            ("Winbox", 0, &[LOGIN, NAME, CALLING_IP]),
            ("nothing that tells", 0, &[NAME]),
        ];
        for (what, wanted, attributes) in cases {
            assert_eq!(service_from(attributes), wanted, "{what}");
        }
        assert_eq!(service_names(service::PPPOE | service::VPN), "pppoe, vpn");
        assert_eq!(service_names(0), "any");
    }
}
