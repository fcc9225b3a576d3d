//! Names and messages come from data and may hold anything; they must not become markup.

use std::fmt::Write as _;

use taster_core::hides;

/// Text for a cell of a Markdown table or a line of a list: one line, no markup.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in clean(text).chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

/// Text for a quoted label of Mermaid.
pub(crate) fn label(text: &str) -> String {
    let mut out = String::new();
    for c in clip(&clean(text), 60).chars() {
        if c.is_alphanumeric() || " .,:;/-_()".contains(c) {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", u32::from(c)); // writing to a string cannot fail
        }
    }
    out
}

/// Text for an element or attribute of XML.
pub(crate) fn xml(text: &str) -> String {
    taster_core::xml(&clean(text))
}

/// At most so many characters.
pub(crate) fn clip(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// Without what hides, reorders or breaks lines.
fn clean(text: &str) -> String {
    text.chars().map(|c| if hides(c) { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_is_markup() {
        let hostile = "<script>alert(1)</script>|`x`\n# [a](javascript:1)\u{202E}";
        let told = plain(hostile);
        assert!(!told.contains('<') && !told.contains('\n') && !told.contains('\u{202E}'), "{told}");
        assert!(told.contains("\\|") && told.contains("\\[a\\]"), "{told}");
        assert!(!label("a\"]; click x\"").contains('"'));
        assert_eq!(xml("<a b=\"c\">&"), "&lt;a b=&quot;c&quot;&gt;&amp;");
        assert_eq!(clip("abcdef", 4), "abc…");
    }
}
