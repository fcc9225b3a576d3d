//! Random partitions of rows into cells.

use super::deals::Random;
use crate::boost::{Codes, Order};

/// Cells of fewer rows say nothing.
const LEAST_ROWS: usize = 8;

/// Columns that can be asked about.
pub struct Space<'a> {
    /// All columns.
    pub codes: &'a Codes,
    /// Columns with more than one code: which, and the codes that occur with their rows.
    pub usable: Vec<(usize, Vec<(u8, usize)>)>,
}

impl<'a> Space<'a> {
    /// The columns of these codes.
    pub fn of(codes: &'a Codes) -> Self {
        let counted = |column: usize| {
            let mut rows = [0; 256];
            codes.columns()[column].codes.iter().for_each(|&code| rows[code as usize] += 1);
            let occurring: Vec<(u8, usize)> = (0..=255).zip(rows).filter(|&(_, rows)| rows > 0).collect();
            (occurring.len() > 1).then_some((column, occurring))
        };
        Self { codes, usable: (0..codes.columns().len()).filter_map(counted).collect() }
    }

    /// Deals all rows into cells by so many random questions.
    pub fn partition(&self, questions: usize, seed: u64) -> Partition {
        let mut random = Random::new(seed);
        let mut cells = vec![0_u16; self.codes.rows()];
        let mut columns = Vec::with_capacity(questions);
        for _ in 0..questions {
            let (column, occurring) = &self.usable[random.below(self.usable.len())];
            let answers = self.question(*column, occurring, &mut random);
            let codes = &self.codes.columns()[*column].codes;
            cells.iter_mut().zip(codes).for_each(|(cell, &code)| *cell = *cell << 1 | answers[code as usize]);
            columns.push(*column);
        }
        columns.sort_unstable();
        columns.dedup();
        Partition::of(&cells, 1 << questions, columns)
    }

    /// Answers, 0 or 1, by code: whether it is among the first of the order, which is random for names. Small shares are as
    /// likely as large ones are: what is new lies in the tails more often than in the middle.
    fn question(&self, column: usize, occurring: &[(u8, usize)], random: &mut Random) -> [u16; 256] {
        let mut order = occurring.to_vec();
        if self.codes.columns()[column].order == Order::Nominal {
            (1..order.len()).rev().for_each(|i| order.swap(i, random.below(i + 1)));
        }
        let draw = random.next();
        let tail = ((draw >> 11) as f64 / (1_u64 << 53) as f64).powi(2) * self.codes.rows() as f64;
        let goal = if draw & 1 == 0 { tail } else { self.codes.rows() as f64 - tail };
        let mut answers = [0; 256];
        let mut share = 0.0;
        for &(code, rows) in &order[..order.len() - 1] {
            answers[code as usize] = 1;
            share += rows as f64;
            if share >= goal {
                break;
            }
        }
        answers
    }
}

/// Rows by cell.
pub struct Partition {
    /// Columns that were asked about, in order.
    pub columns: Vec<usize>,
    rows: Vec<u32>,
    /// Where each cell begins, and the end.
    starts: Vec<usize>,
}

impl Partition {
    fn of(cells: &[u16], count: usize, columns: Vec<usize>) -> Self {
        let mut starts = vec![0; count + 1];
        for &cell in cells {
            starts[cell as usize + 1] += 1;
        }
        (0..count).for_each(|cell| starts[cell + 1] += starts[cell]);
        let (mut next, mut rows) = (starts.clone(), vec![0; cells.len()]);
        for (row, &cell) in (0..).zip(cells) {
            rows[next[cell as usize]] = row;
            next[cell as usize] += 1;
        }
        Self { columns, rows, starts }
    }

    /// The rows of each cell that is large enough to say something.
    pub fn cells(&self) -> impl Iterator<Item = &[u32]> {
        self.starts.windows(2).map(|w| &self.rows[w[0]..w[1]]).filter(|rows| rows.len() >= LEAST_ROWS)
    }
}
