//! What of each row is looked at: numbers, values of a set, and numbers that describe texts.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use rayon::prelude::*;
use taster_core::{Category, MISSING, Schema, Table, Values};

use super::bigrams::Bigrams;
use crate::text;

/// Numbers beyond this are cut off, so that sums of squares stay finite.
const NUMBER_MAX: f64 = 1e100;

/// The columns of a schema that the table model looks at, learnt from the fitted rows.
pub struct Columns {
    pub numbers: Vec<NumberColumn>,
    pub values: Vec<ValueColumn>,
}

/// A column of numbers, or a number that describes a column of texts.
pub struct NumberColumn {
    pub column: usize,
    /// The column's name.
    pub name: String,
    /// What the number is: the name itself, or "length of note".
    pub label: String,
    what: What,
}

enum What {
    Itself,
    /// One of [`text::statistics`].
    Statistic(usize),
    /// How unusual the text's pairs of characters are.
    Bigrams(Arc<Bigrams>),
}

/// A column of values from a set. The code of a value is its rank by frequency, of those in the fitted rows.
pub struct ValueColumn {
    pub column: usize,
    pub name: String,
    codes: BTreeMap<u64, u32>,
    /// Rows with each code; the last is that of missing values.
    pub counts: Vec<u32>,
}

/// Some rows, by columns of [`Columns`].
#[derive(Default)]
pub struct Rows {
    pub len: usize,
    /// NaN where missing.
    pub numbers: Vec<Vec<f64>>,
    /// [`ValueColumn::unseen`] for a value not in the fitted rows.
    pub codes: Vec<Vec<u32>>,
}

impl Columns {
    /// The numeric, categorical and text columns of the schema. Columns without two different values tell nothing and are
    /// left out.
    pub fn fit(schema: &Schema, table: &Table) -> Self {
        let (mut numbers, mut values) = (Vec::new(), Vec::new());
        for column in schema.features() {
            let name = &schema.columns[column].name;
            match &table.columns[column] {
                Values::Category(category) => values.extend(ValueColumn::fit(column, name, category)),
                other => numbers.extend(NumberColumn::all_of(column, name, other)),
            }
        }
        numbers.retain(|n: &NumberColumn| varies(&n.of(table)));
        Self { numbers, values }
    }

    /// Whether there is nothing to look at.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty() && self.values.is_empty()
    }

    /// The table's rows.
    pub fn rows(&self, table: &Table) -> Rows {
        Rows {
            len: table.len,
            numbers: self.numbers.par_iter().map(|n| n.of(table)).collect(),
            codes: self.values.par_iter().map(|v| v.of(table)).collect(),
        }
    }
}

impl NumberColumn {
    fn all_of(column: usize, name: &str, values: &Values) -> Vec<Self> {
        let described =
            |what, part: &str| Self { column, name: name.to_owned(), label: format!("{part} of {name}"), what };
        match values {
            Values::Numeric(_) => {
                vec![Self { column, name: name.to_owned(), label: name.to_owned(), what: What::Itself }]
            }
            Values::Text(texts) => {
                let statistics = (0..text::NAMES.len()).map(|k| described(What::Statistic(k), text::NAMES[k]));
                let bigrams = Arc::new(Bigrams::fit(texts.iter().flatten()));
                statistics.chain([described(What::Bigrams(bigrams), "unusual spelling")]).collect()
            }
            _ => Vec::new(),
        }
    }

    fn of(&self, table: &Table) -> Vec<f64> {
        match (&self.what, table.columns.get(self.column)) {
            (What::Itself, Some(Values::Numeric(v))) => v.iter().map(|x| x.clamp(-NUMBER_MAX, NUMBER_MAX)).collect(),
            (What::Statistic(k), Some(Values::Text(texts))) => {
                let statistic = |t: Option<&str>| t.map_or(f64::NAN, |t| text::statistics(t)[*k]);
                // Lengths span orders of magnitude.
                texts.iter().map(|t| if *k < 2 { statistic(t).ln_1p() } else { statistic(t) }).collect()
            }
            (What::Bigrams(bigrams), Some(Values::Text(texts))) => {
                texts.iter().map(|t| t.map_or(f64::NAN, |t| bigrams.surprise(t))).collect()
            }
            _ => vec![f64::NAN; table.len],
        }
    }

    /// The number as a person would read it.
    pub fn show(&self, x: f64) -> String {
        let x = if matches!(self.what, What::Statistic(0 | 1)) { x.exp_m1() } else { x };
        let digits = if x == 0.0 { 0 } else { (3 - x.abs().log10().floor() as i32).clamp(0, 8) as usize };
        let text = format!("{x:.digits$}");
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    }
}

impl ValueColumn {
    fn fit(column: usize, name: &str, category: &Category) -> Option<Self> {
        let mut counts = vec![0u32; category.values.len()];
        let mut missing = 0;
        for &code in &category.codes {
            *counts.get_mut(code as usize).unwrap_or(&mut missing) += 1;
        }
        let mut order: Vec<usize> = (0..counts.len()).filter(|&v| counts[v] > 0).collect();
        order.sort_by(|&a, &b| counts[b].cmp(&counts[a]).then(category.values[a].cmp(&category.values[b])));
        let codes: BTreeMap<u64, u32> = order.iter().zip(0..).map(|(&v, code)| (category.keys[v], code)).collect();
        let counts: Vec<u32> = order.iter().map(|&v| counts[v]).chain([missing]).collect();
        let kinds = counts.iter().filter(|&&c| c > 0).count();
        (kinds > 1).then(|| Self { column, name: name.to_owned(), codes, counts })
    }

    /// Code of missing values.
    pub fn missing(&self) -> u32 {
        self.counts.len() as u32 - 1
    }

    /// Code of values not in the fitted rows.
    pub fn unseen(&self) -> u32 {
        self.counts.len() as u32
    }

    /// Rows with this code, as a share of the fitted rows.
    pub fn share(&self, code: u32) -> f64 {
        let rows: u32 = self.counts.iter().sum();
        f64::from(self.counts.get(code as usize).copied().unwrap_or(0)) / f64::from(rows.max(1))
    }

    fn of(&self, table: &Table) -> Vec<u32> {
        let Some(category) = table.columns.get(self.column).and_then(Values::as_category) else {
            return vec![self.missing(); table.len];
        };
        let of_value: Vec<u32> =
            category.keys.iter().map(|key| self.codes.get(key).copied().unwrap_or(self.unseen())).collect();
        let code = |&code: &u32| if code == MISSING { self.missing() } else { of_value[code as usize] };
        category.codes.iter().map(code).collect()
    }
}

impl Rows {
    /// Some consecutive rows.
    pub fn slice(&self, range: Range<usize>) -> Self {
        Self {
            len: range.len(),
            numbers: self.numbers.iter().map(|c| c[range.clone()].to_vec()).collect(),
            codes: self.codes.iter().map(|c| c[range.clone()].to_vec()).collect(),
        }
    }

    /// The given rows.
    pub fn take(&self, rows: &[u32]) -> Self {
        Self {
            len: rows.len(),
            numbers: self.numbers.iter().map(|c| rows.iter().map(|&r| c[r as usize]).collect()).collect(),
            codes: self.codes.iter().map(|c| rows.iter().map(|&r| c[r as usize]).collect()).collect(),
        }
    }
}

fn varies(numbers: &[f64]) -> bool {
    let kind = |x: &f64| if x.is_nan() { None } else { Some(x.to_bits()) };
    numbers.iter().any(|x| kind(x) != kind(&numbers[0]))
}
