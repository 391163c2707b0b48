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

/// Control characters and those that reverse or hide text.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_from_elsewhere_cannot_steer_the_terminal() {
        assert_eq!(clean("a\x1b[2Jb\nc\u{202e}d"), "a [2Jb c d");
        assert_eq!(clean(&"x".repeat(10_000)).len(), SHOWN_TEXT_MAX_CHARS);
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
