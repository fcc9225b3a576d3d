//! Text files as they are found in life: each is read right, or refused with the place and what to do.

mod support;

use std::io::Write as _;

use support::{Folder, kind, open, read, read_file};
use taster_ingest::{CsvOptions, Encoding, Error, Limits, Options, Quote, Ragged, Roles};

fn with(csv: CsvOptions) -> Options {
    Options { csv, ..Options::default() }
}

fn error(name: &str, bytes: &[u8]) -> String {
    let folder = Folder::new();
    match read_file(&folder.write(name, bytes), &Options::default()) {
        Ok(_) => panic!("{name} was read"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn types_quotes_and_line_ends() {
    let folder = Folder::new();
    let text =
        "n,x,flag,day,at,word\r\n1,1.5,true,2024-01-31,2024-01-31 10:00,\"a, \"\"b\"\"\nc\"\r\n-2,,False,,,d\r\n";
    let (dataset, all) = read_file(&folder.write("a.csv", text), &Options::default()).unwrap();
    let kinds: Vec<_> = dataset.schema().columns.iter().map(|c| c.kind.to_string()).collect();
    assert_eq!(kinds, ["int", "float", "bool", "date", "timestamp", "string"]);
    assert_eq!(all.column("n"), ["1", "-2"]);
    assert_eq!(all.column("x"), ["1.5", ""]);
    assert_eq!(all.column("word"), ["a, \"b\"\nc", "d"]);
    assert_eq!(all.ends[0].rows, 2);
    assert_eq!(all.ends[0].bytes, text.len() as u64);
}

#[test]
fn the_same_table_however_it_is_stored() {
    let folder = Folder::new();
    let text = "name,n\ncafé,1\nnaïve,2\n";
    let latin: Vec<u8> = text.chars().map(|c| c as u8).collect();
    let utf16 = |le: bool| -> Vec<u8> {
        let bytes = |c: u16| if le { c.to_le_bytes() } else { c.to_be_bytes() };
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(bytes).collect()
    };
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let files: Vec<(&str, Vec<u8>)> = vec![
        ("bom.csv", [b"\xef\xbb\xbf", text.as_bytes()].concat()),
        ("plain.csv", text.into()),
        ("latin.csv", latin),
        ("little.csv", utf16(true)),
        ("big.csv", utf16(false)),
        ("semicolon.csv", text.replace(',', ";").into()),
        ("tab.tsv", text.replace(',', "\t").into()),
        ("pipe.txt", text.replace(',', "|").into()),
        ("cr.csv", text.replace('\n', "\r").into()),
        ("crlf.csv", text.replace('\n', "\r\n").into()),
        ("no_end.csv", text.trim_end().into()),
        ("small.csv.gz", gzip.finish().unwrap()),
        ("small.csv.zst", zstd::encode_all(text.as_bytes(), 1).unwrap()),
    ];
    for (name, bytes) in files {
        let (dataset, all) = read_file(&folder.write(name, &bytes), &Options::default()).unwrap();
        assert_eq!(all.column("name"), ["café", "naïve"], "{name}");
        assert_eq!(all.column("n"), ["1", "2"], "{name}");
        assert_eq!(all.ends[0].bytes, bytes.len() as u64, "{name}");
        let noted = dataset.notes().iter().any(|n| n.text.contains("not UTF-8"));
        assert_eq!(noted, ["latin.csv", "little.csv", "big.csv"].contains(&name), "{name}");
    }
}

#[test]
fn digests_are_of_the_stored_bytes() {
    use sha2::{Digest as _, Sha256};
    let folder = Folder::new();
    for bytes in [b"a\n1\n2\n".to_vec(), zstd::encode_all(&b"a\n1\n2\n"[..], 1).unwrap()] {
        let (_, all) = read_file(&folder.write("a.csv", &bytes), &Options::default()).unwrap();
        assert_eq!(all.ends[0].sha256.0, <[u8; 32]>::from(Sha256::digest(&bytes)));
    }
}

#[test]
fn missing_values() {
    let folder = Folder::new();
    let text = "x,s\n1,a\n?,?\nNA,NA\nN/A,null\n-,-\n,\nnan,None\n-99,zz\n";
    let path = folder.write("a.csv", text);
    let (_, all) = read_file(&path, &Options::default()).unwrap();
    assert_eq!(all.column("x"), ["1", "", "", "", "", "", "", "-99"]);
    assert_eq!(all.column("s"), ["a", "", "", "", "", "", "", "zz"]);
    let missing = vec!["-99".to_owned(), "zz".to_owned()];
    let (_, all) = read_file(&path, &with(CsvOptions { missing, ..CsvOptions::default() })).unwrap();
    assert_eq!(all.column("x")[7], "");
    assert_eq!(all.column("s")[7], "");
}

#[test]
fn headers_duplicate_empty_or_absent() {
    let folder = Folder::new();
    let (dataset, _) = read_file(&folder.write("a.csv", "x,x,,z,\n1,2,3,4,\n5,6,7,8,\n"), &Options::default()).unwrap();
    let names: Vec<_> = dataset.schema().columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["x", "x_2", "column_3", "z", "column_5"]);
    assert_eq!(dataset.notes().len(), 2, "{:?}", dataset.notes());
    let (dataset, all) =
        read_file(&folder.write("b.csv", "39, State-gov\n50, Private\n"), &Options::default()).unwrap();
    assert_eq!(dataset.schema().columns[1].name, "column_2");
    assert_eq!(all.column("column_2"), ["State-gov", "Private"]);
    let forced = with(CsvOptions { header: Some(false), ..CsvOptions::default() });
    let (_, all) = read_file(&folder.write("c.csv", "a,b\nc,d\n"), &forced).unwrap();
    assert_eq!(all.column("column_1"), ["a", "c"]);
}

#[test]
fn numbers_with_separators() {
    let folder = Folder::new();
    let (_, all) = read_file(&folder.write("a.csv", "x,y\n\"1,234\",1\n\"-12,345\",2\n"), &Options::default()).unwrap();
    assert_eq!(all.column("x"), ["1234", "-12345"]);
    let (_, all) = read_file(&folder.write("b.csv", "x;y\n1.234,5;1\n6,25;2\n"), &Options::default()).unwrap();
    assert_eq!(all.column("x"), ["1234.5", "6.25"]);
    let (dataset, _) = read_file(&folder.write("c.csv", "x,y\n\"1,2,3\",1\n\"4,5\",2\n"), &Options::default()).unwrap();
    assert_eq!(kind(&dataset, "x"), "string");
    let (dataset, all) = read_file(&folder.write("d.csv", "zip,n\n02134,1\n10001,2\n"), &Options::default()).unwrap();
    assert_eq!((kind(&dataset, "zip"), all.column("zip")[0].clone()), ("string".to_owned(), "02134".to_owned()));
}

#[test]
fn ragged_rows() {
    let folder = Folder::new();
    let short = folder.write("short.csv", "a,b,c\n1,2,3\n4,5\n7,8,9\n");
    let message = read_file(&short, &Options::default()).unwrap_err_text();
    for part in ["short.csv, line 3", "2 fields", "3", "--ragged fill"] {
        assert!(message.contains(part), "{message}");
    }
    let fill = with(CsvOptions { ragged: Ragged::Fill, ..CsvOptions::default() });
    let (dataset, all) = read_file(&short, &fill).unwrap();
    assert_eq!(all.column("c"), ["3", "", "9"]);
    assert!(dataset.notes().iter().any(|n| n.text.contains("1 records have too few")), "{:?}", dataset.notes());
    let surplus = folder.write("surplus.csv", "a,b\n1,2,,\n3,4\n");
    let (dataset, all) = read_file(&surplus, &Options::default()).unwrap();
    assert_eq!(all.column("b"), ["2", "4"]);
    assert!(dataset.notes().iter().any(|n| n.text.contains("surplus")), "{:?}", dataset.notes());
    let long = folder.write("long.csv", "a,b\n1,2\n3,4,5\n");
    assert!(read_file(&long, &Options::default()).unwrap_err_text().contains("line 3"));
    let (_, all) = read_file(&long, &fill).unwrap();
    assert_eq!(all.column("b"), ["2", "4"]);
}

#[test]
fn a_file_that_ends_inside_quotes() {
    let message = error("cut.csv", b"a,b\n1,\"x\ny\"\n2,\"cut of");
    assert!(message.contains("cut.csv, line 4") && message.contains("inside a quoted field"), "{message}");
    let folder = Folder::new();
    let path = folder.write("cut.csv", "a,b\n1,\"x\n");
    let off = with(CsvOptions { quote: Some(Quote::Off), ..CsvOptions::default() });
    assert_eq!(read_file(&path, &off).unwrap().1.column("b"), ["\"x"]);
}

#[test]
fn empty_and_header_only_files() {
    assert!(error("empty.csv", b"").contains("empty"));
    assert!(error("blank.csv", b"\n\n\r\n").contains("empty"));
    assert!(error("header.csv", b"a,b\n").contains("no rows"));
    assert!(error("binary.csv", &[0, 1, 2, 3, 200, 14, 15, 16]).contains("does not look like text"));
}

#[test]
fn a_cut_or_bombing_archive() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all("a,b\n1,2\n".repeat(1000).as_bytes()).unwrap();
    let bytes = gzip.finish().unwrap();
    assert!(error("cut.csv.gz", &bytes[..bytes.len() - 20]).contains("cannot be decompressed"));
    let mut bomb = zstd::Encoder::new(Vec::new(), 1).unwrap();
    bomb.write_all(b"a\n").unwrap();
    let block = "1\n".repeat(1 << 20);
    (0..80).for_each(|_| bomb.write_all(block.as_bytes()).unwrap());
    let message = error("bomb.csv.zst", &bomb.finish().unwrap());
    assert!(message.contains("bomb"), "{message}");
}

#[test]
fn cells_and_records_beyond_the_limits() {
    let folder = Folder::new();
    let limits = Limits { cell_bytes: 1000, record_bytes: 100_000, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let cell = folder.write("cell.csv", format!("a,b\n1,2\n3,{}\n", "x".repeat(2000)));
    let message = read_file(&cell, &options).unwrap_err_text();
    assert!(message.contains("line 3") && message.contains("\"b\"") && message.contains("2000 bytes"), "{message}");
    let quoted = folder.write("quoted.csv", format!("a,b\n1,\"{}", "y\n".repeat(4 << 20)));
    let message = read_file(&quoted, &options).unwrap_err_text();
    assert!(message.contains("line 2") && message.contains("never closed"), "{message}");
}

#[test]
fn a_very_large_cell_and_very_many_columns() {
    let folder = Folder::new();
    let mut text = b"a,b\n1,".to_vec();
    text.resize(200 << 20, b'x');
    text.extend_from_slice(b"\n2,y\n");
    assert!(matches!(read_file(&folder.write("cell.csv", &text), &Options::default()), Err(Error::Limit { .. })));
    drop(text);
    let header: Vec<String> = (0..50_000).map(|i| format!("c{i}")).collect();
    let row = vec!["1"; 50_000].join(",");
    let wide = folder.write("wide.csv", format!("{}\n{row}\n{row}\n", header.join(",")));
    let (dataset, all) = read_file(&wide, &Options::default()).unwrap();
    assert_eq!((dataset.schema().columns.len(), all.ends[0].rows), (50_000, 2));
    let limits = Limits { columns: 1000, ..Limits::default() };
    assert!(matches!(open(&wide, &Options { limits, ..Options::default() }), Err(Error::Limit { .. })));
}

/// More rows than are read at once.
const ROWS: usize = 1_500_000;

/// Later rows than those the types were found by.
#[test]
fn widening() {
    let folder = Folder::new();
    let few = |roles| Options { infer_rows: 10, roles, ..Options::default() };
    let rows = |last: &str| {
        let mut text = "n,e\n".to_owned();
        (0..ROWS).for_each(|i| text.extend([(i % 7).to_string().as_str(), ",\n"]));
        text + last
    };
    let path = folder.write("float.csv", rows("1.5,\n"));
    let (dataset, all) = read_file(&path, &few(Roles::default())).unwrap();
    assert_eq!(kind(&dataset, "n"), "float");
    assert_eq!(all.column("n")[ROWS], "1.5");
    let path = folder.write("word.csv", rows("soon,\n"));
    let message = read_file(&path, &few(Roles::default())).unwrap_err_text();
    for part in ["line 1500002", "\"n\"", "soon", "--missing"] {
        assert!(message.contains(part), "{message}");
    }
    let classes = Roles { categorical: vec!["n".to_owned()], ..Roles::default() };
    let (dataset, all) = read_file(&path, &few(classes)).unwrap();
    assert_eq!((kind(&dataset, "n"), all.column("n")[ROWS].clone()), ("string".to_owned(), "soon".to_owned()));
    let path = folder.write("late.csv", rows("1,7\n"));
    let (dataset, all) = read_file(&path, &few(Roles::default())).unwrap();
    assert_eq!((kind(&dataset, "e"), all.column("e")[ROWS].clone()), ("int".to_owned(), "7".to_owned()));
}

#[test]
fn an_encoding_that_shows_late() {
    let folder = Folder::new();
    let ascii = "w,n\nplain text,1\n".to_owned() + &"more plain text,2\n".repeat(400_000);
    let mut latin = ascii.clone().into_bytes();
    latin.extend_from_slice(b"caf\xe9,3\n");
    let (dataset, all) = read_file(&folder.write("latin.csv", &latin), &Options::default()).unwrap();
    assert_eq!(all.column("w").last().unwrap(), "café");
    assert!(dataset.notes().iter().any(|n| n.text.contains("windows-1252")));
    let mut damaged = format!("w,n\nnaïve,1\n{}", &ascii[4..]).into_bytes();
    damaged.extend_from_slice(b"caf\xe9,3\n");
    let message = read_file(&folder.write("damaged.csv", &damaged), &Options::default()).unwrap_err_text();
    assert!(message.contains("line 400004") && message.contains("UTF-8"), "{message}");
    let given = with(CsvOptions { encoding: Some(Encoding::Windows1252), ..CsvOptions::default() });
    assert!(read_file(&folder.write("given.csv", &damaged), &given).is_ok());
}

#[test]
fn pieces_follow_one_another_and_depend_on_nothing_else() {
    let folder = Folder::new();
    let mut text = "i,q\n".to_owned();
    (0..300_000).for_each(|i| text.extend([format!("{i},\"line one\nline \"\"{i}\"\"\"\n\n")]));
    let path = folder.write("a.csv", &text);
    let dataset = open(&path, &Options::default()).unwrap();
    let all = read(&dataset).unwrap();
    assert!(all.frames.len() > 2);
    let mut next = 0;
    for frame in &all.frames {
        assert_eq!((frame.first_row, frame.offset), (next, next));
        next += frame.rows() as u64;
    }
    assert_eq!(next, 300_000);
    assert_eq!(all.column("i")[299_999], "299999");
    assert_eq!(all.column("q")[123_456], "line one\nline \"123456\"");
    let parts = all.frames[0].clone().split(1000);
    assert_eq!(parts[1].first_row, 1000);
    assert_eq!(parts.iter().map(taster_ingest::Frame::rows).sum::<usize>(), all.frames[0].rows());
}

trait ErrText {
    fn unwrap_err_text(self) -> String;
}

impl<T> ErrText for Result<T, Error> {
    fn unwrap_err_text(self) -> String {
        self.err().expect("an error was expected").to_string()
    }
}
