//! Taking in rows, and merging.

use taster_core::{Batch, Key, Kind, Sampler, Schema, Table, Values};
use taster_detect::text;
use taster_stats::{distinct::Distinct, frequencies::Frequencies, math::mix, pairs::Pairs, quantiles::Quantiles};

use super::{ColumnProfile, Profile, SAMPLE_BYTES, SAMPLE_ROWS, SampledRows, Sketch, is_paired, is_sketched, joint};

/// A profile that takes in rows.
pub struct Profiler {
    seed: u64,
    texts: Key,
    rows: u64,
    columns: Vec<ColumnProfile>,
    pairs: Pairs,
    sampler: Option<Sampler>,
}

impl Profiler {
    /// Of no rows yet; `sampled` keeps whole rows.
    pub fn new(schema: &Schema, seed: u64, sampled: bool) -> Self {
        let column = |column: &taster_core::Column| ColumnProfile {
            column: column.clone(),
            missing: 0,
            distinct: Distinct::default(),
            sketch: Sketch::Nothing,
        };
        Self {
            seed,
            texts: Key::new(seed).derive("texts of a profile"),
            rows: 0,
            columns: schema.columns.iter().map(column).collect(),
            pairs: Pairs::new(schema.columns.iter().filter(|c| is_paired(c.role)).count()),
            sampler: sampled.then(|| Sampler::new(SAMPLE_ROWS, SAMPLE_BYTES)),
        }
    }

    /// Goes on with a profile that was made before.
    pub fn resumed(profile: Profile) -> Self {
        let Profile { seed, rows, columns, pairs, sample } = profile;
        let sampler = |s: SampledRows| Sampler::resumed(SAMPLE_ROWS, SAMPLE_BYTES, s.table, rows, s.ceiling);
        let texts = Key::new(seed).derive("texts of a profile");
        Self { seed, texts, rows, columns, pairs, sampler: sample.map(sampler) }
    }

    /// Takes in rows whose keys are those of their content.
    pub fn observe(&mut self, batch: &Batch) {
        self.rows += batch.table.len as u64;
        for (column, values) in self.columns.iter_mut().zip(&batch.table.columns) {
            if is_sketched(column.column.role) {
                column.observe(values, self.seed, self.texts);
            }
        }
        self.pairs.observe(&self.codes(&batch.table));
        if let Some(sampler) = &mut self.sampler {
            sampler.observe(batch);
        }
    }

    /// The codes of the columns that are paired.
    fn codes(&self, table: &Table) -> Vec<Vec<u32>> {
        let columns = self.columns.iter().zip(&table.columns).filter(|(c, _)| is_paired(c.column.role));
        let keys = |values: &Values| match values {
            Values::Category(category) => category.keys.clone(),
            _ => Vec::new(),
        };
        columns.map(|(_, values)| joint::codes(values, &keys(values), table.len)).collect()
    }

    /// Takes in what another of the same schema and seed has taken in.
    pub fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        for (mine, theirs) in self.columns.iter_mut().zip(other.columns) {
            mine.merge(theirs);
        }
        self.pairs.merge(other.pairs);
        self.sampler = self.sampler.take().zip(other.sampler).map(|(mut mine, theirs)| {
            mine.merge(theirs);
            mine
        });
    }

    /// What is remembered.
    pub fn finish(mut self) -> Profile {
        self.columns.iter_mut().for_each(ColumnProfile::settle);
        let sample = self.sampler.map(|mut sampler| {
            sampler.settle();
            let ceiling = sampler.ceiling();
            SampledRows { table: in_order_of_keys(&sampler.finish().table), ceiling }
        });
        Profile { seed: self.seed, rows: self.rows, columns: self.columns, pairs: self.pairs, sample }
    }
}

/// Rows with equal keys are equal, so the order depends on the rows alone.
fn in_order_of_keys(table: &Table) -> Table {
    let mut order: Vec<usize> = (0..table.len).collect();
    order.sort_by_key(|&row| table.row_keys[row]);
    table.take(&order)
}

impl ColumnProfile {
    fn observe(&mut self, values: &Values, seed: u64, texts: Key) {
        match values {
            Values::Numeric(numbers) => {
                if let Sketch::Nothing = self.sketch {
                    self.sketch = Sketch::Numbers(Quantiles::default());
                }
                let Sketch::Numbers(sketch) = &mut self.sketch else { return };
                for &number in numbers {
                    if number.is_nan() {
                        self.missing += 1;
                    } else {
                        sketch.add(number);
                        self.distinct.add(mix(seed, (number + 0.0).to_bits()));
                    }
                }
            }
            Values::Category(category) => {
                if let Sketch::Nothing = self.sketch {
                    self.sketch = Sketch::Values(Frequencies::default());
                }
                let Sketch::Values(sketch) = &mut self.sketch else { return };
                let mut counts = vec![0u64; category.values.len()];
                for &code in &category.codes {
                    match counts.get_mut(code as usize) {
                        Some(count) => *count += 1,
                        None => self.missing += 1,
                    }
                }
                for ((value, &key), &count) in category.values.iter().zip(&category.keys).zip(&counts) {
                    if count > 0 {
                        sketch.add(value, key, count);
                        self.distinct.add(key);
                    }
                }
                sketch.settle();
            }
            Values::Text(rows) => {
                if let Sketch::Nothing = self.sketch {
                    self.sketch = Sketch::Texts(vec![Quantiles::default(); text::NAMES.len()]);
                }
                let Sketch::Texts(sketches) = &mut self.sketch else { return };
                for row in rows.iter() {
                    let Some(row) = row else {
                        self.missing += 1;
                        continue;
                    };
                    self.distinct.add(texts.of(row.as_bytes()));
                    sketches.iter_mut().zip(text::statistics(row)).for_each(|(sketch, x)| sketch.add(x));
                }
            }
            Values::Embedding(_) | Values::Skipped => {}
        }
    }

    fn merge(&mut self, other: Self) {
        // Whole numbers in one part may have fractions in another.
        if (&self.column.kind, &other.column.kind) == (&Kind::Int, &Kind::Float) {
            self.column.kind = Kind::Float;
        }
        self.missing += other.missing;
        self.distinct.merge(&other.distinct);
        match (&mut self.sketch, other.sketch) {
            (Sketch::Numbers(mine), Sketch::Numbers(theirs)) => mine.merge(theirs),
            (Sketch::Values(mine), Sketch::Values(theirs)) => mine.merge(theirs),
            (Sketch::Texts(mine), Sketch::Texts(theirs)) => {
                mine.iter_mut().zip(theirs).for_each(|(mine, theirs)| mine.merge(theirs));
            }
            (Sketch::Nothing, theirs) => self.sketch = theirs,
            _ => {}
        }
    }

    fn settle(&mut self) {
        match &mut self.sketch {
            Sketch::Numbers(sketch) => sketch.settle(),
            Sketch::Texts(sketches) => sketches.iter_mut().for_each(Quantiles::settle),
            Sketch::Values(_) | Sketch::Nothing => {}
        }
    }
}
