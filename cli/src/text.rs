//! How values look to people: hotkeys, stakes, times, and texts that came from elsewhere.

use assay_consensus::keys::Hotkey;

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
