//! Encoded attributes put beside, in place of, or only in absence of others of the same name: what `+=`, `:=` and `=` mean in a reply (as FreeRADIUS has it,
//! unlang(5)).

use super::attribute_text::Operator;

const VENDOR_SPECIFIC: u8 = 26;
/// Attributes whose first octet may be a tag, RFC 2868 section 3 and RFC 2867 section 4: those of two tunnels are not the same.
const TAGGED: [u8; 12] = [64, 65, 66, 67, 69, 81, 82, 83, 86, 90, 91, 68];
/// Highest tag.
const MOST_TAG: u8 = 0x1f;

/// The octets of an attribute that make up its name: the type; of a vendor's the vendor and its type; of an extended one (RFC 6929) both types; of a tunnel's the
/// tag too. Length octets are left out.
fn name(attribute: &[u8]) -> (u8, [u8; 5]) {
    let at = |index: usize| attribute.get(index).copied().unwrap_or(0);
    let kind = at(0);
    let rest = match kind {
        VENDOR_SPECIFIC => [at(2), at(3), at(4), at(5), at(6)],
        241..=246 => [at(2), 0, 0, 0, 0],
        _ if TAGGED.contains(&kind) && at(2) <= MOST_TAG => [at(2), 0, 0, 0, 0],
        _ => [0; 5],
    };
    (kind, rest)
}

/// Each attribute of an encoded run, header included; ends at the first that is broken.
pub fn attributes(mut run: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let length = usize::from(*run.get(1)?);
        let (first, rest) = run.split_at_checked(length.max(2))?;
        run = rest;
        Some(first)
    })
}

/// Whether one of the same name is in the run.
pub(super) fn has(run: &[u8], attribute: &[u8]) -> bool {
    attributes(run).any(|other| name(other) == name(attribute))
}

/// Closes the gaps of all of the same name; returns how many octets of the run are left.
pub(super) fn remove(run: &mut [u8], attribute: &[u8]) -> usize {
    let wanted = name(attribute);
    let (mut read, mut write) = (0, 0);
    while let Some(length) = run.get(read + 1).map(|octets| usize::from(*octets).max(2)).filter(|length| read + length <= run.len()) {
        if name(&run[read..read + length]) != wanted {
            run.copy_within(read..read + length, write);
            write += length;
        }
        read += length;
    }
    run.copy_within(read.., write);
    write + run.len() - read
}

/// An encoded attribute with its operator, as customers' own are kept: an octet for the operator, then the attribute.
pub fn write_item(operator: Operator, attribute: &[u8], out: &mut Vec<u8>) {
    // A value that goes on in further attributes is one item, whose other parts follow whatever there is.
    for (index, part) in attributes(attribute).enumerate() {
        out.push(match operator {
            _ if index > 0 => b'+',
            Operator::Add => b'+',
            Operator::Replace => b':',
            Operator::Set => b'=',
        });
        out.extend_from_slice(part);
    }
}

/// What [`write_item`] wrote, one by one.
pub fn items(mut run: &[u8]) -> impl Iterator<Item = (Operator, &[u8])> {
    std::iter::from_fn(move || {
        let (operator, rest) = run.split_first()?;
        let length = usize::from(*rest.get(1)?).max(2);
        let (attribute, rest) = rest.split_at_checked(length)?;
        run = rest;
        let operator = match operator {
            b':' => Operator::Replace,
            b'=' => Operator::Set,
            _ => Operator::Add,
        };
        Some((operator, attribute))
    })
}

/// Puts one attribute into a run that grows.
pub fn merge(run: &mut Vec<u8>, operator: Operator, attribute: &[u8]) {
    match operator {
        Operator::Set if has(run, attribute) => return,
        Operator::Replace => {
            let left = remove(run, attribute);
            run.truncate(left);
        }
        Operator::Set | Operator::Add => {}
    }
    run.extend_from_slice(attribute);
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILTER: &[u8] = &[11, 5, b'a', b'.', b'i'];
    const OTHER_FILTER: &[u8] = &[11, 3, b'b'];
    const LIST: &[u8] = &[26, 9, 0, 0, 0x3a, 0x8c, 19, 3, b'l'];
    const GROUP: &[u8] = &[26, 9, 0, 0, 0x3a, 0x8c, 3, 3, b'g'];
    const TUNNEL_1: &[u8] = &[64, 6, 1, 0, 0, 13];
    const TUNNEL_2: &[u8] = &[64, 6, 2, 0, 0, 13];

    #[test]
    fn operators_mean_what_they_mean_in_freeradius() {
        use Operator::{Add, Replace, Set};
        for (steps, wanted) in [
            (&[(Add, FILTER), (Add, OTHER_FILTER)][..], &[FILTER, OTHER_FILTER][..]),
            (&[(Add, FILTER), (Set, OTHER_FILTER)], &[FILTER]),
            (&[(Set, OTHER_FILTER)], &[OTHER_FILTER]),
            (&[(Add, FILTER), (Add, LIST), (Add, FILTER), (Replace, OTHER_FILTER)], &[LIST, OTHER_FILTER]),
            (&[(Add, LIST), (Replace, GROUP)], &[LIST, GROUP]),
            (&[(Add, LIST), (Add, GROUP), (Replace, LIST)], &[GROUP, LIST]),
            (&[(Set, TUNNEL_1), (Set, TUNNEL_2), (Set, TUNNEL_1)], &[TUNNEL_1, TUNNEL_2]),
        ] {
            let mut run = Vec::new();
            let mut kept = Vec::new();
            for (operator, attribute) in steps {
                merge(&mut run, *operator, attribute);
                write_item(*operator, attribute, &mut kept);
            }
            assert_eq!(run, wanted.concat(), "{steps:?}");
            assert_eq!(items(&kept).collect::<Vec<_>>(), steps.to_vec());
        }
    }

    #[test]
    fn a_long_value_is_one_item_and_broken_runs_end() {
        let mut kept = Vec::new();
        write_item(Operator::Replace, &[79, 3, 1, 79, 3, 2], &mut kept);
        assert_eq!(kept, [b':', 79, 3, 1, b'+', 79, 3, 2]);
        assert_eq!(items(&[b'+', 79, 9, 1]).count() + attributes(&[79, 9, 1]).count() + items(b"+").count(), 0);
        let mut broken = vec![11, 3, 1, 79, 9, 1];
        assert_eq!(remove(&mut broken, &[11, 3, 2]), 3);
        assert_eq!(broken[..3], [79, 9, 1]);
    }
}
