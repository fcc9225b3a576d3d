//! How columns go together two by two, in bounded memory and exactly mergeable.

mod code;
mod planes;

pub use code::{Stretches, of_number, of_value};
use planes::{Planes, ROWS};

/// Most pairs of columns that are counted: all of 100 columns.
pub const PAIRS: usize = 5000;

/// For pairs of columns, in how many rows their halvings part: the row is in the upper half by one column and in the lower
/// by the other. With the size of each half, that is the whole table of two by two.
///
/// A column is halved by the bits of its codes ([`of_number`], [`of_value`]): the coarse ones part small numbers from large,
/// finer ones every other stretch; of values, each bit of the hash deals them at random. Bits need no quantile to be known
/// beforehand, so that every row can be counted when it comes. Which bits count depends on the set of codes alone
/// ([`Stretches`]); a bit that begins to differ was the same in all rows before, and counts of it follow from that. So
/// merging in any order equals counting the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pairs {
    rows: u64,
    columns: Vec<Column>,
    /// For each of [`chosen`], every halving of the first column with every one of the second.
    apart: Vec<Vec<u64>>,
}

/// A column's halvings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Column {
    stretches: Stretches,
    bits: Vec<u32>,
    /// Rows in the upper half of each.
    ones: Vec<u64>,
}

/// A table of two halvings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Halved {
    /// The columns.
    pub columns: (usize, usize),
    /// The bit of the code that halves each.
    pub bits: (u32, u32),
    /// Rows in the upper half of each.
    pub ones: (u64, u64),
    /// Rows in the upper half of only one.
    pub apart: u64,
}

impl Pairs {
    /// Of so many columns, and no rows yet.
    pub fn new(columns: usize) -> Self {
        let apart = chosen(columns).map(|_| Vec::new()).collect();
        Self { rows: 0, columns: vec![Column::default(); columns], apart }
    }

    /// Of what [`Self::parts`] gives; `None` where it cannot have come from there.
    pub fn of_parts(rows: u64, columns: Vec<(Stretches, Vec<u64>)>, apart: Vec<Vec<u64>>) -> Option<Self> {
        let column = |(stretches, ones): (Stretches, Vec<u64>)| {
            let bits = stretches.halvings();
            Column { stretches, bits, ones }
        };
        let pairs = Self { rows, columns: columns.into_iter().map(column).collect(), apart };
        let counted = pairs.columns.iter().all(|c| c.ones.len() == c.bits.len());
        let used = pairs.columns.iter().all(|c| c.stretches.parts().1.is_empty() == (rows == 0));
        let wide = |((i, j), apart): ((usize, usize), &Vec<u64>)| {
            apart.len() == pairs.columns[i].bits.len() * pairs.columns[j].bits.len()
        };
        let whole = chosen(pairs.columns.len()).count() == pairs.apart.len()
            && chosen(pairs.columns.len()).zip(&pairs.apart).all(wide);
        (counted && used && whole && pairs.tables().all(|table| table.is_possible(rows))).then_some(pairs)
    }

    /// For each column the stretches in use and the sizes of upper halves; and the counts of every pair.
    pub fn parts(&self) -> (impl Iterator<Item = (&Stretches, &[u64])>, &[Vec<u64>]) {
        (self.columns.iter().map(|c| (&c.stretches, c.ones.as_slice())), &self.apart)
    }

    /// Rows counted.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Takes in rows, given as the codes of each column.
    pub fn observe(&mut self, codes: &[Vec<u32>]) {
        let mut stretches: Vec<Stretches> = self.columns.iter().map(|c| c.stretches.clone()).collect();
        stretches.iter_mut().zip(codes).for_each(|(stretches, codes)| stretches.add(codes));
        self.widen(stretches);
        self.count(codes);
    }

    /// Takes in what another of the same columns has counted.
    pub fn merge(&mut self, mut other: Self) {
        let mut stretches: Vec<Stretches> = self.columns.iter().map(|c| c.stretches.clone()).collect();
        stretches.iter_mut().zip(&other.columns).for_each(|(mine, theirs)| mine.merge(&theirs.stretches));
        self.widen(stretches.clone());
        other.widen(stretches);
        self.rows += other.rows;
        let add = |mine: &mut Vec<u64>, theirs: &[u64]| mine.iter_mut().zip(theirs).for_each(|(m, t)| *m += t);
        self.columns.iter_mut().zip(&other.columns).for_each(|(mine, theirs)| add(&mut mine.ones, &theirs.ones));
        self.apart.iter_mut().zip(&other.apart).for_each(|(mine, theirs)| add(mine, theirs));
    }

    /// Other rows, counted by these halvings.
    #[must_use]
    pub fn counted_alike(&self, codes: &[Vec<u32>]) -> Self {
        let mut alike = self.clone();
        alike.rows = 0;
        alike.columns.iter_mut().for_each(|column| column.ones.fill(0));
        alike.apart.iter_mut().for_each(|apart| apart.fill(0));
        alike.count(codes);
        alike
    }

    /// Every table.
    pub fn tables(&self) -> impl Iterator<Item = Halved> {
        chosen(self.columns.len()).zip(&self.apart).flat_map(|((i, j), apart)| {
            let (a, b) = (&self.columns[i], &self.columns[j]);
            let table = move |(at, &apart): (usize, &u64)| {
                let (k, l) = (at / b.bits.len(), at % b.bits.len());
                Halved { columns: (i, j), bits: (a.bits[k], b.bits[l]), ones: (a.ones[k], b.ones[l]), apart }
            };
            apart.iter().enumerate().map(table)
        })
    }

    fn count(&mut self, codes: &[Vec<u32>]) {
        let rows = codes.first().map_or(0, Vec::len);
        self.rows += rows as u64;
        for start in (0..rows).step_by(ROWS) {
            let planes = |(column, codes): (&Column, &Vec<u32>)| {
                Planes::of(&codes[start..(start + ROWS).min(rows)], &column.bits)
            };
            let planes: Vec<Planes> = self.columns.iter().zip(codes).map(planes).collect();
            self.columns.iter_mut().zip(&planes).for_each(|(column, planes)| planes.count(&mut column.ones));
            for ((i, j), apart) in chosen(planes.len()).zip(&mut self.apart) {
                planes[i].count_apart(&planes[j], apart);
            }
        }
    }

    /// Halves by stretches that hold all of the present ones.
    fn widen(&mut self, stretches: Vec<Stretches>) {
        if self.columns.iter().map(|c| &c.stretches).eq(&stretches) {
            return;
        }
        let bits: Vec<Vec<u32>> = stretches.iter().map(Stretches::halvings).collect();
        let rows = self.rows;
        for ((i, j), apart) in chosen(self.columns.len()).zip(&mut self.apart) {
            let (a, b) = (&self.columns[i], &self.columns[j]);
            if (&a.bits, &b.bits) == (&bits[i], &bits[j]) {
                continue;
            }
            let both = bits[i].iter().flat_map(|&k| bits[j].iter().map(move |&l| (a.find(k), b.find(l))));
            *apart = both
                .map(|halves| match halves {
                    (Half::Counted(k), Half::Counted(l)) => apart[k * b.bits.len() + l],
                    (Half::Counted(k), Half::All(upper)) => {
                        if upper {
                            rows - a.ones[k]
                        } else {
                            a.ones[k]
                        }
                    }
                    (Half::All(upper), Half::Counted(l)) => {
                        if upper {
                            rows - b.ones[l]
                        } else {
                            b.ones[l]
                        }
                    }
                    (Half::All(one), Half::All(other)) => {
                        if one == other {
                            0
                        } else {
                            rows
                        }
                    }
                })
                .collect();
        }
        for ((column, stretches), bits) in self.columns.iter_mut().zip(stretches).zip(bits) {
            let ones = |&bit: &u32| match column.find(bit) {
                Half::Counted(k) => column.ones[k],
                Half::All(upper) => {
                    if upper {
                        rows
                    } else {
                        0
                    }
                }
            };
            let ones = bits.iter().map(ones).collect();
            *column = Column { stretches, bits, ones };
        }
    }
}

/// What is known of a halving.
enum Half {
    Counted(usize),
    /// All rows so far are in the upper half, or in the lower.
    All(bool),
}

impl Column {
    fn find(&self, bit: u32) -> Half {
        let counted = self.bits.iter().position(|&b| b == bit);
        counted.map_or_else(|| Half::All(self.stretches.constant(bit)), Half::Counted)
    }
}

impl Halved {
    /// Rows in the upper half of both.
    pub fn both(&self) -> u64 {
        (self.ones.0 + self.ones.1).saturating_sub(self.apart) / 2
    }

    /// The correlation of the two halvings, between -1 and 1.
    pub fn phi(&self, rows: u64) -> f64 {
        let share = |count: u64| count as f64 / rows.max(1) as f64;
        let (a, b) = (share(self.ones.0), share(self.ones.1));
        let spread = (a * (1.0 - a) * b * (1.0 - b)).sqrt();
        if spread > 0.0 { ((share(self.both()) - a * b) / spread).clamp(-1.0, 1.0) } else { 0.0 }
    }

    fn is_possible(&self, rows: u64) -> bool {
        let (a, b) = self.ones;
        let most = a.checked_add(b).map(|sum| sum.min(rows.saturating_mul(2).saturating_sub(sum)));
        a <= rows
            && b <= rows
            && self.apart >= a.abs_diff(b)
            && most.is_some_and(|most| self.apart <= most)
            && (self.apart ^ a ^ b) & 1 == 0
    }
}

/// The pairs that are counted: all, or each column with as many of the next ones as make at most [`PAIRS`].
pub fn chosen(columns: usize) -> impl Iterator<Item = (usize, usize)> {
    let all = columns * columns.saturating_sub(1) / 2 <= PAIRS;
    let reach = if all { columns } else { PAIRS / columns };
    let next = move |i: usize| {
        let end = if all { columns } else { i + 1 + reach };
        (i + 1..end).map(move |j| (i, j % columns))
    };
    (0..columns).flat_map(next)
}

#[cfg(test)]
mod tests;
