use crate::support::{Room, fixture};

/// Scans a file of `fixtures/csv` and gives its names of columns.
#[track_caller]
fn columns(file: &str, flags: &[&str]) -> Vec<String> {
    let room = Room::new();
    let path = fixture(&format!("csv/{file}"));
    let run =
        room.run(&["scan", &path, "--out", "report"].into_iter().chain(flags.iter().copied()).collect::<Vec<_>>());
    assert!(run.status < 2, "{file}: {}", run.stderr);
    let dataset = &room.statement("report")["predicate"]["dataset"];
    assert_eq!(dataset["rows"], 40, "{file}");
    let columns = dataset["columns"].as_array().unwrap().iter();
    columns.map(|c| format!("{}:{}", c["name"].as_str().unwrap(), c["kind"].as_str().unwrap())).collect()
}

#[track_caller]
fn refused(file: &str, words: &[&str]) {
    let room = Room::new();
    room.run(&["scan", &fixture(&format!("csv/{file}"))]).refused(words);
    assert_eq!(room.names(), [""; 0]);
}

#[test]
fn what_is_odd_but_clear_is_read() {
    let plain = ["name:string", "weight:float", "age:int", "kind:string"];
    for file in [
        "plain.csv",
        "bom.csv",
        "crlf.csv",
        "no-final-newline.csv",
        "latin-1.csv",
        "utf-16le.csv",
        "semicolon.csv",
        "tab.tsv",
        "missing-words.csv",
    ] {
        assert_eq!(columns(file, &[]), plain, "{file}");
    }
    assert_eq!(columns("windows-1252.csv", &[])[3], "kind €:string");
    assert_eq!(columns("quoted-newline.csv", &[])[3], "note:string");
    assert_eq!(columns("one-column.csv", &[]), ["age:int"]);
    assert_eq!(columns("thousands.csv", &[])[1], "weight:int");
}

#[test]
fn headers_that_are_doubled_empty_or_absent_get_names() {
    let doubled = columns("duplicate-header.csv", &[]);
    assert_eq!(doubled[1], "weight:float");
    assert_ne!(doubled[1].split(':').next(), doubled[2].split(':').next());
    let empty = columns("empty-header.csv", &[]);
    assert!(empty.iter().all(|column| !column.starts_with(':')), "{empty:?}");
    assert_eq!(columns("no-header.csv", &["--no-header"])[2].split(':').nth(1), Some("int"));
}

#[test]
fn ragged_lines_are_refused_by_line_or_filled() {
    refused("ragged-short.csv", &["ragged-short.csv", "line 18", "--ragged fill"]);
    refused("ragged-long.csv", &["ragged-long.csv", "line 18"]);
    columns("ragged-short.csv", &["--ragged", "fill"]);
    columns("ragged-long.csv", &["--ragged", "fill"]);
}

#[test]
fn what_holds_no_rows_or_no_text_is_refused() {
    refused("empty.csv", &["empty.csv"]);
    refused("header-only.csv", &["header-only.csv"]);
    refused("not-text.csv", &["not-text.csv"]);
    refused("cut-in-quotes.csv", &["cut-in-quotes.csv", "line"]);
}

#[test]
fn the_same_rows_have_the_same_digests_however_they_are_written() {
    let root = |file: &str| {
        let room = Room::new();
        room.run(&["scan", &fixture(&format!("csv/{file}")), "--out", "report"]);
        room.statement("report")["predicate"]["dataset"]["rowsRoot"].clone()
    };
    let plain = root("plain.csv");
    for file in
        ["bom.csv", "crlf.csv", "latin-1.csv", "utf-16le.csv", "tab.tsv", "semicolon.csv", "no-final-newline.csv"]
    {
        assert_eq!(root(file), plain, "{file}");
    }
}
