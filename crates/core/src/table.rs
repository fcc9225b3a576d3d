use std::{collections::BTreeMap, ops::Range, sync::Arc};

/// The code of a missing value in a [`Category`].
pub const MISSING: u32 = u32::MAX;

/// A column of values from a set, dictionary-encoded.
///
/// The dictionary belongs to this table: codes of two tables cannot be compared, their `keys` can.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Category {
    /// The distinct values, as text. Sorted in a [`crate::Sample`], in order of appearance in a batch.
    pub values: Vec<Arc<str>>,
    /// Keyed hash of each of `values`, comparable between tables of one scan.
    pub keys: Vec<u64>,
    /// Per row, an index into `values`, or [`MISSING`].
    pub codes: Vec<u32>,
}

impl Category {
    /// The value in this row, `None` where missing.
    pub fn get(&self, row: usize) -> Option<&str> {
        self.values.get(self.codes[row] as usize).map(AsRef::as_ref)
    }

    /// Keyed hash of the value in this row, `None` where missing.
    pub fn key(&self, row: usize) -> Option<u64> {
        self.keys.get(self.codes[row] as usize).copied()
    }
}

/// A column of texts, end to end in one buffer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Texts {
    bytes: String,
    ends: Vec<usize>,
    present: Vec<bool>,
}

impl Texts {
    /// Appends one row.
    pub fn push(&mut self, text: Option<&str>) {
        self.bytes.push_str(text.unwrap_or_default());
        self.ends.push(self.bytes.len());
        self.present.push(text.is_some());
    }

    /// The text in this row, `None` where missing.
    pub fn get(&self, row: usize) -> Option<&str> {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        self.present[row].then(|| &self.bytes[start..self.ends[row]])
    }

    /// Rows.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Every row in order.
    pub fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        (0..self.len()).map(|row| self.get(row))
    }
}

/// A column of vectors of one length; a missing row is all NaN.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Embedding {
    /// Length of each vector.
    pub dim: usize,
    /// `rows * dim` numbers, row by row.
    pub values: Vec<f32>,
}

impl Embedding {
    /// The vector in this row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.values[row * self.dim..(row + 1) * self.dim]
    }
}

/// A column's values, encoded for detectors.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// One number a row; NaN where missing. Times are seconds since 1970-01-01.
    Numeric(Vec<f64>),
    /// One value of a set a row.
    Category(Category),
    /// One text a row.
    Text(Texts),
    /// One vector a row.
    Embedding(Embedding),
    /// Not encoded: an id, or ignored.
    Skipped,
}

impl Values {
    /// An empty column of the same kind.
    fn empty_like(&self) -> Self {
        match self {
            Self::Numeric(_) => Self::Numeric(Vec::new()),
            Self::Category(_) => Self::Category(Category::default()),
            Self::Text(_) => Self::Text(Texts::default()),
            Self::Embedding(e) => Self::Embedding(Embedding { dim: e.dim, values: Vec::new() }),
            Self::Skipped => Self::Skipped,
        }
    }

    /// Numbers, if this is a numeric column.
    pub fn as_numeric(&self) -> Option<&[f64]> {
        if let Self::Numeric(v) = self { Some(v) } else { None }
    }

    /// Categories, if this is a categorical column.
    pub fn as_category(&self) -> Option<&Category> {
        if let Self::Category(v) = self { Some(v) } else { None }
    }

    /// Texts, if this is a text column.
    pub fn as_text(&self) -> Option<&Texts> {
        if let Self::Text(v) = self { Some(v) } else { None }
    }

    /// Vectors, if this is an embedding column.
    pub fn as_embedding(&self) -> Option<&Embedding> {
        if let Self::Embedding(v) = self { Some(v) } else { None }
    }

    /// About how many bytes a row takes, for budgets.
    fn row_bytes(&self, row: usize) -> usize {
        match self {
            Self::Numeric(_) => 8,
            Self::Category(c) => 4 + c.get(row).map_or(0, str::len),
            Self::Text(t) => 16 + t.get(row).map_or(0, str::len),
            Self::Embedding(e) => 4 * e.dim,
            Self::Skipped => 0,
        }
    }

    /// About how many bytes the column takes.
    fn bytes(&self) -> usize {
        match self {
            Self::Numeric(v) => size_of_val(v.as_slice()),
            Self::Category(c) => size_of_val(c.codes.as_slice()) + c.values.iter().map(|v| v.len() + 40).sum::<usize>(),
            Self::Text(t) => t.bytes.len() + 9 * t.len(),
            Self::Embedding(e) => size_of_val(e.values.as_slice()),
            Self::Skipped => 0,
        }
    }

    /// The value in this row as text for a person, `None` where missing or not encoded.
    pub fn show(&self, row: usize) -> Option<String> {
        match self {
            Self::Numeric(v) => (!v[row].is_nan()).then(|| v[row].to_string()),
            Self::Category(c) => c.get(row).map(str::to_owned),
            Self::Text(t) => t.get(row).map(str::to_owned),
            Self::Embedding(e) => Some(format!("a vector of {} numbers", e.dim)),
            Self::Skipped => None,
        }
    }
}

/// Rows, encoded once and shared by all detectors.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// Rows.
    pub len: usize,
    /// Aligned with [`crate::Schema::columns`].
    pub columns: Vec<Values>,
    /// Per row: keyed hash of its content and place; decides what is sampled. Empty on the second read.
    pub row_keys: Vec<u64>,
    /// Per row: keyed hash of its feature columns only; equal for rows that differ in label, id, source or time alone.
    pub feature_keys: Vec<u64>,
}

impl Table {
    /// About how many bytes this row takes, for budgets.
    pub fn row_bytes(&self, row: usize) -> usize {
        32 + self.columns.iter().map(|c| c.row_bytes(row)).sum::<usize>()
    }

    /// About how many bytes the table takes.
    pub fn bytes(&self) -> usize {
        8 * (self.row_keys.len() + self.feature_keys.len()) + self.columns.iter().map(Values::bytes).sum::<usize>()
    }

    /// The given rows, in the given order. Dictionaries come out sorted, so the result depends on the rows alone.
    #[must_use]
    pub fn take(&self, rows: &[usize]) -> Self {
        gather(&[self], &rows.iter().map(|&r| (0, r)).collect::<Vec<_>>())
    }

    /// The given `(table, row)` pairs of several tables of one schema, in the given order. Dictionaries come out
    /// sorted, so the result depends on the rows alone.
    #[must_use]
    pub fn gather(tables: &[&Self], rows: &[(usize, usize)]) -> Self {
        gather(tables, rows)
    }
}

fn gather(tables: &[&Table], rows: &[(usize, usize)]) -> Table {
    let width = tables.first().map_or(0, |t| t.columns.len());
    Table {
        len: rows.len(),
        columns: (0..width)
            .map(|c| gather_column(&tables.iter().map(|t| &t.columns[c]).collect::<Vec<_>>(), rows))
            .collect(),
        row_keys: rows.iter().filter_map(|&(t, r)| tables[t].row_keys.get(r).copied()).collect(),
        feature_keys: rows.iter().map(|&(t, r)| tables[t].feature_keys[r]).collect(),
    }
}

fn gather_column(columns: &[&Values], rows: &[(usize, usize)]) -> Values {
    let mut out = columns[0].empty_like();
    match &mut out {
        Values::Numeric(v) => {
            v.extend(rows.iter().map(|&(t, r)| columns[t].as_numeric().map_or(f64::NAN, |c| c[r])));
        }
        Values::Text(v) => {
            for &(t, r) in rows {
                v.push(columns[t].as_text().and_then(|c| c.get(r)));
            }
        }
        Values::Embedding(v) => {
            for &(t, r) in rows {
                v.values.extend_from_slice(columns[t].as_embedding().map_or(&[], |c| c.row(r)));
            }
        }
        Values::Category(v) => *v = gather_category(columns, rows),
        Values::Skipped => {}
    }
    out
}

fn gather_category(columns: &[&Values], rows: &[(usize, usize)]) -> Category {
    let mut used: BTreeMap<Arc<str>, (u64, u32)> = BTreeMap::new();
    let entry = |t: usize, r: usize| {
        let column = columns[t].as_category()?;
        let code = column.codes[r] as usize;
        Some((column.values.get(code)?, column.keys[code]))
    };
    for &(t, r) in rows {
        if let Some((value, key)) = entry(t, r)
            && !used.contains_key(value)
        {
            used.insert(value.clone(), (key, 0));
        }
    }
    for (code, slot) in used.values_mut().enumerate() {
        slot.1 = code as u32;
    }
    let codes = rows.iter().map(|&(t, r)| entry(t, r).map_or(MISSING, |(value, _)| used[value].1)).collect();
    let keys = used.values().map(|&(key, _)| key).collect();
    Category { values: used.into_keys().collect(), keys, codes }
}

/// Consecutive rows of one file, encoded.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Index of the file in the dataset.
    pub file: usize,
    /// Row number, within the file, of the first row; 0-based.
    pub first_row: u64,
    /// Row number, within the dataset, of the first row; 0-based.
    pub offset: u64,
    /// The rows.
    pub table: Table,
}

impl Batch {
    /// Row numbers within the dataset.
    pub fn positions(&self) -> Range<u64> {
        self.offset..self.offset + self.table.len as u64
    }
}
