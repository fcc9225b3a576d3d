use taster_core::Key;
use taster_stats::ngrams::SparseRows;

use super::{
    lexicon::Lexicon,
    opinion::{Opinion, Task},
    rows::Rows,
    words::Word,
};

/// Texts that must have a word for the model to see it.
const TEXTS_MIN: u32 = 3;
/// Share of a word's texts that must have a mark for the word to come with it.
const TOGETHER: f64 = 0.5;
/// Share of a mark's texts that must have a word for the mark to come with it.
const ALWAYS: f64 = 0.8;

/// What the words of a text say of its class.
pub struct Content {
    lexicon: Lexicon,
    opinion: Opinion,
    classes: usize,
}

/// The texts that a [`Content`] was fitted to.
pub struct Fitted {
    rows: SparseRows,
    scores: Vec<f32>,
    folds: Vec<usize>,
    labels: Vec<u32>,
    priors: Vec<f64>,
    /// Texts of each class with each place: `[place * classes + class]`.
    by_class: Vec<u32>,
}

impl Content {
    /// Fits to the rows' texts, but for those `left_out`.
    pub fn fit(rows: &Rows, texts: &[Vec<Word>], left_out: Option<&[bool]>, key: Key) -> (Self, Fitted) {
        let words: Vec<Vec<u64>> = texts.iter().map(|t| keys(t)).collect();
        let lexicon = Lexicon::fit(&words, TEXTS_MIN);
        let sparse = lexicon.rows(&words);
        let task = Task {
            rows: &sparse,
            places: lexicon.len(),
            labels: &rows.labels,
            classes: rows.classes(),
            folds: &rows.folds,
            seed: key.seed(),
        };
        let (opinion, scores) = Opinion::fit(task, left_out);
        let classes = rows.classes();
        let mut by_class = vec![0; lexicon.len() * classes];
        for (row, &label) in rows.labels.iter().enumerate() {
            sparse.row(row).iter().for_each(|e| by_class[e.0 as usize * classes + label as usize] += 1);
        }
        let (folds, labels, priors) = (rows.folds.clone(), rows.labels.clone(), rows.priors.clone());
        (Self { lexicon, opinion, classes }, Fitted { rows: sparse, scores, folds, labels, priors, by_class })
    }

    /// The words that come with a mark, of which these texts are all that have it: those seldom seen without it; and, of
    /// the words it is seldom seen without, those that elsewhere say nothing for the class `neutral_for`.
    pub fn company(
        &self,
        fitted: &Fitted,
        carriers: &[u32],
        neutral_for: Option<u32>,
        counts: &mut Vec<u32>,
    ) -> Vec<u32> {
        counts.resize(self.lexicon.len(), 0);
        let seldom = |place: u32| {
            neutral_for.is_some() || f64::from(self.lexicon.count(place)) * TOGETHER <= carriers.len() as f64
        };
        let mut seen = Vec::new();
        for &row in carriers {
            for &(place, _) in fitted.rows.row(row as usize).iter().filter(|e| seldom(e.0)) {
                if counts[place as usize] == 0 {
                    seen.push(place);
                }
                counts[place as usize] += 1;
            }
        }
        let together = |&place: &u32| {
            let both = counts[place as usize];
            let with_it = f64::from(both) >= ALWAYS * carriers.len() as f64
                && neutral_for.is_some_and(|class| self.neutral(fitted, carriers, place, both, class));
            both >= 2 && (with_it || f64::from(both) >= TOGETHER * f64::from(self.lexicon.count(place)))
        };
        let mut company: Vec<u32> = seen.iter().copied().filter(together).collect();
        company.sort_unstable();
        for &place in &seen {
            counts[place as usize] = 0;
        }
        company
    }

    /// Whether texts with a word, but without a mark, are of a class no more often than any.
    fn neutral(&self, fitted: &Fitted, carriers: &[u32], place: u32, both: u32, class: u32) -> bool {
        let of_class = |row: &u32| fitted.labels[*row as usize] == class;
        let has = |row: &&u32| fitted.rows.row(**row as usize).binary_search_by_key(&place, |e| e.0).is_ok();
        let with_mark = carriers.iter().filter(has).filter(|r| of_class(r)).count() as f64;
        let rest = f64::from(self.lexicon.count(place) - both);
        let hits = f64::from(fitted.by_class[place as usize * self.classes + class as usize]) - with_mark;
        let prior = fitted.priors[class as usize];
        hits <= prior * rest + 2.0 * (prior * (1.0 - prior) * rest).sqrt()
    }

    /// Probability of a class by a fitted text's words, but for those of `company`.
    pub fn probability_fitted(&self, fitted: &Fitted, row: u32, company: &[u32], class: u32) -> f64 {
        let row = row as usize;
        let mut scores = fitted.scores[row * self.classes..][..self.classes].to_vec();
        self.finish(&mut scores, fitted.folds[row], fitted.rows.row(row), company, class)
    }

    /// Probability of a class by a text's words, but for those of `company`.
    pub fn probability(&self, words: &[Word], fold: usize, company: &[u32], class: u32) -> f64 {
        let rows = self.lexicon.rows(&[keys(words)]);
        let mut scores = vec![0.0; self.classes];
        self.opinion.scores(fold, rows.row(0), &mut scores);
        self.finish(&mut scores, fold, rows.row(0), company, class)
    }

    fn finish(&self, scores: &mut [f32], fold: usize, entries: &[(u32, f32)], company: &[u32], class: u32) -> f64 {
        self.opinion.without(fold, entries.iter().filter(|e| company.binary_search(&e.0).is_ok()), scores);
        self.opinion.probabilities(scores);
        f64::from(scores[class as usize])
    }
}

fn keys(words: &[Word]) -> Vec<u64> {
    words.iter().map(|w| w.key).collect()
}
