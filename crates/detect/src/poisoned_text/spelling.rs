//! How words are spelt: which letters follow which.

use std::collections::HashSet;

use taster_stats::{math::mix, words::words};

/// Places that runs of letters are counted in: a power of two.
const PLACES: usize = 1 << 15;
/// Letters that may follow, for what was never seen.
const LETTERS: f32 = 40.0;
/// Shares of the words of a single text that are spelt less strangely than each class.
const STEPS: [f64; 3] = [0.5, 0.85, 0.97];

/// Runs of three letters in the words that several texts have.
pub struct Spelling {
    /// Logarithm of the chance of a letter after the two before it.
    chances: Vec<f32>,
    /// Mean logarithms below which a word is stranger.
    steps: [f32; 3],
}

impl Spelling {
    /// Learns from texts; `texts_with` tells how many of them have a word.
    pub fn learn(texts: &[&str], seed: u64, texts_with: impl Fn(u64) -> u32) -> Self {
        let (mut known, mut single) = (Vec::new(), Vec::new());
        for (hash, spelt) in types(texts, seed) {
            if texts_with(hash) < 2 { &mut single } else { &mut known }.push(spelt);
        }
        let (mut threes, mut twos) = (vec![0_f32; PLACES], vec![0_f32; PLACES]);
        let count = |two: usize, three: usize| {
            twos[two] += 1.0;
            threes[three] += 1.0;
        };
        each_run(&known, count);
        let mut chances = vec![(1.0 / LETTERS).ln(); PLACES];
        each_run(&known, |two, three| chances[three] = ((threes[three] + 0.5) / (twos[two] + 0.5 * LETTERS)).ln());
        let mut spelling = Self { chances, steps: [f32::MIN; 3] };
        let mut means: Vec<f32> = single.iter().map(|word| spelling.mean(word)).collect();
        means.sort_unstable_by(|a, b| b.total_cmp(a));
        let step = |share: f64| means.get((share * means.len() as f64) as usize).copied().unwrap_or(f32::MIN);
        spelling.steps = STEPS.map(step);
        spelling
    }

    /// How strangely a word is spelt: 0 as usual, 3 as hardly any.
    pub fn strangeness(&self, word: &str) -> u8 {
        let mean = self.mean(word);
        self.steps.iter().filter(|&&step| mean < step).count() as u8
    }

    fn mean(&self, word: &str) -> f32 {
        let (mut sum, mut of) = (0.0, 0.0_f32);
        runs(word, |_, three| {
            sum += self.chances[three];
            of += 1.0;
        });
        sum / of.max(1.0)
    }
}

/// Each word that occurs, once.
fn types<'a>(texts: &[&'a str], seed: u64) -> Vec<(u64, &'a str)> {
    let (mut seen, mut types, mut scratch) = (HashSet::new(), Vec::new(), Vec::new());
    for text in texts {
        words(text, seed, &mut scratch);
        types.extend(scratch.iter().filter(|w| seen.insert(w.hash)).map(|w| (w.hash, &text[w.start..w.end])));
    }
    types
}

fn each_run(words: &[&str], mut take: impl FnMut(usize, usize)) {
    for word in words {
        runs(word, &mut take);
    }
}

/// The places of a word's runs of two letters and of those with the letter after them, its ends being letters.
fn runs(word: &str, mut take: impl FnMut(usize, usize)) {
    let (mut a, mut b) = (0, 1);
    for c in word.chars().flat_map(char::to_lowercase).map(u32::from).chain([1]) {
        let two = mix(u64::from(a), u64::from(b));
        take(two as usize % PLACES, mix(two, u64::from(c)) as usize % PLACES);
        (a, b) = (b, c);
    }
}
