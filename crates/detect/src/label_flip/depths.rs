//! What labels are found where the data is plainest.

/// Labels found among the rows that are most surely of one class.
#[derive(Clone, Debug, Default)]
pub struct Plain {
    /// Share of all rows whose top class this is.
    pub share: f64,
    /// For each depth the other classes, each with its label among the rows least like it. Of many classes only the first depth.
    pub pairs: [Vec<(usize, Pair)>; DEPTHS.len()],
    /// A quarter of the rows, with the greatest probabilities of the class.
    pub surest: Vec<Sure>,
    /// The quarter that is next sure of it.
    pub next: Vec<Sure>,
    /// The other half, surest first.
    pub rest: Vec<Sure>,
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
    /// Standard errors by which its share is taken to be smaller than it was found, and that of others to be larger.
    pub doubt: f64,
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

/// Shares of a class's rows, from the plainest, that pairs are counted on, each with the standard errors by which its finds are
/// doubted: what is seen among a few rows only is seen by chance more often.
pub const DEPTHS: [(f64, f64); 4] = [(0.4, 1.0), (0.2, 1.5), (0.1, 1.5), (0.05, 1.5)];
/// Share of a class's rows that are its surest.
const SUREST_SHARE: f64 = 0.25;
/// Classes above which pairs are counted on the surest rows: sorting for each pair would take too long.
const CLASSES_MANY: usize = 40;

impl Pair {
    /// Counts a label among rows, and among those that come next.
    fn of(near: &[Sure], next: &[Sure], label: usize, doubt: f64) -> Self {
        let (hits, rows) = weigh(near, |other| other == label);
        let (next_hits, next_rows) = weigh(next, |other| other == label);
        let next_share = if next.is_empty() { hits / rows.max(1.0) } else { next_hits / next_rows };
        Self { rows, hits, next_share, doubt }
    }

    /// Share of the label.
    pub fn rate(&self) -> f64 {
        self.hits / self.rows.max(1.0)
    }

    /// A lower bound for the label's share.
    pub fn low(&self) -> f64 {
        (self.rate() - self.error()).max(0.0)
    }

    /// The same for the share that would be left if it kept falling as it fell from the next rows to these: natural
    /// confusion falls off away from the boundary, flips do not.
    pub fn level_low(&self) -> f64 {
        (self.rate() - (self.next_share - self.rate()).max(0.0) - self.error()).max(0.0)
    }

    fn error(&self) -> f64 {
        self.doubt * (self.hits + 0.25).sqrt() / self.rows.max(1.0)
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
    let sure = |row: u32| Sure { label: labels[row as usize], weight: weights[row as usize], row };
    let ordered = |rows: &[u32], value: &dyn Fn(u32) -> f32| {
        let mut order: Vec<(f32, u32)> = rows.iter().map(|&r| (value(r), r)).collect();
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        order.into_iter().map(|(_, row)| sure(row)).collect::<Vec<_>>()
    };
    let of_class = of_class.into_iter().enumerate().map(|(class, rows)| {
        let mut surest = ordered(&rows, &|r| -p(r, class));
        let [first, second, _] = parts(&surest, SUREST_SHARE).map(<[Sure]>::len);
        let rest = surest.split_off(first + second);
        let next = surest.split_off(first);
        let mut pairs: [Vec<(usize, Pair)>; DEPTHS.len()] = Default::default();
        for other in (0..classes).filter(|&other| other != class) {
            if classes > CLASSES_MANY {
                pairs[0].push((other, Pair::of(&surest, &[], other, DEPTHS[0].1)));
                continue;
            }
            let plainest = ordered(&rows, &|r| p(r, other) / p(r, class));
            for (pairs, (share, doubt)) in pairs.iter_mut().zip(DEPTHS) {
                let [near, after, _] = parts(&plainest, share);
                pairs.push((other, Pair::of(near, after, other, doubt)));
            }
        }
        Plain { share: all(&rows) / whole, pairs, surest, next, rest }
    });
    of_class.collect()
}

/// The given share of the rows, by weight, from the first; as much that comes next; and the others.
fn parts(rows: &[Sure], share: f64) -> [&[Sure]; 3] {
    let whole: f64 = rows.iter().map(|sure| sure.weight).sum();
    // Weights add up with rounding errors; a row at the border belongs to the rows before it.
    let until = |share: f64| {
        let mut before = 1e-9;
        let within = |sure: &&Sure| {
            let within = before < share * whole;
            before += sure.weight;
            within
        };
        rows.iter().take_while(within).count()
    };
    let (first, second) = (until(share), until(2.0 * share));
    [&rows[..first], &rows[first..second], &rows[second..]]
}
