//! Parquet files: every type people have, every codec, and files that lie.

mod support;

use polars::prelude::*;
use support::{Folder, all_types, encoded, kind, open, parquet, read, read_file, role, values};
use taster_core::{Role, Values};
use taster_ingest::{Dataset, Error, Options};

#[test]
fn every_type_reads_with_every_codec() {
    use ParquetCompression as C;
    let folder = Folder::new();
    let mut frame = all_types(1000);
    for codec in [C::Uncompressed, C::Snappy, C::Gzip(None), C::Brotli(None), C::Zstd(None), C::Lz4Raw] {
        let path = folder.parquet("a.parquet", &mut frame, 300, codec);
        let (dataset, all) = read_file(&path, &Options::default()).unwrap();
        assert_eq!(all.ends[0].rows, 1000);
        let table = all.table();
        for name in
            ["bool", "i8", "u16", "u64", "i64", "f32", "f64", "word", "bytes", "date", "time", "stamp", "took", "price"]
        {
            let (a, b) = (table.column(name).unwrap(), frame.column(name).unwrap());
            assert_eq!(a.as_materialized_series(), b.as_materialized_series(), "{name} {codec:?}");
        }
        assert_eq!(table.column("cat").unwrap().dtype(), &DataType::String);
        assert_eq!(all.column("cat"), all.column("word"));
        assert_eq!(all.column("outer.b"), all.column("word"));
        assert_eq!(all.column("outer.a"), all.column("i64"));
        assert_eq!(kind(&dataset, "stamp"), "timestamp(Europe/Oslo)");
        assert_eq!(kind(&dataset, "price"), "decimal(2)");
        assert_eq!(kind(&dataset, "list"), "list(float)");
    }
}

#[test]
fn roles_and_values_of_every_type() {
    let folder = Folder::new();
    let path = folder.parquet("a.parquet", &mut all_types(1000), 300, ParquetCompression::Snappy);
    let (dataset, all) = read_file(&path, &Options::default()).unwrap();
    let expected = [
        ("bool", Role::Categorical),
        ("i8", Role::Numeric),
        ("u16", Role::Id),
        ("f64", Role::Numeric),
        ("word", Role::Categorical),
        ("cat", Role::Categorical),
        ("bytes", Role::Ignored),
        ("date", Role::Time),
        ("time", Role::Numeric),
        ("stamp", Role::Numeric),
        ("took", Role::Numeric),
        ("price", Role::Numeric),
        ("list", Role::Embedding),
        ("array", Role::Embedding),
        ("ragged", Role::Ignored),
        ("nothing", Role::Ignored),
    ];
    for (name, wanted) in expected {
        assert_eq!(role(&dataset, name), wanted, "{name}");
    }
    assert!(dataset.notes().iter().any(|n| n.text.contains("\"bytes\"")));
    assert_eq!(encoded(&dataset, &all, "price")[150].as_deref(), Some("150"));
    assert_eq!(encoded(&dataset, &all, "date")[2].as_deref(), Some("172800"));
    assert_eq!(encoded(&dataset, &all, "took")[1500 % 1000].as_deref(), Some("0.5"));
    assert_eq!(encoded(&dataset, &all, "bool")[..2], [Some("true".to_owned()), Some("false".to_owned())]);
    assert_eq!(encoded(&dataset, &all, "f64")[3], None);
    for name in ["list", "array"] {
        let Values::Embedding(vectors) = values(&dataset, &all, name) else { panic!("{name} is no embedding") };
        assert_eq!((vectors.dim, vectors.row(7)), (3, [7.0, 1.0, 2.0].as_slice()));
    }
}

#[test]
fn one_file_or_many_are_the_same_rows() {
    let folder = Folder::new();
    let mut frame = all_types(1000);
    let whole = folder.parquet("whole/a.parquet", &mut frame, 1000, ParquetCompression::Snappy);
    for part in 0..7 {
        let mut rows = frame.slice(part * 150, 150);
        folder.parquet(&format!("parts/{part}.parquet"), &mut rows, 64, ParquetCompression::Zstd(None));
    }
    let (one, one_rows) = read_file(&whole, &Options::default()).unwrap();
    let (many, many_rows) = read_file(&folder.path().join("parts"), &Options::default()).unwrap();
    assert_eq!(one.schema(), many.schema());
    for name in ["u64", "word", "f64", "list"] {
        assert_eq!(one_rows.column(name), many_rows.column(name), "{name}");
    }
    let keys =
        |d: &Dataset, r| -> Vec<u64> { support::encode(d, r).into_iter().flat_map(|b| b.table.feature_keys).collect() };
    assert_eq!(keys(&one, &one_rows), keys(&many, &many_rows));
}

#[test]
fn structs_within_lists_become_lists() {
    let folder = Folder::new();
    let turns = |i: i64| {
        let role = Series::new("role".into(), ["user", "bot"]);
        let text = Series::new("text".into(), [format!("hi {i}"), format!("ho {i}")]);
        StructChunked::from_series("".into(), 2, [role, text].iter()).unwrap().into_series()
    };
    let chats: ListChunked = (0..30).map(turns).collect();
    let mut frame = DataFrame::new(30, vec![chats.into_series().with_name("chat".into()).into()]).unwrap();
    let (dataset, all) =
        read_file(&folder.parquet("a.parquet", &mut frame, 8, ParquetCompression::Snappy), &Options::default())
            .unwrap();
    assert_eq!(kind(&dataset, "chat.text"), "list(string)");
    let table = all.table();
    let last = table.column("chat.text").unwrap().list().unwrap().get_as_series(29).unwrap();
    assert_eq!(last.str().unwrap().get(1), Some("ho 29"));
}

#[test]
fn types_that_differ_between_files() {
    let folder = Folder::new();
    let column = |s: Series| DataFrame::new(s.len(), vec![s.into()]).unwrap();
    let files = |a: Series, b: Series| {
        folder.parquet("d/a.parquet", &mut column(a), 10, ParquetCompression::Snappy);
        folder.parquet("d/b.parquet", &mut column(b), 10, ParquetCompression::Snappy);
        read_file(&folder.path().join("d"), &Options::default())
    };
    let ints = || Series::new("x".into(), [1_i32, 2]);
    let (dataset, all) = files(ints(), Series::new("x".into(), [1.5, 2.5])).unwrap();
    assert_eq!((kind(&dataset, "x").as_str(), all.column("x").len()), ("float", 4));
    let (_, all) = files(ints(), Series::new("x".into(), [1_i64 << 40])).unwrap();
    assert_eq!(all.column("x")[2], (1_i64 << 40).to_string());
    let error = files(ints(), Series::new("x".into(), ["a"])).err().unwrap().to_string();
    assert!(
        error.contains("b.parquet") && error.contains("\"x\"") && error.contains("string here, but int"),
        "{error}"
    );
    let error = files(ints(), Series::new("y".into(), [1])).err().unwrap().to_string();
    assert!(error.contains("b.parquet") && error.contains("\"x\""), "{error}");
}

#[test]
fn hive_partitions_are_columns() {
    let folder = Folder::new();
    for (year, kind) in [(2023, "a"), (2024, "b")] {
        let mut frame = DataFrame::new(2, vec![Series::new("x".into(), [1, year]).into()]).unwrap();
        let name = format!("d/year={year}/kind={kind}/f.parquet");
        folder.parquet(&name, &mut frame, 10, ParquetCompression::Snappy);
    }
    let (dataset, all) = read_file(&folder.path().join("d"), &Options::default()).unwrap();
    assert_eq!((kind(&dataset, "year"), kind(&dataset, "kind")), ("int".to_owned(), "string".to_owned()));
    assert_eq!(all.column("year"), ["2023", "2023", "2024", "2024"]);
    assert_eq!(all.column("kind"), ["a", "a", "b", "b"]);
    assert_eq!(dataset.files()[1].name, "year=2024/kind=b/f.parquet");
}

#[test]
fn a_column_that_varies_only_after_the_first_rows() {
    let folder = Folder::new();
    let late = |rows: usize| -> Vec<Option<i64>> { (0..rows).map(|i| (i > 900).then_some(i as i64 % 5)).collect() };
    let sorted: Vec<i64> = (0..1000).map(|i| i / 600).collect();
    let columns = vec![
        Series::new("x".into(), (0..1000).map(|i| i % 17).collect::<Vec<i64>>()).into(),
        Series::new("late".into(), late(1000)).into(),
        Series::new("sorted".into(), sorted).into(),
        Series::new("same".into(), vec![7_i64; 1000]).into(),
    ];
    let mut frame = DataFrame::new(1000, columns).unwrap();
    let few = Options { infer_rows: 100, ..Options::default() };
    let path = folder.parquet("a.parquet", &mut frame, 128, ParquetCompression::Snappy);
    let dataset = open(&path, &few).unwrap();
    let roles = ["x", "late", "sorted", "same"].map(|n| role(&dataset, n));
    assert_eq!(roles, [Role::Numeric, Role::Numeric, Role::Numeric, Role::Ignored]);
}

#[test]
fn a_reference_takes_the_columns_of_what_it_is_compared_with() {
    let folder = Folder::new();
    let data = folder.write("data.csv", "x,word,label\n1,a,0\n2,b,1\n3,a,0\n");
    let options = |label: &str| {
        let mut options = Options::default();
        options.roles.label = Some(label.to_owned());
        options
    };
    let dataset = open(&data, &options("label")).unwrap();
    let like = |text: &str| {
        let path = folder.write("reference.csv", text);
        Dataset::open_like(&[path.to_string_lossy().into_owned()], &Options::default(), &dataset)
    };
    let reference = like("extra,word,x\n9,c,1.5\n").unwrap();
    let names: Vec<_> = reference.schema().columns.iter().map(|c| (c.name.as_str(), c.role)).collect();
    assert_eq!(names, [("x", Role::Numeric), ("word", Role::Categorical), ("label", Role::Label)]);
    let all = read(&reference).unwrap();
    assert_eq!(encoded(&reference, &all, "x"), [Some("1.5".to_owned())]);
    assert_eq!(encoded(&reference, &all, "label"), [None]);
    let notes: Vec<_> = reference.notes().into_iter().map(|n| n.text).collect();
    assert!(notes.iter().any(|n| n.contains("extra")) && notes.iter().any(|n| n.contains("label")), "{notes:?}");
    let error = like("word\nc\n").err().unwrap().to_string();
    assert!(error.contains("\"x\"") && error.contains("no such column here"), "{error}");
    let error = like("x,word\nred,c\n").err().unwrap().to_string();
    assert!(error.contains("\"x\"") && error.contains("string here"), "{error}");
}

#[test]
fn files_read_as_the_columns_recorded_before() {
    let folder = Folder::new();
    let whole = folder.write("whole.csv", "n,w\n1,a\n2.5,b\n");
    let dataset = open(&whole, &Options::default()).unwrap();
    let part = folder.write("part.csv", "n,w\n1,7\n");
    let again = |path: &std::path::Path| {
        Dataset::open_as(&[path.to_string_lossy().into_owned()], &Options::default(), dataset.schema())
    };
    let part = again(&part).unwrap();
    let table = read(&part).unwrap().table();
    assert_eq!(table.dtypes(), [DataType::Float64, DataType::String]);
    let mut ints =
        DataFrame::new(1, vec![Series::new("w".into(), ["x"]).into(), Series::new("n".into(), [3_i8]).into()]).unwrap();
    let stored = again(&folder.parquet("p.parquet", &mut ints, 10, ParquetCompression::Snappy)).unwrap();
    assert_eq!(read(&stored).unwrap().table().dtypes(), [DataType::Float64, DataType::String]);
    let bad = again(&folder.write("bad.csv", "n,w\nx,y\n")).unwrap();
    assert!(matches!(read(&bad), Err(Error::Value { .. })), "the cell is named");
    assert!(matches!(again(&folder.write("lacks.csv", "n\n1\n")), Err(Error::Schema { .. })));
}

/// A damaged file is an error or, where nothing shows, is decoded; it never panics or asks for absurd memory.
#[test]
fn damaged_files_are_contained() {
    let folder = Folder::new();
    let whole = parquet(&mut all_types(200), 50, ParquetCompression::Snappy);
    let check = |bytes: &[u8]| {
        let path = folder.write("damaged.parquet", bytes);
        if let Ok(dataset) = open(&path, &Options::default()) {
            let _ = read(&dataset);
        }
    };
    for cut in (0..whole.len()).step_by(97) {
        let path = folder.write("cut.parquet", &whole[..cut]);
        assert!(open(&path, &Options::default()).is_err(), "cut to {cut} bytes");
    }
    let mut seed = 7_u64;
    let mut random = move || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as usize
    };
    for _ in 0..600 {
        let mut bytes = whole.clone();
        let at = random() % bytes.len();
        bytes[at] ^= 1 << (random() % 8);
        check(&bytes);
        // The footer decides most.
        let mut bytes = whole.clone();
        let at = bytes.len() - 1 - random() % 6000.min(bytes.len());
        bytes[at] = random() as u8;
        check(&bytes);
    }
}

/// Decoders go down a schema by recursion; a stack that overflows would end the process.
#[test]
fn schemas_nested_without_end() {
    let folder = Folder::new();
    let mut footer = vec![0x15, 2, 0x19, 0xfc, 0xa0, 0x8d, 0x06];
    (0..100_000).for_each(|_| footer.extend_from_slice(&[0x48, 1, b'a', 0x15, 2, 0]));
    footer.extend_from_slice(&[0x16, 0, 0x19, 0x0c, 0]);
    let length = (footer.len() as u32).to_le_bytes();
    let file = [b"PAR1".as_slice(), &footer, &length, b"PAR1"].concat();
    let error = open(&folder.write("deep.parquet", file), &Options::default()).err().unwrap().to_string();
    assert!(error.contains("levels of groups"), "{error}");
}

#[test]
fn flipped_page_bytes_name_the_place() {
    let folder = Folder::new();
    let mut frame = DataFrame::new(
        500,
        vec![Series::new("x".into(), (0..500).map(|i| format!("value {i}")).collect::<Vec<_>>()).into()],
    )
    .unwrap();
    let mut bytes = parquet(&mut frame, 100, ParquetCompression::Snappy);
    bytes[60..80].fill(0xff);
    let path = folder.write("a.parquet", bytes);
    let error = read_file(&path, &Options::default()).err().unwrap();
    assert!(matches!(error, Error::Malformed { .. }));
    assert!(error.to_string().contains("a.parquet, row group 0, column \"x\""), "{error}");
}

#[test]
fn a_file_replaced_between_two_readings() {
    let folder = Folder::new();
    let path = folder.parquet("a.parquet", &mut all_types(200), 50, ParquetCompression::Snappy);
    let dataset = open(&path, &Options::default()).unwrap();
    assert!(read(&dataset).is_ok());
    folder.parquet("a.parquet", &mut all_types(199), 50, ParquetCompression::Snappy);
    assert!(matches!(read(&dataset), Err(Error::Changed { .. })));
    let path = folder.write("b.csv", "a,b\n1,2\n3,4\n");
    let dataset = open(&path, &Options::default()).unwrap();
    folder.write("b.csv", "a,b\n1,2\n");
    assert!(matches!(read(&dataset), Err(Error::Changed { .. })));
}
