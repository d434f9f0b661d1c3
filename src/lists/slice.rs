//! A page of a list: where it begins, and what is known of the pages around it.

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start<K> {
    /// At the beginning.
    #[default]
    First,
    /// After this one.
    After(K),
    /// Before this one: its lines are the last before it, in the list's order.
    Before(K),
}

impl<K> Start<K> {
    /// The same by a key that is lent.
    pub fn as_ref(&self) -> Start<&K> {
        match self {
            Start::First => Start::First,
            Start::After(key) => Start::After(key),
            Start::Before(key) => Start::Before(key),
        }
    }

    /// The key, and whether what comes before it is wanted.
    pub fn parts(self) -> (Option<K>, bool) {
        match self {
            Start::First => (None, false),
            Start::After(key) => (Some(key), false),
            Start::Before(key) => (Some(key), true),
        }
    }
}

/// See the head of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice<T> {
    /// The lines, in the list's order.
    pub lines: Vec<T>,
    /// Whether there is a page before it.
    pub has_before: bool,
    /// Whether there is one after it.
    pub has_after: bool,
}

impl<T> Slice<T> {
    /// Of lines in the list's order, one more than the page has if there is one: the last, or the first on the way back.
    pub fn of<K>(mut lines: Vec<T>, start: &Start<K>, rows: usize) -> Slice<T> {
        let has_more = lines.len() > rows;
        let is_back = matches!(start, Start::Before(_));
        match (has_more, is_back) {
            (true, true) => drop(lines.drain(..lines.len() - rows)),
            (true, false) => lines.truncate(rows),
            (false, _) => {}
        }
        Slice { lines, has_before: if is_back { has_more } else { matches!(start, Start::After(_)) }, has_after: is_back || has_more }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_more_says_that_there_is_another_page() {
        let of = |lines: &[i32], start: Start<()>| {
            let slice = Slice::of(lines.to_vec(), &start, 2);
            (slice.lines, slice.has_before, slice.has_after)
        };
        assert_eq!(of(&[1, 2], Start::First), (vec![1, 2], false, false));
        assert_eq!(of(&[1, 2, 3], Start::First), (vec![1, 2], false, true));
        assert_eq!(of(&[3, 4, 5], Start::After(())), (vec![3, 4], true, true));
        assert_eq!(of(&[5], Start::After(())), (vec![5], true, false));
        assert_eq!(of(&[2, 3, 4], Start::Before(())), (vec![3, 4], true, true), "the first is beyond the page");
        assert_eq!(of(&[1, 2], Start::Before(())), (vec![1, 2], false, true));
    }
}
