//! How a text is written, whatever it says: its common words, endings, punctuation and shapes.

use std::collections::BTreeMap;

use taster_core::Key;

use super::words::{Word, words};

/// Words in most texts, which carry the manner and not the content.
const COMMON: usize = 150;
/// Words of a text that are looked at.
const WORDS: usize = 400;

/// What is common in a column of texts.
pub struct Manner {
    common: Vec<u64>,
    key: Key,
}

/// A text's features.
pub struct Described {
    /// How it is written.
    pub manner: Vec<u64>,
    /// What it says: its words that are not common.
    pub content: Vec<u64>,
    /// Both, and the common words.
    pub all: Vec<u64>,
}

impl Manner {
    /// Learns the common words.
    pub fn fit<'a>(texts: impl Iterator<Item = &'a str>, key: Key) -> Self {
        let mut counts: BTreeMap<u64, u32> = BTreeMap::new();
        for text in texts {
            let mut own: Vec<u64> = words(text, key).iter().take(WORDS).map(|w| w.key).collect();
            own.sort_unstable();
            own.dedup();
            for word in own {
                *counts.entry(word).or_insert(0) += 1;
            }
        }
        let mut ranked: Vec<(u32, u64)> = counts.into_iter().map(|(word, count)| (count, word)).collect();
        ranked.sort_unstable_by(|a, b| b.cmp(a));
        let mut common: Vec<u64> = ranked.into_iter().take(COMMON).map(|r| r.1).collect();
        common.sort_unstable();
        Self { common, key }
    }

    /// A text's features.
    pub fn describe(&self, text: &str) -> Described {
        let mut words = words(text, self.key);
        words.truncate(WORDS);
        let content = |w: &&Word| !self.is_common(w) && text[w.start..].starts_with(char::is_alphabetic);
        let content: Vec<u64> = words.iter().filter(content).map(|w| w.key).collect();
        let manner = self.manner(text, &words);
        let all = manner.iter().copied().chain(words.iter().map(|w| w.key)).collect();
        Described { manner, content, all }
    }

    fn is_common(&self, word: &Word) -> bool {
        self.common.binary_search(&word.key).is_ok()
    }

    fn manner(&self, text: &str, words: &[Word]) -> Vec<u64> {
        let mut shapes = vec!["^".to_owned()];
        let mut out = Vec::with_capacity(4 * words.len() + 8);
        for word in words {
            let written = &text[word.start..word.end];
            let (fine, coarse) = if self.is_common(word) { common(written) } else { shape(written) };
            out.push(self.feature(&["1", &fine]));
            if !written.starts_with(char::is_alphanumeric) {
                let spaced = |c: Option<char>| if c.is_some_and(char::is_whitespace) { "_" } else { "-" };
                let (before, after) = (text[..word.start].chars().next_back(), text[word.end..].chars().next());
                out.push(self.feature(&["p", spaced(before), written, spaced(after)]));
            }
            shapes.push(coarse);
        }
        shapes.push("$".to_owned());
        let run = |kind: &str, run: &[String]| {
            self.feature(&std::iter::once(kind).chain(run.iter().map(String::as_str)).collect::<Vec<_>>())
        };
        out.extend(shapes.windows(2).map(|r| run("2", r)));
        out.extend(shapes.windows(3).map(|r| run("3", r)));
        out.push(self.feature(&["L", &((2.0 * (shapes.len() as f64).log2()) as u32).to_string()]));
        out.extend(shapes.get(1..3).map(|r| run("^", r)));
        out.extend(shapes.len().checked_sub(3).map(|at| run("$", &shapes[at..at + 2])));
        out
    }

    fn feature(&self, parts: &[&str]) -> u64 {
        self.key.of(parts.join("\u{1f}").as_bytes())
    }
}

fn common(word: &str) -> (String, String) {
    let lower = word.to_lowercase();
    (lower.clone(), lower)
}

/// A word's case, kind and ending, and the same without the ending.
fn shape(word: &str) -> (String, String) {
    let Some(first) = word.chars().next() else { return Default::default() };
    if first.is_numeric() {
        return ("0".into(), "0".into());
    }
    if !first.is_alphabetic() {
        return (word.into(), word.into());
    }
    let length = word.chars().count();
    if first.is_uppercase() {
        let case = if length > 1 && word.chars().all(|c| !c.is_lowercase()) { "AA" } else { "Aa" };
        return (case.into(), case.into());
    }
    let ending: String = word.chars().skip(length.saturating_sub(2)).collect();
    let fine = if length > 3 { format!("a-{ending}") } else { "a-".to_owned() };
    (fine, "a-".into())
}
