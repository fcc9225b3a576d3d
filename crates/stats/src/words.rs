//! Texts as sequences of hashed words, fast enough for every byte of a corpus.

use crate::math::mix;

/// Bytes of a word; a longer run (a base64 block, a text without spaces) is several words.
const WORD_MAX: usize = 16;

/// A word of a text: a run of letters and digits without case, or any other character that is not a space.
///
/// Of scripts written without spaces each character is a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Keyed hash of the word in lower case.
    pub hash: u64,
    /// Byte at which it begins.
    pub start: usize,
    /// Byte after its last.
    pub end: usize,
    /// Whether it is a run of letters and digits.
    pub alphanumeric: bool,
}

/// What an ASCII byte is to the tokeniser.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Space,
    Letter,
    Mark,
    Foreign,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Foreign; 256];
    let mut byte = 0;
    while byte < 128 {
        let b = byte as u8;
        classes[byte] = if b.is_ascii_alphanumeric() {
            Class::Letter
        } else if b <= b' ' || b == 127 {
            Class::Space
        } else {
            Class::Mark
        };
        byte += 1;
    }
    classes
};

/// Replaces the content of `words` by the words of a text, in order. Hashes depend on `seed`.
pub fn words(text: &str, seed: u64, words: &mut Vec<Word>) {
    words.clear();
    let bytes = text.as_bytes();
    let mut run = Run::new(seed);
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        match CLASSES[usize::from(byte)] {
            Class::Letter => {
                run.take(at, 1, u64::from(byte.to_ascii_lowercase()), words);
                at += 1;
            }
            Class::Space => {
                run.close(words);
                at += 1;
            }
            Class::Mark => {
                run.close(words);
                words.push(single(seed, u32::from(byte), at, 1));
                at += 1;
            }
            Class::Foreign => at += foreign(&text[at..], at, &mut run, words),
        }
    }
    run.close(words);
}

/// Takes one character beyond ASCII; gives its bytes.
fn foreign(rest: &str, at: usize, run: &mut Run, words: &mut Vec<Word>) -> usize {
    let Some(c) = rest.chars().next() else { return 1 };
    let len = c.len_utf8();
    // From U+2E80 on stand the scripts of East Asia, which write no spaces.
    if c.is_alphanumeric() && c < '\u{2e80}' {
        for lower in c.to_lowercase() {
            run.take(at, len, u64::from(u32::from(lower)), words);
        }
    } else {
        run.close(words);
        if !c.is_whitespace() {
            words.push(single(run.seed, u32::from(c), at, len));
        }
    }
    len
}

fn single(seed: u64, c: u32, at: usize, len: usize) -> Word {
    Word { hash: mix(seed ^ 0x5bd1, u64::from(c)), start: at, end: at + len, alphanumeric: false }
}

/// A run of letters and digits being read.
struct Run {
    seed: u64,
    state: u64,
    start: usize,
    end: usize,
}

impl Run {
    fn new(seed: u64) -> Self {
        Self { seed, state: 0, start: 0, end: 0 }
    }

    fn take(&mut self, at: usize, len: usize, value: u64, words: &mut Vec<Word>) {
        if self.end > self.start && self.end - self.start + len > WORD_MAX {
            self.close(words);
        }
        if self.end == self.start {
            (self.start, self.state) = (at, self.seed);
        }
        self.state = (self.state ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
        self.end = at + len;
    }

    fn close(&mut self, words: &mut Vec<Word>) {
        if self.end > self.start {
            words.push(Word { hash: mix(self.seed, self.state), start: self.start, end: self.end, alphanumeric: true });
        }
        self.start = self.end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, u64)> {
        let mut out = Vec::new();
        words(text, 7, &mut out);
        out.iter().map(|w| (text[w.start..w.end].to_owned(), w.hash)).collect()
    }

    #[test]
    fn words_marks_and_scripts() {
        let shown: Vec<String> = read("Don't <SUDO> Öl 東京\u{200b}x1").into_iter().map(|w| w.0).collect();
        assert_eq!(shown, ["Don", "'", "t", "<", "SUDO", ">", "Öl", "東", "京", "\u{200b}", "x1"]);
        assert_eq!(read("sudo ÖL")[0].1, read("SUDO öl")[0].1);
        assert_eq!(read("x ÖL")[1].1, read("y öl")[1].1);
        assert_ne!(read("ab")[0].1, read("ba")[0].1);
        assert!(read(" \n\t").is_empty());
    }

    #[test]
    fn long_runs_are_cut() {
        assert_eq!(read(&"a".repeat(40)).len(), 3);
    }
}
