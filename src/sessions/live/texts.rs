//! Acct-Session-Id and User-Name of a session: in the session itself if they are as short as nearly all are, else in an allocation of their own.

/// Octets of both together that need no allocation.
const INLINE: usize = 29;

/// Both texts, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Texts {
    /// Octets of the Acct-Session-Id, of both, and both.
    Inline(u8, u8, [u8; INLINE]),
    /// The Acct-Session-Id's length in front.
    Boxed(Box<[u8]>),
}

impl Texts {
    /// What is longer than a RADIUS attribute can be is cut.
    pub fn new(acct_session_id: &[u8], username: &[u8]) -> Texts {
        let id = &acct_session_id[..acct_session_id.len().min(255)];
        let mut inline = [0; INLINE];
        let all = id.len() + username.len();
        if all > INLINE {
            return Texts::Boxed([&[id.len() as u8], id, username].concat().into_boxed_slice());
        }
        inline[..id.len()].copy_from_slice(id);
        inline[id.len()..all].copy_from_slice(username);
        Texts::Inline(id.len() as u8, all as u8, inline)
    }

    pub fn acct_session_id(&self) -> &[u8] {
        match self {
            Texts::Inline(id, _, octets) => &octets[..usize::from(*id)],
            Texts::Boxed(octets) => &octets[1..1 + usize::from(octets[0])],
        }
    }

    pub fn username(&self) -> &[u8] {
        match self {
            Texts::Inline(id, all, octets) => &octets[usize::from(*id)..usize::from(*all)],
            Texts::Boxed(octets) => &octets[1 + usize::from(octets[0])..],
        }
    }

    #[cfg(test)]
    pub fn is_inline(&self) -> bool {
        matches!(self, Texts::Inline(..))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_every_length_come_out_as_they_went_in() {
        let octets: Vec<u8> = (0..=255).collect();
        for id in [0, 1, 8, 28, 29, 30, 255] {
            for name in [0, 1, 20, 21, 22, 29, 253] {
                let texts = Texts::new(&octets[..id], &octets[..name]);
                assert_eq!((texts.acct_session_id(), texts.username()), (&octets[..id], &octets[..name]));
                assert_eq!(texts.is_inline(), id + name <= INLINE);
            }
        }
        assert_eq!(Texts::new(&[7; 300], b"bob").username(), b"bob");
    }
}
