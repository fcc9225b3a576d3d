//! What share of labels was changed at random: what is left of contradictions where the data is plainest.

use super::depths::{Plain, Sure, weigh};

/// Surest rows of a class below which its share of other labels says little.
const SUREST_MIN: f64 = 30.0;
/// Share of errors among sure rows, relative to all rows, from which it counts, and from which it counts in full.
const EVEN: (f64, f64) = (0.6, 0.9);
/// A greater share of errors among sure rows is taken for the data's nature.
const LEVEL_MAX: f64 = 0.15;
/// Standard errors by which the share of errors among sure rows is taken to be smaller than it was found.
const DOUBT: f64 = 2.0;
/// Variances of a difference at which two shares are still taken together by more than half: of two classes, and of the
/// surest rows and the next.
const ALIKE_CLASSES: f64 = 2.0;
const ALIKE_NEXT: f64 = 1.0;

/// Estimates the share of rows changed at random, beyond the `directed` share, which is already accounted for.
pub fn undirected(plain: &[Plain], probabilities: &[f32], classes: usize, errors: f64, directed: f64) -> f64 {
    // Errors among the surest rows are of all kinds: those flipped in one direction are not counted twice.
    let everywhere = level(plain, errors).max(steady(plain)) - directed;
    of_far_labels(plain, probabilities, classes, directed).max(everywhere)
}

/// Hits among rows.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    hits: f64,
    rows: f64,
}

impl Share {
    fn rate(self) -> f64 {
        self.hits / self.rows.max(1.0)
    }

    /// The rate, where one or two hits are no more than chance.
    fn doubted(self) -> f64 {
        self.rate() * self.hits / (self.hits + 1.0)
    }

    fn plus(self, other: Self, weight: f64) -> Self {
        Self { hits: self.hits + weight * other.hits, rows: self.rows + weight * other.rows }
    }

    /// How well both can be draws of one share: 1 where they are equal, and less the more variances of their difference lie
    /// between. No rule of yes or no: a hit more or less must not decide what a whole dataset is accused of.
    fn alike(self, other: Self, variances: f64) -> f64 {
        let both = self.plus(other, 1.0).rate();
        let variance = both * (1.0 - both) * (1.0 / self.rows.max(1.0) + 1.0 / other.rows.max(1.0));
        (-(self.rate() - other.rate()).powi(2) / (2.0 * variances * variance.max(1e-12))).exp()
    }

    /// Together with the share among the next rows, as far as natural confusion has not begun there.
    fn with_next(self, next: Self) -> Self {
        let weight = if next.rate() <= self.rate() { 1.0 } else { self.alike(next, ALIKE_NEXT) };
        self.plus(next, weight)
    }
}

/// Share of labels changed at random: their share among the surest rows of a class, as far as it cannot be natural
/// confusion. With two classes that is the cleaner one of them, or both as far as they may differ by chance; with more,
/// only labels of the less likely half of the other classes are counted, and taken for their share of all changes.
fn of_far_labels(plain: &[Plain], probabilities: &[f32], classes: usize, directed: f64) -> f64 {
    let counted: Vec<(Share, Share)> =
        plain.iter().enumerate().map(|(class, p)| far_labels(p, class, probabilities, classes)).collect();
    let &[(surest, next), (other_surest, other_next)] = &counted[..] else {
        let sum =
            |pick: fn(&(Share, Share)) -> Share| counted.iter().fold(Share::default(), |sum, c| sum.plus(pick(c), 1.0));
        return sum(|c| c.0).with_next(sum(|c| c.1)).doubted();
    };
    let (one, other) = (surest.with_next(next), other_surest.with_next(other_next));
    let whole = one.plus(other, 1.0).doubted();
    let enough = [one, other].into_iter().filter(|share| share.rows >= SUREST_MIN);
    let careful = |share: &Share| (share.hits + 1.0) / share.rows;
    let Some(cleanest) = enough.min_by(|a, b| careful(a).total_cmp(&careful(b))) else { return whole };
    let alike = one.alike(other, ALIKE_CLASSES);
    alike * (whole - directed).max(0.0) + (1.0 - alike) * cleanest.doubted()
}

/// Among a class's surest rows, and among the next: labels of the half of the other classes that are least likely on the
/// surest, and the rows as far as they stand for that half.
fn far_labels(plain: &Plain, class: usize, probabilities: &[f32], classes: usize) -> (Share, Share) {
    let mut mean: Vec<(f64, usize)> = (0..classes).filter(|&other| other != class).map(|other| (0.0, other)).collect();
    for (sum, other) in &mut mean {
        *sum = plain.surest.iter().map(|s| f64::from(probabilities[s.row as usize * classes + *other])).sum();
    }
    mean.sort_by(|a, b| a.0.total_cmp(&b.0));
    let far = &mean[..((classes - 1) / 2).max(1)];
    let part = far.len() as f64 / (classes as f64 - 1.0);
    let count = |rows: &[Sure]| {
        let share = share(rows, |label| far.iter().any(|f| f.1 == label));
        Share { rows: share.rows * part, ..share }
    };
    (count(&plain.surest), count(&plain.next))
}

fn share(rows: &[Sure], hit: impl Fn(usize) -> bool) -> Share {
    let (hits, rows) = weigh(rows, hit);
    Share { hits, rows }
}

/// Labels of other classes among some of each class's rows, and the rows.
fn others<'a>(plain: &'a [Plain], rows: impl Fn(&'a Plain) -> &'a [Sure]) -> Share {
    let of = |(class, p): (usize, &'a Plain)| share(rows(p), |label| label != class);
    plain.iter().enumerate().map(of).fold(Share::default(), |sum, share| sum.plus(share, 1.0))
}

/// Share of other labels among the surest rows of all classes, as far as it is as large there as elsewhere: natural
/// confusion is rarer among sure rows. Nothing where it is so large that it must be natural.
fn level(plain: &[Plain], errors: f64) -> f64 {
    let rate = others(plain, |p| &p.surest).rate();
    let evenness = ((rate / errors.max(1e-9) - EVEN.0) / (EVEN.1 - EVEN.0)).clamp(0.0, 1.0);
    if rate < LEVEL_MAX { rate * evenness } else { 0.0 }
}

/// A lower bound for the share of other labels that would be left among still surer rows, if it kept falling as it fell from
/// the next sure rows to the surest: natural confusion falls off, flips do not. It takes no class for farther than another,
/// so that confusion elsewhere hides nothing.
fn steady(plain: &[Plain]) -> f64 {
    let (surest, next) = (others(plain, |p| &p.surest), others(plain, |p| &p.next));
    let rate = surest.rate();
    let error = (surest.hits + 0.25).sqrt() / surest.rows.max(1.0);
    if rate < LEVEL_MAX { (rate - (next.rate() - rate).max(0.0) - DOUBT * error).max(0.0) } else { 0.0 }
}
