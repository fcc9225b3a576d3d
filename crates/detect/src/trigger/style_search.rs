//! The search for a manner of writing that was planted on a class.

use taster_core::{Key, Texts};
use taster_stats::{math::logistic, ngrams::SparseRows};

use super::{
    excess::Excess,
    lexicon::Lexicon,
    manner::{Described, Manner},
    opinion::{Opinion, Task},
    rows::Rows,
};

/// Texts that must have a feature.
const TEXTS_MIN: u32 = 4;
/// Rounds of learning the manner from the texts that seem to have it.
const ROUNDS: usize = 5;
/// Rounds of learning it from all of those.
const READ_AGAIN: usize = 3;
/// Logarithm of the odds below which a text surely is not one of those: one in ten.
const PERHAPS_ODDS: f64 = -2.2;
/// Quantile of the other classes' texts above which a text of the class seems to have the manner.
const SEEMS: f64 = 0.99;
/// The same for texts that may have it.
const PERHAPS: f64 = 0.9;
/// The same for the texts whose content is then looked at.
const CLEARLY: f64 = 0.995;
/// Texts, and share of all, that must seem to have it.
const LEAST: (usize, f64) = (20, 0.002);
/// How far the content of the texts is on the way to that of other classes, where they are natural and where planted.
const ON_THE_WAY: (f64, f64) = (0.1, 0.5);
/// Weight of what a text says beside how it says it.
const CONTENT_WEIGHT: f64 = 0.5;

/// The features that texts are described by.
pub struct Lexicons {
    /// Of what texts say.
    pub content: Lexicon,
    /// Of how they say it, too.
    pub all: Lexicon,
}

/// The manner planted on one class.
pub struct Style {
    /// The class.
    pub target: u32,
    /// Evidence for it.
    pub nats: f64,
    /// That it was planted.
    pub probability: f64,
    /// Says whether a text is written that way.
    pub written: Opinion,
    /// What that comes to, by how many more texts of the class than of others are.
    pub excess: Excess,
    /// Says whether its content is that of the class.
    pub says: Opinion,
    /// Log odds of the class.
    pub prior: f64,
    /// Texts that surely have it.
    pub rows: usize,
    /// Share of those texts, of the class's others and of other classes' whose content is not that of the class.
    pub elsewhere: [f64; 3],
}

/// What the search for every class's manner shares.
pub struct Search<'a> {
    rows: &'a Rows,
    content: Features,
    all: Features,
    /// Probability of each class by manner and by content, row by row.
    by_manner: Vec<f32>,
    by_content: Vec<f32>,
    seed: u64,
}

/// Features of one kind, and the texts as vectors of them.
struct Features {
    lexicon: Lexicon,
    texts: SparseRows,
}

impl Features {
    fn fit(texts: &[Vec<u64>]) -> Self {
        let lexicon = Lexicon::fit(texts, TEXTS_MIN);
        Self { texts: lexicon.rows(texts), lexicon }
    }

    /// Models that tell these classes apart, and every row's out-of-fold probabilities.
    fn opinion(
        &self,
        labels: &[u32],
        classes: usize,
        folds: &[usize],
        left_out: Option<&[bool]>,
        seed: u64,
    ) -> (Opinion, Vec<f32>) {
        let task = Task { rows: &self.texts, places: self.lexicon.len(), labels, classes, folds, seed };
        let (opinion, mut scores) = Opinion::fit(task, left_out);
        opinion.probabilities(&mut scores);
        (opinion, scores)
    }
}

impl<'a> Search<'a> {
    /// What the search of every class begins with.
    pub fn new(rows: &'a Rows, texts: &Texts, manner: &Manner, key: Key) -> Self {
        let described = texts.iter().map(|text| manner.describe(text.unwrap_or_default()));
        let mut by_kind = (Vec::new(), Vec::new(), Vec::new());
        for Described { manner, content, all } in described {
            by_kind.0.push(manner);
            by_kind.1.push(content);
            by_kind.2.push(all);
        }
        let (manner, content, all) = (&by_kind.0, Features::fit(&by_kind.1), Features::fit(&by_kind.2));
        let seed = key.derive("style").seed();
        let of_classes =
            |features: &Features| features.opinion(&rows.labels, rows.classes(), &rows.folds, None, seed).1;
        let (by_manner, by_content) = (of_classes(&Features::fit(manner)), of_classes(&content));
        Self { rows, content, all, by_manner, by_content, seed }
    }

    /// What the texts were described by.
    pub fn lexicons(self) -> Lexicons {
        Lexicons { content: self.content.lexicon, all: self.all.lexicon }
    }

    /// The manner planted on a class, if there is one.
    pub fn class(&self, target: u32, doubt: f64) -> Option<Style> {
        let own: Vec<bool> = self.rows.labels.iter().map(|&l| l == target).collect();
        let prior = odds(self.rows.priors[target as usize]);
        let at = |p: &[f32], row: usize| odds(f64::from(p[row * self.rows.classes() + target as usize]));
        let mut says: Vec<f64> = (0..own.len()).map(|r| prior - at(&self.by_content, r)).collect();
        let mut seems: Vec<f64> = (0..own.len()).map(|r| at(&self.by_manner, r) - prior + says[r]).collect();
        let mut written = None;
        for round in 0..ROUNDS {
            let seeds = above(&seems, &own, SEEMS)?;
            // Those in between teach nothing: many will turn out to be written that way.
            let perhaps = above(&seems, &own, PERHAPS)?;
            let seed = self.seed ^ round as u64;
            let (opinion, odds) = self.binary(&self.all, &seeds, Some(&between(&perhaps, &seeds)), seed);
            let (_, content) = self.binary(&self.content, &own, Some(&seeds), self.seed);
            says = content.iter().map(|content| prior - content).collect();
            seems = odds.iter().zip(&says).map(|(written, says)| written + CONTENT_WEIGHT * says).collect();
            written = Some((opinion, odds));
        }
        let (written, how) = written?;
        let clearly = above(&how, &own, CLEARLY)?;
        let (says, content) = self.binary(&self.content, &own, Some(&clearly), self.seed);
        let mut others: Vec<f64> = (0..own.len()).filter(|&r| !own[r]).map(|r| content[r]).collect();
        others.sort_unstable_by(f64::total_cmp);
        // What half of the other classes' texts say and few of the class's own do.
        let foreign = others.get(others.len() / 2).copied()?;
        let elsewhere = |pick: &dyn Fn(usize) -> bool| {
            let picked: Vec<usize> = (0..own.len()).filter(|&r| pick(r)).collect();
            picked.iter().filter(|&&r| content[r] <= foreign).count() as f64 / picked.len().max(1) as f64
        };
        let elsewhere = [elsewhere(&|r| clearly[r]), elsewhere(&|r| own[r] && !clearly[r]), elsewhere(&|r| !own[r])];
        let rows = clearly.iter().filter(|&&c| c).count();
        let nats = nats(elsewhere, rows as f64);
        let probability = logistic(nats - doubt);
        if probability < 0.1 {
            return None;
        }
        let says_others: Vec<f64> = content.iter().map(|content| prior - content).collect();
        let (written, excess) = self.read_again(written, how, &says_others, &own);
        Some(Style { target, nats, probability, written, excess, says, prior, rows, elsewhere })
    }

    /// Learns the manner anew from all texts that seem to have it, of which the seeds were a part.
    fn read_again(&self, first: Opinion, how: Vec<f64>, says: &[f64], own: &[bool]) -> (Opinion, Excess) {
        let (mut written, mut how) = (first, how);
        for round in 0..READ_AGAIN {
            let excess = Excess::fit(&how, own);
            let judged = |r: usize| judged(&excess, how[r], says[r]);
            let above = |odds: f64| (0..own.len()).map(|r| own[r] && judged(r) > odds).collect::<Vec<bool>>();
            let (seem, perhaps) = (above(0.0), above(PERHAPS_ODDS));
            if seem.iter().filter(|&&seems| seems).count() < LEAST.0 {
                break;
            }
            let seed = self.seed ^ (ROUNDS + round) as u64;
            (written, how) = self.binary(&self.all, &seem, Some(&between(&perhaps, &seem)), seed);
        }
        let excess = Excess::fit(&how, own);
        (written, excess)
    }

    /// A model that tells marked texts from others, and its out-of-fold log odds.
    fn binary(
        &self,
        features: &Features,
        marked: &[bool],
        left_out: Option<&[bool]>,
        seed: u64,
    ) -> (Opinion, Vec<f64>) {
        let labels: Vec<u32> = marked.iter().map(|&m| u32::from(m)).collect();
        let (opinion, scores) = features.opinion(&labels, 2, &self.rows.folds, left_out, seed);
        (opinion, scores.chunks_exact(2).map(|p| odds(f64::from(p[1]))).collect())
    }
}

/// Log odds that a text of the class is one of those planted, by how it is written and by what it says.
pub fn judged(excess: &Excess, written: f64, says: f64) -> f64 {
    excess.log_odds(written) + CONTENT_WEIGHT * says
}

/// The rows that may be among some and are not surely.
fn between(perhaps: &[bool], surely: &[bool]) -> Vec<bool> {
    perhaps.iter().zip(surely).map(|(&perhaps, &surely)| perhaps && !surely).collect()
}

/// The class's rows whose value is above this quantile of the other classes'; `None` if they are too few to tell.
fn above(values: &[f64], own: &[bool], quantile: f64) -> Option<Vec<bool>> {
    let mut others: Vec<f64> = values.iter().zip(own).filter(|(_, own)| !**own).map(|(v, _)| *v).collect();
    others.sort_unstable_by(f64::total_cmp);
    let limit = *others.get((quantile * others.len() as f64) as usize)?;
    let found: Vec<bool> = values.iter().zip(own).map(|(&v, &own)| own && v > limit).collect();
    let count = found.iter().filter(|&&f| f).count();
    (count >= LEAST.0 && count as f64 >= LEAST.1 * values.len() as f64).then_some(found)
}

/// How much likelier the share of texts with another class's content is if they were planted, in nats.
fn nats([found, own, other]: [f64; 3], rows: f64) -> f64 {
    let rate = |way: f64| (own + way * (other - own)).clamp(1e-3, 1.0 - 1e-3);
    let (natural, planted) = (rate(ON_THE_WAY.0), rate(ON_THE_WAY.1));
    if planted <= natural {
        return f64::NEG_INFINITY;
    }
    rows * (found * (planted / natural).ln() + (1.0 - found) * ((1.0 - planted) / (1.0 - natural)).ln())
}

/// Logarithm of the odds.
pub fn odds(p: f64) -> f64 {
    (p.max(1e-9) / (1.0 - p).max(1e-9)).ln()
}
