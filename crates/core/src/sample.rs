use crate::{Batch, Key, Table};

/// The keyed sample of a dataset: the rows with the smallest keyed hashes, whole if it fits.
///
/// It is a uniform sample that does not depend on how the dataset is split or in which order it is read, and that
/// nobody without the seed can steer rows into.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// The sampled rows, in the order of the dataset; dictionaries sorted.
    pub table: Table,
    /// Row number within the dataset of each of them.
    pub positions: Vec<u64>,
    /// Rows in the dataset.
    pub rows: u64,
}

impl Sample {
    /// Whether every row of the dataset is in the sample, so that nothing fitted on it is approximate.
    pub fn is_whole(&self) -> bool {
        self.rows == self.table.len as u64
    }

    /// The rows dealt into two halves by a key, each in the order of the dataset: what is fitted on one half can be judged
    /// by the other. Copies of a row fall into either half.
    pub fn halves(&self, key: Key) -> [Self; 2] {
        let mut order: Vec<usize> = (0..self.table.len).collect();
        order.sort_by_cached_key(|&row| (self.table.row_keys.get(row).map(|k| key.of(&k.to_le_bytes())), row));
        [0, 1].map(|half| {
            let mut rows: Vec<usize> = order.iter().copied().skip(half).step_by(2).collect();
            rows.sort_unstable();
            let positions = rows.iter().map(|&row| self.positions[row]).collect();
            Self { table: self.table.take(&rows), positions, rows: (self.rows + 1 - half as u64) / 2 }
        })
    }

    /// At most so many of the sampled rows, those with the smallest keys, in the order of the dataset: a smaller sample,
    /// for what is costly to fit.
    pub fn reduced(&self, rows: usize) -> Table {
        self.table.take(&self.smallest(rows))
    }

    /// The same with the rows' places in the dataset.
    #[must_use]
    pub fn reduced_with_positions(&self, rows: usize) -> Self {
        let kept = self.smallest(rows);
        let positions = kept.iter().map(|&row| self.positions[row]).collect();
        Self { table: self.table.take(&kept), positions, rows: self.rows }
    }

    fn smallest(&self, rows: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.table.len).collect();
        if rows < order.len() {
            order.sort_unstable_by_key(|&r| (self.table.row_keys.get(r), r));
            order.truncate(rows);
            order.sort_unstable();
        }
        order
    }
}

/// Draws a [`Sample`]: bounded in rows and bytes, mergeable in any order.
///
/// It keeps the longest run of rows, in order of their keys, that stays within both bounds. A row of that run is in the
/// run of every part of the dataset it belongs to, so parts can be merged without loss.
#[derive(Clone, Debug)]
pub struct Sampler {
    rows_max: usize,
    bytes_max: usize,
    seen: u64,
    /// No row with a key above this can be in the sample.
    ceiling: u64,
    tables: Vec<Table>,
    entries: Vec<Entry>,
    bytes: usize,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    key: u64,
    position: u64,
    bytes: usize,
    table: usize,
    row: usize,
}

impl Sampler {
    /// An empty sample of at most `rows_max` rows and about `bytes_max` bytes.
    pub fn new(rows_max: usize, bytes_max: usize) -> Self {
        Self { rows_max, bytes_max, seen: 0, ceiling: u64::MAX, tables: Vec::new(), entries: Vec::new(), bytes: 0 }
    }

    /// A sampler of these bounds that has seen `seen` rows and kept those of `table`, with [`Self::ceiling`] as it was then.
    pub fn resumed(rows_max: usize, bytes_max: usize, table: Table, seen: u64, ceiling: u64) -> Self {
        let mut sampler = Self::new(rows_max, bytes_max);
        sampler.observe(&Batch { table, ..Batch::default() });
        (sampler.seen, sampler.ceiling) = (seen, ceiling);
        sampler
    }

    /// No row with a key above this can be in the sample. To be asked for once [`Self::settle`] was called.
    pub fn ceiling(&self) -> u64 {
        self.ceiling
    }

    /// Lets go of everything that is not in the sample.
    pub fn settle(&mut self) {
        self.prune_if(1);
    }

    /// Takes in a batch.
    pub fn observe(&mut self, batch: &Batch) {
        let keys = &batch.table.row_keys;
        let rows: Vec<usize> = (0..batch.table.len).filter(|&r| keys[r] <= self.ceiling).collect();
        self.seen += batch.table.len as u64;
        if rows.is_empty() {
            return;
        }
        let table = batch.table.take(&rows);
        for (i, &r) in rows.iter().enumerate() {
            let bytes = table.row_bytes(i);
            self.bytes += bytes;
            let position = batch.offset + r as u64;
            self.entries.push(Entry { key: keys[r], position, bytes, table: self.tables.len(), row: i });
        }
        self.tables.push(table);
        self.prune_if(2);
    }

    /// Takes in what another sampler of the same bounds has seen of other rows.
    pub fn merge(&mut self, other: Self) {
        let shift = self.tables.len();
        self.seen += other.seen;
        self.bytes += other.bytes;
        self.ceiling = self.ceiling.min(other.ceiling);
        self.tables.extend(other.tables);
        self.entries.extend(other.entries.into_iter().map(|e| Entry { table: e.table + shift, ..e }));
        self.prune_if(2);
    }

    /// The sample of everything taken in.
    #[must_use]
    pub fn finish(mut self) -> Sample {
        self.settle();
        self.entries.sort_unstable_by_key(|e| e.position);
        Sample { table: self.gathered(), positions: self.entries.iter().map(|e| e.position).collect(), rows: self.seen }
    }

    fn prune_if(&mut self, slack: usize) {
        let beyond = slack == 1 && self.entries.iter().any(|e| e.key > self.ceiling);
        if beyond || self.entries.len() > slack * self.rows_max || self.bytes > slack * self.bytes_max {
            self.prune();
        }
    }

    fn prune(&mut self) {
        // What another sampler has let go of is not known beyond its ceiling.
        self.entries.retain(|e| e.key <= self.ceiling);
        self.entries.sort_unstable_by_key(|e| (e.key, e.position));
        let mut bytes = 0;
        let fits = self.entries.iter().take(self.rows_max).take_while(|e| {
            bytes += e.bytes;
            bytes <= self.bytes_max
        });
        // One row is kept whatever its size: a sample of nothing would say nothing.
        let keep = fits.count().max(1).min(self.entries.len());
        if keep < self.entries.len() {
            self.ceiling = self.ceiling.min(self.entries[keep].key);
        }
        self.entries.truncate(keep);
        let table = self.gathered();
        self.bytes = self.entries.iter().map(|e| e.bytes).sum();
        for (row, entry) in self.entries.iter_mut().enumerate() {
            (entry.table, entry.row) = (0, row);
        }
        self.tables = vec![table];
    }

    fn gathered(&self) -> Table {
        let rows: Vec<_> = self.entries.iter().map(|e| (e.table, e.row)).collect();
        Table::gather(&self.tables.iter().collect::<Vec<_>>(), &rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Key, Values};

    fn batch(rows: std::ops::Range<u64>) -> Batch {
        let table = Table {
            len: rows.clone().count(),
            columns: vec![Values::Numeric(rows.clone().map(|r| r as f64).collect())],
            row_keys: rows.clone().map(|r| Key::new(7).of(&r.to_le_bytes())).collect(),
            feature_keys: rows.clone().collect(),
        };
        Batch { file: 0, first_row: rows.start, offset: rows.start, table }
    }

    fn sampled(parts: &[std::ops::Range<u64>], rows_max: usize, bytes_max: usize) -> Sample {
        let mut all = Sampler::new(rows_max, bytes_max);
        for part in parts {
            let mut one = Sampler::new(rows_max, bytes_max);
            one.observe(&batch(part.clone()));
            all.merge(one);
        }
        all.finish()
    }

    #[test]
    fn does_not_depend_on_split_or_order() {
        let whole = sampled(&[0..999, 999..1000], 50, usize::MAX / 4);
        let parts = sampled(&[700..1000, 0..3, 3..700], 50, usize::MAX / 4);
        assert_eq!(whole.positions, parts.positions);
        assert_eq!(whole.table, parts.table);
        assert_eq!((whole.rows, whole.table.len), (1000, 50));
        let by_bytes = sampled(&[0..999, 999..1000], 500, 40 * 100);
        assert_eq!(by_bytes.table.len, 100);
        assert_eq!(by_bytes.positions, sampled(&[500..1000, 0..500], 500, 40 * 100).positions);
    }

    #[test]
    fn halves_are_disjoint_and_together_the_whole() {
        let whole = sampled(&[0..500, 500..1000], 101, usize::MAX / 4);
        let [a, b] = whole.halves(Key::new(1));
        assert_eq!((a.table.len, b.table.len, a.rows + b.rows), (51, 50, 1000));
        let mut both = [a.positions.clone(), b.positions].concat();
        both.sort_unstable();
        assert_eq!(both, whole.positions);
        assert_ne!(whole.halves(Key::new(2))[0].positions, a.positions);
    }

    #[test]
    fn small_data_is_whole() {
        let sample = sampled(&[0..10, 10..20], 50, 1 << 20);
        assert!(sample.is_whole());
        assert_eq!(sample.positions, (0..20).collect::<Vec<_>>());
    }
}
