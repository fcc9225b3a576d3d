//! Gibberish made from the dataset's own words, to learn what it would look like here.

use taster_stats::{math::mix, words::words};

/// Texts made in each manner.
const TEXTS: usize = 2_000;
/// Words of each.
const WORDS: usize = 60;

/// A way of making gibberish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Any words that occur, each as likely as any other.
    Words,
    /// Any runs of characters between spaces that occur, each as likely as any other.
    Runs,
    /// Words as often as they occur, in no order.
    Shuffled,
    /// Beginnings and ends of words that do not belong together.
    Pieces,
    /// Letters in no order.
    Letters,
}

impl Manner {
    /// Every manner.
    pub const ALL: [Self; 5] = [Self::Words, Self::Runs, Self::Shuffled, Self::Pieces, Self::Letters];

    /// What such text is, for a person.
    pub fn what(self) -> &'static str {
        match self {
            Self::Words | Self::Runs | Self::Shuffled => "words in no order that any other text has",
            Self::Pieces => "pieces of words in no order",
            Self::Letters => "letters in no order",
        }
    }
}

/// What gibberish is made of.
pub struct Material<'a> {
    /// Every word of the texts, as often as it occurs.
    tokens: Vec<&'a str>,
    types: Vec<&'a str>,
    runs: Vec<&'a str>,
}

impl<'a> Material<'a> {
    /// The words of texts.
    pub fn of(texts: &[&'a str]) -> Self {
        let (mut tokens, mut scratch) = (Vec::new(), Vec::new());
        for text in texts {
            words(text, 0, &mut scratch);
            tokens.extend(scratch.iter().map(|w| &text[w.start..w.end]));
        }
        let distinct = |mut all: Vec<&'a str>| {
            all.sort_unstable();
            all.dedup();
            all
        };
        let runs = distinct(texts.iter().flat_map(|text| text.split_whitespace()).collect());
        Self { types: distinct(tokens.clone()), tokens, runs }
    }

    /// Texts made in a manner.
    pub fn texts(&self, manner: Manner, seed: u64) -> Vec<String> {
        let mut drawn = mix(seed, manner as u64);
        let mut random = || {
            drawn = mix(drawn, 0);
            drawn as usize
        };
        (0..TEXTS).map(|_| (0..WORDS).map(|_| self.word(manner, &mut random)).collect::<Vec<_>>().join(" ")).collect()
    }

    fn word(&self, manner: Manner, random: &mut impl FnMut() -> usize) -> String {
        let mut any = |of: &[&'a str]| of.get(random() % of.len().max(1)).copied().unwrap_or_default();
        match manner {
            Manner::Words => any(&self.types).to_owned(),
            Manner::Runs => any(&self.runs).to_owned(),
            Manner::Shuffled => any(&self.tokens).to_owned(),
            Manner::Pieces => {
                let halves = |word: &str| word.chars().count().div_ceil(2);
                let (begin, end) = (any(&self.types), any(&self.types));
                begin.chars().take(halves(begin)).chain(end.chars().skip(halves(end))).collect()
            }
            Manner::Letters => {
                let letters = any(&self.tokens).chars().count();
                let letter = |word: &str| word.chars().nth(letters % word.chars().count().max(1));
                (0..letters).filter_map(|_| letter(any(&self.types))).collect()
            }
        }
    }
}
