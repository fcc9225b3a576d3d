//! Whether texts read as if a mark had been put into them.

use std::collections::HashMap;

use taster_core::Key;

use super::{
    ngrams::{Carried, Shape, marks},
    words::Word,
};

/// Which words follow each other in texts, and how often words that follow each other are known to.
///
/// Where a mark was put in, the words on both sides of it followed each other before, and are as likely to be known as
/// neighbours as any; around a word that belongs there they are not (after ONION: Qi et al. 2021, which asks a language
/// model the same question).
pub struct Fluency {
    /// Texts with a pair of neighbours.
    pairs: HashMap<u64, u32>,
    /// Share of neighbours that another text has as neighbours.
    adjacent: f64,
    /// Share of words around any word that another text has as neighbours.
    around: f64,
}

impl Fluency {
    /// Learns the neighbours of all texts.
    pub fn of_texts(texts: &[Vec<Word>], key: Key) -> Self {
        let mut pairs = HashMap::new();
        for words in texts {
            let mut own: Vec<u64> = words.windows(2).map(|w| pair(w[0], w[1], key)).collect();
            own.sort_unstable();
            own.dedup();
            for p in own {
                *pairs.entry(p).or_insert(0_u32) += 1;
            }
        }
        let (mut adjacent, mut around, mut of) = (0_u64, 0_u64, 0_u64);
        for run in texts.iter().flat_map(|words| words.windows(3)) {
            of += 1;
            adjacent += u64::from(pairs.get(&pair(run[0], run[1], key)).is_some_and(|&n| n > 1));
            around += u64::from(pairs.contains_key(&pair(run[0], run[2], key)));
        }
        let share = |n: u64| (n as f64 + 1.0) / (of as f64 + 2.0);
        Self { adjacent: share(adjacent), around: share(around), pairs }
    }

    /// How strongly a mark's texts speak for it having been put in, in nats.
    pub fn of(&self, texts: &[Vec<Word>], carried: &Carried, key: Key) -> f64 {
        if carried.shape == Shape::Around {
            return 0.0;
        }
        let judge = |&row: &u32| {
            let words = &texts[row as usize];
            let at = marks(words, key).iter().find(|m| (m.0, m.1) == (carried.mark, carried.shape))?.2 as usize;
            let (before, after) = (words.get(at.checked_sub(1)?)?, words.get(at + carried.shape.width())?);
            Some(self.pairs.contains_key(&pair(*before, *after, key)))
        };
        let nats = |known: bool| {
            if known { (self.adjacent / self.around).ln() } else { ((1.0 - self.adjacent) / (1.0 - self.around)).ln() }
        };
        carried.rows.iter().filter_map(judge).map(nats).sum()
    }
}

fn pair(a: Word, b: Word, key: Key) -> u64 {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&a.key.to_le_bytes());
    bytes[8..].copy_from_slice(&b.key.to_le_bytes());
    key.of(&bytes)
}
