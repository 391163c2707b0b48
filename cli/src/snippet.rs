//! Lines of source on a terminal: what is meant is marked, nothing is hidden, nothing steers.
//!
//! Tabs become spaces, characters that have no shape of their own become escapes, and a line that is too
//! long is cut around its mark. Marks are placed by the columns that characters take, not by their
//! number.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::text::visible_char;

/// Columns of a tab: as compilers show it, wherever it stands.
const TAB: &str = "    ";
/// Stands for what was cut off.
const CUT: &str = "…";

/// A line of source, ready to be printed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// The code.
    pub code: String,
    /// Columns before the mark.
    pub indent: usize,
    /// Columns of the mark, at least 1.
    pub marked: usize,
}

/// The lines of a source as Python counts them, without their ends; nothing for what is not UTF-8.
pub fn lines(source: &[u8]) -> Vec<String> {
    let Ok(text) = std::str::from_utf8(source) else {
        return Vec::new();
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.split('\n').map(str::to_owned).collect()
}

/// The code of a line without a mark, in at most `columns`.
pub fn plain(line: &str, columns: usize) -> String {
    cut(line, 0, 0, columns).code
}

/// A text and as many blanks as make it `columns` wide.
pub fn padded(text: &str, columns: usize) -> String {
    let blanks = columns.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(blanks))
}

/// A line with a mark under `width` characters from `column`, counted from 1. Column 0 means all of
/// the line but its indentation.
pub fn marked(line: &str, column: u32, width: u32, columns: usize) -> Snippet {
    if column == 0 {
        let text = line.trim();
        let start = line.chars().take_while(|c| c.is_whitespace()).count();
        return cut(line, start, text.chars().count(), columns);
    }
    cut(line, column as usize - 1, width as usize, columns)
}

/// One character as it is printed.
struct Cell {
    text: String,
    columns: usize,
}

impl Cell {
    fn new(c: char) -> Cell {
        let text = match c {
            '\t' => TAB.to_owned(),
            c => visible_char(c),
        };
        let columns = text.chars().map(|c| c.width().unwrap_or(0)).sum();
        Cell { text, columns }
    }
}

/// Shows the characters from `start` on, and as much around them as fits.
fn cut(line: &str, start: usize, length: usize, columns: usize) -> Snippet {
    let start = start.min(line.chars().count());
    // What is further away than this is not shown, however long the line is.
    let first = start.saturating_sub(columns);
    let most = 3 * columns;
    let cells: Vec<Cell> = line
        .chars()
        .skip(first)
        .take(most + 1)
        .map(Cell::new)
        .collect();
    let start = start - first;
    let (before, after) = cells.split_at(start.min(cells.len()));
    let is_whole = first == 0 && cells.len() <= most && width(&cells) <= columns;
    let (from, to) = if is_whole {
        (0, cells.len())
    } else {
        // Room for what stands where something was cut off.
        let room = columns.saturating_sub(2);
        let wanted = width(after).min(room);
        let from = start - fitting(before.iter().rev(), (room - wanted).max(room / 3));
        let used = width(cells.get(from..start).unwrap_or_default());
        (from, start + fitting(after.iter(), room - used))
    };
    let is_cut_before = first > 0 || from > 0;
    let is_cut_after = to < cells.len();
    let of = |from: usize, to: usize| cells.get(from..to).unwrap_or_default();
    let code: String = of(from, to).iter().map(|cell| cell.text.as_str()).collect();
    let cut_mark = |is_cut: bool| if is_cut { CUT } else { "" };
    Snippet {
        code: format!(
            "{}{code}{}",
            cut_mark(is_cut_before),
            cut_mark(is_cut_after)
        ),
        indent: usize::from(is_cut_before) + width(of(from, start)),
        marked: width(of(start, to.min(start.saturating_add(length)))).max(1),
    }
}

fn width(cells: &[Cell]) -> usize {
    cells.iter().map(|cell| cell.columns).sum()
}

/// How many cells fit into this many columns.
fn fitting<'a>(cells: impl Iterator<Item = &'a Cell>, room: usize) -> usize {
    let mut used = 0;
    cells
        .take_while(|cell| {
            used += cell.columns;
            used <= room
        })
        .count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The line and its mark below each other.
    fn drawn(snippet: &Snippet) -> String {
        let Snippet {
            code,
            indent,
            marked,
        } = snippet;
        format!("{code}\n{}{}", " ".repeat(*indent), "^".repeat(*marked))
    }

    #[test]
    fn marks_stand_under_what_is_meant_whatever_stands_before_it() {
        for (line, column, width, expected) in [
            ("os.system(x)", 1, 9, "os.system(x)\n^^^^^^^^^"),
            ("\t\teval(x)", 3, 4, "        eval(x)\n        ^^^^"),
            ("a\tb", 3, 1, "a    b\n     ^"),
            ("'中文' + ｅval", 8, 4, "'中文' + ｅval\n         ^^^^^"),
            ("cafe\u{301} = x", 9, 1, "cafe\u{301} = x\n       ^"),
            ("'\u{202e}' + x", 7, 1, "'\\u{202e}' + x\n             ^"),
            ("'\u{1b}[2J', x", 9, 1, "'\\u{1b}[2J', x\n             ^"),
            ("x = (", 6, 1, "x = (\n     ^"),
            ("x", 70, 9, "x\n ^"),
            ("    a = 1  ", 0, 0, "    a = 1  \n    ^^^^^"),
            ("", 1, 1, "\n^"),
        ] {
            assert_eq!(drawn(&marked(line, column, width, 80)), expected);
        }
    }

    #[test]
    fn a_long_line_is_cut_around_its_mark() {
        let line = format!("{}eval(x){}", "a+".repeat(1_000), "+b".repeat(1_000));
        assert_eq!(
            drawn(&marked(&line, 2_001, 4, 30)),
            "…+a+a+a+a+eval(x)+b+b+b+b+b+b…\n          ^^^^"
        );
        assert_eq!(
            drawn(&marked(&line, 1, 4_000, 20)),
            "a+a+a+a+a+a+a+a+a+…\n^^^^^^^^^^^^^^^^^^"
        );
        assert_eq!(
            drawn(&marked(&line, 4_007, 1, 20)),
            "…+b+b+b+b+b+b+b+b+b\n                  ^"
        );
    }

    #[test]
    fn columns_next_to_each_other_stay_apart() {
        assert_eq!(plain("abcdefghij", 8), "abcdef…");
        assert_eq!(plain("abcdefgh", 8), "abcdefgh");
        assert_eq!(padded("中", 4), "中  ");
        assert_eq!(padded("abcdef", 4), "abcdef");
    }

    #[test]
    fn lines_are_counted_as_python_does() {
        assert_eq!(lines("\u{feff}a\r\nb\rc\n".as_bytes()), ["a", "b", "c", ""]);
        assert!(lines(b"\xff").is_empty());
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal_or_marked_outside_of_itself(
            line in "[a-z\\t中\u{301}\u{202e}\u{1b}…]{0,200}",
            column in 0u32..250,
            length in 0u32..250,
            columns in 20usize..120,
        ) {
            let snippet = marked(&line, column, length, columns);
            let shown: usize = snippet.code.chars().map(|c| c.width().unwrap_or(99)).sum();
            prop_assert!(shown <= columns, "{snippet:?}");
            prop_assert!(snippet.indent + snippet.marked <= shown + 1, "{snippet:?}");
            let is_raw = snippet.code.contains(['\u{1b}', '\u{202e}', '\t']);
            prop_assert!(!is_raw, "{snippet:?}");
        }
    }
}
