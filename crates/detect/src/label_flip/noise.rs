//! How often the label of one class is put on rows of another, and what that says of a row.

use super::depths::{Pair, Plain, Sure, plain};

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
/// Surest rows of a class below which its share of other labels says little.
const SUREST_MIN: usize = 30;
/// Share of errors among sure rows, relative to all rows, from which it counts, and from which it counts in full.
const EVEN: (f64, f64) = (0.6, 0.9);
/// A greater share of errors among sure rows is taken for the data's nature.
const LEVEL_MAX: f64 = 0.15;
/// Standard errors by which the share of errors among sure rows is taken to be smaller than it was found.
const DOUBT: f64 = 2.0;
/// Errors not explained by flips at which the flips' share can no longer be told from natural noise, from and to.
const NATURAL: (f64, f64) = (0.4, 0.5);

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
    /// Estimates from out-of-fold probabilities, row by row, and the rows' labels.
    pub fn estimate(probabilities: &[f32], labels: &[u32], classes: usize) -> Self {
        let plain = plain(probabilities, labels, classes);
        let errors = errors(probabilities, labels, classes);
        let (factors, directed) = directions(&plain, classes);
        // Errors among the surest rows are of all kinds: those flipped in one direction are not counted twice.
        let already = directed.iter().map(|d| d.share).sum::<f64>();
        let everywhere = level(&plain, errors).max(steady(&plain)) - already;
        let undirected = undirected(&plain, probabilities, classes).max(everywhere);
        let trusted = ((NATURAL.1 - (errors - undirected)) / (NATURAL.1 - NATURAL.0)).clamp(0.0, 1.0);
        Self { classes, factors, undirected: undirected * trusted, errors, directed }
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

fn errors(probabilities: &[f32], labels: &[u32], classes: usize) -> f64 {
    let is_error = |(p, &label): (&[f32], &u32)| p.iter().any(|&other| other > p[label as usize]);
    let wrong = probabilities.chunks_exact(classes).zip(labels).filter(|&row| is_error(row)).count();
    wrong as f64 / labels.len().max(1) as f64
}

/// Every direction's factor, and those that count as directed flips.
fn directions(plain: &[Plain], classes: usize) -> (Vec<f64>, Vec<Directed>) {
    let usual = Usual::of(plain);
    let mut factors = vec![1.0; classes * classes];
    let mut found = Vec::new();
    for (from, p) in plain.iter().enumerate() {
        for (to, pair) in p.pairs.iter().enumerate().filter(|&(to, _)| to != from) {
            let usual = usual.without(pair, classes);
            factors[from * classes + to] = (pair.low() / usual).clamp(1.0, FACTOR_MAX);
            found.extend(directed(from, to, p, usual));
        }
    }
    found.sort_by(|a, b| b.share.total_cmp(&a.share));
    (factors, found)
}

/// Share of labels changed at random: their share among the surest rows of a class, as far as it cannot be natural
/// confusion. With two classes that is the cleaner one of them, or both if they differ by no more than chance; with more,
/// only labels of the less likely half of the other classes are counted, and taken for their share of all changes.
fn undirected(plain: &[Plain], probabilities: &[f32], classes: usize) -> f64 {
    let counted: Vec<(f64, f64)> =
        plain.iter().enumerate().map(|(class, p)| far_labels(p, class, probabilities, classes)).collect();
    let whole = counted.iter().fold((0.0, 0.0), |sum, c| (sum.0 + c.0, sum.1 + c.1));
    let cleanest = || {
        let enough = counted.iter().filter(|c| c.1 >= SUREST_MIN as f64);
        enough.copied().min_by(|a, b| ((a.0 + 1.0) / a.1).total_cmp(&((b.0 + 1.0) / b.1)))
    };
    let (hits, rows) = if classes == 2 && !alike(&counted) { cleanest().unwrap_or(whole) } else { whole };
    // One or two hits are no more than chance.
    hits / rows.max(1.0) * hits / (hits + 1.0)
}

/// Whether two shares, each as hits and rows, differ by less than a standard deviation of their difference.
fn alike(shares: &[(f64, f64)]) -> bool {
    let &[(hits, rows), (other_hits, other_rows)] = shares else { return false };
    let both = (hits + other_hits) / (rows + other_rows).max(1.0);
    let variance = both * (1.0 - both) * (1.0 / rows.max(1.0) + 1.0 / other_rows.max(1.0));
    (hits / rows.max(1.0) - other_hits / other_rows.max(1.0)).powi(2) < variance
}

/// Labels of other classes among some of each class's rows, and the rows.
fn others<'a>(plain: &'a [Plain], rows: impl Fn(&'a Plain) -> &'a [Sure]) -> (f64, f64) {
    let hits = |(class, p): (usize, &'a Plain)| rows(p).iter().filter(|s| s.label as usize != class).count();
    let all: usize = plain.iter().map(|p| rows(p).len()).sum();
    (plain.iter().enumerate().map(hits).sum::<usize>() as f64, all as f64)
}

/// Share of other labels among the surest rows of all classes, as far as it is as large there as elsewhere: natural
/// confusion is rarer among sure rows. Nothing where it is so large that it must be natural.
fn level(plain: &[Plain], errors: f64) -> f64 {
    let (hits, rows) = others(plain, |p| &p.surest);
    let rate = hits / rows.max(1.0);
    let evenness = ((rate / errors.max(1e-9) - EVEN.0) / (EVEN.1 - EVEN.0)).clamp(0.0, 1.0);
    if rate < LEVEL_MAX { rate * evenness } else { 0.0 }
}

/// A lower bound for the share of other labels that would be left among still surer rows, if it kept falling as it fell from
/// the next sure rows to the surest: natural confusion falls off, flips do not. It takes no class for farther than another,
/// so that confusion elsewhere hides nothing.
fn steady(plain: &[Plain]) -> f64 {
    let ((hits, rows), (next_hits, next_rows)) = (others(plain, |p| &p.surest), others(plain, |p| &p.next));
    let (rate, next) = (hits / rows.max(1.0), next_hits / next_rows.max(1.0));
    let error = (hits + 0.25).sqrt() / rows.max(1.0);
    if rate < LEVEL_MAX { (rate - (next - rate).max(0.0) - DOUBT * error).max(0.0) } else { 0.0 }
}

/// Among a class's surest rows: labels of the half of the other classes that are least likely there, and the rows as far
/// as they stand for that half.
fn far_labels(plain: &Plain, class: usize, probabilities: &[f32], classes: usize) -> (f64, f64) {
    let mut mean: Vec<(f64, usize)> = (0..classes).filter(|&other| other != class).map(|other| (0.0, other)).collect();
    for (sum, other) in &mut mean {
        *sum = plain.surest.iter().map(|s| f64::from(probabilities[s.row as usize * classes + *other])).sum();
    }
    mean.sort_by(|a, b| a.0.total_cmp(&b.0));
    let far = &mean[..((classes - 1) / 2).max(1)];
    let hits = plain.surest.iter().filter(|s| far.iter().any(|f| f.1 == s.label as usize)).count();
    (hits as f64, plain.surest.len() as f64 * far.len() as f64 / (classes as f64 - 1.0))
}

/// Sums over all pairs of classes of the label shares among plain rows.
struct Usual {
    rows: f64,
    sum: f64,
    squares: f64,
}

impl Usual {
    fn of(plain: &[Plain]) -> Self {
        let mut usual = Self { rows: 0.0, sum: 0.0, squares: 0.0 };
        for pair in plain.iter().flat_map(|p| &p.pairs) {
            usual.rows += pair.rows;
            usual.sum += pair.hits;
            usual.squares += pair.rows * pair.rate() * pair.rate();
        }
        usual
    }

    /// The share of a label that is usual in the other pairs.
    fn without(&self, pair: &Pair, classes: usize) -> f64 {
        let rows = (self.rows - pair.rows).max(1.0);
        let mean = (self.sum - pair.hits).max(0.0) / rows;
        let squares = (self.squares - pair.rows * pair.rate() * pair.rate()) / rows;
        let usual =
            if classes == 2 { STANDS_OUT * mean } else { mean + STANDS_OUT * (squares - mean * mean).max(0.0).sqrt() };
        usual + NOTHING / (classes as f64 - 1.0).max(1.0).sqrt()
    }
}

/// The directed flips of one pair, if it stands out.
fn directed(from: usize, to: usize, plain: &Plain, usual: f64) -> Option<Directed> {
    let pair = plain.pairs[to];
    let factor = pair.level_low() / usual;
    (factor > DIRECTED).then(|| Directed {
        from,
        to,
        rows: pair.rows,
        seen: pair.hits,
        usual: usual * pair.rows,
        share: plain.share * pair.level_low() * (1.0 - 1.0 / factor),
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
        Noise::estimate(&probabilities, &labels, 2)
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
