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
/// Standard deviations of a difference, and differences of shares, at which two shares are still taken together by more than
/// half: of classes, of labels less and more like a class, and of rows and the next sure ones.
const ALIKE_CLASSES: (f64, f64) = (1.5, 0.0);
const ALIKE_LABELS: (f64, f64) = (2.0, 0.0);
const ALIKE_NEXT: (f64, f64) = (1.0, 0.0075);
/// Share of the surest rows, and number of them at most, that are contradicted by nature in most data.
const BY_NATURE: (f64, f64) = (0.005, 5.0);
/// Parts that a class's surest rows are looked at in, and the fewest rows of one.
const PARTS: usize = 4;
const PART_MIN: f64 = 60.0;

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

    /// The rate, of which half is believed where hits are one more than there are by nature.
    fn doubted(self) -> f64 {
        let natural = (1.0 + BY_NATURE.0 * self.rows).min(BY_NATURE.1);
        self.rate() * self.hits / (self.hits + natural)
    }

    fn plus(self, other: Self, weight: f64) -> Self {
        Self { hits: self.hits + weight * other.hits, rows: self.rows + weight * other.rows }
    }

    /// How well both can be draws of one share: 1 where they are equal, and less the more standard deviations of their
    /// difference lie between. No rule of yes or no: a hit more or less must not decide what a whole dataset is accused of.
    fn alike(self, other: Self, (deviations, difference): (f64, f64)) -> f64 {
        let both = self.plus(other, 1.0).rate();
        let variance = both * (1.0 - both) * (1.0 / self.rows.max(1.0) + 1.0 / other.rows.max(1.0));
        let width = deviations * deviations * variance + difference * difference;
        (-(self.rate() - other.rate()).powi(2) / (2.0 * width).max(1e-12)).exp()
    }

    /// Together with the share among other rows, as far as natural confusion does not make that one the larger.
    fn with(self, other: Self, apart: (f64, f64)) -> Self {
        let weight = if other.rate() <= self.rate() { 1.0 } else { self.alike(other, apart) };
        self.plus(other, weight)
    }
}

/// Share of labels changed at random: what the surest rows of all classes have in common. Changes at random are as frequent
/// wherever one looks, and natural confusion is not. So other labels are counted from the surest rows of a class on as far
/// as they do not become more, and from the cleanest class on as far as the others are like it. Of three or more classes
/// labels of the less likely half of the others count, and are taken for their share of all changes; those of the likelier half
/// as far as they are not more.
fn of_far_labels(plain: &[Plain], probabilities: &[f32], classes: usize, directed: f64) -> f64 {
    let of = |(class, p): (usize, &Plain)| far_labels(p, class, probabilities, classes);
    let all: Vec<Share> = plain.iter().enumerate().map(of).collect();
    let careful = |share: &Share| (share.hits + 1.0) / share.rows;
    let mut enough: Vec<Share> = all.iter().copied().filter(|share| share.rows >= SUREST_MIN).collect();
    enough.sort_by(|a, b| careful(a).total_cmp(&careful(b)));
    let Some(&cleanest) = enough.first() else {
        return all.into_iter().fold(Share::default(), |sum, share| sum.plus(share, 1.0)).doubted();
    };
    let alike = enough[1..].iter().fold(cleanest, |sum, &share| sum.with(share, ALIKE_CLASSES)).doubted();
    // Where classes are alike, flips in one direction are among the hits of all of them.
    cleanest.doubted().min(alike).max(alike - directed)
}

/// Labels of the half of the other classes that are least likely on a class's surest rows, among those rows and further ones,
/// and the rows as far as they stand for that half; and the other half of the labels as far as they are not more.
fn far_labels(plain: &Plain, class: usize, probabilities: &[f32], classes: usize) -> Share {
    let mut mean: Vec<(f64, usize)> = (0..classes).filter(|&other| other != class).map(|other| (0.0, other)).collect();
    for (sum, other) in &mut mean {
        *sum = plain.surest.iter().map(|s| f64::from(probabilities[s.row as usize * classes + *other])).sum();
    }
    mean.sort_by(|a, b| a.0.total_cmp(&b.0));
    let (far, near) = mean.split_at(((classes - 1) / 2).max(1));
    let part = |labels: &[(f64, usize)]| labels.len() as f64 / (classes as f64 - 1.0);
    let count = |rows: &[Sure], labels: &[(f64, usize)]| {
        let share = share(rows, |label| labels.iter().any(|other| other.1 == label));
        Share { rows: share.rows * part(labels), ..share }
    };
    let parts = ((plain.surest.len() as f64 * part(far) / PART_MIN) as usize).clamp(1, PARTS);
    let surest = plain.surest.chunks(plain.surest.len().div_ceil(parts).max(1));
    let (third, last) = plain.rest.split_at(plain.next.len().min(plain.rest.len()));
    let outwards: Vec<&[Sure]> = surest.chain([&plain.next[..], third, last]).collect();
    let counted = |rows: &[&[Sure]], labels| {
        rows.iter().map(|rows| count(rows, labels)).reduce(|sum, share| sum.with(share, ALIKE_NEXT)).unwrap_or_default()
    };
    // Labels like the class are found by nature among the less sure half of its rows.
    counted(&outwards, far).with(counted(&outwards[..outwards.len() - 2], near), ALIKE_LABELS)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label_flip::depths::plain;

    const ROWS: usize = 24_000;

    /// The estimate for three classes in turn, row after row less sure, where each row's class and place among its class's
    /// rows (0 to 1 from the surest on) give the odds in a thousand of another label.
    fn estimated(odds: impl Fn(usize, f64) -> usize) -> f64 {
        let (mut probabilities, mut labels) = (Vec::new(), Vec::new());
        for row in 0..ROWS {
            let (class, place) = (row % 3, row as f64 / ROWS as f64);
            let sure = 0.99 - 0.6 * place as f32;
            probabilities.extend((0..3).map(|c| if c == class { sure } else { (1.0 - sure) / 2.0 }));
            let chance = row * 7919 % 1000;
            labels.push(if chance < odds(class, place) { (class + 1 + chance % 2) % 3 } else { class } as u32);
        }
        let plain = plain(&probabilities, &labels, &vec![1.0; ROWS], 3);
        of_far_labels(&plain, &probabilities, 3, 0.0)
    }

    #[test]
    fn changes_at_random_are_counted() {
        let share = estimated(|_, _| 60);
        assert!((share - 0.06).abs() < 0.015, "{share}");
    }

    #[test]
    fn a_class_that_is_confused_by_nature_is_not_taken_for_the_others() {
        let share = estimated(|class, _| if class == 1 { 200 } else { 5 });
        assert!(share < 0.015, "{share}");
    }

    #[test]
    fn what_grows_with_doubt_is_not_counted() {
        let share = estimated(|_, place| (600.0 * place) as usize);
        assert!(share < 0.04, "{share}");
    }
}
