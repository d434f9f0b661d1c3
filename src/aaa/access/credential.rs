//! The credential of a request: which one it is, and whether it fits a password.

use crate::aaa::decide::RejectReason;
use crate::radius::credentials::mschap::{self, MsChapError};
use crate::radius::credentials::{chap, pap, same_octets};
use crate::radius::dictionary::numbers::{CHAP_CHALLENGE, CHAP_PASSWORD, EAP_MESSAGE, USER_PASSWORD, microsoft};
use crate::radius::{PacketView, ReplyWriter, Secret};
use crate::units::Mac;

/// Microsoft (RFC 2548).
const MICROSOFT: u32 = 311;

/// How somebody proves who he is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential<'a> {
    /// User-Password, hidden.
    Pap(&'a [u8]),
    /// CHAP-Password and its challenge.
    Chap {
        /// Identifier and response.
        response: &'a [u8],
        /// CHAP-Challenge, else the request authenticator.
        challenge: &'a [u8],
    },
    /// MS-CHAP version 1.
    MsChap1 {
        /// MS-CHAP-Response.
        response: &'a [u8],
        /// MS-CHAP-Challenge.
        challenge: &'a [u8],
    },
    /// MS-CHAP version 2.
    MsChap2 {
        /// MS-CHAP2-Response.
        response: &'a [u8],
        /// MS-CHAP-Challenge.
        challenge: &'a [u8],
    },
}

/// What a fitting credential entitles to.
pub enum Proof {
    /// It does not fit.
    Wrong,
    /// It fits.
    Right,
    /// It fits; version 1 keys follow from this NT hash.
    Right1([u8; 16]),
    /// It fits; the router expects these in return.
    Right2(Box<mschap::V2Success>),
}

impl<'a> Credential<'a> {
    /// Finds the one credential of a request.
    pub fn of(view: &PacketView<'a>) -> Result<Credential<'a>, RejectReason> {
        let ms1 = view.vendor_get(MICROSOFT, microsoft::CHAP_RESPONSE);
        let ms2 = view.vendor_get(MICROSOFT, microsoft::CHAP2_RESPONSE);
        let ms_challenge = || view.vendor_get(MICROSOFT, microsoft::CHAP_CHALLENGE).unwrap_or_default();
        let kinds = [view.has(USER_PASSWORD), view.has(CHAP_PASSWORD), ms1.is_some() || ms2.is_some(), view.has(EAP_MESSAGE)];
        match kinds {
            [true, false, false, false] => {
                let hidden = view.get(USER_PASSWORD).unwrap_or_default();
                let fits = (16..=128).contains(&hidden.len()) && hidden.len().is_multiple_of(16);
                fits.then_some(Credential::Pap(hidden)).ok_or(RejectReason::Malformed)
            }
            [false, true, false, false] => {
                let response = view.get(CHAP_PASSWORD).filter(|r| r.len() == 17).ok_or(RejectReason::Malformed)?;
                Ok(Credential::Chap { response, challenge: view.get(CHAP_CHALLENGE).unwrap_or(view.authenticator()) })
            }
            [false, false, true, false] => match (ms2, ms1) {
                (Some(response), _) => Ok(Credential::MsChap2 { response, challenge: ms_challenge() }),
                (None, Some(response)) => Ok(Credential::MsChap1 { response, challenge: ms_challenge() }),
                (None, None) => Err(RejectReason::NoCredential),
            },
            [false, false, false, true] => Err(RejectReason::EapNotOffered),
            [false, false, false, false] => Err(RejectReason::NoCredential),
            _ => Err(RejectReason::Malformed),
        }
    }

    /// Its name in the decision log.
    pub fn name(&self) -> &'static str {
        match self {
            Credential::Pap(_) => "PAP",
            Credential::Chap { .. } => "CHAP",
            Credential::MsChap1 { .. } => "MS-CHAPv1",
            Credential::MsChap2 { .. } => "MS-CHAPv2",
        }
    }

    /// Whether it fits a password.
    pub fn verify(&self, password: &[u8], username: &[u8], view: &PacketView<'_>, secret: &Secret) -> Proof {
        let right = |fits: bool| if fits { Proof::Right } else { Proof::Wrong };
        match *self {
            Credential::Pap(hidden) => {
                let mut plain = [0; pap::MAX_PASSWORD_OCTETS];
                right(
                    pap::unhide_password(hidden, secret.octets(), view.authenticator(), &mut plain)
                        .is_some_and(|p| same_octets(p, password)),
                )
            }
            Credential::Chap { response, challenge } => right(chap::verify_chap(response, challenge, password)),
            Credential::MsChap1 { response, challenge } => {
                let hash = mschap::nt_hash_of_octets(password);
                if mschap::verify_v1(response, challenge, &hash).is_ok() { Proof::Right1(hash) } else { Proof::Wrong }
            }
            Credential::MsChap2 { response, challenge } => {
                let hash = mschap::nt_hash_of_octets(password);
                mschap::verify_v2(response, challenge, username, &hash).map_or(Proof::Wrong, |s| Proof::Right2(Box::new(s)))
            }
        }
    }

    /// Whether a device that logs in by its address fits: an empty password, or its address again in the spelling of the user name.
    pub fn verify_device(&self, mac: Mac, username: &[u8], view: &PacketView<'_>, secret: &Secret) -> Proof {
        if let Credential::Pap(hidden) = *self {
            let mut plain = [0; pap::MAX_PASSWORD_OCTETS];
            let plain = pap::unhide_password(hidden, secret.octets(), view.authenticator(), &mut plain);
            return if plain.is_some_and(|p| p.is_empty() || Mac::parse(p) == Some(mac)) { Proof::Right } else { Proof::Wrong };
        }
        match self.verify(b"", username, view, secret) {
            Proof::Wrong => self.verify(username, username, view, secret),
            proof => proof,
        }
    }

    /// Whether a PAP password decrypts to something nobody types: the sign of a wrong shared secret.
    pub fn is_garbled(&self, view: &PacketView<'_>, secret: &Secret) -> bool {
        let Credential::Pap(hidden) = *self else { return false };
        let mut plain = [0; pap::MAX_PASSWORD_OCTETS];
        pap::unhide_password(hidden, secret.octets(), view.authenticator(), &mut plain)
            .is_some_and(|p| std::str::from_utf8(p).map_or(true, |text| text.chars().any(char::is_control)))
    }

    /// What an Accept must say back to an MS-CHAP peer.
    pub fn write_success(proof: &Proof, reply: &mut ReplyWriter<'_>, view: &PacketView<'_>, secret: &Secret, salt: u16) {
        match proof {
            Proof::Wrong | Proof::Right => return,
            Proof::Right1(hash) => {
                let mut keys = mschap::mschap_v1_mppe_keys(hash);
                pap::hide_in_place(&mut keys, secret.octets(), view.authenticator());
                reply.vendor(MICROSOFT, microsoft::CHAP_MPPE_KEYS, &keys);
            }
            Proof::Right2(success) => {
                let salts = [salt << 1, salt << 1 | 1].map(u16::to_be_bytes);
                reply
                    .vendor(MICROSOFT, microsoft::CHAP2_SUCCESS, &success.success)
                    .vendor_salted(MICROSOFT, microsoft::MPPE_SEND_KEY, &success.send_key, secret, salts[0])
                    .vendor_salted(MICROSOFT, microsoft::MPPE_RECV_KEY, &success.recv_key, secret, salts[1]);
            }
        }
        // Encryption allowed, not demanded, with 40 or 128 bits (RFC 2548 sections 2.4.4 and 2.4.5).
        reply.vendor(MICROSOFT, microsoft::MPPE_ENCRYPTION_POLICY, &1u32.to_be_bytes()).vendor(
            MICROSOFT,
            microsoft::MPPE_ENCRYPTION_TYPES,
            &6u32.to_be_bytes(),
        );
    }

    /// What a Reject must say to an MS-CHAP peer: MS-CHAP-Error with the code that its dialogue understands.
    pub fn write_error(&self, reason: RejectReason, reply: &mut ReplyWriter<'_>) {
        let response = match self {
            Credential::MsChap1 { response, .. } | Credential::MsChap2 { response, .. } => response,
            _ => return,
        };
        let code = match reason {
            RejectReason::Expired => MsChapError::PasswordExpired,
            RejectReason::Disabled | RejectReason::Suspended => MsChapError::AccountDisabled,
            RejectReason::TooManySessions
            | RejectReason::MacNotAllowed
            | RejectReason::DeviceNotConfirmed
            | RejectReason::RouterNotAllowed
            | RejectReason::ServiceNotAllowed
            | RejectReason::PoolExhausted => MsChapError::NoDialInPermission,
            _ => MsChapError::AuthenticationFailure,
        };
        let mut value = [0; 247];
        // The challenge of a retry is never used, since no retry is offered (R=0).
        let octets = mschap::write_error(code, response.first().copied().unwrap_or(0), &[0; 16], reason.message(), &mut value);
        reply.vendor(MICROSOFT, microsoft::CHAP_ERROR, &value[..octets]);
    }
}
