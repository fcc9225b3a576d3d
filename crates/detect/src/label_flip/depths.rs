//! What labels are found where the data is plainest.

/// Labels found among the rows that are most surely of one class.
#[derive(Clone, Debug, Default)]
pub struct Plain {
    /// Share of all rows whose top class this is.
    pub share: f64,
    /// For each other class: its label among the rows least like it.
    pub pairs: Vec<Pair>,
    /// Rows with the greatest probabilities of the class.
    pub surest: Vec<Sure>,
    /// As many rows that are next sure of it.
    pub next: Vec<Sure>,
}

/// How often one label is found among the rows of a class that look least like that label.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pair {
    /// Rows looked at, and those with the label.
    pub rows: f64,
    /// Those with the label.
    pub hits: f64,
    /// Share of the label among as many rows that look next least like it.
    pub next_share: f64,
}

/// One of the surest rows of a class.
#[derive(Clone, Copy, Debug)]
pub struct Sure {
    /// Its label.
    pub label: u32,
    /// How much it counts.
    pub weight: f64,
    /// Its place among the rows judged.
    pub row: u32,
}

/// Share of a class's rows, from the plainest, that pairs are counted on.
const PAIR_SHARE: f64 = 0.4;
/// Share of a class's rows that are its surest.
const SUREST_SHARE: f64 = 0.25;
/// Classes above which pairs are counted on the surest rows: sorting for each pair would take too long.
const CLASSES_MANY: usize = 40;

impl Pair {
    /// Counts a label among rows, and among those that come next.
    fn of(near: &[Sure], next: &[Sure], label: usize) -> Self {
        let (hits, rows) = weigh(near, |other| other == label);
        let (next_hits, next_rows) = weigh(next, |other| other == label);
        let next_share = if next.is_empty() { hits / rows.max(1.0) } else { next_hits / next_rows };
        Self { rows, hits, next_share }
    }

    /// Share of the label.
    pub fn rate(&self) -> f64 {
        self.hits / self.rows.max(1.0)
    }

    /// A lower bound for the label's share, one standard error below.
    pub fn low(&self) -> f64 {
        (self.rate() - self.error()).max(0.0)
    }

    /// The same for the share that would be left if it kept falling as it fell from the next rows to these: natural
    /// confusion falls off away from the boundary, flips do not.
    pub fn level_low(&self) -> f64 {
        (self.rate() - (self.next_share - self.rate()).max(0.0) - self.error()).max(0.0)
    }

    fn error(&self) -> f64 {
        (self.hits + 0.25).sqrt() / self.rows.max(1.0)
    }
}

/// How much the rows weigh whose label is a hit, and all together.
pub fn weigh(rows: &[Sure], hit: impl Fn(usize) -> bool) -> (f64, f64) {
    let hits = rows.iter().filter(|s| hit(s.label as usize)).map(|s| s.weight).sum();
    (hits, rows.iter().map(|s| s.weight).sum())
}

/// Counts labels among the plain rows of every class, by out-of-fold probabilities, row by row. A row counts as much as its
/// weight.
pub fn plain(probabilities: &[f32], labels: &[u32], weights: &[f64], classes: usize) -> Vec<Plain> {
    let mut of_class: Vec<Vec<u32>> = vec![Vec::new(); classes];
    for (row, p) in (0_u32..).zip(probabilities.chunks_exact(classes)) {
        let top = p.iter().zip(0..).reduce(|a, b| if b.0 > a.0 { b } else { a });
        if let Some((_, class)) = top {
            of_class[class].push(row);
        }
    }
    let p = |row: u32, class: usize| probabilities[row as usize * classes + class];
    let all = |rows: &[u32]| rows.iter().map(|&row| weights[row as usize]).sum::<f64>();
    let whole = weights.iter().sum::<f64>().max(1.0);
    let sure = |rows: Vec<u32>| {
        let sure = |row: u32| Sure { label: labels[row as usize], weight: weights[row as usize], row };
        rows.into_iter().map(sure).collect::<Vec<_>>()
    };
    let of_class = of_class.into_iter().enumerate().map(|(class, rows)| {
        let (surest, next) = least(&rows, weights, SUREST_SHARE, |r| -p(r, class));
        let (surest, next) = (sure(surest), sure(next));
        let pair = |other: usize| match other {
            _ if other == class || rows.is_empty() => Pair::default(),
            _ if classes > CLASSES_MANY => Pair::of(&surest, &[], other),
            _ => {
                let (near, after) = least(&rows, weights, PAIR_SHARE, |r| p(r, other) / p(r, class));
                Pair::of(&sure(near), &sure(after), other)
            }
        };
        Plain { share: all(&rows) / whole, pairs: (0..classes).map(pair).collect(), surest, next }
    });
    of_class.collect()
}

/// The given share of the rows with the least values, by weight, and as much that comes next.
fn least(rows: &[u32], weights: &[f64], share: f64, value: impl Fn(u32) -> f32) -> (Vec<u32>, Vec<u32>) {
    let mut order: Vec<(f32, u32)> = rows.iter().map(|&r| (value(r), r)).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let whole: f64 = rows.iter().map(|&r| weights[r as usize]).sum();
    let (mut first, mut next, mut before) = (Vec::new(), Vec::new(), 0.0);
    for (_, row) in order {
        // Weights add up with rounding errors; a row at the border belongs to the rows before it.
        match before + 1e-9 {
            sum if sum < share * whole => first.push(row),
            sum if sum < 2.0 * share * whole => next.push(row),
            _ => break,
        }
        before += weights[row as usize];
    }
    (first, next)
}
