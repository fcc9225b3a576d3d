//! A profile as a reference: its rows, where they can stand for the dataset, and both sides column by column.

use std::sync::Arc;

use taster_core::{
    Category, Column, Key, Kind, MISSING, Margins, PairTable, Role, Sample, Schema, Table, Texts, Values,
};
use taster_detect::text;
use taster_ingest::Encoder;
use taster_stats::{
    frequencies::{Frequencies, place},
    quantiles::Quantiles,
};

use super::{Profile, SAMPLE_ROWS, SampledRows, Sketch, is_sketched, joint};
use crate::Error;

/// Copies in a sample by content come together or not at all. With more copies than this share it does not stand for the
/// dataset.
const COPIES: f64 = 0.05;
const NO_ROWS: &str = "the profile has no rows, so changes of dependence that no two columns show, of the label given several \
                       features, of words and of vectors could not be tested, no row could be judged, and label-flip and \
                       outlier were not calibrated";
const UNEVEN: &str = "rows repeat too unevenly for those in the profile to stand for all, so changes of dependence that no two \
                      columns show, of the label given several features, of words and of vectors could not be tested, no row \
                      could be judged, and label-flip and outlier were not calibrated";

/// What is known of a reference by its profile.
pub(crate) struct Known {
    pub rows: Option<Sample>,
    pub margins: Option<Margins>,
}

impl Known {
    /// What a profile says of the columns of a dataset whose `sample` is given.
    pub fn of(profile: &Profile, schema: &Schema, sample: &Sample, encoder: &Encoder) -> Result<Self, Error> {
        check_encodings(profile, schema, &sample.table)?;
        let whole = profile.sample.as_ref().is_some_and(|s| s.table.len as u64 == profile.rows);
        let usable = profile.sample.as_ref().filter(|s| whole || stands_for_all(s, profile.rows));
        let rows = usable.map(|s| reference(s, profile, schema, &sample.table, encoder));
        let by_rows = |column: &Column| {
            matches!(column.role, Role::Text | Role::Embedding) && profile.column(&column.name).is_some()
        };
        // Words and vectors are known by rows only; a mix of both would compare samples of two sizes.
        if rows.is_some() && (whole || schema.columns.iter().any(by_rows)) {
            return Ok(Self { rows, margins: None });
        }
        let untested = match (&rows, &profile.sample) {
            (Some(_), _) => "",
            (None, Some(_)) => UNEVEN,
            (None, None) => NO_ROWS,
        };
        let mut margins = margins(profile, schema, &sample.table, untested);
        if rows.is_none() {
            margins.pairs = pairs(profile, schema, &sample.table, &margins);
        }
        Ok(Self { rows, margins: Some(margins) })
    }
}

/// A column may have one role and be encoded in two ways, as a label of classes and one of numbers.
fn check_encodings(profile: &Profile, schema: &Schema, sample: &Table) -> Result<(), Error> {
    for (column, values) in schema.columns.iter().zip(&sample.columns).filter(|(c, _)| is_sketched(c.role)) {
        let Some(theirs) = profile.column(&column.name) else { continue };
        let alike = matches!(
            (values, &theirs.sketch),
            (Values::Numeric(_), Sketch::Numbers(_))
                | (Values::Category(_), Sketch::Values(_))
                | (Values::Text(_), Sketch::Texts(_))
                | (Values::Embedding(_) | Values::Skipped, Sketch::Nothing)
        );
        if !alike {
            let problem =
                format!("column {:?} is read in another way than when it was profiled; profile anew", column.name);
            return Err(Error::Profiles { problem });
        }
    }
    Ok(())
}

/// Whether hardly any row has copies: neither in the sample, nor by the number of different rows that the keys tell of.
fn stands_for_all(sample: &SampledRows, rows: u64) -> bool {
    let keys = &sample.table.row_keys;
    let distinct = keys.chunk_by(|a, b| a == b).count() as f64;
    let share = sample.ceiling as f64 / u64::MAX as f64;
    let all = distinct / share.max(f64::MIN_POSITIVE) * (1.0 + 3.0 / distinct.max(1.0).sqrt());
    distinct >= (1.0 - COPIES) * keys.len() as f64 && rows as f64 <= (1.0 + COPIES) * all
}

/// The profile's rows as a sample of a reference that has the dataset's columns.
fn reference(rows: &SampledRows, profile: &Profile, schema: &Schema, like: &Table, encoder: &Encoder) -> Sample {
    let len = rows.table.len;
    let column = |(i, column): (usize, &Column)| {
        let theirs = profile.columns.iter().position(|c| c.column.name == column.name);
        let theirs = theirs.map(|c| &rows.table.columns[c]).filter(|c| same_kind(c, &like.columns[i]));
        theirs.cloned().unwrap_or_else(|| absent(&like.columns[i], len))
    };
    let columns = schema.columns.iter().enumerate().map(column).collect();
    let mut table = encoder.rekeyed(columns, len);
    table.row_keys.clone_from(&rows.table.row_keys);
    Sample { table, positions: (0..len as u64).collect(), rows: profile.rows }
}

fn same_kind(a: &Values, b: &Values) -> bool {
    match (a, b) {
        (Values::Embedding(a), Values::Embedding(b)) => a.dim == b.dim,
        _ => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}

/// A column of nothing but missing values.
fn absent(like: &Values, len: usize) -> Values {
    match like {
        Values::Numeric(_) => Values::Numeric(vec![f64::NAN; len]),
        Values::Category(_) => Values::Category(Category { codes: vec![MISSING; len], ..Category::default() }),
        Values::Text(_) => {
            let mut texts = Texts::default();
            (0..len).for_each(|_| texts.push(None));
            Values::Text(texts)
        }
        Values::Embedding(e) => {
            Values::Embedding(taster_core::Embedding { dim: e.dim, values: vec![f32::NAN; e.dim * len] })
        }
        Values::Skipped => Values::Skipped,
    }
}

/// Both sides column by column.
fn margins(profile: &Profile, schema: &Schema, sample: &Table, untested: &str) -> Margins {
    let len = profile.rows.min(SAMPLE_ROWS as u64) as usize;
    let mut out = Margins { untested: untested.to_owned(), ..Margins::default() };
    (out.current.len, out.reference.len) = (sample.len, len);
    for (column, values) in schema.columns.iter().zip(&sample.columns) {
        let Some(theirs) = profile.column(&column.name) else { continue };
        let dealt = Dealt { rows: profile.rows, missing: theirs.missing, len };
        let mut push = |name: String, role: Role, current: Values, reference: Values| {
            out.schema.columns.push(Column { name, kind: Kind::Null, role, why: String::new() });
            out.origins.push(column.name.clone());
            out.current.columns.push(current);
            out.reference.columns.push(reference);
        };
        match (values, &theirs.sketch) {
            (Values::Numeric(numbers), Sketch::Numbers(sketch)) => {
                push(column.name.clone(), column.role, snapped(sketch, numbers.iter().copied()), dealt.numbers(sketch));
            }
            (Values::Category(category), Sketch::Values(sketch)) => {
                let (current, reference) = dealt.values(sketch, category, Key::new(profile.seed));
                push(column.name.clone(), column.role, current, reference);
            }
            (Values::Text(texts), Sketch::Texts(sketches)) => {
                let rows: Vec<_> = texts.iter().map(|t| t.map(text::statistics)).collect();
                for (k, (name, sketch)) in text::NAMES.iter().zip(sketches).enumerate() {
                    let numbers = rows.iter().map(|row| row.map_or(f64::NAN, |row| row[k]));
                    let name = format!("{} ({name})", column.name);
                    push(name, Role::Numeric, snapped(sketch, numbers), dealt.numbers(sketch));
                }
            }
            _ => {}
        }
    }
    out
}

/// Both sides two by two. Where there are rows, those tell more.
fn pairs(profile: &Profile, schema: &Schema, sample: &Table, margins: &Margins) -> Vec<PairTable> {
    let key = Key::new(profile.seed);
    let column = |i: usize| {
        let name = &profile.columns[i].column.name;
        let values = schema.position(name).map(|here| &sample.columns[here]);
        let place = values.and_then(|_| margins.origins.iter().position(|origin| origin == name));
        let codes = values.map(|values| joint::codes(values, &joint::keys(values, key), sample.len));
        (codes.unwrap_or_else(|| vec![0; sample.len]), place)
    };
    let (codes, places): (Vec<Vec<u32>>, Vec<Option<usize>>) = profile.paired().map(column).unzip();
    joint::tables(&profile.pairs, &codes, &places, margins.reference.len as u64)
}

fn snapped(sketch: &Quantiles, numbers: impl Iterator<Item = f64>) -> Values {
    Values::Numeric(numbers.map(|x| sketch.snap(x)).collect())
}

/// Deals so many rows as a sketch has counted them: shares are kept to within one row.
struct Dealt {
    rows: u64,
    missing: u64,
    len: usize,
}

impl Dealt {
    fn numbers(&self, sketch: &Quantiles) -> Values {
        let mut numbers = vec![f64::NAN; self.len];
        self.deal(sketch.counted(), |row, number| numbers[row] = number);
        Values::Numeric(numbers)
    }

    /// The dataset's values and the reference's; both by place where the reference's are.
    fn values(&self, sketch: &Frequencies, current: &Category, key: Key) -> (Values, Values) {
        let (values, counts, current): (Vec<Arc<str>>, Vec<u64>, Category) = match sketch {
            Frequencies::Values(values) => (
                values.keys().map(|v| v.as_str().into()).collect(),
                values.values().map(|v| v.1).collect(),
                current.clone(),
            ),
            Frequencies::Places(places) => {
                let names: Vec<Arc<str>> = (0..places.len()).map(|p| format!("values of hash {p}").into()).collect();
                let place = |value: &Arc<str>| place(Encoder::value_key(key, value)) as u32;
                let of_value: Vec<u32> = current.values.iter().map(place).collect();
                let codes =
                    current.codes.iter().map(|&c| of_value.get(c as usize).copied().unwrap_or(MISSING)).collect();
                (names.clone(), places.clone(), Category { keys: vec![0; names.len()], values: names, codes })
            }
        };
        let mut codes = vec![MISSING; self.len];
        self.deal((0u32..).zip(counts), |row, code| codes[row] = code);
        let keys = vec![0; values.len()];
        (Values::Category(current), Values::Category(Category { values, keys, codes }))
    }

    fn deal<T: Copy>(&self, counts: impl Iterator<Item = (T, u64)>, mut put: impl FnMut(usize, T)) {
        let at = |below: u64| (u128::from(below) * self.len as u128 / u128::from(self.rows.max(1))) as usize;
        let (mut below, mut row) = (self.missing, at(self.missing));
        for (value, count) in counts {
            below = below.saturating_add(count);
            let end = at(below).min(self.len);
            (row..end).for_each(|row| put(row, value));
            row = end.max(row);
        }
    }
}
