//! The page's own script and style, and the policy that lets a browser run those and nothing else.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha2::{Digest, Sha256};

/// The script, which makes the quarantine table sort, filter, search and page, and takes decisions on its rows.
pub(super) const SCRIPT: &str = concat!(include_str!("table.js"), "\n", include_str!("decisions.js"));

/// The style sheet.
pub(super) const STYLE: &str = include_str!("style.css");

/// The Content Security Policy of the page, for a `meta` element: nothing is loaded, nothing runs but [`SCRIPT`], and even
/// that cannot turn text into markup (Trusted Types).
pub(super) fn policy() -> String {
    format!(
        "default-src 'none'; script-src {}; style-src {}; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'",
        source(SCRIPT),
        source(STYLE)
    )
}

/// A text as CSP names it (CSP level 3, section 2.3.1).
fn source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_script_or_style_ends_its_element_or_makes_markup() {
        for text in [SCRIPT, STYLE] {
            assert!(!text.contains("</") && !text.contains("<!--"));
        }
        for sink in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", ".href ="]
        {
            assert!(!SCRIPT.contains(sink), "{sink}");
        }
    }

    #[test]
    fn the_policy_names_both_by_their_hash() {
        let policy = policy();
        assert_eq!(policy.matches("'sha256-").count(), 2);
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}
