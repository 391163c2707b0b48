//! How values look to people: hotkeys, stakes, times, and texts that came from elsewhere.

use assay_consensus::keys::Hotkey;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::limits::SHOWN_TEXT_MAX_CHARS;

/// A text from a node, validator or miner without anything that could steer the terminal.
pub fn clean(text: &str) -> String {
    text.chars()
        .take(SHOWN_TEXT_MAX_CHARS)
        .map(|c| if is_unsafe(c) { ' ' } else { c })
        .collect()
}

/// The start and end of a hotkey or hash: `5Grwva…utQY`.
pub fn short(text: &str) -> String {
    let chars: Vec<char> = clean(text).chars().collect();
    match (chars.get(..6), chars.len().checked_sub(4)) {
        (Some(head), Some(tail_start)) if chars.len() > 12 => {
            let tail = chars.get(tail_start..).unwrap_or_default();
            format!(
                "{}…{}",
                head.iter().collect::<String>(),
                tail.iter().collect::<String>()
            )
        }
        _ => chars.into_iter().collect(),
    }
}

/// The SS58 spelling of a hotkey given as hex or SS58; anything else as it is, cleaned.
pub fn ss58(hotkey: &str) -> String {
    Hotkey::parse(hotkey).map_or_else(|_| clean(hotkey), |hotkey| hotkey.to_ss58())
}

/// A number with its noun.
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// Hundredths of a whole, rounded down; 0 of nothing.
pub fn percent(part: u64, whole: u64) -> u64 {
    let hundredths = u128::from(part) * 100 / u128::from(whole.max(1));
    u64::try_from(hundredths).unwrap_or(u64::MAX)
}

/// A score in units of 1/10,000 with four digits.
pub fn score(score: i64) -> String {
    format!("{:.4}", assay_api::submission::score_float(score))
}

/// A stake in rao as TAO.
pub fn tao(rao: u64) -> String {
    let tao = rao / 1_000_000_000;
    let rest = rao % 1_000_000_000 / 10_000_000;
    format!("{tao}.{rest:02} TAO")
}

/// A span of time in the unit that fits: `0.4s`, `12s`, `3m 05s`, `2h 10m`, `4d 3h`.
pub fn span(ms: u64) -> String {
    let seconds = ms / 1_000;
    match seconds {
        0..10 => format!("{seconds}.{}s", ms % 1_000 / 100),
        10..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        3_600..86_400 => format!("{}h {:02}m", seconds / 3_600, seconds % 3_600 / 60),
        _ => format!("{}d {}h", seconds / 86_400, seconds % 86_400 / 3_600),
    }
}

/// How long something took; below ten seconds to the millisecond: `0.037s`.
pub fn took(ms: u64) -> String {
    match ms {
        0..10_000 => format!("{}.{:03}s", ms / 1_000, ms % 1_000),
        _ => span(ms),
    }
}

/// A character as it can be printed: one that has no shape of its own, or steers, as its escape.
pub fn visible_char(c: char) -> String {
    if is_unsafe(c) {
        c.escape_unicode().to_string()
    } else {
        c.to_string()
    }
}

/// A text of which nothing is lost and nothing steers the terminal: for paths and source code.
pub fn visible(text: &str) -> String {
    text.chars().map(visible_char).collect()
}

/// A line in rows of `columns` at most, broken between words where that can be. Rows after the first
/// stand under the line's second column of text.
pub fn fold(line: &str, columns: usize) -> Vec<String> {
    if line.width() <= columns || columns == 0 {
        return vec![line.to_owned()];
    }
    let indent = " ".repeat(hanging_indent(line, columns));
    let room = columns - indent.len();
    let (first, mut rest) = line.split_at(break_place(line, columns, room));
    let mut rows = vec![first.trim_end().to_owned()];
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return rows;
        }
        let (row, after) = rest.split_at(break_place(rest, room, room));
        rows.push(format!("{indent}{}", row.trim_end()));
        rest = after;
    }
}

/// Where a row of `columns` ends that starts with this text, in bytes; never at its start. A word
/// that would not fit into the `next_columns` of the next row either is broken.
fn break_place(text: &str, columns: usize, next_columns: usize) -> usize {
    let mut used = 0;
    let mut last_space = None;
    let mut has_word = false;
    for (place, c) in text.char_indices() {
        if c == ' ' && has_word {
            last_space = Some(place);
        }
        has_word |= c != ' ';
        used += c.width().unwrap_or(0);
        if used > columns && place > 0 {
            let fits_below = |space: &usize| {
                let word = text.get(*space..).unwrap_or_default().split_whitespace();
                word.into_iter()
                    .next()
                    .is_none_or(|word| word.width() <= next_columns)
            };
            return last_space.filter(fits_below).unwrap_or(place);
        }
    }
    text.len()
}

/// Columns before the text that follows the first gap of two spaces, if that leaves enough room;
/// else two more than the line itself stands in.
fn hanging_indent(line: &str, columns: usize) -> usize {
    let most = columns / 3;
    let own = line.len() - line.trim_start().len();
    let label = line.trim_start().find("  ").map(|gap| {
        let (before, after) = line.split_at(own + gap);
        before.width() + after.len() - after.trim_start().len()
    });
    label
        .filter(|indent| *indent <= most)
        .unwrap_or((own + 2).min(most))
}

/// Control characters and those that separate lines, reverse text or have no shape (Unicode's
/// Default_Ignorable_Code_Point, interlinear annotations, line and paragraph separators).
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_from_elsewhere_cannot_steer_the_terminal() {
        assert_eq!(clean("a\x1b[2Jb\nc\u{202e}d"), "a [2Jb c d");
        assert_eq!(clean(&"x".repeat(10_000)).len(), SHOWN_TEXT_MAX_CHARS);
        assert_eq!(
            visible("a\x1b[2Jb\nc\u{202e}d\u{e0041}é"),
            "a\\u{1b}[2Jb\\u{a}c\\u{202e}d\\u{e0041}é"
        );
    }

    #[test]
    fn long_names_are_shortened_in_the_middle_and_short_ones_kept() {
        assert_eq!(
            short("5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"),
            "5Grwva…utQY"
        );
        assert_eq!(short("agent"), "agent");
        assert_eq!(short("äöüäöüäöüäöüäöü"), "äöüäöü…üäöü");
    }

    #[test]
    fn a_long_line_is_folded_between_words_under_its_second_column() {
        assert_eq!(fold("Mode  active", 12), ["Mode  active"]);
        assert_eq!(
            fold("Mode  active for a long time", 18),
            ["Mode  active for a", "      long time"]
        );
        assert_eq!(
            fold("  a line without a label", 13),
            ["  a line", "    without a", "    label"]
        );
        assert_eq!(fold("abcdefgh", 6), ["abcdef", "  gh"]);
        assert_eq!(fold("Id  0123456789", 9), ["Id  01234", "  56789"]);
        assert_eq!(fold("äöü", 0), ["äöü"]);
        assert_eq!(fold("", 5), [""]);
    }

    proptest::proptest! {
        #[test]
        fn folding_loses_no_letter_and_keeps_to_the_width(
            line in "[ a-cäß漢]{0,60}",
            columns in 2usize..40,
        ) {
            let rows = fold(&line, columns);
            for row in &rows {
                proptest::prop_assert!(row.width() <= columns, "{:?}", row);
            }
            let letters = |text: &str| text.replace(' ', "");
            proptest::prop_assert_eq!(letters(&rows.concat()), letters(&line));
        }
    }

    #[test]
    fn numbers_are_shown_without_overflow() {
        assert_eq!(percent(u64::MAX, u64::MAX), 100);
        assert_eq!(percent(1, 0), 100);
        assert_eq!(percent(0, 0), 0);
        assert_eq!(tao(1_500_000_000), "1.50 TAO");
        assert_eq!(score(9_750), "0.9750");
        assert_eq!(
            [400, 12_000, 185_000, 7_800_000, 90_000_000].map(span),
            ["0.4s", "12s", "3m 05s", "2h 10m", "1d 1h"]
        );
        assert_eq!(
            [0, 37, 9_999, 10_000].map(took),
            ["0.000s", "0.037s", "9.999s", "10s"]
        );
    }
}
