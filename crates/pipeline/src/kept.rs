//! Rows of the first read that are kept, so that a dataset that fits is read from its files only once.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use taster_core::{Batch, Digest, Table};

use crate::passes::Portion;

/// Rows as they were encoded and digested when they were read.
pub(crate) struct KeptRows {
    pub file: usize,
    pub first_row: u64,
    pub offset: u64,
    pub table: Table,
    pub digests: Vec<Digest>,
    stored_bytes: usize,
}

impl KeptRows {
    /// Keeps a batch that takes about `stored_bytes` of its file.
    pub fn new(batch: Batch, digests: Vec<Digest>, stored_bytes: usize) -> Self {
        let Batch { file, first_row, offset, mut table } = batch;
        table.row_keys = Vec::new(); // they decided what is sampled
        Self { file, first_row, offset, table, digests, stored_bytes }
    }
}

impl Portion for KeptRows {
    fn rows(&self) -> usize {
        self.table.len
    }

    fn stored_bytes(&self) -> usize {
        self.stored_bytes
    }

    fn bytes(&self) -> usize {
        self.table.bytes() + size_of_val(self.digests.as_slice())
    }
}

/// Whether workers should keep what they have read: until it is clear that not all of it will fit.
pub(crate) struct Keeping {
    limit: usize,
    goes_on: AtomicBool,
}

impl Keeping {
    /// Keeps up to `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, goes_on: AtomicBool::new(limit > 0) }
    }

    /// Whether to keep the next rows.
    pub fn goes_on(&self) -> bool {
        self.goes_on.load(Relaxed)
    }

    /// Where kept rows of a dataset of `stored_bytes` are gathered.
    pub fn shelf(&self, stored_bytes: u64) -> Shelf<'_> {
        Shelf { keeping: self, stored_bytes, rows: Vec::new(), bytes: 0, stored: 0 }
    }
}

/// Kept rows in the order of the data.
pub(crate) struct Shelf<'a> {
    keeping: &'a Keeping,
    /// Of the whole dataset.
    stored_bytes: u64,
    rows: Vec<KeptRows>,
    bytes: usize,
    /// Of the rows so far.
    stored: usize,
}

impl Shelf<'_> {
    /// Puts rows behind those that are here. Lets go of everything where it is plain that not all will fit.
    pub fn put(&mut self, rows: KeptRows) {
        if !self.keeping.goes_on() {
            return;
        }
        self.bytes += rows.bytes();
        self.stored += rows.stored_bytes;
        self.rows.push(rows);
        let expected = self.bytes as f64 * self.stored_bytes as f64 / self.stored.max(1) as f64;
        // The first rows of a file may be longer than the rest.
        if self.bytes > self.keeping.limit || expected > 2.0 * self.keeping.limit as f64 {
            self.keeping.goes_on.store(false, Relaxed);
            self.rows = Vec::new();
        }
    }

    /// All rows of the dataset, if they fit.
    pub fn finish(self) -> Option<Vec<KeptRows>> {
        self.keeping.goes_on().then_some(self.rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use taster_core::Values;

    fn rows(offset: u64, count: usize) -> KeptRows {
        let table = Table { len: count, columns: vec![Values::Numeric(vec![0.0; count])], ..Table::default() };
        KeptRows::new(Batch { offset, table, ..Batch::default() }, vec![Digest::default(); count], 10 * count)
    }

    #[test]
    fn what_fits_is_kept_in_order() {
        let keeping = Keeping::new(1 << 20);
        let mut shelf = keeping.shelf(2000);
        shelf.put(rows(0, 100));
        shelf.put(rows(100, 100));
        let offsets: Vec<u64> = shelf.finish().unwrap().iter().map(|kept| kept.offset).collect();
        assert_eq!(offsets, [0, 100]);
    }

    #[test]
    fn what_does_not_fit_is_let_go_early() {
        let keeping = Keeping::new(10_000);
        let mut shelf = keeping.shelf(1_000_000);
        shelf.put(rows(0, 100));
        assert!(!keeping.goes_on(), "a hundredth of the dataset takes more than a fiftieth of the room");
        assert!(shelf.finish().is_none());
        assert!(!Keeping::new(0).goes_on());
    }
}
