//! Lines of a list as CSV, and texts that people chose made harmless in it.

/// Lines, after the names of their columns if those are given.
pub fn as_csv(head: Option<&[&str]>, lines: &[Vec<String>]) -> String {
    let mut csv = csv::Writer::from_writer(Vec::new());
    let mut put = |line: Vec<&str>| csv.write_record(&line).expect("memory takes it, and all rows have the same length");
    head.map(<[&str]>::to_vec).into_iter().for_each(&mut put);
    lines.iter().for_each(|line| put(line.iter().map(String::as_str).collect()));
    String::from_utf8(csv.into_inner().expect("memory takes it")).expect("made of texts")
}

/// A text that people chose. A spreadsheet would run one that begins like a formula, so that gets an apostrophe before it.
pub fn csv_text(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_quoted_and_no_formula_runs() {
        let text = as_csv(Some(&["name", "note"]), &[vec![csv_text("=cmd(\"x\")"), csv_text("a,b")]]);
        assert_eq!(text, "name,note\n\"'=cmd(\"\"x\"\")\",\"a,b\"\n");
        assert_eq!(as_csv(None, &[]), "");
        assert_eq!((csv_text("+880"), csv_text("plain")), ("'+880".to_owned(), "plain".to_owned()));
    }
}
