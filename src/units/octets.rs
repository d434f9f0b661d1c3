//! Numbers and strings as octets, little-endian: for the journal's records and the snapshot. What the network speaks is in `radius/`.

/// Appends to a vector; calls chain.
pub struct OctetWriter<'w>(pub &'w mut Vec<u8>);

impl OctetWriter<'_> {
    /// 8 octets.
    pub fn i64(&mut self, n: i64) -> &mut Self {
        self.octets(&n.to_le_bytes())
    }

    /// 8 octets.
    pub fn u64(&mut self, n: u64) -> &mut Self {
        self.octets(&n.to_le_bytes())
    }

    /// 4 octets.
    pub fn u32(&mut self, n: u32) -> &mut Self {
        self.octets(&n.to_le_bytes())
    }

    /// 2 octets.
    pub fn u16(&mut self, n: u16) -> &mut Self {
        self.octets(&n.to_le_bytes())
    }

    /// 1 octet.
    pub fn u8(&mut self, n: u8) -> &mut Self {
        self.0.push(n);
        self
    }

    /// These octets; the reader must know how many.
    pub fn octets(&mut self, octets: &[u8]) -> &mut Self {
        self.0.extend_from_slice(octets);
        self
    }

    /// One octet of length and at most 255 octets, enough for any RADIUS value; what is longer is cut.
    pub fn short(&mut self, octets: &[u8]) -> &mut Self {
        let octets = &octets[..octets.len().min(255)];
        self.u8(octets.len() as u8).octets(octets)
    }

    /// Four octets of length and the octets.
    pub fn long(&mut self, octets: &[u8]) -> &mut Self {
        self.u32(octets.len() as u32).octets(octets)
    }
}

/// Takes from the front of a slice, which holds what is left; everything is `None` if too little is left.
pub struct OctetReader<'a>(pub &'a [u8]);

impl<'a> OctetReader<'a> {
    /// The next `n` octets.
    pub fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(head)
    }

    /// The next `N` octets.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }

    /// 8 octets.
    pub fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    /// 8 octets.
    pub fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// 4 octets.
    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// 2 octets.
    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    /// 1 octet.
    pub fn u8(&mut self) -> Option<u8> {
        self.array().map(|[n]: [u8; 1]| n)
    }

    /// What [`OctetWriter::short`] wrote.
    pub fn short(&mut self) -> Option<&'a [u8]> {
        let n = self.u8()?;
        self.take(usize::from(n))
    }

    /// What [`OctetWriter::long`] wrote.
    pub fn long(&mut self) -> Option<&'a [u8]> {
        let n = self.u32()?;
        self.take(n as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back_and_ends_nowhere_early() {
        let mut octets = Vec::new();
        OctetWriter(&mut octets).i64(-2).u64(u64::MAX).u32(7).u16(0x0102).u8(9).octets(b"raw").short(b"short").long(&[1; 300]);
        assert_eq!(octets[20..22], [2, 1], "little-endian");
        let read = |octets| {
            let mut r = OctetReader(octets);
            let numbers = (r.i64()?, r.u64()?, r.u32()?, r.u16()?, r.u8()?);
            Some((numbers, r.array::<3>()?, r.short()?.to_vec(), r.long()?.len(), r.0.len()))
        };
        assert_eq!(read(&octets), Some(((-2, u64::MAX, 7, 0x0102, 9), *b"raw", b"short".to_vec(), 300, 0)));
        assert!((0..octets.len()).all(|end| read(&octets[..end]).is_none()));
    }

    #[test]
    fn a_short_string_is_cut_at_what_its_length_octet_can_say() {
        let mut octets = Vec::new();
        OctetWriter(&mut octets).short(&[1; 256]);
        assert_eq!(OctetReader(&octets).short().map(<[u8]>::len), Some(255));
    }
}
