use std::collections::HashMap;

use taster_stats::ngrams::SparseRows;

/// Which features of texts have a place in their vectors, and how much each weighs.
pub struct Lexicon {
    places: HashMap<u64, u32>,
    /// Texts with each place.
    counts: Vec<u32>,
    /// Logarithm of the number of texts over those with the place.
    weights: Vec<f32>,
}

impl Lexicon {
    /// Gives a place to every feature that at least `least` texts have.
    pub fn fit(texts: &[Vec<u64>], least: u32) -> Self {
        let mut all = Vec::new();
        let mut own = Vec::new();
        for text in texts {
            own.clone_from(text);
            own.sort_unstable();
            own.dedup();
            all.extend_from_slice(&own);
        }
        all.sort_unstable();
        let (mut places, mut counts) = (HashMap::new(), Vec::new());
        for run in all.chunk_by(|a, b| a == b).filter(|run| run.len() >= least as usize) {
            places.insert(run[0], counts.len() as u32);
            counts.push(run.len() as u32);
        }
        let weight = |&count: &u32| (1.0 + (texts.len() as f64 / f64::from(count)).ln()) as f32;
        Self { places, weights: counts.iter().map(weight).collect(), counts }
    }

    /// Number of places.
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Number of texts with this place.
    pub fn count(&self, place: u32) -> u32 {
        self.counts[place as usize]
    }

    /// Texts as vectors of length 1.
    pub fn rows(&self, texts: &[Vec<u64>]) -> SparseRows {
        let mut rows = SparseRows::default();
        for text in texts {
            rows.push(self.entries(text));
        }
        rows
    }

    /// A text's places, ascending, with how often and how rare they are.
    fn entries(&self, text: &[u64]) -> Vec<(u32, f32)> {
        let mut places: Vec<u32> = text.iter().filter_map(|f| self.places.get(f).copied()).collect();
        places.sort_unstable();
        let entry = |run: &[u32]| (run[0], self.weights[run[0] as usize] * (1.0 + (run.len() as f32).ln()));
        places.chunk_by(|a, b| a == b).map(entry).collect()
    }
}
