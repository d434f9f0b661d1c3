//! The numbered users that every server under test is filled with: name, password and MAC follow from the number.

/// Draws numbers for the choice of users; SplitMix64, seeded by flag so that a run can be repeated.
pub struct Dice(pub u64);

impl Dice {
    /// The next 64 bits.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u32) -> u32 {
        (((self.roll() >> 32) * u64::from(limit)) >> 32) as u32
    }

    /// Sixteen octets.
    pub fn octets(&mut self) -> [u8; 16] {
        let mut octets = [0; 16];
        octets[..8].copy_from_slice(&self.roll().to_le_bytes());
        octets[8..].copy_from_slice(&self.roll().to_le_bytes());
        octets
    }
}

/// How users are named. All names have one length, and so have all passwords: packets can be patched in place.
#[derive(Clone)]
pub struct Users {
    /// What stands before the digits.
    pub prefix: String,
    /// Number of users; they are numbered from 1.
    pub count: u32,
    /// Digits of the number, padded with zeroes.
    pub digits: usize,
    /// The password, with `{n}` standing for the padded number.
    pub password_pattern: String,
}

impl Users {
    /// Name of user `number`.
    pub fn name(&self, number: u32) -> String {
        format!("{}{:0width$}", self.prefix, number, width = self.digits)
    }

    /// Writes the name of user `number` over `out`, which has its length.
    pub fn write_name(&self, number: u32, out: &mut [u8]) {
        let (prefix, digits) = out.split_at_mut(self.prefix.len());
        prefix.copy_from_slice(self.prefix.as_bytes());
        let mut rest = number;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
    }

    /// Password of user `number`.
    pub fn password(&self, number: u32) -> String {
        self.password_pattern.replace("{n}", &format!("{:0width$}", number, width = self.digits))
    }

    /// Number of a random user.
    pub fn pick(&self, dice: &mut Dice) -> u32 {
        1 + dice.below(self.count)
    }
}

/// MAC of user `number` in the spelling of RouterOS; locally administered, so that it belongs to no vendor.
pub fn mac(number: u32) -> [u8; 17] {
    let [a, b, c, d] = number.to_be_bytes();
    let mut text = *b"02:00:00:00:00:00";
    for (index, octet) in [a, b, c, d].into_iter().enumerate() {
        write_hex(&[octet], &mut text[6 + index * 3..8 + index * 3]);
    }
    text
}

/// Writes octets as upper-case hexadecimal over `out`, which has twice their length.
pub fn write_hex(octets: &[u8], out: &mut [u8]) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for (octet, out) in octets.iter().zip(out.chunks_mut(2)) {
        out[0] = DIGITS[usize::from(octet >> 4)];
        out[1] = DIGITS[usize::from(octet & 15)];
    }
}

/// A RouterOS session id as text: service octet 81 (PPP), boot nibble, 20-bit counter, in lower-case hexadecimal.
pub fn session_id(boot_nibble: u8, counter: u32) -> u32 {
    0x8100_0000 | (u32::from(boot_nibble & 15) << 20) | (counter & 0xF_FFFF)
}

/// Writes a session id over `out`, eight octets.
pub fn write_session_id(id: u32, out: &mut [u8]) {
    write_hex(&id.to_be_bytes(), out);
    out.make_ascii_lowercase();
}
