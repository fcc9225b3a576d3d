use std::{collections::HashMap, hash::Hash, sync::Arc};

use polars::prelude::{DataFrame, DataType, Series};
use taster_core::{Batch, Category, Digest, Embedding, Key, MISSING, Table, Texts, Values};

use crate::{
    Dataset, Frame, csv,
    roles::{Coding, turns},
    values::{numbers, shown, shown_float, text_lists, texts, vectors},
};

/// Makes of frames the batches that detectors see.
///
/// A column is encoded by its role: as numbers, as a set of values, as texts or as vectors. A missing value and NaN are
/// the same; infinities are kept. Whole numbers that become classes are written plainly ("3").
///
/// A row's key is a keyed hash of its digest and its place in the dataset, so equal rows have keys of their own; its
/// feature key is one of its encoded features only, so rows that differ in label, id, source or time alone share it.
#[derive(Clone, Debug)]
pub struct Encoder {
    codings: Vec<Coding>,
    features: Vec<bool>,
    values: Key,
    texts: Key,
    rows: Key,
    feature_rows: Key,
}

/// Rows whose feature hashes are gathered at once, to stay in cache.
const BLOCK: usize = 256;

impl Encoder {
    /// An encoder for the frames of `dataset`; `key` is the scan's.
    pub fn new(dataset: &Dataset, key: Key) -> Self {
        Self {
            codings: dataset.codings().to_vec(),
            features: dataset.schema().columns.iter().map(|c| c.role.is_feature()).collect(),
            values: key.derive("value"),
            texts: key.derive("text"),
            rows: key.derive("row"),
            feature_rows: key.derive("features"),
        }
    }

    /// Encodes a frame. `digests` are those of its rows, by the row digest's specification; without them rows have no
    /// keys and cannot be sampled.
    pub fn encode(&self, frame: &Frame, digests: &[Digest]) -> Batch {
        let len = frame.rows();
        let series = frame.frame.columns().iter().map(polars::prelude::Column::as_materialized_series);
        let columns: Vec<Values> =
            series.zip(&self.codings).map(|(s, coding)| self.column(s, *coding, &frame.frame)).collect();
        let row_keys = digests.iter().zip(frame.offset..).map(|(digest, place)| self.row_key(digest, place)).collect();
        let feature_keys = self.feature_keys(&columns, len);
        let table = Table { len, columns, row_keys, feature_keys };
        Batch { file: frame.file, first_row: frame.first_row, offset: frame.offset, table }
    }

    /// Columns that were encoded elsewhere, of any key, as a table of this encoder.
    pub fn rekeyed(&self, mut columns: Vec<Values>, len: usize) -> Table {
        for column in &mut columns {
            if let Values::Category(category) = column {
                category.keys = category.values.iter().map(|value| self.values.of(value.as_bytes())).collect();
            }
        }
        let feature_keys = self.feature_keys(&columns, len);
        Table { len, columns, row_keys: Vec::new(), feature_keys }
    }

    /// Keyed hash of all that is encoded of each row; equal for equal rows wherever they stand.
    pub fn content_keys(&self, table: &Table) -> Vec<u64> {
        self.packed_keys(&table.columns.iter().collect::<Vec<_>>(), table.len)
    }

    /// The keyed hash of a value of a set, as in [`Category::keys`].
    pub fn value_key(key: Key, value: &str) -> u64 {
        key.derive("value").of(value.as_bytes())
    }

    fn row_key(&self, digest: &Digest, place: u64) -> u64 {
        let mut bytes = [0; 40];
        bytes[..32].copy_from_slice(&digest.0);
        bytes[32..].copy_from_slice(&place.to_le_bytes());
        self.rows.of(&bytes)
    }

    fn column(&self, series: &Series, coding: Coding, frame: &DataFrame) -> Values {
        match coding {
            Coding::Numeric => Values::Numeric(as_numbers(series)),
            Coding::Category => Values::Category(self.category(series)),
            Coding::Text => Values::Text(as_texts(series)),
            Coding::Embedding(dim) => Values::Embedding(Embedding { dim, values: vectors(series, dim) }),
            Coding::Turns { beside, of_model } => {
                let other = frame.columns().get(beside).and_then(|c| text_lists(c.as_materialized_series()));
                Values::Text(as_turns(text_lists(series), other, of_model))
            }
            Coding::Skipped => Values::Skipped,
        }
    }

    fn category(&self, series: &Series) -> Category {
        if let Some(column) = texts(series) {
            return self.dictionary(column, ToOwned::to_owned);
        }
        if series.dtype().is_integer() && *series.dtype() != DataType::UInt64 {
            let wide = series.cast(&DataType::Int64).ok();
            if let Some(column) = wide.as_ref().and_then(|s| s.i64().ok()) {
                return self.dictionary(column.iter(), |v| v.to_string());
            }
        }
        if series.dtype().is_float() {
            let column = numbers(series).unwrap_or_default();
            let bits = column.iter().map(|v| (!v.is_nan()).then(|| (v + 0.0).to_bits()));
            return self.dictionary(bits, |bits| shown_float(f64::from_bits(bits)));
        }
        let column = shown(series);
        self.dictionary(column.iter().map(Option::as_deref), ToOwned::to_owned)
    }

    /// Codes in order of appearance.
    fn dictionary<T: Hash + Eq + Copy>(
        &self,
        column: impl Iterator<Item = Option<T>>,
        show: impl Fn(T) -> String,
    ) -> Category {
        let mut category = Category::default();
        let mut known: HashMap<T, u32> = HashMap::new();
        for value in column {
            let Some(value) = value else {
                category.codes.push(MISSING);
                continue;
            };
            let code = *known.entry(value).or_insert_with(|| {
                let text: Arc<str> = show(value).into();
                category.keys.push(self.values.of(text.as_bytes()));
                category.values.push(text);
                category.values.len() as u32 - 1
            });
            category.codes.push(code);
        }
        category
    }

    fn feature_keys(&self, columns: &[Values], len: usize) -> Vec<u64> {
        let features: Vec<&Values> = columns.iter().zip(&self.features).filter(|(_, f)| **f).map(|(c, _)| c).collect();
        self.packed_keys(&features, len)
    }

    /// Keyed hash of each row of these columns.
    fn packed_keys(&self, features: &[&Values], len: usize) -> Vec<u64> {
        let width = features.len();
        let mut packed = vec![0_u8; BLOCK * width * 8];
        let mut keys = Vec::with_capacity(len);
        for start in (0..len).step_by(BLOCK) {
            let rows = start..(start + BLOCK).min(len);
            for (i, column) in features.iter().enumerate() {
                for (row, slot) in rows.clone().zip(packed.chunks_exact_mut(8).skip(i).step_by(width)) {
                    slot.copy_from_slice(&self.cell_key(column, row).to_le_bytes());
                }
            }
            let packed = packed.chunks_exact((width * 8).max(1)).take(rows.len());
            keys.extend(packed.map(|row| self.feature_rows.of_row(row)));
        }
        keys.resize(len, self.feature_rows.of_row(&[]));
        keys
    }

    /// Eight bytes that stand for a cell; the same for every missing one.
    fn cell_key(&self, column: &Values, row: usize) -> u64 {
        match column {
            Values::Numeric(numbers) => canonical(numbers[row]),
            Values::Category(category) => category.key(row).unwrap_or(ABSENT),
            Values::Text(texts) => texts.get(row).map_or(ABSENT, |t| self.texts.of_row(t.as_bytes())),
            Values::Embedding(vectors) => self.vector_key(vectors.row(row)),
            Values::Skipped => 0,
        }
    }

    fn vector_key(&self, vector: &[f32]) -> u64 {
        let bytes: Vec<u8> = vector.iter().flat_map(|v| (v + 0.0).to_le_bytes()).collect();
        self.texts.of_row(&bytes)
    }
}

/// Stands for a missing cell.
const ABSENT: u64 = 0x7ff8_0000_0000_0001;

/// The bits of a number, one pattern for all NaNs and one for both zeros.
fn canonical(value: f64) -> u64 {
    if value.is_nan() { ABSENT } else { (value + 0.0).to_bits() }
}

/// Numbers; of a text, its time if it is an ISO 8601 one.
fn as_numbers(series: &Series) -> Vec<f64> {
    if let Some(column) = texts(series) {
        let seconds = |t: &str| csv::iso_seconds(t.as_bytes()).unwrap_or(f64::NAN);
        return column.map(|t| t.map_or(f64::NAN, seconds)).collect();
    }
    numbers(series).unwrap_or_else(|| vec![f64::NAN; series.len()])
}

type Lists = Option<Vec<Option<Vec<String>>>>;

fn as_turns(own: Lists, other: Lists, of_model: bool) -> Texts {
    let (speakers, contents) = if of_model { (other, own) } else { (own, other) };
    let mut out = Texts::default();
    for turn in turns(speakers, contents, of_model) {
        out.push(turn.as_deref());
    }
    out
}

fn as_texts(series: &Series) -> Texts {
    let mut out = Texts::default();
    match (texts(series), text_lists(series)) {
        (Some(column), _) => column.for_each(|t| out.push(t)),
        (None, Some(lists)) => lists.into_iter().for_each(|l| out.push(l.map(|l| l.join("\n")).as_deref())),
        (None, None) => (0..series.len()).for_each(|_| out.push(None)),
    }
    out
}
