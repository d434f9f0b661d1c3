//! What a router would send for a login.

use super::Login;
use crate::aaa::access::Access;
use crate::aaa::directory::Nas;
use crate::aaa::explain::ExplainError;
use crate::customers::Customer;
use crate::radius::client::{Code, Request, RequestBuilder};
use crate::radius::dictionary::numbers::{CALLING_STATION_ID, FRAMED_PROTOCOL, NAS_IDENTIFIER, NAS_PORT_TYPE, SERVICE_TYPE, USER_NAME};
use crate::units::words;

/// As RouterOS's requests tell them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// PPP over Ethernet.
    Pppoe,
    /// A hotspot's page.
    Hotspot,
    /// A lease.
    Dhcp,
    /// A device at an access point.
    Wireless,
    /// PPP over a tunnel.
    Vpn,
}
words!(Service, "a service", "pppoe" = Pppoe, "hotspot" = Hotspot, "dhcp" = Dhcp, "wireless" = Wireless, "vpn" = Vpn);

impl Service {
    /// All of them.
    pub const ALL: [Service; 5] = [Service::Pppoe, Service::Hotspot, Service::Dhcp, Service::Wireless, Service::Vpn];

    /// Service-Type, Framed-Protocol and NAS-Port-Type of its Access-Requests; 0 = not sent.
    fn numbers(self) -> [u32; 3] {
        match self {
            Service::Pppoe => [2, 1, 15],
            Service::Hotspot => [1, 0, 19],
            Service::Dhcp => [0, 0, 15],
            Service::Wireless => [0, 0, 19],
            Service::Vpn => [2, 1, 5],
        }
    }
}

/// The request: PAP with the password that the customer has.
pub(super) fn make(login: &Login, access: &Access, customer: Option<&Customer>, nas: &Nas) -> Result<Request, ExplainError> {
    let password = customer.and_then(|c| access.directory.customers.with_id(c.id.0, |c| c.password().to_vec())).unwrap_or_default();
    // Who has no password logs in by his device, whose name is the password.
    let password = if password.is_empty() { login.username.clone().into_bytes() } else { password };
    let mut builder = RequestBuilder::new(Code::AccessRequest, 1, rand::random()).text(USER_NAME, &login.username).pap(&password);
    for (kind, number) in [SERVICE_TYPE, FRAMED_PROTOCOL, NAS_PORT_TYPE].into_iter().zip(login.service.numbers()) {
        if number != 0 {
            builder = builder.integer(kind, number);
        }
    }
    if let Some(mac) = login.mac {
        builder = builder.text(CALLING_STATION_ID, &mac.with_colons());
    }
    let secret = nas.fields.secrets.first().map(|s| s.octets()).unwrap_or_default();
    builder.text(NAS_IDENTIFIER, &nas.fields.name).finish(secret).map_err(|e| ExplainError::Request(e.to_string()))
}
