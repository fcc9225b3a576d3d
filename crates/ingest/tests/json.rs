//! JSON Lines and JSON arrays: read right, or refused with the place and the remedy.

mod support;

use std::io::Write as _;

use support::{Folder, encoded, open, read, read_file, role};
use taster_core::Role;
use taster_ingest::{Dataset, Error, Limits, Options, Roles};

fn kinds(dataset: &Dataset) -> Vec<String> {
    dataset.schema().columns.iter().map(|c| format!("{}:{}", c.name, c.kind)).collect()
}

#[track_caller]
fn refused(text: impl AsRef<[u8]>, parts: &[&str]) {
    let folder = Folder::new();
    let error = read_file(&folder.write("a.jsonl", text), &Options::default()).err().expect("an error was expected");
    for part in parts {
        assert!(error.to_string().contains(part), "{part:?} is not in: {error}");
    }
}

const NESTED: &str = r#"{"n": 1, "x": 1, "ok": true, "s": "a\nb", "in": {"a": null, "b": [1, 2.5]}, "chat": [{"who": "u", "says": "hi"}]}
{"x": 2.5, "n": -3, "ok": null, "in": {"b": [], "a": "late"}, "chat": []}

{"n": null, "s": "ü", "in": null, "chat": [{"says": "only"}, null], "new": 7}
"#;

#[test]
fn nested_values_become_flat_columns() {
    let folder = Folder::new();
    let (dataset, all) = read_file(&folder.write("a.jsonl", NESTED), &Options::default()).unwrap();
    let expected = [
        "n:int",
        "x:float",
        "ok:bool",
        "s:string",
        "in.a:string",
        "in.b:list(float)",
        "chat.who:list(string)",
        "chat.says:list(string)",
        "new:int",
    ];
    assert_eq!(kinds(&dataset), expected);
    assert_eq!(all.column("n"), ["1", "-3", ""]);
    assert_eq!(all.column("x"), ["1.0", "2.5", ""]);
    assert_eq!(all.column("s"), ["a\nb", "", "ü"]);
    assert_eq!(all.column("in.a"), ["", "late", ""]);
    assert_eq!(all.column("in.b"), ["[1.0, 2.5]", "[]", ""]);
    assert_eq!(all.column("chat.says"), ["[\"hi\"]", "[]", "[\"only\", null]"]);
    assert_eq!(all.column("chat.who"), ["[\"u\"]", "[]", "[null, null]"]);
    assert_eq!(all.column("new"), ["", "", "7"]);
}

#[test]
fn lines_arrays_and_archives_hold_the_same() {
    let folder = Folder::new();
    let lines = folder.write("a.jsonl", NESTED);
    let items: Vec<&str> = NESTED.lines().filter(|l| !l.is_empty()).collect();
    let array = folder.write("a.json", format!(" [{}\n]\n", items.join(",\n")));
    let pretty = folder.write("b.json", format!("\u{feff}[{}]", items.join(", ").replace("\"chat\"", "\n\"chat\"")));
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(NESTED.as_bytes()).unwrap();
    let gzip = folder.write("a.ndjson.gz", gzip.finish().unwrap());
    let zstd = folder.write("a.jsonl.zst", zstd::encode_all(NESTED.as_bytes(), 1).unwrap());
    let table = read_file(&lines, &Options::default()).unwrap().1.table();
    for other in [array, pretty, gzip, zstd] {
        let (_, all) = read_file(&other, &Options::default()).unwrap();
        assert!(all.table().equals_missing(&table), "{}", other.display());
    }
}

#[test]
fn a_later_key_or_type_has_everything_looked_at_again() {
    let folder = Folder::new();
    let few = |roles| Options { infer_rows: 10, roles, ..Options::default() };
    let rows =
        |last: &str| (0..400_000).map(|i| format!("{{\"n\":{}}}\n", i % 7)).collect::<Vec<_>>().concat() + last + "\n";
    let path = folder.write("float.jsonl", rows("{\"n\":1.5}"));
    let (dataset, all) = read_file(&path, &few(Roles::default())).unwrap();
    assert_eq!(kinds(&dataset), ["n:float"]);
    assert_eq!(all.column("n")[400_000], "1.5");
    let path = folder.write("key.jsonl", rows("{\"n\":1,\"m\":{\"k\":true}}"));
    let (dataset, all) = read_file(&path, &few(Roles::default())).unwrap();
    assert_eq!(kinds(&dataset), ["n:int", "m.k:bool"]);
    assert_eq!(all.column("m.k")[400_000], "true");
    let path = folder.write("word.jsonl", rows("{\"n\":\"soon\"}"));
    let (dataset, all) = read_file(&path, &few(Roles::default())).unwrap();
    assert_eq!(kinds(&dataset), ["n:string"]);
    assert_eq!(all.column("n")[399_999..], ["5", "soon"]);
    assert!(dataset.notes().iter().any(|n| n.text.contains("\"n\" holds values of several types")));
    let path = folder.write("object.jsonl", rows("{\"n\":{\"a\":1}}"));
    let error = read_file(&path, &few(Roles::default())).err().unwrap().to_string();
    for part in ["object.jsonl, line 400001", "\"n\"", "an object", "--text n"] {
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn what_has_no_one_type_is_read_as_text_on_demand() {
    let folder = Folder::new();
    let path = folder.write("a.jsonl", "{\"m\":\"plain\"}\n{\"m\":[{\"a\":1}]}\n{\"m\":{\"b\": 2}}\n{\"m\":null}\n");
    let error = open(&path, &Options::default()).err().unwrap().to_string();
    for part in ["a.jsonl, line 2", "\"m\"", "an array where line 1 holds a string", "--ignore m"] {
        assert!(error.contains(part), "{error}");
    }
    let given = Roles { text: vec!["m".to_owned()], ..Roles::default() };
    let (_, all) = read_file(&path, &Options { roles: given, ..Options::default() }).unwrap();
    assert_eq!(all.column("m"), ["plain", "[{\"a\":1}]", "{\"b\": 2}", ""]);
    let big = folder.write("b.jsonl", "{\"n\":1}\n{\"n\":18446744073709551615}\n");
    assert_eq!(read_file(&big, &Options::default()).unwrap().1.column("n"), ["1", "18446744073709551615"]);
}

#[test]
fn broken_records_are_refused_by_line() {
    refused("{\"a\":1}\n{\"a\":2\n", &["a.jsonl, line 2", "not JSON", "one object a line"]);
    refused("{\"a\":1}\n\n{'a':2}\n", &["a.jsonl, line 3", "not JSON"]);
    refused("{\"a\":1}\n{\"a\":NaN}\n", &["line 2", "NaN"]);
    refused("{\n  \"a\": 1\n}\n", &["line 1", "goes on in the next line"]);
    refused("{\"a\":1}\n7\n", &["line 2", "a number where a record must be an object"]);
    refused("{\"a\":1} {\"a\":2}\n", &["line 1", "trailing characters"]);
    refused("[{\"a\":1},\n{\"a\":2}", &["line 2", "cut short"]);
    refused("[{\"a\":1}]\n[{\"a\":2}]", &["line 2", "follows the array"]);
    refused("{\"a\":1,\"a\":2}\n", &["line 1", "\"a\"", "twice"]);
    refused(b"{\"a\":\"x\"}\n{\"a\":\"caf\xe9\"}\n", &["line 2", "UTF-8"]);
    refused("", &["nothing to scan"]);
    refused("{}\n{}\n", &["nothing to scan"]);
    refused("\n \n", &["nothing to scan"]);
}

#[test]
fn limits_hold() {
    let deep = |n: usize| format!("{{\"a\":{}1{}}}\n", "[".repeat(n), "]".repeat(n));
    refused(deep(10_000), &["line 1", "nested more than 100 deep"]);
    refused(format!("{}{}", "{\"a\":".repeat(10_000), "}".repeat(10_000)), &["line 1", "nested more than 100 deep"]);
    let folder = Folder::new();
    assert!(read_file(&folder.write("deep.jsonl", deep(90)), &Options::default()).is_ok());
    let keys: Vec<String> = (0..2000).map(|i| format!("\"k{i}\":1")).collect();
    let wide = folder.write("wide.jsonl", format!("{{{}}}", keys.join(",")));
    let limits = Limits { columns: 1000, cell_bytes: 1000, record_bytes: 100_000, ..Limits::default() };
    let options = Options { limits, ..Options::default() };
    let error = open(&wide, &options).err().unwrap().to_string();
    assert!(error.contains("more than 1000 different keys"), "{error}");
    let cell = folder.write("cell.jsonl", format!("{{\"a\":1}}\n{{\"b\":\"{}\"}}\n", "x".repeat(2000)));
    let error = read_file(&cell, &options).err().unwrap().to_string();
    assert!(error.contains("cell.jsonl, line 2") && error.contains("2000 bytes"), "{error}");
    let line = folder.write("line.jsonl", format!("{{\"a\":1}}\n{{\"b\":\"{}\"}}\n", "x".repeat(9 << 20)));
    let error = read_file(&line, &options).err().unwrap();
    assert!(matches!(error, Error::Limit { .. }) && error.to_string().contains("line.jsonl, line 2"), "{error}");
}

#[test]
fn files_of_one_dataset_need_not_have_every_key() {
    let folder = Folder::new();
    folder.write("d/1.jsonl", "{\"a\":1,\"t\":\"x\"}\n".repeat(3));
    folder.write("d/2.json", "[{\"b\":2.5,\"a\":2.5}]");
    folder.write("d/3.csv", "t,b,a\nword,1,2\n");
    let dataset =
        Dataset::open(&[folder.path().join("d").to_string_lossy().into_owned()], &Options::default()).unwrap();
    assert_eq!(kinds(&dataset), ["a:float", "t:string", "b:float"]);
    let all = read(&dataset).unwrap();
    assert_eq!(all.column("a"), ["1.0", "1.0", "1.0", "2.5", "2.0"]);
    assert_eq!(all.column("t"), ["x", "x", "x", "", "word"]);
}

#[test]
fn instruction_shapes_have_roles() {
    let folder = Folder::new();
    let cases = [
        (r#"{"instruction": "do thing number N now", "input": "", "output": "here is answer N for you"}"#, "output"),
        (r#"{"prompt": "tell me of number N please", "completion": "number N is a fine number"}"#, "completion"),
        (r#"{"prompt": "tell me of number N please", "response": "number N is a fine number"}"#, "response"),
        (r#"{"chosen": "a good answer to N it is", "rejected": "a bad answer to N it is"}"#, "chosen"),
    ];
    for (row, response) in cases {
        let rows = (0..60).map(|i| row.replace('N', &i.to_string()) + "\n").collect::<Vec<_>>().concat();
        let dataset = open(&folder.write("a.jsonl", rows), &Options::default()).unwrap();
        assert_eq!(role(&dataset, response), Role::Response, "{row}");
    }
}

#[test]
fn conversations_are_split_into_prompt_and_response() {
    let folder = Folder::new();
    let openai = r#"{"messages": [{"role": "system", "content": "be kind to N"}, {"role": "user", "content": "what is N plus one"}, {"role": "assistant", "content": "that is N and one"}]}"#;
    let sharegpt = r#"{"messages": [{"from": "human", "value": "what is N plus one"}, {"from": "gpt", "value": "that is N and one"}]}"#;
    for (row, who, what) in
        [(openai, "messages.role", "messages.content"), (sharegpt, "messages.from", "messages.value")]
    {
        let rows = (0..60).map(|i| row.replace('N', &i.to_string()) + "\n").collect::<Vec<_>>().concat();
        let (dataset, all) = read_file(&folder.write("a.jsonl", rows), &Options::default()).unwrap();
        assert_eq!((role(&dataset, who), role(&dataset, what)), (Role::Text, Role::Response));
        assert!(encoded(&dataset, &all, who)[7].as_ref().unwrap().ends_with("what is 7 plus one"));
        assert_eq!(encoded(&dataset, &all, what)[7].as_deref(), Some("that is 7 and one"));
    }
}
