//! Text that came with the data, made safe to show: nothing invisible stays invisible, nothing moves other text about.

use std::fmt::Write;

pub(crate) use taster_core::hides;

/// Replaces every character that controls, hides or reorders text by its code point, as in `⟨U+202E⟩`. Line breaks and
/// tabs stay, for where they do no harm.
pub(crate) fn visible(text: &str) -> String {
    replace(text, |c| hides(c) && !matches!(c, '\n' | '\t'))
}

/// The same for a place that is one line, such as a terminal: line breaks and tabs are replaced too.
pub fn one_line(text: &str) -> String {
    replace(text, hides)
}

fn replace(text: &str, unwanted: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if unwanted(c) {
            // Writing to a string cannot fail.
            let _ = write!(out, "⟨U+{:04X}⟩", c as u32);
        } else {
            out.push(c);
        }
    }
    out
}

/// The text, or its beginning and a note of how long it is.
pub(crate) fn clip(text: &str, max_chars: usize) -> String {
    match text.char_indices().nth(max_chars) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}… ({} characters)", &text[..end], count(text.chars().count() as u64)),
    }
}

/// A whole number with thousands separators: `1,234,567`.
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A count and its noun: `1 row`, `2,000 rows`.
pub(crate) fn plural(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(n), if n == 1 { "" } else { "s" })
}

/// A number of bytes for a person: `812 bytes`, `1.4 MB`.
pub(crate) fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if n < 1000 {
        return plural(n, "byte");
    }
    let mut value = n as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// A number with about four significant digits; scientific where it is very small or large.
pub(crate) fn number(x: f64) -> String {
    let magnitude = x.abs();
    if !x.is_finite() {
        return x.to_string();
    }
    if x == x.trunc() && magnitude < 1e15 {
        let sign = if x < 0.0 { "-" } else { "" };
        return format!("{sign}{}", count(magnitude as u64));
    }
    if !(1e-4..1e6).contains(&magnitude) {
        return format!("{x:.2e}");
    }
    let decimals = (3 - magnitude.log10().floor() as i32).max(0) as usize;
    let text = format!("{x:.decimals$}");
    if decimals == 0 { text } else { text.trim_end_matches('0').trim_end_matches('.').to_owned() }
}

/// A p-value or q-value with its sign of comparison: `= 0.031`, and `< 1e-300` where it is too small for a double.
pub(crate) fn chance(p: f64) -> String {
    if p < 1e-300 { "< 1e-300".into() } else { format!("= {}", number(p)) }
}

/// A number in [0, 1] that shows as 1 only if it is 1.
pub(crate) fn unit(x: f64) -> String {
    let text = number(x);
    if x < 1.0 && text == "1" { "0.9999…".into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_invisible_stays_invisible() {
        assert_eq!(one_line("a\u{202E}b\0c\nd\u{200B}\u{E0041}"), "a⟨U+202E⟩b⟨U+0000⟩c⟨U+000A⟩d⟨U+200B⟩⟨U+E0041⟩");
        assert_eq!(visible("a\u{9b}b\nc\td"), "a⟨U+009B⟩b\nc\td");
        assert_eq!(one_line("Grüße, 世界 🙂"), "Grüße, 世界 🙂");
    }

    #[test]
    fn numbers_are_for_people() {
        assert_eq!([count(0), count(999), count(1000), count(1_234_567)], ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([bytes(1), bytes(999), bytes(1_400), bytes(999_999)], ["1 byte", "999 bytes", "1.4 kB", "1.0 MB"]);
        let shown = [0.0, -5.0, 0.5, 0.123_456, 12.345_6, 2e-7, 1.5e9 + 0.5].map(number);
        assert_eq!(shown, ["0", "-5", "0.5", "0.1235", "12.35", "2.00e-7", "1.50e9"]);
        assert_eq!(number(f64::NAN), "NaN");
        assert_eq!([chance(0.031), chance(0.0)], ["= 0.031", "< 1e-300"]);
        assert_eq!([unit(0.97), unit(0.999_999), unit(1.0)], ["0.97", "0.9999…", "1"]);
    }

    #[test]
    fn clipping_says_so_and_keeps_characters_whole() {
        assert_eq!(clip("abc", 3), "abc");
        assert_eq!(clip("äöüß", 2), "äö… (4 characters)");
    }
}
