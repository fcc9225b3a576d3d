//! A profile's body as JSON, and back with everything checked.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use taster_core::{Category, Column, Embedding, Key, MISSING, Role, Table, Texts, Values};
use taster_detect::text;
use taster_ingest::Encoder;
use taster_provenance::parse_kind;
use taster_stats::{
    distinct::Distinct,
    frequencies::{Frequencies, PLACES},
    quantiles::Quantiles,
};

use super::{ColumnProfile, Profile, SAMPLE_ROWS, SampledRows, Sketch, is_paired, joint};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    /// In decimal: JSON's numbers may not hold it.
    seed: String,
    rows: u64,
    columns: Vec<RawColumn>,
    pairs: joint::Raw,
    sample: Option<RawSample>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawColumn {
    name: String,
    kind: String,
    role: Role,
    missing: u64,
    /// In hexadecimal.
    distinct: String,
    sketch: RawSketch,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum RawSketch {
    Nothing,
    Numbers(RawQuantiles),
    Values(Vec<(String, u64)>),
    Places(Vec<u64>),
    Texts(Vec<RawQuantiles>),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawQuantiles {
    dropped: u32,
    /// The first bucket, and how much further each next one is.
    steps: Vec<u64>,
    counts: Vec<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSample {
    ceiling: u64,
    keys: Vec<u64>,
    columns: Vec<RawValues>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum RawValues {
    Skipped,
    Numbers(Vec<Number>),
    Values { values: Vec<String>, codes: Vec<Option<u32>> },
    Texts(Vec<Option<String>>),
    Vectors { dim: usize, values: Vec<Number> },
}

/// A number; null where missing, a word where infinite.
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            x if x.is_nan() => serializer.serialize_none(),
            x if x.is_infinite() => serializer.serialize_str(if x > 0.0 { "inf" } else { "-inf" }),
            x => serializer.serialize_f64(x),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Raw {
            Finite(f64),
            Word(String),
            Missing(()),
        }
        match Raw::deserialize(deserializer)? {
            Raw::Finite(x) => Ok(Self(x)),
            Raw::Missing(()) => Ok(Self(f64::NAN)),
            Raw::Word(word) => match word.as_str() {
                "inf" => Ok(Self(f64::INFINITY)),
                "-inf" => Ok(Self(f64::NEG_INFINITY)),
                _ => Err(D::Error::custom("not a number")),
            },
        }
    }
}

/// The body of a profile.
pub fn to_json(profile: &Profile) -> Vec<u8> {
    let column = |c: &ColumnProfile| RawColumn {
        name: c.column.name.clone(),
        kind: c.column.kind.to_string(),
        role: c.column.role,
        missing: c.missing,
        distinct: hexadecimal(c.distinct.registers()),
        sketch: raw_sketch(&c.sketch),
    };
    let sample = |s: &SampledRows| RawSample {
        ceiling: s.ceiling,
        keys: s.table.row_keys.clone(),
        columns: s.table.columns.iter().map(raw_values).collect(),
    };
    let body = Body {
        seed: profile.seed.to_string(),
        rows: profile.rows,
        columns: profile.columns.iter().map(column).collect(),
        pairs: joint::Raw::of(&profile.pairs),
        sample: profile.sample.as_ref().map(sample),
    };
    serde_json::to_vec(&body).expect("keys are strings and numbers finite")
}

/// The profile that a body tells of; the message says what is wrong with it.
pub fn from_json(json: &[u8]) -> Result<Profile, String> {
    let body: Body = serde_json::from_slice(json).map_err(|e| e.to_string())?;
    let seed: u64 = body.seed.parse().map_err(|_| "its seed is not a whole number".to_owned())?;
    let columns: Vec<ColumnProfile> =
        body.columns.into_iter().map(|c| column(c, Key::new(seed), body.rows)).collect::<Result<_, _>>()?;
    let mut names: Vec<&str> = columns.iter().map(|c| c.column.name.as_str()).collect();
    names.sort_unstable();
    if names.is_empty() || names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err("its columns have no names of their own".into());
    }
    let paired = columns.iter().filter(|c| is_paired(c.column.role)).count();
    let pairs = body.pairs.pairs(paired, body.rows).ok_or("its pairs of columns cannot be those of so many rows")?;
    let sample = body.sample.map(|s| sample(s, columns.len(), body.rows)).transpose()?;
    Ok(Profile { seed, rows: body.rows, columns, pairs, sample })
}

fn raw_sketch(sketch: &Sketch) -> RawSketch {
    match sketch {
        Sketch::Nothing => RawSketch::Nothing,
        Sketch::Numbers(sketch) => RawSketch::Numbers(raw_quantiles(sketch)),
        Sketch::Texts(sketches) => RawSketch::Texts(sketches.iter().map(raw_quantiles).collect()),
        Sketch::Values(Frequencies::Values(values)) => {
            RawSketch::Values(values.iter().map(|(value, &(_, count))| (value.clone(), count)).collect())
        }
        Sketch::Values(Frequencies::Places(places)) => RawSketch::Places(places.clone()),
    }
}

fn raw_quantiles(sketch: &Quantiles) -> RawQuantiles {
    let (dropped, buckets) = sketch.buckets();
    let mut last = 0;
    let step = |&(bucket, _): &(u64, u64)| {
        let step = bucket - last;
        last = bucket;
        step
    };
    RawQuantiles { dropped, steps: buckets.iter().map(step).collect(), counts: buckets.iter().map(|b| b.1).collect() }
}

fn raw_values(values: &Values) -> RawValues {
    match values {
        Values::Skipped => RawValues::Skipped,
        Values::Numeric(numbers) => RawValues::Numbers(numbers.iter().map(|&x| Number(x)).collect()),
        Values::Category(category) => RawValues::Values {
            values: category.values.iter().map(|v| v.as_ref().to_owned()).collect(),
            codes: category.codes.iter().map(|&code| (code != MISSING).then_some(code)).collect(),
        },
        Values::Text(texts) => RawValues::Texts(texts.iter().map(|t| t.map(str::to_owned)).collect()),
        Values::Embedding(vectors) => RawValues::Vectors {
            dim: vectors.dim,
            values: vectors.values.iter().map(|&x| Number(f64::from(x))).collect(),
        },
    }
}

fn column(raw: RawColumn, key: Key, rows: u64) -> Result<ColumnProfile, String> {
    let wrong = |what: &str| format!("column {:?}: {what}", raw.name);
    let kind = parse_kind(&raw.kind).ok_or_else(|| wrong("a kind that does not exist"))?;
    let registers = hex_bytes(&raw.distinct).and_then(Distinct::of_registers);
    let distinct = registers.ok_or_else(|| wrong("impossible registers"))?;
    let sketch = sketch(raw.sketch, key).ok_or_else(|| wrong("an impossible distribution"))?;
    let counted = match &sketch {
        Sketch::Nothing => None,
        Sketch::Numbers(sketch) => Some(sketch.total()),
        Sketch::Values(sketch) => Some(sketch.total()),
        Sketch::Texts(sketches) => {
            let totals: Vec<u64> = sketches.iter().map(Quantiles::total).collect();
            totals.windows(2).all(|pair| pair[0] == pair[1]).then(|| totals[0])
        }
    };
    let right = match (&sketch, counted) {
        (Sketch::Nothing, _) => raw.missing == 0,
        (_, counted) => counted.and_then(|c| c.checked_add(raw.missing)) == Some(rows),
    };
    if !right {
        return Err(wrong("its counts are not those of so many rows"));
    }
    let column = Column { name: raw.name, kind, role: raw.role, why: "as in the profile".into() };
    Ok(ColumnProfile { column, missing: raw.missing, distinct, sketch })
}

fn sketch(raw: RawSketch, key: Key) -> Option<Sketch> {
    Some(match raw {
        RawSketch::Nothing => Sketch::Nothing,
        RawSketch::Numbers(raw) => Sketch::Numbers(quantiles(raw)?),
        RawSketch::Texts(raw) => {
            let sketches: Vec<Quantiles> = raw.into_iter().map(quantiles).collect::<Option<_>>()?;
            (sketches.len() == text::NAMES.len()).then_some(Sketch::Texts(sketches))?
        }
        RawSketch::Values(raw) => {
            let count = raw.len();
            raw.iter().try_fold(0u64, |sum, value| sum.checked_add(value.1).filter(|_| value.1 > 0))?;
            let entry = |(value, count): (String, u64)| {
                let hash = Encoder::value_key(key, &value);
                (value, (hash, count))
            };
            let values: BTreeMap<String, (u64, u64)> = raw.into_iter().map(entry).collect();
            (values.len() == count && count <= PLACES).then_some(Sketch::Values(Frequencies::Values(values)))?
        }
        RawSketch::Places(places) => {
            places.iter().try_fold(0u64, |sum, &count| sum.checked_add(count))?;
            (places.len() == PLACES).then_some(Sketch::Values(Frequencies::Places(places)))?
        }
    })
}

fn quantiles(raw: RawQuantiles) -> Option<Quantiles> {
    let mut last = 0u64;
    let bucket = |(step, count): (u64, u64)| {
        last = last.checked_add(step)?;
        Some((last, count))
    };
    let same = raw.steps.len() == raw.counts.len();
    let buckets: Vec<(u64, u64)> = raw.steps.into_iter().zip(raw.counts).map(bucket).collect::<Option<_>>()?;
    Quantiles::of_buckets(raw.dropped, buckets).filter(|_| same)
}

fn sample(raw: RawSample, width: usize, rows: u64) -> Result<SampledRows, String> {
    let len = raw.keys.len();
    let ordered = raw.keys.windows(2).all(|pair| pair[0] <= pair[1]);
    let within = raw.keys.last().is_none_or(|&last| last <= raw.ceiling);
    let whole = raw.ceiling == u64::MAX;
    if !ordered || !within || len > SAMPLE_ROWS || len as u64 > rows || (whole && len as u64 != rows) {
        return Err("its sample cannot be one of so many rows".into());
    }
    let columns: Option<Vec<Values>> = raw.columns.into_iter().map(|c| values(c, len)).collect();
    let columns = columns.filter(|c| c.len() == width).ok_or("its sample has columns of other lengths")?;
    let table = Table { len, columns, row_keys: raw.keys, feature_keys: vec![0; len] };
    Ok(SampledRows { table, ceiling: raw.ceiling })
}

fn values(raw: RawValues, len: usize) -> Option<Values> {
    let right = |n: usize| (n == len).then_some(());
    Some(match raw {
        RawValues::Skipped => Values::Skipped,
        RawValues::Numbers(numbers) => {
            right(numbers.len())?;
            Values::Numeric(numbers.into_iter().map(|x| x.0).collect())
        }
        RawValues::Values { values, codes } => {
            right(codes.len())?;
            let known = |code: &Option<u32>| code.is_none_or(|code| (code as usize) < values.len());
            let sorted = values.windows(2).all(|pair| pair[0] < pair[1]);
            (sorted && codes.iter().all(known)).then_some(())?;
            let keys = vec![0; values.len()];
            let codes = codes.into_iter().map(|code| code.unwrap_or(MISSING)).collect();
            Values::Category(Category { values: values.into_iter().map(Into::into).collect(), keys, codes })
        }
        RawValues::Texts(rows) => {
            right(rows.len())?;
            let mut texts = Texts::default();
            for row in &rows {
                texts.push(row.as_deref());
            }
            Values::Text(texts)
        }
        RawValues::Vectors { dim, values } => {
            (dim > 0 && dim.checked_mul(len) == Some(values.len())).then_some(())?;
            Values::Embedding(Embedding { dim, values: values.into_iter().map(|x| x.0 as f32).collect() })
        }
    })
}

fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    text.len().is_multiple_of(2).then(|| text.as_bytes().chunks(2).map(byte).collect())?
}
