use std::fmt::Write;

use serde::Serialize;

use crate::text::hides;

/// Indented JSON with a final line break. Characters that hide or reorder text are written as `\u` escapes, which a
/// parser reads as the same text.
pub(crate) fn pretty(value: &impl Serialize) -> String {
    escaped(&serde_json::to_string_pretty(value).expect("every key of a report is a string"))
}

/// The same in one line.
pub(crate) fn compact(value: &impl Serialize) -> String {
    escaped(&serde_json::to_string(value).expect("every key of a report is a string"))
}

fn escaped(plain: &str) -> String {
    let mut out = String::with_capacity(plain.len() + 1);
    for c in plain.chars() {
        // Outside strings JSON holds nothing that hides but line breaks, and inside strings no bare line breaks.
        if hides(c) && c != '\n' {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}"); // writing to a string cannot fail
            }
        } else {
            out.push(c);
        }
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn hidden_characters_are_escaped_and_survive() {
        let text = "a\u{202E}b\u{E0041}\0\nc";
        let json = super::pretty(&text);
        assert_eq!(json, "\"a\\u202eb\\udb40\\udc41\\u0000\\nc\"\n");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }
}
