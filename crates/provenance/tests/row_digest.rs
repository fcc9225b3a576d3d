//! The row digest against its specification, against a second implementation, and against re-encoding.

use std::{fs::File, path::Path, process::Command};

use polars::prelude::*;
use taster_core::{Digest, Kind, Role};
use taster_provenance::{CompactRange, Error, RowHasher, kind_of};

const SPECIFICATION: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/row-digest.md");
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/row_digest.py");

fn schema(frame: &DataFrame) -> taster_core::Schema {
    let column = |c: &Column| taster_core::Column {
        name: c.name().to_string(),
        kind: kind_of(c.dtype()).unwrap(),
        role: Role::Ignored,
        why: String::new(),
    };
    taster_core::Schema { columns: frame.columns().iter().map(column).collect() }
}

fn digests(frame: &DataFrame) -> Vec<Digest> {
    RowHasher::new(&schema(frame)).digests(frame).unwrap()
}

fn ints(name: &str, values: impl IntoIterator<Item = Option<i64>>, dtype: &DataType) -> Column {
    let values: Int64Chunked = values.into_iter().collect();
    values.with_name(name.into()).into_series().cast(dtype).unwrap().into()
}

fn decimals(name: &str, unscaled: &[Option<i128>], scale: usize) -> Column {
    let values: Int128Chunked = unscaled.iter().copied().collect();
    values.with_name(name.into()).into_decimal_unchecked(38, scale).into_series().into()
}

fn frame(columns: Vec<Column>) -> DataFrame {
    DataFrame::new_infer_height(columns).unwrap()
}

fn utc() -> Option<TimeZone> {
    TimeZone::opt_try_new(Some("UTC")).unwrap()
}

/// The rows of the specification's vectors, in their order.
fn vectors() -> Vec<DataFrame> {
    let inner = [Some(Series::new("".into(), ["a", ""])), Some(Series::new_empty("".into(), &DataType::String)), None];
    let inner: ListChunked = inner.into_iter().collect();
    let nested = Series::new("l".into(), &[inner.into_series()]);
    let late = ints("u", [Some(253_402_300_800_000)], &DataType::Datetime(TimeUnit::Milliseconds, utc()));
    let now = ints("t", [Some(1_700_000_000_000_000)], &DataType::Datetime(TimeUnit::Microseconds, None));
    vec![
        DataFrame::empty_with_height(1),
        df!("n" => [7i16]).unwrap(),
        df!("n" => [None::<u8>]).unwrap(),
        df!("n" => [u64::MAX]).unwrap(),
        df!("x" => [7f32]).unwrap(),
        df!("x" => [-0.0f64]).unwrap(),
        df!("x" => [f64::from_bits(0xfff8_0000_0000_0001)]).unwrap(),
        df!("b" => [true], "s" => ["sälzig"]).unwrap(),
        df!("b" => [false], "s" => [""]).unwrap(),
        frame(vec![decimals("d", &[Some(-1250)], 2)]),
        df!("y" => [b"\x00\xff".as_slice()]).unwrap(),
        frame(vec![ints("day", [Some(-1)], &DataType::Date), ints("at", [Some(3_600_000_000_001)], &DataType::Time)]),
        frame(vec![now, late]),
        frame(vec![
            ints("w", [Some(-5000)], &DataType::Duration(TimeUnit::Milliseconds)),
            Series::new("v".into(), &[Series::new("".into(), [Some(0.5f32), None, Some(-2.0)])]).into(),
        ]),
        frame(vec![nested.into(), Series::new_null("z".into(), 1).into()]),
    ]
}

#[test]
fn the_vectors_of_the_specification_hold() {
    let text = std::fs::read_to_string(SPECIFICATION).unwrap();
    let json = text.split("```json").nth(1).unwrap().split("```").next().unwrap();
    let expected: Vec<serde_json::Value> = serde_json::from_str(json).unwrap();
    let frames = vectors();
    assert_eq!(frames.len(), expected.len());
    for (frame, vector) in frames.iter().zip(&expected) {
        let columns = schema(frame).columns.into_iter().map(|c| serde_json::json!([c.name, c.kind.to_string()]));
        assert_eq!(vector["columns"], columns.collect::<serde_json::Value>());
        assert_eq!(vector["sha256"], digests(frame)[0].to_string(), "{vector}");
    }
}

#[test]
fn the_roots_of_the_specification_hold() {
    let text = std::fs::read_to_string(SPECIFICATION).unwrap();
    for n in [0, 1, 2, 3, 5] {
        let rows = frame(vec![ints("n", (0..n).map(Some), &DataType::Int64)]);
        let root = CompactRange::of(0, &digests(&rows)).root().unwrap();
        assert!(text.contains(&format!("| {n} | `{root}` |")), "{n} {root}");
    }
}

/// Rows of every kind, enough of them for several blocks, with nulls.
fn every_kind(rows: usize) -> DataFrame {
    let n = |i: usize| (i % 7 != 3).then_some(i as i64 * 7919 - 40_000);
    let wide = |i: usize| n(i).map(|v| i128::from(v) * 10i128.pow((i % 20) as u32));
    let text = |i: usize| n(i).map(|v| "é".repeat((v.unsigned_abs() % 40) as usize));
    let float = |i: usize| n(i).map(|v| if i.is_multiple_of(11) { f32::NAN } else { v as f32 / 8.0 });
    let list = |i: usize| n(i).map(|v| Series::new("".into(), vec![v as f32 / 3.0; i % 5]));
    let column = |dtype| ints("n", (0..rows).map(n), dtype);
    let strings = (0..rows).map(text).collect::<StringChunked>().with_name("text".into()).into_series();
    let floats: Float32Chunked = (0..rows).map(float).collect();
    let bools: BooleanChunked = (0..rows).map(|i| n(i).map(|v| v % 2 == 0)).collect();
    let lists: ListChunked = (0..rows).map(list).collect();
    let plain = [
        column(&DataType::Int32),
        floats.with_name("f32".into()).into_series().into(),
        bools.with_name("bool".into()).into_series().into(),
        strings.clone().with_name("bytes".into()).cast(&DataType::Binary).unwrap().into(),
        strings.into(),
        decimals("money", &(0..rows).map(wide).collect::<Vec<_>>(), 4),
        lists.with_name("vector".into()).into_series().into(),
    ];
    let times = [
        column(&DataType::Date).with_name("date".into()),
        ints("time", (0..rows as i64).map(|i| Some(i * 1_000_003)), &DataType::Time),
        column(&DataType::Datetime(TimeUnit::Milliseconds, None)).with_name("ms".into()),
        column(&DataType::Datetime(TimeUnit::Microseconds, utc())).with_name("us".into()),
        column(&DataType::Duration(TimeUnit::Microseconds)).with_name("span".into()),
    ];
    frame(plain.into_iter().chain(times).collect())
}

#[test]
fn storage_does_not_show() {
    let rows = every_kind(3000);
    let recast = [
        ("n", DataType::Int64),
        ("f32", DataType::Float64),
        ("text", DataType::from_categories(Categories::global())),
        ("ms", DataType::Datetime(TimeUnit::Nanoseconds, None)),
        ("span", DataType::Duration(TimeUnit::Nanoseconds)),
        ("vector", DataType::List(Box::new(DataType::Float64))),
    ];
    let recoded = |column: &Column| {
        let dtype = recast.iter().find(|(name, _)| *name == column.name().as_str()).map(|(_, dtype)| dtype);
        dtype.map_or_else(|| column.clone(), |dtype| column.cast(dtype).unwrap())
    };
    assert_eq!(digests(&rows), digests(&frame(rows.columns().iter().map(recoded).collect())));
    let lists = df!("v" => [Series::new("".into(), [1i64, 2]), Series::new("".into(), [3i64, 4])]).unwrap();
    let array = lists.column("v").unwrap().cast(&DataType::Array(Box::new(DataType::Int16), 2)).unwrap();
    assert_eq!(digests(&lists)[1..], digests(&frame(vec![array.slice(1, 1)])));
    assert_eq!(digests(&lists), digests(&frame(vec![array])));
}

#[test]
fn batches_and_chunks_do_not_show() {
    let rows = every_kind(2500);
    let whole = digests(&rows);
    for (start, length) in [(0, 1), (1, 1300), (1023, 2), (1024, 1025), (2499, 1)] {
        assert_eq!(digests(&rows.slice(start as i64, length)), whole[start..start + length]);
    }
    let mut chunked = rows.slice(0, 700);
    for (start, length) in [(700, 1), (701, 1500), (2201, 299)] {
        chunked.vstack_mut(&rows.slice(start, length)).unwrap();
    }
    assert_eq!(digests(&chunked), whole);
}

#[test]
fn every_difference_shows() {
    let one = |column: Column| digests(&frame(vec![column]))[0];
    let list = |items: &[Option<&str>]| Column::from(Series::new("a".into(), &[Series::new("".into(), items)]));
    let cells = [
        ints("a", [Some(1)], &DataType::Int64),
        ints("b", [Some(1)], &DataType::Int64),
        ints("a", [Some(2)], &DataType::Int64),
        ints("a", [None], &DataType::Int64),
        ints("a", [Some(1)], &DataType::Float64),
        ints("a", [Some(1)], &DataType::String),
        ints("a", [Some(1)], &DataType::Date),
        ints("a", [Some(1)], &DataType::Datetime(TimeUnit::Nanoseconds, None)),
        ints("a", [Some(1)], &DataType::Datetime(TimeUnit::Nanoseconds, utc())),
        decimals("a", &[Some(1)], 0),
        decimals("a", &[Some(1)], 1),
        Series::new("a".into(), [0.0]).into(),
        Series::new("a".into(), [-0.0]).into(),
        Series::new("a".into(), [f64::NAN]).into(),
        Series::new("a".into(), [None::<f64>]).into(),
        Series::new("a".into(), [""]).into(),
        Series::new("a".into(), ["\0"]).into(),
        Series::new("a".into(), [b"".as_slice()]).into(),
        list(&[]),
        list(&[Some("")]),
        list(&[None]),
        list(&[Some("ab"), Some("c")]),
        list(&[Some("a"), Some("bc")]),
    ];
    let mut seen: Vec<_> = cells.into_iter().map(one).collect();
    seen.push(digests(&df!("a" => ["ab"], "b" => ["c"]).unwrap())[0]);
    seen.push(digests(&df!("a" => ["a"], "b" => ["bc"]).unwrap())[0]);
    seen.push(digests(&df!("b" => ["ab"], "a" => ["c"]).unwrap())[0]);
    let all = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), all);
}

#[test]
fn other_columns_are_refused() {
    let rows = df!("a" => [1], "b" => ["x"]).unwrap();
    let hasher = RowHasher::new(&schema(&rows));
    let refused = |frame: DataFrame| hasher.digests(&frame).unwrap_err().to_string();
    assert!(matches!(hasher.digests(&df!("a" => [1]).unwrap()), Err(Error::Width { expected: 2, found: 1 })));
    assert_eq!(refused(df!("b" => ["x"], "a" => [1]).unwrap()), r#"column "a": found "b" in its place"#);
    assert_eq!(refused(df!("a" => [1.0], "b" => ["x"]).unwrap()), r#"column "a": float where int was expected"#);
}

#[test]
fn nulls_may_come_without_a_type() {
    let typed = df!("a" => [None::<i64>, None], "v" => [None::<f64>, None]).unwrap();
    let untyped = frame(vec![Series::new_null("a".into(), 2).into(), Series::new_null("v".into(), 2).into()]);
    let hasher = RowHasher::new(&schema(&typed));
    assert_eq!(hasher.digests(&typed).unwrap(), hasher.digests(&untyped).unwrap());
    assert_eq!(kind_of(untyped.columns()[0].dtype()), Some(Kind::Null));
}

/// `TASTER_PYTHON` names the interpreter; `python3` by default.
#[test]
fn a_second_implementation_agrees() {
    let python = std::env::var("TASTER_PYTHON").unwrap_or_else(|_| "python3".into());
    let vectors = run_script(&python, &[Path::new("--check"), Path::new(SPECIFICATION)]);
    assert!(vectors.is_none_or(|said| said.trim() == "15 of 15 test vectors hold"));
    if !Command::new(&python).args(["-c", "import pyarrow.parquet"]).output().is_ok_and(|run| run.status.success()) {
        eprintln!("skipped: {python} with pyarrow is not here");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.parquet");
    let mut rows = every_kind(1500);
    ParquetWriter::new(File::create(&path).unwrap()).with_row_group_size(Some(400)).finish(&mut rows).unwrap();
    let expected: Vec<_> = digests(&rows).iter().map(ToString::to_string).collect();
    let found = run_script(&python, &[&path]).unwrap();
    assert_eq!(found.lines().collect::<Vec<_>>(), expected);
    let root = run_script(&python, &[Path::new("--root"), &path]).unwrap();
    assert_eq!(root.trim(), CompactRange::of(0, &digests(&rows)).root().unwrap().to_string());
}

/// What the script prints; `None` where there is no Python.
fn run_script(python: &str, args: &[&Path]) -> Option<String> {
    let run = Command::new(python).arg(SCRIPT).args(args).output().ok()?;
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    Some(String::from_utf8(run.stdout).unwrap())
}

/// Prints how long a row takes: `cargo test --release -p taster-provenance speed -- --ignored --nocapture`.
#[test]
#[ignore = "a measurement"]
fn speed() {
    let (rows, columns) = (2_000_000usize, 20usize);
    let column = |c: usize| {
        let values: Vec<f64> = (0..rows).map(|i| (i * (2 * c + 1)) as f64 * 0.37).collect();
        Column::from(Series::new(format!("x{c}").into(), values))
    };
    let table = frame((0..columns).map(column).collect());
    let hasher = RowHasher::new(&schema(&table));
    for _ in 0..3 {
        let start = std::time::Instant::now();
        let digests = hasher.digests(&table).unwrap();
        let hashed = start.elapsed();
        let start = std::time::Instant::now();
        let root = CompactRange::of(0, &digests).root().unwrap();
        let folded = start.elapsed();
        let each = |time: std::time::Duration| time.as_secs_f64() / rows as f64 * 1e9;
        eprintln!(
            "digest {hashed:?}, {:.0} ns a row; fold {folded:?}, {:.0} ns a row; {root}",
            each(hashed),
            each(folded)
        );
    }
}
