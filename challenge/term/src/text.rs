//! Small rules about texts.

/// The longest prefix of at most `max_bytes` that ends at a character boundary.
pub fn cut(text: &str, max_bytes: usize) -> &str {
    text.get(..text.floor_char_boundary(max_bytes))
        .unwrap_or_default()
}

/// Whether a text is 1 to `max_bytes` long and has only ASCII letters, digits and these characters.
pub fn is_plain(text: &str, max_bytes: usize, also: &str) -> bool {
    (1..=max_bytes).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || also.contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_inside_a_character_move_back_to_its_start() {
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("aé", 3), "aé");
        assert_eq!(cut("😀", 3), "");
        assert_eq!(cut("short", 100), "short");
    }
}
