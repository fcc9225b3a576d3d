//! Numbers that describe a text without a model.

/// What each of the numbers of [`statistics`] is.
pub const NAMES: [&str; 6] = ["length", "words", "upper case", "digits", "punctuation", "non-ASCII"];

/// Length in characters, words, and shares of upper case, digits, punctuation and non-ASCII characters, in [0, 1].
pub fn statistics(text: &str) -> [f64; 6] {
    let (mut length, mut upper, mut digits, mut punctuation, mut foreign) = (0.0f64, 0.0, 0.0, 0.0, 0.0);
    for c in text.chars() {
        length += 1.0;
        upper += f64::from(u8::from(c.is_uppercase()));
        digits += f64::from(u8::from(c.is_numeric()));
        punctuation += f64::from(u8::from(c.is_ascii_punctuation()));
        foreign += f64::from(u8::from(!c.is_ascii()));
    }
    let of = length.max(1.0);
    let words = text.split_whitespace().count() as f64;
    [length, words, upper / of, digits / of, punctuation / of, foreign / of]
}
