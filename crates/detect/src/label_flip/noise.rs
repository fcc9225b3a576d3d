//! How often the label of one class is put on rows of another, and what that says of a row.

use std::collections::BTreeSet;

use super::{
    depths::{DEPTHS, Pair, Plain, plain},
    undirected::undirected,
};

/// A label's probability counts as this much larger: tiny ones are not known well enough to be told apart.
const FLOOR: f64 = 0.03;
/// Share of a label that is nothing special among plain rows, whatever is usual in the dataset.
const NOTHING: f64 = 0.004;
/// A pair must stand out from what is usual by this factor of its neighbours' mean (two classes) or by this many standard
/// deviations above it.
const STANDS_OUT: f64 = 2.0;
/// Greatest factor by which one direction is suspected more than others.
const FACTOR_MAX: f64 = 20.0;
/// Factor from which a direction counts as directed flips.
const DIRECTED: f64 = 2.0;
/// Fewest rows that make one: a few of another label are found in one of many pairs by chance.
const HITS_MIN: f64 = 5.0;

/// Estimated noise of the labels.
pub struct Noise {
    classes: usize,
    /// `[from * classes + to]`: how much more a flip in this direction is suspected than usual.
    factors: Vec<f64>,
    /// Share of rows with a label changed at random.
    pub undirected: f64,
    /// Share of rows whose label is not their likeliest class.
    pub errors: f64,
    /// Directions in which labels were flipped, most rows first.
    pub directed: Vec<Directed>,
}

/// Labels of one class found on rows that are plainly of another.
#[derive(Clone, Copy, Debug)]
pub struct Directed {
    /// The class the rows look like.
    pub from: usize,
    /// The label they carry.
    pub to: usize,
    /// Plain rows looked at, how many carry the label, and how many would be usual.
    pub rows: f64,
    /// How many of them carry the label.
    pub seen: f64,
    /// How many would be usual in this dataset.
    pub usual: f64,
    /// Estimated share of all rows of the dataset.
    pub share: f64,
}

impl Noise {
    /// Estimates from out-of-fold probabilities, row by row, and the rows' labels and weights.
    pub fn estimate(probabilities: &[f32], labels: &[u32], weights: &[f64], classes: usize) -> Self {
        let plain = plain(probabilities, labels, weights, classes);
        let errors = errors(probabilities, labels, weights, classes);
        let (factors, directed) = directions(&plain, classes);
        let already = directed.iter().map(|d| d.share).sum::<f64>();
        let undirected = undirected(&plain, probabilities, classes, errors, already);
        Self { classes, factors, undirected, errors, directed }
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// Estimated share of rows with a wrong label.
    pub fn share(&self) -> f64 {
        self.undirected + self.directed.iter().map(|d| d.share).sum::<f64>()
    }

    /// How strongly a row with these class probabilities speaks against its label: grows with the odds of a flip.
    pub fn against(&self, probabilities: &[f32], label: usize) -> f64 {
        self.by_class(probabilities, label).map(|(_, odds)| odds).sum()
    }

    /// The class the row was most probably made with if not with its label, and how probable it is then.
    pub fn likeliest(&self, probabilities: &[f32], label: usize) -> Option<(usize, f64)> {
        let best = self.by_class(probabilities, label).reduce(|a, b| if b.1 > a.1 { b } else { a })?;
        Some((best.0, best.1 / self.against(probabilities, label).max(f64::MIN_POSITIVE)))
    }

    fn by_class<'a>(&'a self, probabilities: &'a [f32], label: usize) -> impl Iterator<Item = (usize, f64)> + 'a {
        let own = f64::from(probabilities[label]) + FLOOR;
        let odds = move |from: usize| self.factors[from * self.classes + label] * f64::from(probabilities[from]) / own;
        (0..self.classes).filter(move |&from| from != label).map(move |from| (from, odds(from)))
    }
}

fn errors(probabilities: &[f32], labels: &[u32], weights: &[f64], classes: usize) -> f64 {
    let is_error = |(p, &label): (&[f32], &u32)| p.iter().any(|&other| other > p[label as usize]);
    let rows = probabilities.chunks_exact(classes).zip(labels).zip(weights);
    let wrong: f64 = rows.filter(|row| is_error(row.0)).map(|row| row.1).sum();
    wrong / weights.iter().sum::<f64>().max(1.0)
}

/// Every direction's factor, and those that count as directed flips: at each depth what stands out there. Flips of many rows
/// of a class make its neighbours doubtful and so their labels frequent there, too, but not among the very plainest rows.
fn directions(plain: &[Plain], classes: usize) -> (Vec<f64>, Vec<Directed>) {
    let mut factors = vec![1.0_f64; classes * classes];
    let mut found = Vec::new();
    for depth in 0..DEPTHS.len() {
        let usual = Usual::of(plain, depth);
        let pairs = plain.iter().enumerate().flat_map(|(from, p)| p.pairs[depth].iter().map(move |pair| (from, pair)));
        for (from, &(to, pair)) in pairs {
            let usual = usual.without(pair, classes);
            let factor = &mut factors[from * classes + to];
            *factor = factor.max((pair.low() / usual).min(FACTOR_MAX));
            found.extend(directed(from, to, pair, plain[from].share, usual));
        }
    }
    found.sort_by(|a: &Directed, b| b.share.total_cmp(&a.share).then((a.from, a.to).cmp(&(b.from, b.to))));
    // A direction counts once, as at the depth that shows most of it.
    let mut counted = BTreeSet::new();
    found.retain(|directed| counted.insert((directed.from, directed.to)));
    (factors, found)
}

/// Sums over all pairs of classes of the label shares among plain rows of one depth.
struct Usual {
    rows: f64,
    sum: f64,
    squares: f64,
}

impl Usual {
    fn of(plain: &[Plain], depth: usize) -> Self {
        let mut usual = Self { rows: 0.0, sum: 0.0, squares: 0.0 };
        for (_, pair) in plain.iter().flat_map(|p| &p.pairs[depth]) {
            usual.rows += pair.rows;
            usual.sum += pair.hits;
            usual.squares += pair.rows * pair.rate() * pair.rate();
        }
        usual
    }

    /// The share of a label that is usual in the other pairs.
    fn without(&self, pair: Pair, classes: usize) -> f64 {
        let (rows, hits) = ((self.rows - pair.rows).max(1.0), (self.sum - pair.hits).max(0.0));
        // That none was found among a few rows does not make one unusual.
        let high = (hits + pair.doubt * (hits + 0.25).sqrt()) / rows;
        let mean = hits / rows;
        let squares = (self.squares - pair.rows * pair.rate() * pair.rate()) / rows;
        let usual =
            if classes == 2 { STANDS_OUT * high } else { high + STANDS_OUT * (squares - mean * mean).max(0.0).sqrt() };
        usual + NOTHING / (classes as f64 - 1.0).max(1.0).sqrt()
    }
}

/// The directed flips of one pair, if it stands out; `share` of all rows look like the class they are of.
fn directed(from: usize, to: usize, pair: Pair, share: f64, usual: f64) -> Option<Directed> {
    let factor = pair.level_low() / usual;
    (factor > DIRECTED && pair.hits >= HITS_MIN).then(|| Directed {
        from,
        to,
        rows: pair.rows,
        seen: pair.hits,
        usual: usual * pair.rows,
        share: share * pair.low() * (1.0 - 1.0 / factor),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rows of two classes that models know, with the given share of changed labels in each.
    fn estimated(changed: [f64; 2]) -> Noise {
        let (mut probabilities, mut labels) = (Vec::new(), Vec::new());
        for row in 0..4000_usize {
            let class = row % 2;
            let sure = 0.99 - 1e-5 * row as f32;
            probabilities.extend(if class == 0 { [sure, 1.0 - sure] } else { [1.0 - sure, sure] });
            // Spread evenly over the rows of the class.
            let place = row / 2;
            let turns = |n: usize| (n as f64 * changed[class]) as usize;
            labels.push(if turns(place + 1) > turns(place) { 1 - class as u32 } else { class as u32 });
        }
        Noise::estimate(&probabilities, &labels, &vec![1.0; labels.len()], 2)
    }

    #[test]
    fn changes_of_both_classes_are_counted_in_both() {
        let noise = estimated([0.08, 0.09]);
        assert!((noise.share() - 0.085).abs() < 0.005, "{}", noise.share());
    }

    #[test]
    fn a_flip_in_one_direction_is_counted_once() {
        let noise = estimated([0.10, 0.0]);
        assert!(!noise.directed.is_empty());
        assert!((0.03..=0.055).contains(&noise.share()), "{}", noise.share());
    }
}
