//! Feature columns as the small codes that trees are grown on.

use std::collections::BTreeMap;

use taster_core::{Category, Schema, Table, Values};
use taster_stats::boost::{CodeColumn, Codes, Cuts};

use crate::text;

/// Bins of a numeric column.
const BINS: usize = 128;
/// Dimensions of an embedding that trees may ask about.
const DIMENSIONS: usize = 48;
/// Codes of a categorical column: missing, rare, and the most frequent values.
const VALUES: usize = 254;
const MISSING_CODE: u8 = 0;
const RARE_CODE: u8 = 1;

/// How each feature column becomes codes; learnt from samples, applied to any batch.
pub struct Binning {
    columns: Vec<(usize, Binner)>,
}

enum Binner {
    Numbers(Cuts),
    Values(BTreeMap<u64, u8>),
    Text(Vec<Cuts>),
    Vector(Vec<Cuts>),
}

impl Binning {
    /// Learns cuts and frequent values of the feature columns from the rows of all the tables together.
    pub fn fit(schema: &Schema, tables: &[&Table]) -> Self {
        Self::of(schema.features(), tables)
    }

    /// The same for the columns of these indices.
    pub fn of(columns: impl Iterator<Item = usize>, tables: &[&Table]) -> Self {
        let column = |i: usize| Some((i, Binner::fit(&tables.iter().map(|t| &t.columns[i]).collect::<Vec<_>>())?));
        Self { columns: columns.filter_map(column).collect() }
    }

    /// The codes of a table's rows. A text or embedding becomes several columns.
    pub fn codes(&self, table: &Table) -> Codes {
        Codes::new(self.columns.iter().flat_map(|(i, binner)| binner.codes(&table.columns[*i], table.len)).collect())
    }

    /// For each column of [`Binning::codes`], the column of the schema it was made from.
    pub fn origins(&self) -> Vec<usize> {
        self.columns.iter().flat_map(|(i, binner)| std::iter::repeat_n(*i, binner.width())).collect()
    }
}

impl Binner {
    fn fit(columns: &[&Values]) -> Option<Self> {
        match columns.first()? {
            Values::Numeric(_) => Some(Self::Numbers(Cuts::fit(&joined(columns, Values::as_numeric), BINS))),
            Values::Category(_) => {
                let categories: Vec<&Category> = columns.iter().filter_map(|c| c.as_category()).collect();
                Some(Self::Values(frequent(&categories)))
            }
            Values::Text(_) => {
                let rows: Vec<_> = columns.iter().flat_map(|c| described(c)).collect();
                Some(Self::Text((0..text::NAMES.len()).map(|k| Cuts::fit(&pick(&rows, k), BINS)).collect()))
            }
            Values::Embedding(first) => {
                let wide = first.dim.min(DIMENSIONS);
                Some(Self::Vector(
                    (0..wide)
                        .map(|k| Cuts::fit(&columns.iter().flat_map(|c| dimension(c, k)).collect::<Vec<_>>(), BINS))
                        .collect(),
                ))
            }
            Values::Skipped => None,
        }
    }

    fn width(&self) -> usize {
        match self {
            Self::Numbers(_) | Self::Values(_) => 1,
            Self::Text(cuts) | Self::Vector(cuts) => cuts.len(),
        }
    }

    fn codes(&self, column: &Values, rows: usize) -> Vec<CodeColumn> {
        let ordered = |cuts: &Cuts, values: &[f64]| CodeColumn::ordered(cuts.codes(values), cuts.bins());
        match (self, column) {
            (Self::Numbers(cuts), Values::Numeric(v)) => vec![ordered(cuts, v)],
            (Self::Values(codes), Values::Category(c)) => {
                let of_value: Vec<u8> = c.keys.iter().map(|k| codes.get(k).copied().unwrap_or(RARE_CODE)).collect();
                let code = |&code: &u32| of_value.get(code as usize).copied().unwrap_or(MISSING_CODE);
                vec![CodeColumn::nominal(c.codes.iter().map(code).collect(), codes.len() + 2)]
            }
            (Self::Text(cuts), Values::Text(_)) => {
                let described = described(column);
                cuts.iter().enumerate().map(|(k, cuts)| ordered(cuts, &pick(&described, k))).collect()
            }
            (Self::Vector(cuts), Values::Embedding(_)) => {
                cuts.iter().enumerate().map(|(k, cuts)| ordered(cuts, &dimension(column, k))).collect()
            }
            // A batch whose column is of another kind than the sample's knows nothing of it.
            _ => (0..self.width()).map(|_| CodeColumn::ordered(vec![MISSING_CODE; rows], 1)).collect(),
        }
    }
}

fn joined(columns: &[&Values], of: fn(&Values) -> Option<&[f64]>) -> Vec<f64> {
    columns.iter().filter_map(|c| of(c)).flatten().copied().collect()
}

/// Codes of the most frequent values; of two equally frequent ones the smaller text comes first.
fn frequent(columns: &[&Category]) -> BTreeMap<u64, u8> {
    let mut counts: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for column in columns {
        for &code in &column.codes {
            if let Some(value) = column.values.get(code as usize) {
                counts.entry(value).or_insert((column.keys[code as usize], 0)).1 += 1;
            }
        }
    }
    let mut ranked: Vec<(u64, u64)> = counts.into_values().collect();
    ranked.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    ranked.into_iter().take(VALUES).zip(2..).map(|((key, _), code)| (key, code)).collect()
}

fn described(column: &Values) -> Vec<Option<[f64; text::NAMES.len()]>> {
    column.as_text().map(|t| t.iter().map(|t| t.map(text::statistics)).collect()).unwrap_or_default()
}

fn pick(rows: &[Option<[f64; text::NAMES.len()]>], k: usize) -> Vec<f64> {
    rows.iter().map(|r| r.map_or(f64::NAN, |s| s[k])).collect()
}

fn dimension(column: &Values, k: usize) -> Vec<f64> {
    let vectors = column.as_embedding();
    vectors.map(|e| e.values.chunks_exact(e.dim).map(|v| f64::from(v[k])).collect()).unwrap_or_default()
}
