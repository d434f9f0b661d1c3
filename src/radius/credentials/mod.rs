//! What proves who logs in: PAP, CHAP, MS-CHAPv1, MS-CHAPv2, and the keys that follow from them.
//! Pure and without allocation where a login passes through; passwords never appear in an error or a `Debug` text.

pub mod chap;
pub mod mschap;
pub mod pap;
pub mod salt;

use subtle::ConstantTimeEq;

/// Compares two secrets in a time that depends on their length only. Different lengths differ at once.
pub fn same_octets(left: &[u8], right: &[u8]) -> bool {
    left.ct_eq(right).into()
}

#[cfg(test)]
mod tests {
    use super::same_octets;

    #[test]
    fn compares_content_and_length() {
        for (left, right, same) in
            [("", "", true), ("secret", "secret", true), ("secret", "secreT", false), ("secret", "secret ", false), ("", "x", false)]
        {
            assert_eq!(same_octets(left.as_bytes(), right.as_bytes()), same, "{left:?} {right:?}");
        }
    }
}
