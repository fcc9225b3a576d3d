//! Columns two by two: the codes that they are halved by, their counts in a profile's body, and both sides of a comparison.

use serde::{Deserialize, Serialize};
use taster_core::{Key, MISSING, PairTable, Values};
use taster_ingest::Encoder;
use taster_stats::pairs::{Pairs, Stretches, of_number, of_value};

/// Counts of pairs as JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Raw {
    columns: Vec<RawHalvings>,
    /// By pair.
    apart: Vec<Vec<u64>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHalvings {
    dropped: u32,
    stretches: Vec<u32>,
    upper: Vec<u64>,
}

impl Raw {
    /// Of these.
    pub fn of(pairs: &Pairs) -> Self {
        let (columns, apart) = pairs.parts();
        let column = |(stretches, upper): (&Stretches, &[u64])| {
            let (dropped, used) = stretches.parts();
            RawHalvings { dropped, stretches: used.to_vec(), upper: upper.to_vec() }
        };
        Self { columns: columns.map(column).collect(), apart: apart.to_vec() }
    }

    /// The counts, where they can be those of so many columns and rows.
    pub fn pairs(self, columns: usize, rows: u64) -> Option<Pairs> {
        let column = |c: RawHalvings| Some((Stretches::of(c.dropped, c.stretches)?, c.upper));
        let halved: Vec<_> = self.columns.into_iter().map(column).collect::<Option<_>>()?;
        if halved.len() == columns { Pairs::of_parts(rows, halved, self.apart) } else { None }
    }
}

/// The codes of a column, whose values have the keys given.
pub fn codes(values: &Values, keys: &[u64], rows: usize) -> Vec<u32> {
    match values {
        Values::Numeric(numbers) => numbers.iter().map(|&x| of_number(x)).collect(),
        Values::Category(category) => {
            let by_value: Vec<u32> = keys.iter().map(|&key| of_value(Some(key))).collect();
            let code = |&code: &u32| if code == MISSING { of_value(None) } else { by_value[code as usize] };
            category.codes.iter().map(code).collect()
        }
        // How long they are.
        Values::Text(texts) => texts.iter().map(|t| of_number(t.map_or(f64::NAN, |t| t.len() as f64))).collect(),
        Values::Embedding(_) | Values::Skipped => vec![0; rows],
    }
}

/// The keys of a column's values under the key of a profile.
pub fn keys(values: &Values, key: Key) -> Vec<u64> {
    match values {
        Values::Category(category) => category.values.iter().map(|value| Encoder::value_key(key, value)).collect(),
        _ => Vec::new(),
    }
}

/// Both sides' tables. `codes` are the dataset's, and `places` say which columns of the comparison they are; a column that
/// it has not has no place. The reference is counted as if it had so many rows.
pub fn tables(reference: &Pairs, codes: &[Vec<u32>], places: &[Option<usize>], rows: u64) -> Vec<PairTable> {
    let current = reference.counted_alike(codes);
    let scaled = |count: u64| (u128::from(count) * u128::from(rows) / u128::from(reference.rows().max(1))) as u64;
    let both = current.tables().zip(reference.tables());
    both.filter_map(|(here, there)| {
        let columns = (places[here.columns.0]?, places[here.columns.1]?);
        let reference = [there.ones.0, there.ones.1, there.apart].map(scaled);
        Some(PairTable { columns, bits: here.bits, current: [here.ones.0, here.ones.1, here.apart], reference })
    })
    .collect()
}
