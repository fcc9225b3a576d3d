//! A text as words.

use taster_core::Key;

/// Words of a text that are looked at.
const WORDS: usize = 4096;

/// One word of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Keyed hash of it, without case.
    pub key: u64,
    /// Where it begins, in bytes.
    pub start: usize,
    /// Where it ends, in bytes.
    pub end: usize,
}

/// The words of a text: runs of letters and digits, and every other character that is not white space, so that an
/// invisible one is a word, too.
pub fn words(text: &str, key: Key) -> Vec<Word> {
    let mut out = Vec::new();
    let mut lower = String::new();
    let mut start = None;
    let mut push = |out: &mut Vec<Word>, start: usize, end: usize| {
        lower.clear();
        lower.extend(text[start..end].chars().flat_map(char::to_lowercase));
        out.push(Word { key: key.of(lower.as_bytes()), start, end });
    };
    for (at, c) in text.char_indices() {
        if out.len() >= WORDS {
            return out;
        }
        if c.is_alphanumeric() {
            start = start.or(Some(at));
            continue;
        }
        if let Some(start) = start.take() {
            push(&mut out, start, at);
        }
        if !c.is_whitespace() {
            push(&mut out, at, at + c.len_utf8());
        }
    }
    if let Some(start) = start {
        push(&mut out, start, text.len());
    }
    out
}

/// A stretch of text for a person: characters that cannot be seen as their code points.
pub fn visible(text: &str) -> String {
    let shown = |c: char| match c {
        ' ' => " ".to_owned(),
        c if c.is_whitespace() || unseen(c) => format!("U+{:04X}", u32::from(c)),
        c => c.to_string(),
    };
    text.chars().map(shown).collect()
}

/// Control characters, zero-width and direction marks, variation selectors, tags, private use.
fn unseen(c: char) -> bool {
    c.is_control()
        || matches!(u32::from(c),
            0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F
            | 0x202A..=0x202E | 0x2060..=0x206F | 0x3164 | 0xE000..=0xF8FF | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0
            | 0xFFF0..=0xFFFB | 0xE0000..=0x0010_FFFF)
}
