//! Numbers that the code names. A test holds each against the dictionary; what only administrators name is not here.
//!
//! Standard attributes are at the top (RFC of each: see `dictionaries/`), vendors' attributes and values in modules.

/// User-Name.
pub const USER_NAME: u8 = 1;
/// User-Password.
pub const USER_PASSWORD: u8 = 2;
/// CHAP-Password.
pub const CHAP_PASSWORD: u8 = 3;
/// NAS-IP-Address.
pub const NAS_IP_ADDRESS: u8 = 4;
/// NAS-Port.
pub const NAS_PORT: u8 = 5;
/// Service-Type.
pub const SERVICE_TYPE: u8 = 6;
/// Framed-Protocol.
pub const FRAMED_PROTOCOL: u8 = 7;
/// Framed-IP-Address.
pub const FRAMED_IP_ADDRESS: u8 = 8;
/// Framed-IP-Netmask.
pub const FRAMED_IP_NETMASK: u8 = 9;
/// Filter-Id.
pub const FILTER_ID: u8 = 11;
/// Framed-MTU.
pub const FRAMED_MTU: u8 = 12;
/// Reply-Message.
pub const REPLY_MESSAGE: u8 = 18;
/// Framed-Route.
pub const FRAMED_ROUTE: u8 = 22;
/// State.
pub const STATE: u8 = 24;
/// Class.
pub const CLASS: u8 = 25;
/// Vendor-Specific.
pub const VENDOR_SPECIFIC: u8 = 26;
/// Session-Timeout.
pub const SESSION_TIMEOUT: u8 = 27;
/// Idle-Timeout.
pub const IDLE_TIMEOUT: u8 = 28;
/// Termination-Action.
pub const TERMINATION_ACTION: u8 = 29;
/// Called-Station-Id.
pub const CALLED_STATION_ID: u8 = 30;
/// Calling-Station-Id.
pub const CALLING_STATION_ID: u8 = 31;
/// NAS-Identifier.
pub const NAS_IDENTIFIER: u8 = 32;
/// Proxy-State.
pub const PROXY_STATE: u8 = 33;
/// Acct-Status-Type.
pub const ACCT_STATUS_TYPE: u8 = 40;
/// Acct-Delay-Time.
pub const ACCT_DELAY_TIME: u8 = 41;
/// Acct-Input-Octets.
pub const ACCT_INPUT_OCTETS: u8 = 42;
/// Acct-Output-Octets.
pub const ACCT_OUTPUT_OCTETS: u8 = 43;
/// Acct-Session-Id.
pub const ACCT_SESSION_ID: u8 = 44;
/// Acct-Authentic.
pub const ACCT_AUTHENTIC: u8 = 45;
/// Acct-Session-Time.
pub const ACCT_SESSION_TIME: u8 = 46;
/// Acct-Input-Packets.
pub const ACCT_INPUT_PACKETS: u8 = 47;
/// Acct-Output-Packets.
pub const ACCT_OUTPUT_PACKETS: u8 = 48;
/// Acct-Terminate-Cause.
pub const ACCT_TERMINATE_CAUSE: u8 = 49;
/// Acct-Multi-Session-Id.
pub const ACCT_MULTI_SESSION_ID: u8 = 50;
/// Acct-Link-Count.
pub const ACCT_LINK_COUNT: u8 = 51;
/// Acct-Input-Gigawords.
pub const ACCT_INPUT_GIGAWORDS: u8 = 52;
/// Acct-Output-Gigawords.
pub const ACCT_OUTPUT_GIGAWORDS: u8 = 53;
/// Event-Timestamp.
pub const EVENT_TIMESTAMP: u8 = 55;
/// CHAP-Challenge.
pub const CHAP_CHALLENGE: u8 = 60;
/// NAS-Port-Type.
pub const NAS_PORT_TYPE: u8 = 61;
/// Port-Limit.
pub const PORT_LIMIT: u8 = 62;
/// Tunnel-Type.
pub const TUNNEL_TYPE: u8 = 64;
/// Tunnel-Medium-Type.
pub const TUNNEL_MEDIUM_TYPE: u8 = 65;
/// Tunnel-Client-Endpoint.
pub const TUNNEL_CLIENT_ENDPOINT: u8 = 66;
/// Tunnel-Server-Endpoint.
pub const TUNNEL_SERVER_ENDPOINT: u8 = 67;
/// Acct-Tunnel-Connection.
pub const ACCT_TUNNEL_CONNECTION: u8 = 68;
/// Tunnel-Password.
pub const TUNNEL_PASSWORD: u8 = 69;
/// Connect-Info.
pub const CONNECT_INFO: u8 = 77;
/// EAP-Message.
pub const EAP_MESSAGE: u8 = 79;
/// Message-Authenticator.
pub const MESSAGE_AUTHENTICATOR: u8 = 80;
/// Tunnel-Private-Group-Id.
pub const TUNNEL_PRIVATE_GROUP_ID: u8 = 81;
/// Tunnel-Assignment-Id.
pub const TUNNEL_ASSIGNMENT_ID: u8 = 82;
/// Tunnel-Preference.
pub const TUNNEL_PREFERENCE: u8 = 83;
/// Acct-Interim-Interval.
pub const ACCT_INTERIM_INTERVAL: u8 = 85;
/// NAS-Port-Id.
pub const NAS_PORT_ID: u8 = 87;
/// Framed-Pool.
pub const FRAMED_POOL: u8 = 88;
/// Chargeable-User-Identity.
pub const CHARGEABLE_USER_IDENTITY: u8 = 89;
/// Tunnel-Client-Auth-Id.
pub const TUNNEL_CLIENT_AUTH_ID: u8 = 90;
/// Tunnel-Server-Auth-Id.
pub const TUNNEL_SERVER_AUTH_ID: u8 = 91;
/// NAS-Filter-Rule.
pub const NAS_FILTER_RULE: u8 = 92;
/// NAS-IPv6-Address.
pub const NAS_IPV6_ADDRESS: u8 = 95;
/// Framed-Interface-Id.
pub const FRAMED_INTERFACE_ID: u8 = 96;
/// Framed-IPv6-Prefix.
pub const FRAMED_IPV6_PREFIX: u8 = 97;
/// Framed-IPv6-Route.
pub const FRAMED_IPV6_ROUTE: u8 = 99;
/// Framed-IPv6-Pool.
pub const FRAMED_IPV6_POOL: u8 = 100;
/// Error-Cause.
pub const ERROR_CAUSE: u8 = 101;
/// Delegated-IPv6-Prefix.
pub const DELEGATED_IPV6_PREFIX: u8 = 123;
/// Framed-IPv6-Address.
pub const FRAMED_IPV6_ADDRESS: u8 = 168;
/// DNS-Server-IPv6-Address.
pub const DNS_SERVER_IPV6_ADDRESS: u8 = 169;
/// Route-IPv6-Information.
pub const ROUTE_IPV6_INFORMATION: u8 = 170;
/// Delegated-IPv6-Prefix-Pool.
pub const DELEGATED_IPV6_PREFIX_POOL: u8 = 171;
/// Stateful-IPv6-Address-Pool.
pub const STATEFUL_IPV6_ADDRESS_POOL: u8 = 172;

/// MikroTik's attributes, vendor 14988.
pub mod mikrotik {
    /// Private enterprise number.
    pub const VENDOR: u32 = 14988;
    /// Mikrotik-Recv-Limit.
    pub const RECV_LIMIT: u8 = 1;
    /// Mikrotik-Xmit-Limit.
    pub const XMIT_LIMIT: u8 = 2;
    /// Mikrotik-Group.
    pub const GROUP: u8 = 3;
    /// Mikrotik-Wireless-Forward.
    pub const WIRELESS_FORWARD: u8 = 4;
    /// Mikrotik-Wireless-Skip-Dot1x.
    pub const WIRELESS_SKIP_DOT1X: u8 = 5;
    /// Mikrotik-Wireless-Enc-Algo.
    pub const WIRELESS_ENC_ALGO: u8 = 6;
    /// Mikrotik-Wireless-Enc-Key.
    pub const WIRELESS_ENC_KEY: u8 = 7;
    /// Mikrotik-Rate-Limit.
    pub const RATE_LIMIT: u8 = 8;
    /// Mikrotik-Realm.
    pub const REALM: u8 = 9;
    /// Mikrotik-Host-IP.
    pub const HOST_IP: u8 = 10;
    /// Mikrotik-Mark-Id.
    pub const MARK_ID: u8 = 11;
    /// Mikrotik-Advertise-URL.
    pub const ADVERTISE_URL: u8 = 12;
    /// Mikrotik-Advertise-Interval.
    pub const ADVERTISE_INTERVAL: u8 = 13;
    /// Mikrotik-Recv-Limit-Gigawords.
    pub const RECV_LIMIT_GIGAWORDS: u8 = 14;
    /// Mikrotik-Xmit-Limit-Gigawords.
    pub const XMIT_LIMIT_GIGAWORDS: u8 = 15;
    /// Mikrotik-Wireless-PSK.
    pub const WIRELESS_PSK: u8 = 16;
    /// Mikrotik-Total-Limit.
    pub const TOTAL_LIMIT: u8 = 17;
    /// Mikrotik-Total-Limit-Gigawords.
    pub const TOTAL_LIMIT_GIGAWORDS: u8 = 18;
    /// Mikrotik-Address-List.
    pub const ADDRESS_LIST: u8 = 19;
    /// Mikrotik-Wireless-MPKey.
    pub const WIRELESS_MPKEY: u8 = 20;
    /// Mikrotik-Wireless-Comment.
    pub const WIRELESS_COMMENT: u8 = 21;
    /// Mikrotik-Delegated-IPv6-Pool.
    pub const DELEGATED_IPV6_POOL: u8 = 22;
    /// Mikrotik-DHCP-Option-Set.
    pub const DHCP_OPTION_SET: u8 = 23;
    /// Mikrotik-DHCP-Option-Param-STR1.
    pub const DHCP_OPTION_PARAM_STR1: u8 = 24;
    /// Mikrotik-DHCP-Option-Param-STR2.
    pub const DHCP_OPTION_PARAM_STR2: u8 = 25;
    /// Mikrotik-Wireless-VLANID.
    pub const WIRELESS_VLANID: u8 = 26;
    /// Mikrotik-Wireless-VLANID-Type.
    pub const WIRELESS_VLANID_TYPE: u8 = 27;
    /// Mikrotik-Wireless-Minsignal.
    pub const WIRELESS_MINSIGNAL: u8 = 28;
    /// Mikrotik-Wireless-Maxsignal.
    pub const WIRELESS_MAXSIGNAL: u8 = 29;
    /// Mikrotik-Switching-Filter.
    pub const SWITCHING_FILTER: u8 = 30;
}

/// Microsoft's attributes, vendor 311, RFC 2548.
pub mod microsoft {
    /// Private enterprise number.
    pub const VENDOR: u32 = 311;
    /// MS-CHAP-Response.
    pub const CHAP_RESPONSE: u8 = 1;
    /// MS-CHAP-Error.
    pub const CHAP_ERROR: u8 = 2;
    /// MS-MPPE-Encryption-Policy.
    pub const MPPE_ENCRYPTION_POLICY: u8 = 7;
    /// MS-MPPE-Encryption-Types.
    pub const MPPE_ENCRYPTION_TYPES: u8 = 8;
    /// MS-CHAP-Domain.
    pub const CHAP_DOMAIN: u8 = 10;
    /// MS-CHAP-Challenge.
    pub const CHAP_CHALLENGE: u8 = 11;
    /// MS-CHAP-MPPE-Keys.
    pub const CHAP_MPPE_KEYS: u8 = 12;
    /// MS-MPPE-Send-Key.
    pub const MPPE_SEND_KEY: u8 = 16;
    /// MS-MPPE-Recv-Key.
    pub const MPPE_RECV_KEY: u8 = 17;
    /// MS-Acct-Auth-Type.
    pub const ACCT_AUTH_TYPE: u8 = 23;
    /// MS-CHAP2-Response.
    pub const CHAP2_RESPONSE: u8 = 25;
    /// MS-CHAP2-Success.
    pub const CHAP2_SUCCESS: u8 = 26;
    /// MS-Primary-DNS-Server.
    pub const PRIMARY_DNS_SERVER: u8 = 28;
    /// MS-Secondary-DNS-Server.
    pub const SECONDARY_DNS_SERVER: u8 = 29;
    /// MS-Primary-NBNS-Server.
    pub const PRIMARY_NBNS_SERVER: u8 = 30;
    /// MS-Secondary-NBNS-Server.
    pub const SECONDARY_NBNS_SERVER: u8 = 31;
}

/// WISPr's attributes, vendor 14122.
pub mod wispr {
    /// Private enterprise number.
    pub const VENDOR: u32 = 14122;
    /// WISPr-Location-ID.
    pub const LOCATION_ID: u8 = 1;
    /// WISPr-Location-Name.
    pub const LOCATION_NAME: u8 = 2;
    /// WISPr-Logoff-URL.
    pub const LOGOFF_URL: u8 = 3;
    /// WISPr-Redirection-URL.
    pub const REDIRECTION_URL: u8 = 4;
    /// WISPr-Bandwidth-Min-Up.
    pub const BANDWIDTH_MIN_UP: u8 = 5;
    /// WISPr-Bandwidth-Min-Down.
    pub const BANDWIDTH_MIN_DOWN: u8 = 6;
    /// WISPr-Bandwidth-Max-Up.
    pub const BANDWIDTH_MAX_UP: u8 = 7;
    /// WISPr-Bandwidth-Max-Down.
    pub const BANDWIDTH_MAX_DOWN: u8 = 8;
    /// WISPr-Session-Terminate-Time.
    pub const SESSION_TERMINATE_TIME: u8 = 9;
    /// WISPr-Session-Terminate-End-Of-Day.
    pub const SESSION_TERMINATE_END_OF_DAY: u8 = 10;
    /// WISPr-Billing-Class-Of-Service.
    pub const BILLING_CLASS_OF_SERVICE: u8 = 11;
}

/// Ascend's attributes that RouterOS understands, vendor 529.
pub mod ascend {
    /// Private enterprise number.
    pub const VENDOR: u32 = 529;
    /// Ascend-Client-Gateway.
    pub const CLIENT_GATEWAY: u8 = 132;
    /// Ascend-Data-Rate.
    pub const DATA_RATE: u8 = 197;
    /// Ascend-Xmit-Rate.
    pub const XMIT_RATE: u8 = 255;
}

/// Redback's attributes that RouterOS sends, vendor 2352.
pub mod redback {
    /// Private enterprise number.
    pub const VENDOR: u32 = 2352;
    /// Agent-Remote-Id.
    pub const AGENT_REMOTE_ID: u8 = 96;
    /// Agent-Circuit-Id.
    pub const AGENT_CIRCUIT_ID: u8 = 97;
}

/// Values of Service-Type.
pub mod service_type {
    /// Login-User.
    pub const LOGIN: u32 = 1;
    /// Framed-User.
    pub const FRAMED: u32 = 2;
    /// Callback-Login-User.
    pub const CALLBACK_LOGIN: u32 = 3;
    /// Callback-Framed-User.
    pub const CALLBACK_FRAMED: u32 = 4;
    /// Outbound-User.
    pub const OUTBOUND: u32 = 5;
    /// Administrative-User.
    pub const ADMINISTRATIVE: u32 = 6;
    /// NAS-Prompt-User.
    pub const NAS_PROMPT: u32 = 7;
    /// Authenticate-Only.
    pub const AUTHENTICATE_ONLY: u32 = 8;
    /// Callback-NAS-Prompt.
    pub const CALLBACK_NAS_PROMPT: u32 = 9;
    /// Call-Check.
    pub const CALL_CHECK: u32 = 10;
    /// Callback-Administrative.
    pub const CALLBACK_ADMINISTRATIVE: u32 = 11;
    /// Authorize-Only.
    pub const AUTHORIZE_ONLY: u32 = 17;
    /// Framed-Management.
    pub const FRAMED_MANAGEMENT: u32 = 18;
}

/// Values of Framed-Protocol.
pub mod framed_protocol {
    /// PPP.
    pub const PPP: u32 = 1;
}

/// Values of Termination-Action.
pub mod termination_action {
    /// Default.
    pub const DEFAULT: u32 = 0;
    /// RADIUS-Request.
    pub const RADIUS_REQUEST: u32 = 1;
}

/// Values of NAS-Port-Type.
pub mod nas_port_type {
    /// Async.
    pub const ASYNC: u32 = 0;
    /// Sync.
    pub const SYNC: u32 = 1;
    /// ISDN.
    pub const ISDN: u32 = 2;
    /// ISDN-V120.
    pub const ISDN_V120: u32 = 3;
    /// ISDN-V110.
    pub const ISDN_V110: u32 = 4;
    /// Virtual.
    pub const VIRTUAL: u32 = 5;
    /// Ethernet.
    pub const ETHERNET: u32 = 15;
    /// xDSL.
    pub const XDSL: u32 = 16;
    /// Cable.
    pub const CABLE: u32 = 17;
    /// Wireless-Other.
    pub const WIRELESS_OTHER: u32 = 18;
    /// Wireless-802.11.
    pub const WIRELESS_802_11: u32 = 19;
    /// Wireless-CDMA2000.
    pub const WIRELESS_CDMA2000: u32 = 22;
    /// Wireless-UMTS.
    pub const WIRELESS_UMTS: u32 = 23;
    /// Wireless-1X-EV.
    pub const WIRELESS_1X_EV: u32 = 24;
    /// IAPP.
    pub const IAPP: u32 = 25;
    /// FTTP.
    pub const FTTP: u32 = 26;
    /// Wireless-802.16.
    pub const WIRELESS_802_16: u32 = 27;
    /// Wireless-802.20.
    pub const WIRELESS_802_20: u32 = 28;
    /// Wireless-802.22.
    pub const WIRELESS_802_22: u32 = 29;
    /// xPON.
    pub const XPON: u32 = 35;
    /// Wireless-XGP.
    pub const WIRELESS_XGP: u32 = 36;
    /// Token-Ring.
    pub const TOKEN_RING: u32 = 20;
    /// FDDI.
    pub const FDDI: u32 = 21;
    /// PPPoA.
    pub const PPPOA: u32 = 30;
    /// PPPoEoA.
    pub const PPPOEOA: u32 = 31;
    /// PPPoEoE.
    pub const PPPOEOE: u32 = 32;
    /// PPPoEoVLAN.
    pub const PPPOEOVLAN: u32 = 33;
    /// PPPoEoQinQ.
    pub const PPPOEOQINQ: u32 = 34;
}

/// Values of Acct-Status-Type.
pub mod acct_status_type {
    /// Start.
    pub const START: u32 = 1;
    /// Stop.
    pub const STOP: u32 = 2;
    /// Interim-Update.
    pub const INTERIM_UPDATE: u32 = 3;
    /// Accounting-On.
    pub const ACCOUNTING_ON: u32 = 7;
    /// Accounting-Off.
    pub const ACCOUNTING_OFF: u32 = 8;
    /// Failed.
    pub const FAILED: u32 = 15;
    /// Tunnel-Start.
    pub const TUNNEL_START: u32 = 9;
    /// Tunnel-Stop.
    pub const TUNNEL_STOP: u32 = 10;
    /// Tunnel-Reject.
    pub const TUNNEL_REJECT: u32 = 11;
    /// Tunnel-Link-Start.
    pub const TUNNEL_LINK_START: u32 = 12;
    /// Tunnel-Link-Stop.
    pub const TUNNEL_LINK_STOP: u32 = 13;
    /// Tunnel-Link-Reject.
    pub const TUNNEL_LINK_REJECT: u32 = 14;
}

/// Values of Acct-Authentic.
pub mod acct_authentic {
    /// RADIUS.
    pub const RADIUS: u32 = 1;
    /// Local.
    pub const LOCAL: u32 = 2;
    /// Remote.
    pub const REMOTE: u32 = 3;
    /// Diameter.
    pub const DIAMETER: u32 = 4;
}

/// Values of Acct-Terminate-Cause.
pub mod terminate_cause {
    /// User-Request.
    pub const USER_REQUEST: u32 = 1;
    /// Lost-Carrier.
    pub const LOST_CARRIER: u32 = 2;
    /// Lost-Service.
    pub const LOST_SERVICE: u32 = 3;
    /// Idle-Timeout.
    pub const IDLE_TIMEOUT: u32 = 4;
    /// Session-Timeout.
    pub const SESSION_TIMEOUT: u32 = 5;
    /// Admin-Reset.
    pub const ADMIN_RESET: u32 = 6;
    /// Admin-Reboot.
    pub const ADMIN_REBOOT: u32 = 7;
    /// Port-Error.
    pub const PORT_ERROR: u32 = 8;
    /// NAS-Error.
    pub const NAS_ERROR: u32 = 9;
    /// NAS-Request.
    pub const NAS_REQUEST: u32 = 10;
    /// NAS-Reboot.
    pub const NAS_REBOOT: u32 = 11;
    /// Port-Unneeded.
    pub const PORT_UNNEEDED: u32 = 12;
    /// Port-Preempted.
    pub const PORT_PREEMPTED: u32 = 13;
    /// Port-Suspended.
    pub const PORT_SUSPENDED: u32 = 14;
    /// Service-Unavailable.
    pub const SERVICE_UNAVAILABLE: u32 = 15;
    /// Callback.
    pub const CALLBACK: u32 = 16;
    /// User-Error.
    pub const USER_ERROR: u32 = 17;
    /// Host-Request.
    pub const HOST_REQUEST: u32 = 18;
    /// Supplicant-Restart.
    pub const SUPPLICANT_RESTART: u32 = 19;
    /// Reauthentication-Failure.
    pub const REAUTHENTICATION_FAILURE: u32 = 20;
    /// Port-Reinit.
    pub const PORT_REINIT: u32 = 21;
    /// Port-Disabled.
    pub const PORT_DISABLED: u32 = 22;
    /// Lost-Power.
    pub const LOST_POWER: u32 = 23;
}

/// Values of Tunnel-Type.
pub mod tunnel_type {
    /// PPTP.
    pub const PPTP: u32 = 1;
    /// L2TP.
    pub const L2TP: u32 = 3;
    /// VLAN.
    pub const VLAN: u32 = 13;
}

/// Values of Tunnel-Medium-Type.
pub mod tunnel_medium_type {
    /// IPv4.
    pub const IPV4: u32 = 1;
    /// IPv6.
    pub const IPV6: u32 = 2;
    /// IEEE-802.
    pub const IEEE_802: u32 = 6;
}

/// Values of Error-Cause.
pub mod error_cause {
    /// Residual-Context-Removed.
    pub const RESIDUAL_CONTEXT_REMOVED: u32 = 201;
    /// Invalid-EAP-Packet.
    pub const INVALID_EAP_PACKET: u32 = 202;
    /// Unsupported-Attribute.
    pub const UNSUPPORTED_ATTRIBUTE: u32 = 401;
    /// Missing-Attribute.
    pub const MISSING_ATTRIBUTE: u32 = 402;
    /// NAS-Identification-Mismatch.
    pub const NAS_IDENTIFICATION_MISMATCH: u32 = 403;
    /// Invalid-Request.
    pub const INVALID_REQUEST: u32 = 404;
    /// Unsupported-Service.
    pub const UNSUPPORTED_SERVICE: u32 = 405;
    /// Unsupported-Extension.
    pub const UNSUPPORTED_EXTENSION: u32 = 406;
    /// Administratively-Prohibited.
    pub const ADMINISTRATIVELY_PROHIBITED: u32 = 501;
    /// Proxy-Request-Not-Routable.
    pub const PROXY_REQUEST_NOT_ROUTABLE: u32 = 502;
    /// Session-Context-Not-Found.
    pub const SESSION_CONTEXT_NOT_FOUND: u32 = 503;
    /// Session-Context-Not-Removable.
    pub const SESSION_CONTEXT_NOT_REMOVABLE: u32 = 504;
    /// Proxy-Processing-Error.
    pub const PROXY_PROCESSING_ERROR: u32 = 505;
    /// Resources-Unavailable.
    pub const RESOURCES_UNAVAILABLE: u32 = 506;
    /// Request-Initiated.
    pub const REQUEST_INITIATED: u32 = 507;
    /// Invalid-Attribute-Value.
    pub const INVALID_ATTRIBUTE_VALUE: u32 = 407;
    /// Multiple-Session-Selection-Unsupported.
    pub const MULTIPLE_SESSION_SELECTION_UNSUPPORTED: u32 = 508;
    /// Location-Info-Required.
    pub const LOCATION_INFO_REQUIRED: u32 = 509;
    /// Response-Too-Big.
    pub const RESPONSE_TOO_BIG: u32 = 601;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::radius::dictionary::Dictionary;

    #[test]
    fn attribute_constants_agree_with_the_dictionary() {
        let dictionary = Dictionary::embedded();
        for (number, vendor, name) in ATTRIBUTES {
            let known = dictionary.by_name(name).unwrap_or_else(|| panic!("{name} is not in the dictionary"));
            assert_eq!((known.vendor(), known.number(), known.name.as_str()), (*vendor, u32::from(*number), *name));
        }
    }

    #[test]
    fn value_constants_agree_with_the_dictionary() {
        let dictionary = Dictionary::embedded();
        for (number, attribute, name) in VALUES {
            let known = dictionary.by_name(attribute).unwrap_or_else(|| panic!("{attribute} is not in the dictionary"));
            assert_eq!(known.value_number(name), Some(u64::from(*number)), "{attribute} {name}");
        }
    }

    /// A constant that is added above without a line below would go unchecked.
    #[test]
    fn every_constant_is_listed() {
        let source = include_str!("numbers.rs");
        let declared = |kind: &str| source.lines().filter(|line| line.contains("pub const ") && line.contains(kind)).count();
        assert_eq!(declared(": u8 ="), ATTRIBUTES.len());
        let vendors = source.lines().filter(|line| line.contains("pub const VENDOR: u32 =")).count();
        assert_eq!(declared(": u32 =") - vendors, VALUES.len());
    }

    const ATTRIBUTES: &[(u8, u32, &str)] = &[
        (USER_NAME, 0, "User-Name"),
        (USER_PASSWORD, 0, "User-Password"),
        (CHAP_PASSWORD, 0, "CHAP-Password"),
        (NAS_IP_ADDRESS, 0, "NAS-IP-Address"),
        (NAS_PORT, 0, "NAS-Port"),
        (SERVICE_TYPE, 0, "Service-Type"),
        (FRAMED_PROTOCOL, 0, "Framed-Protocol"),
        (FRAMED_IP_ADDRESS, 0, "Framed-IP-Address"),
        (FRAMED_IP_NETMASK, 0, "Framed-IP-Netmask"),
        (FILTER_ID, 0, "Filter-Id"),
        (FRAMED_MTU, 0, "Framed-MTU"),
        (REPLY_MESSAGE, 0, "Reply-Message"),
        (FRAMED_ROUTE, 0, "Framed-Route"),
        (STATE, 0, "State"),
        (CLASS, 0, "Class"),
        (VENDOR_SPECIFIC, 0, "Vendor-Specific"),
        (SESSION_TIMEOUT, 0, "Session-Timeout"),
        (IDLE_TIMEOUT, 0, "Idle-Timeout"),
        (TERMINATION_ACTION, 0, "Termination-Action"),
        (CALLED_STATION_ID, 0, "Called-Station-Id"),
        (CALLING_STATION_ID, 0, "Calling-Station-Id"),
        (NAS_IDENTIFIER, 0, "NAS-Identifier"),
        (PROXY_STATE, 0, "Proxy-State"),
        (ACCT_STATUS_TYPE, 0, "Acct-Status-Type"),
        (ACCT_DELAY_TIME, 0, "Acct-Delay-Time"),
        (ACCT_INPUT_OCTETS, 0, "Acct-Input-Octets"),
        (ACCT_OUTPUT_OCTETS, 0, "Acct-Output-Octets"),
        (ACCT_SESSION_ID, 0, "Acct-Session-Id"),
        (ACCT_AUTHENTIC, 0, "Acct-Authentic"),
        (ACCT_SESSION_TIME, 0, "Acct-Session-Time"),
        (ACCT_INPUT_PACKETS, 0, "Acct-Input-Packets"),
        (ACCT_OUTPUT_PACKETS, 0, "Acct-Output-Packets"),
        (ACCT_TERMINATE_CAUSE, 0, "Acct-Terminate-Cause"),
        (ACCT_MULTI_SESSION_ID, 0, "Acct-Multi-Session-Id"),
        (ACCT_LINK_COUNT, 0, "Acct-Link-Count"),
        (ACCT_INPUT_GIGAWORDS, 0, "Acct-Input-Gigawords"),
        (ACCT_OUTPUT_GIGAWORDS, 0, "Acct-Output-Gigawords"),
        (EVENT_TIMESTAMP, 0, "Event-Timestamp"),
        (CHAP_CHALLENGE, 0, "CHAP-Challenge"),
        (NAS_PORT_TYPE, 0, "NAS-Port-Type"),
        (PORT_LIMIT, 0, "Port-Limit"),
        (TUNNEL_TYPE, 0, "Tunnel-Type"),
        (TUNNEL_MEDIUM_TYPE, 0, "Tunnel-Medium-Type"),
        (TUNNEL_CLIENT_ENDPOINT, 0, "Tunnel-Client-Endpoint"),
        (TUNNEL_SERVER_ENDPOINT, 0, "Tunnel-Server-Endpoint"),
        (ACCT_TUNNEL_CONNECTION, 0, "Acct-Tunnel-Connection"),
        (TUNNEL_PASSWORD, 0, "Tunnel-Password"),
        (CONNECT_INFO, 0, "Connect-Info"),
        (EAP_MESSAGE, 0, "EAP-Message"),
        (MESSAGE_AUTHENTICATOR, 0, "Message-Authenticator"),
        (TUNNEL_PRIVATE_GROUP_ID, 0, "Tunnel-Private-Group-Id"),
        (TUNNEL_ASSIGNMENT_ID, 0, "Tunnel-Assignment-Id"),
        (TUNNEL_PREFERENCE, 0, "Tunnel-Preference"),
        (ACCT_INTERIM_INTERVAL, 0, "Acct-Interim-Interval"),
        (NAS_PORT_ID, 0, "NAS-Port-Id"),
        (FRAMED_POOL, 0, "Framed-Pool"),
        (CHARGEABLE_USER_IDENTITY, 0, "Chargeable-User-Identity"),
        (TUNNEL_CLIENT_AUTH_ID, 0, "Tunnel-Client-Auth-Id"),
        (TUNNEL_SERVER_AUTH_ID, 0, "Tunnel-Server-Auth-Id"),
        (NAS_FILTER_RULE, 0, "NAS-Filter-Rule"),
        (NAS_IPV6_ADDRESS, 0, "NAS-IPv6-Address"),
        (FRAMED_INTERFACE_ID, 0, "Framed-Interface-Id"),
        (FRAMED_IPV6_PREFIX, 0, "Framed-IPv6-Prefix"),
        (FRAMED_IPV6_ROUTE, 0, "Framed-IPv6-Route"),
        (FRAMED_IPV6_POOL, 0, "Framed-IPv6-Pool"),
        (ERROR_CAUSE, 0, "Error-Cause"),
        (DELEGATED_IPV6_PREFIX, 0, "Delegated-IPv6-Prefix"),
        (FRAMED_IPV6_ADDRESS, 0, "Framed-IPv6-Address"),
        (DNS_SERVER_IPV6_ADDRESS, 0, "DNS-Server-IPv6-Address"),
        (ROUTE_IPV6_INFORMATION, 0, "Route-IPv6-Information"),
        (DELEGATED_IPV6_PREFIX_POOL, 0, "Delegated-IPv6-Prefix-Pool"),
        (STATEFUL_IPV6_ADDRESS_POOL, 0, "Stateful-IPv6-Address-Pool"),
        (mikrotik::RECV_LIMIT, mikrotik::VENDOR, "Mikrotik-Recv-Limit"),
        (mikrotik::XMIT_LIMIT, mikrotik::VENDOR, "Mikrotik-Xmit-Limit"),
        (mikrotik::GROUP, mikrotik::VENDOR, "Mikrotik-Group"),
        (mikrotik::WIRELESS_FORWARD, mikrotik::VENDOR, "Mikrotik-Wireless-Forward"),
        (mikrotik::WIRELESS_SKIP_DOT1X, mikrotik::VENDOR, "Mikrotik-Wireless-Skip-Dot1x"),
        (mikrotik::WIRELESS_ENC_ALGO, mikrotik::VENDOR, "Mikrotik-Wireless-Enc-Algo"),
        (mikrotik::WIRELESS_ENC_KEY, mikrotik::VENDOR, "Mikrotik-Wireless-Enc-Key"),
        (mikrotik::RATE_LIMIT, mikrotik::VENDOR, "Mikrotik-Rate-Limit"),
        (mikrotik::REALM, mikrotik::VENDOR, "Mikrotik-Realm"),
        (mikrotik::HOST_IP, mikrotik::VENDOR, "Mikrotik-Host-IP"),
        (mikrotik::MARK_ID, mikrotik::VENDOR, "Mikrotik-Mark-Id"),
        (mikrotik::ADVERTISE_URL, mikrotik::VENDOR, "Mikrotik-Advertise-URL"),
        (mikrotik::ADVERTISE_INTERVAL, mikrotik::VENDOR, "Mikrotik-Advertise-Interval"),
        (mikrotik::RECV_LIMIT_GIGAWORDS, mikrotik::VENDOR, "Mikrotik-Recv-Limit-Gigawords"),
        (mikrotik::XMIT_LIMIT_GIGAWORDS, mikrotik::VENDOR, "Mikrotik-Xmit-Limit-Gigawords"),
        (mikrotik::WIRELESS_PSK, mikrotik::VENDOR, "Mikrotik-Wireless-PSK"),
        (mikrotik::TOTAL_LIMIT, mikrotik::VENDOR, "Mikrotik-Total-Limit"),
        (mikrotik::TOTAL_LIMIT_GIGAWORDS, mikrotik::VENDOR, "Mikrotik-Total-Limit-Gigawords"),
        (mikrotik::ADDRESS_LIST, mikrotik::VENDOR, "Mikrotik-Address-List"),
        (mikrotik::WIRELESS_MPKEY, mikrotik::VENDOR, "Mikrotik-Wireless-MPKey"),
        (mikrotik::WIRELESS_COMMENT, mikrotik::VENDOR, "Mikrotik-Wireless-Comment"),
        (mikrotik::DELEGATED_IPV6_POOL, mikrotik::VENDOR, "Mikrotik-Delegated-IPv6-Pool"),
        (mikrotik::DHCP_OPTION_SET, mikrotik::VENDOR, "Mikrotik-DHCP-Option-Set"),
        (mikrotik::DHCP_OPTION_PARAM_STR1, mikrotik::VENDOR, "Mikrotik-DHCP-Option-Param-STR1"),
        (mikrotik::DHCP_OPTION_PARAM_STR2, mikrotik::VENDOR, "Mikrotik-DHCP-Option-Param-STR2"),
        (mikrotik::WIRELESS_VLANID, mikrotik::VENDOR, "Mikrotik-Wireless-VLANID"),
        (mikrotik::WIRELESS_VLANID_TYPE, mikrotik::VENDOR, "Mikrotik-Wireless-VLANID-Type"),
        (mikrotik::WIRELESS_MINSIGNAL, mikrotik::VENDOR, "Mikrotik-Wireless-Minsignal"),
        (mikrotik::WIRELESS_MAXSIGNAL, mikrotik::VENDOR, "Mikrotik-Wireless-Maxsignal"),
        (mikrotik::SWITCHING_FILTER, mikrotik::VENDOR, "Mikrotik-Switching-Filter"),
        (microsoft::CHAP_RESPONSE, microsoft::VENDOR, "MS-CHAP-Response"),
        (microsoft::CHAP_ERROR, microsoft::VENDOR, "MS-CHAP-Error"),
        (microsoft::MPPE_ENCRYPTION_POLICY, microsoft::VENDOR, "MS-MPPE-Encryption-Policy"),
        (microsoft::MPPE_ENCRYPTION_TYPES, microsoft::VENDOR, "MS-MPPE-Encryption-Types"),
        (microsoft::CHAP_DOMAIN, microsoft::VENDOR, "MS-CHAP-Domain"),
        (microsoft::CHAP_CHALLENGE, microsoft::VENDOR, "MS-CHAP-Challenge"),
        (microsoft::CHAP_MPPE_KEYS, microsoft::VENDOR, "MS-CHAP-MPPE-Keys"),
        (microsoft::MPPE_SEND_KEY, microsoft::VENDOR, "MS-MPPE-Send-Key"),
        (microsoft::MPPE_RECV_KEY, microsoft::VENDOR, "MS-MPPE-Recv-Key"),
        (microsoft::ACCT_AUTH_TYPE, microsoft::VENDOR, "MS-Acct-Auth-Type"),
        (microsoft::CHAP2_RESPONSE, microsoft::VENDOR, "MS-CHAP2-Response"),
        (microsoft::CHAP2_SUCCESS, microsoft::VENDOR, "MS-CHAP2-Success"),
        (microsoft::PRIMARY_DNS_SERVER, microsoft::VENDOR, "MS-Primary-DNS-Server"),
        (microsoft::SECONDARY_DNS_SERVER, microsoft::VENDOR, "MS-Secondary-DNS-Server"),
        (microsoft::PRIMARY_NBNS_SERVER, microsoft::VENDOR, "MS-Primary-NBNS-Server"),
        (microsoft::SECONDARY_NBNS_SERVER, microsoft::VENDOR, "MS-Secondary-NBNS-Server"),
        (wispr::LOCATION_ID, wispr::VENDOR, "WISPr-Location-ID"),
        (wispr::LOCATION_NAME, wispr::VENDOR, "WISPr-Location-Name"),
        (wispr::LOGOFF_URL, wispr::VENDOR, "WISPr-Logoff-URL"),
        (wispr::REDIRECTION_URL, wispr::VENDOR, "WISPr-Redirection-URL"),
        (wispr::BANDWIDTH_MIN_UP, wispr::VENDOR, "WISPr-Bandwidth-Min-Up"),
        (wispr::BANDWIDTH_MIN_DOWN, wispr::VENDOR, "WISPr-Bandwidth-Min-Down"),
        (wispr::BANDWIDTH_MAX_UP, wispr::VENDOR, "WISPr-Bandwidth-Max-Up"),
        (wispr::BANDWIDTH_MAX_DOWN, wispr::VENDOR, "WISPr-Bandwidth-Max-Down"),
        (wispr::SESSION_TERMINATE_TIME, wispr::VENDOR, "WISPr-Session-Terminate-Time"),
        (wispr::SESSION_TERMINATE_END_OF_DAY, wispr::VENDOR, "WISPr-Session-Terminate-End-Of-Day"),
        (wispr::BILLING_CLASS_OF_SERVICE, wispr::VENDOR, "WISPr-Billing-Class-Of-Service"),
        (ascend::CLIENT_GATEWAY, ascend::VENDOR, "Ascend-Client-Gateway"),
        (ascend::DATA_RATE, ascend::VENDOR, "Ascend-Data-Rate"),
        (ascend::XMIT_RATE, ascend::VENDOR, "Ascend-Xmit-Rate"),
        (redback::AGENT_REMOTE_ID, redback::VENDOR, "Agent-Remote-Id"),
        (redback::AGENT_CIRCUIT_ID, redback::VENDOR, "Agent-Circuit-Id"),
    ];

    const VALUES: &[(u32, &str, &str)] = &[
        (service_type::LOGIN, "Service-Type", "Login-User"),
        (service_type::FRAMED, "Service-Type", "Framed-User"),
        (service_type::CALLBACK_LOGIN, "Service-Type", "Callback-Login-User"),
        (service_type::CALLBACK_FRAMED, "Service-Type", "Callback-Framed-User"),
        (service_type::OUTBOUND, "Service-Type", "Outbound-User"),
        (service_type::ADMINISTRATIVE, "Service-Type", "Administrative-User"),
        (service_type::NAS_PROMPT, "Service-Type", "NAS-Prompt-User"),
        (service_type::AUTHENTICATE_ONLY, "Service-Type", "Authenticate-Only"),
        (service_type::CALLBACK_NAS_PROMPT, "Service-Type", "Callback-NAS-Prompt"),
        (service_type::CALL_CHECK, "Service-Type", "Call-Check"),
        (service_type::CALLBACK_ADMINISTRATIVE, "Service-Type", "Callback-Administrative"),
        (service_type::AUTHORIZE_ONLY, "Service-Type", "Authorize-Only"),
        (service_type::FRAMED_MANAGEMENT, "Service-Type", "Framed-Management"),
        (framed_protocol::PPP, "Framed-Protocol", "PPP"),
        (termination_action::DEFAULT, "Termination-Action", "Default"),
        (termination_action::RADIUS_REQUEST, "Termination-Action", "RADIUS-Request"),
        (nas_port_type::ASYNC, "NAS-Port-Type", "Async"),
        (nas_port_type::SYNC, "NAS-Port-Type", "Sync"),
        (nas_port_type::ISDN, "NAS-Port-Type", "ISDN"),
        (nas_port_type::ISDN_V120, "NAS-Port-Type", "ISDN-V120"),
        (nas_port_type::ISDN_V110, "NAS-Port-Type", "ISDN-V110"),
        (nas_port_type::VIRTUAL, "NAS-Port-Type", "Virtual"),
        (nas_port_type::ETHERNET, "NAS-Port-Type", "Ethernet"),
        (nas_port_type::XDSL, "NAS-Port-Type", "xDSL"),
        (nas_port_type::CABLE, "NAS-Port-Type", "Cable"),
        (nas_port_type::WIRELESS_OTHER, "NAS-Port-Type", "Wireless-Other"),
        (nas_port_type::WIRELESS_802_11, "NAS-Port-Type", "Wireless-802.11"),
        (nas_port_type::WIRELESS_CDMA2000, "NAS-Port-Type", "Wireless-CDMA2000"),
        (nas_port_type::WIRELESS_UMTS, "NAS-Port-Type", "Wireless-UMTS"),
        (nas_port_type::WIRELESS_1X_EV, "NAS-Port-Type", "Wireless-1X-EV"),
        (nas_port_type::IAPP, "NAS-Port-Type", "IAPP"),
        (nas_port_type::FTTP, "NAS-Port-Type", "FTTP"),
        (nas_port_type::WIRELESS_802_16, "NAS-Port-Type", "Wireless-802.16"),
        (nas_port_type::WIRELESS_802_20, "NAS-Port-Type", "Wireless-802.20"),
        (nas_port_type::WIRELESS_802_22, "NAS-Port-Type", "Wireless-802.22"),
        (nas_port_type::XPON, "NAS-Port-Type", "xPON"),
        (nas_port_type::WIRELESS_XGP, "NAS-Port-Type", "Wireless-XGP"),
        (nas_port_type::TOKEN_RING, "NAS-Port-Type", "Token-Ring"),
        (nas_port_type::FDDI, "NAS-Port-Type", "FDDI"),
        (nas_port_type::PPPOA, "NAS-Port-Type", "PPPoA"),
        (nas_port_type::PPPOEOA, "NAS-Port-Type", "PPPoEoA"),
        (nas_port_type::PPPOEOE, "NAS-Port-Type", "PPPoEoE"),
        (nas_port_type::PPPOEOVLAN, "NAS-Port-Type", "PPPoEoVLAN"),
        (nas_port_type::PPPOEOQINQ, "NAS-Port-Type", "PPPoEoQinQ"),
        (acct_status_type::START, "Acct-Status-Type", "Start"),
        (acct_status_type::STOP, "Acct-Status-Type", "Stop"),
        (acct_status_type::INTERIM_UPDATE, "Acct-Status-Type", "Interim-Update"),
        (acct_status_type::ACCOUNTING_ON, "Acct-Status-Type", "Accounting-On"),
        (acct_status_type::ACCOUNTING_OFF, "Acct-Status-Type", "Accounting-Off"),
        (acct_status_type::FAILED, "Acct-Status-Type", "Failed"),
        (acct_status_type::TUNNEL_START, "Acct-Status-Type", "Tunnel-Start"),
        (acct_status_type::TUNNEL_STOP, "Acct-Status-Type", "Tunnel-Stop"),
        (acct_status_type::TUNNEL_REJECT, "Acct-Status-Type", "Tunnel-Reject"),
        (acct_status_type::TUNNEL_LINK_START, "Acct-Status-Type", "Tunnel-Link-Start"),
        (acct_status_type::TUNNEL_LINK_STOP, "Acct-Status-Type", "Tunnel-Link-Stop"),
        (acct_status_type::TUNNEL_LINK_REJECT, "Acct-Status-Type", "Tunnel-Link-Reject"),
        (acct_authentic::RADIUS, "Acct-Authentic", "RADIUS"),
        (acct_authentic::LOCAL, "Acct-Authentic", "Local"),
        (acct_authentic::REMOTE, "Acct-Authentic", "Remote"),
        (acct_authentic::DIAMETER, "Acct-Authentic", "Diameter"),
        (terminate_cause::USER_REQUEST, "Acct-Terminate-Cause", "User-Request"),
        (terminate_cause::LOST_CARRIER, "Acct-Terminate-Cause", "Lost-Carrier"),
        (terminate_cause::LOST_SERVICE, "Acct-Terminate-Cause", "Lost-Service"),
        (terminate_cause::IDLE_TIMEOUT, "Acct-Terminate-Cause", "Idle-Timeout"),
        (terminate_cause::SESSION_TIMEOUT, "Acct-Terminate-Cause", "Session-Timeout"),
        (terminate_cause::ADMIN_RESET, "Acct-Terminate-Cause", "Admin-Reset"),
        (terminate_cause::ADMIN_REBOOT, "Acct-Terminate-Cause", "Admin-Reboot"),
        (terminate_cause::PORT_ERROR, "Acct-Terminate-Cause", "Port-Error"),
        (terminate_cause::NAS_ERROR, "Acct-Terminate-Cause", "NAS-Error"),
        (terminate_cause::NAS_REQUEST, "Acct-Terminate-Cause", "NAS-Request"),
        (terminate_cause::NAS_REBOOT, "Acct-Terminate-Cause", "NAS-Reboot"),
        (terminate_cause::PORT_UNNEEDED, "Acct-Terminate-Cause", "Port-Unneeded"),
        (terminate_cause::PORT_PREEMPTED, "Acct-Terminate-Cause", "Port-Preempted"),
        (terminate_cause::PORT_SUSPENDED, "Acct-Terminate-Cause", "Port-Suspended"),
        (terminate_cause::SERVICE_UNAVAILABLE, "Acct-Terminate-Cause", "Service-Unavailable"),
        (terminate_cause::CALLBACK, "Acct-Terminate-Cause", "Callback"),
        (terminate_cause::USER_ERROR, "Acct-Terminate-Cause", "User-Error"),
        (terminate_cause::HOST_REQUEST, "Acct-Terminate-Cause", "Host-Request"),
        (terminate_cause::SUPPLICANT_RESTART, "Acct-Terminate-Cause", "Supplicant-Restart"),
        (terminate_cause::REAUTHENTICATION_FAILURE, "Acct-Terminate-Cause", "Reauthentication-Failure"),
        (terminate_cause::PORT_REINIT, "Acct-Terminate-Cause", "Port-Reinit"),
        (terminate_cause::PORT_DISABLED, "Acct-Terminate-Cause", "Port-Disabled"),
        (terminate_cause::LOST_POWER, "Acct-Terminate-Cause", "Lost-Power"),
        (tunnel_type::PPTP, "Tunnel-Type", "PPTP"),
        (tunnel_type::L2TP, "Tunnel-Type", "L2TP"),
        (tunnel_type::VLAN, "Tunnel-Type", "VLAN"),
        (tunnel_medium_type::IPV4, "Tunnel-Medium-Type", "IPv4"),
        (tunnel_medium_type::IPV6, "Tunnel-Medium-Type", "IPv6"),
        (tunnel_medium_type::IEEE_802, "Tunnel-Medium-Type", "IEEE-802"),
        (error_cause::RESIDUAL_CONTEXT_REMOVED, "Error-Cause", "Residual-Context-Removed"),
        (error_cause::INVALID_EAP_PACKET, "Error-Cause", "Invalid-EAP-Packet"),
        (error_cause::UNSUPPORTED_ATTRIBUTE, "Error-Cause", "Unsupported-Attribute"),
        (error_cause::MISSING_ATTRIBUTE, "Error-Cause", "Missing-Attribute"),
        (error_cause::NAS_IDENTIFICATION_MISMATCH, "Error-Cause", "NAS-Identification-Mismatch"),
        (error_cause::INVALID_REQUEST, "Error-Cause", "Invalid-Request"),
        (error_cause::UNSUPPORTED_SERVICE, "Error-Cause", "Unsupported-Service"),
        (error_cause::UNSUPPORTED_EXTENSION, "Error-Cause", "Unsupported-Extension"),
        (error_cause::ADMINISTRATIVELY_PROHIBITED, "Error-Cause", "Administratively-Prohibited"),
        (error_cause::PROXY_REQUEST_NOT_ROUTABLE, "Error-Cause", "Proxy-Request-Not-Routable"),
        (error_cause::SESSION_CONTEXT_NOT_FOUND, "Error-Cause", "Session-Context-Not-Found"),
        (error_cause::SESSION_CONTEXT_NOT_REMOVABLE, "Error-Cause", "Session-Context-Not-Removable"),
        (error_cause::PROXY_PROCESSING_ERROR, "Error-Cause", "Proxy-Processing-Error"),
        (error_cause::RESOURCES_UNAVAILABLE, "Error-Cause", "Resources-Unavailable"),
        (error_cause::REQUEST_INITIATED, "Error-Cause", "Request-Initiated"),
        (error_cause::INVALID_ATTRIBUTE_VALUE, "Error-Cause", "Invalid-Attribute-Value"),
        (error_cause::MULTIPLE_SESSION_SELECTION_UNSUPPORTED, "Error-Cause", "Multiple-Session-Selection-Unsupported"),
        (error_cause::LOCATION_INFO_REQUIRED, "Error-Cause", "Location-Info-Required"),
        (error_cause::RESPONSE_TOO_BIG, "Error-Cause", "Response-Too-Big"),
    ];
}
