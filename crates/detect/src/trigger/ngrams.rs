//! Runs of words, and pairs around one word, as marks of texts.

use taster_core::Key;

use super::words::Word;

/// Counters that n-grams are counted in before they are listed: a power of two.
const COUNTERS: usize = 1 << 22;

/// Which words of a run make up the mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shape {
    /// One word.
    One,
    /// Two neighbours.
    Two,
    /// Two words around any one.
    Around,
    /// Three neighbours.
    Three,
}

/// Every shape.
pub const SHAPES: [Shape; 4] = [Shape::One, Shape::Two, Shape::Around, Shape::Three];

impl Shape {
    /// Words from the first to the last.
    pub fn width(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Around | Self::Three => 3,
        }
    }

    /// The mark of the run that begins at word `at`; `None` where the text ends before.
    fn mark(self, words: &[Word], at: usize, key: Key) -> Option<u64> {
        let run = words.get(at..at + self.width())?;
        Some(match self {
            Self::One => run[0].key,
            Self::Two => join(key, 2, &[run[0].key, run[1].key]),
            Self::Around => join(key, 3, &[run[0].key, run[2].key]),
            Self::Three => join(key, 4, &[run[0].key, run[1].key, run[2].key]),
        })
    }
}

fn join(key: Key, shape: u8, parts: &[u64]) -> u64 {
    let mut bytes = [0; 25];
    bytes[0] = shape;
    parts.iter().zip(bytes[1..].chunks_exact_mut(8)).for_each(|(p, b)| b.copy_from_slice(&p.to_le_bytes()));
    key.of(&bytes)
}

/// The marks of a text, each once, ascending: what it is, its shape, and the first word of its first run.
pub fn marks(words: &[Word], key: Key) -> Vec<(u64, Shape, u32)> {
    let mut out = Vec::with_capacity(4 * words.len());
    for shape in SHAPES {
        out.extend((0..words.len()).filter_map(|at| Some((shape.mark(words, at, key)?, shape, at as u32))));
    }
    out.sort_unstable();
    out.dedup_by_key(|m| (m.0, m.1));
    out
}

/// A mark and the texts that have it, ascending.
#[derive(Debug)]
pub struct Carried {
    /// Which mark.
    pub mark: u64,
    /// Its shape.
    pub shape: Shape,
    /// The texts.
    pub rows: Vec<u32>,
}

/// The marks that at least `least` and at most `most` of the texts have, ascending.
pub fn carried(texts: &[Vec<Word>], key: Key, least: usize, most: usize) -> Vec<Carried> {
    let mut counters = vec![0_u16; COUNTERS];
    let slot = |mark: u64| mark as usize & (COUNTERS - 1);
    for words in texts {
        for m in &marks(words, key) {
            counters[slot(m.0)] = counters[slot(m.0)].saturating_add(1);
        }
    }
    let mut pairs = Vec::new();
    for (row, words) in texts.iter().enumerate() {
        let often = marks(words, key).into_iter().filter(|m| usize::from(counters[slot(m.0)]) >= least);
        pairs.extend(often.map(|(mark, shape, _)| (mark, shape, row as u32)));
    }
    pairs.sort_unstable();
    let runs = pairs.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).filter(|run| (least..=most).contains(&run.len()));
    runs.map(|run| Carried { mark: run[0].0, shape: run[0].1, rows: run.iter().map(|p| p.2).collect() }).collect()
}
