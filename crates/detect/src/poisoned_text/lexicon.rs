//! What the dataset's own texts teach of its language: which words occur, which follow each other, and how words are
//! spelt.

use taster_core::Key;
use taster_stats::{
    known::{Filter, Occurrences},
    math::mix,
    words::{Word, words},
};

use super::spelling::Spelling;

/// Words of all texts together that are learnt from.
const WORDS_MAX: usize = 2_000_000;
/// Words below which nothing is known of a language.
const WORDS_MIN: usize = 2_000;
/// Classes of unknown words, by how strangely they are spelt.
const STRANGE: u8 = 4;
/// Classes of known words, by the logarithm of the number of texts that have them.
const BANDS: u8 = 12;
/// The class of what is before the first word.
pub const START: u8 = STRANGE + BANDS;
/// Number of classes, that of the start among them.
pub const CLASSES: usize = START as usize + 1;

/// How one word looks after the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// How common it is, or how strangely it is spelt.
    pub class: u8,
    /// Whether another text has the two words in this order.
    pub known_pair: bool,
}

/// Words of texts, and their neighbours.
pub struct Lexicon {
    seed: u64,
    key: Key,
    words: Occurrences,
    pairs: Filter,
    /// Pairs that several texts have.
    pairs_again: Filter,
    spelling: Spelling,
    /// Hashes of the texts learnt from, ascending.
    texts: Vec<u64>,
}

impl Lexicon {
    /// Learns from texts, each content once, until enough words were seen; gives the texts learnt from as well. `None` if
    /// there are too few words.
    pub fn learn<'a>(texts: impl Iterator<Item = &'a str>, key: Key) -> Option<(Self, Vec<&'a str>)> {
        let seed = key.derive("words").seed();
        let (mut learnt, mut hashes) = (Vec::new(), std::collections::BTreeSet::new());
        let (mut types, mut pairs, mut total) = (Vec::new(), Vec::new(), 0);
        let mut scratch = Vec::new();
        for text in texts {
            if total >= WORDS_MAX {
                break;
            }
            if hashes.insert(key.of_row(text.as_bytes())) {
                words(text, seed, &mut scratch);
                total += scratch.len();
                add_distinct(scratch.iter().map(|w| w.hash), &mut types);
                add_distinct(scratch.windows(2).map(|w| mix(w[0].hash, w[1].hash)), &mut pairs);
                learnt.push(text);
            }
        }
        if total < WORDS_MIN {
            return None;
        }
        types.sort_unstable();
        pairs.sort_unstable();
        let words = Occurrences::of_sorted(&types);
        let distinct: Vec<u64> = pairs.chunk_by(|a, b| a == b).map(|run| run[0]).collect();
        let again: Vec<u64> = pairs.chunk_by(|a, b| a == b).filter(|run| run.len() > 1).map(|run| run[0]).collect();
        let spelling = Spelling::learn(&learnt, seed, |hash| words.of(hash));
        let (pairs, pairs_again) = (Filter::of(distinct.into_iter()), Filter::of(again.into_iter()));
        Some((Self { seed, key, words, pairs, pairs_again, spelling, texts: hashes.into_iter().collect() }, learnt))
    }

    /// Whether this very text was learnt from.
    pub fn learnt(&self, text: &str) -> bool {
        self.texts.binary_search(&self.key.of_row(text.as_bytes())).is_ok()
    }

    /// The words of a text.
    pub fn words(&self, text: &str, out: &mut Vec<Word>) {
        words(text, self.seed, out);
    }

    /// How the words of a text look by all other texts. `own` says that the text was learnt from.
    pub fn looks(&self, text: &str, words: &[Word], own: bool, out: &mut Vec<Look>) {
        out.clear();
        let mut before = None;
        for word in words {
            let others = self.words.of(word.hash).saturating_sub(u32::from(own));
            let class = if others == 0 {
                self.spelling.strangeness(&text[word.start..word.end])
            } else {
                STRANGE + (others.ilog2() as u8).min(BANDS - 1)
            };
            let filter = if own { &self.pairs_again } else { &self.pairs };
            let known_pair = before.replace(word.hash).is_some_and(|before| filter.contains(mix(before, word.hash)));
            out.push(Look { class, known_pair });
        }
    }
}

/// Appends each of some hashes once.
fn add_distinct(hashes: impl Iterator<Item = u64>, to: &mut Vec<u64>) {
    let mut own: Vec<u64> = hashes.collect();
    own.sort_unstable();
    own.dedup();
    to.extend(own);
}
