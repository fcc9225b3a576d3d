use std::fs;

use serde_json::{Value, json};

use crate::support::Room;

/// A folder with two files, and what a publisher would write about them.
fn room() -> Room {
    let room = Room::new();
    fs::create_dir(room.path("data")).unwrap();
    for part in 0..2 {
        let rows: Vec<String> =
            (0..60).map(|i| format!("k{part}-{i},{},{}\n", i * 7 % 13, ["n", "y"][i % 2])).collect();
        room.write(&format!("data/{part}.csv"), format!("key,a,label\n{}", rows.concat()));
    }
    room
}

fn scan<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&["scan", "data", "--seed", "1", "--level", "label-flip=warn", "--level", "duplicate-flood=warn"], more].concat()
}

/// What `taster export --croissant` says of the files, changed.
fn described(room: &Room, change: impl Fn(&mut Value)) {
    let mut croissant = room.json("croissant.json");
    change(&mut croissant);
    room.write("changed.json", croissant.to_string());
}

#[test]
fn croissant_is_written_and_read_back() {
    let room = room();
    room.expect(0, &scan(&["--label", "label", "--id", "key"]));
    let export = ["export", "taster-report/manifest.json", "--croissant"];
    let bare = room.expect(0, &export);
    assert!(bare.stderr.contains("Croissant asks for url, license, creator, datePublished"), "{}", bare.stderr);
    let about = ["--name", "d", "--url", "https://example.com", "--license", "MIT", "--creator", "me"];
    let about = [&about[..], &["--published", "2026-01-31", "--dataset-version", "1.0.0"]].concat();
    let whole = room.expect(0, &[&export[..], &about, &["--out", "croissant.json"]].concat());
    assert_eq!(whole.stderr, "");
    let croissant = room.json("croissant.json");
    assert_eq!(croissant["conformsTo"], "http://mlcommons.org/croissant/1.1");
    let manifest = room.statement("taster-report");
    assert_eq!(croissant["distribution"][1]["sha256"], manifest["subject"][1]["digest"]["sha256"]);
    assert_eq!(croissant["recordSet"][0]["field"][2]["dataType"], json!(["sc:Text", "cr:Label"]));

    // Label and id come from the description now, and every file is as described.
    room.expect(0, &scan(&["--croissant", "croissant.json"]));
    let again = room.statement("taster-report");
    let roles = |statement: &Value| statement["predicate"]["dataset"]["columns"].as_array().unwrap().clone();
    let role = |column: &Value| column["role"].clone();
    assert_eq!(
        roles(&again).iter().map(role).collect::<Vec<_>>(),
        roles(&manifest).iter().map(role).collect::<Vec<_>>()
    );
    let source = &again["predicate"]["config"]["sources"]["1.csv"];
    assert_eq!(source["origin"], "https://example.com");
    let exported = room.expect(0, &export).stdout;
    let exported: Value = serde_json::from_str(&exported).unwrap();
    assert_eq!(exported["distribution"][1]["contentUrl"], "1.csv", "a page is not the address of a file");
    assert_eq!((&source["licence"], &source["owner"]), (&json!("MIT"), &json!("me")));
    assert_eq!(source["sha256"], manifest["subject"][1]["digest"]["sha256"]);
    let findings = room.json("taster-report/findings.json")["findings"].to_string();
    assert!(!findings.contains("\"sources\""), "{findings}");
    // And so an export knows them without being told.
    let bom = room.expect(0, &["export", "taster-report/manifest.json", "--cyclonedx"]).stdout;
    let bom: Value = serde_json::from_str(&bom).unwrap();
    assert_eq!(bom["components"][0]["licenses"], json!([{"license": {"name": "MIT"}}]));
}

#[test]
fn files_that_are_not_as_described_fail_the_scan() {
    let room = room();
    room.expect(0, &scan(&["--label", "label"]));
    room.expect(0, &["export", "taster-report/manifest.json", "--croissant", "--out", "croissant.json"]);
    let with = |status: i32, words: &str| {
        let run = room.expect(status, &scan(&["--croissant", "changed.json"]));
        assert!(run.stdout.contains(words), "{}", run.stdout);
    };
    described(&room, |croissant| croissant["distribution"][0]["sha256"] = json!("0".repeat(64)));
    with(1, "0.csv is not the file that was declared");
    // The specification's own examples carry digests that are none.
    described(&room, |croissant| croissant["distribution"][0]["sha256"] = json!("0b033707ea49365a5ffdd14615825511"));
    with(0, "is no SHA-256");
    described(&room, |croissant| {
        let files = croissant["distribution"].as_array_mut().unwrap();
        files.retain(|file| file["@id"] == "0.csv");
    });
    with(1, "1.csv is not described");
    room.run(&scan(&["--croissant", "data/0.csv"])).refused(&["0.csv", "not a Croissant description"]);

    // The same by hand, in taster.toml.
    room.write("taster.toml", format!("[sources.\"0.csv\"]\nsha256 = \"{}\"\n", "0".repeat(64)));
    let run = room.expect(1, &scan(&["--label", "label"]));
    assert!(run.stdout.contains("0.csv is not the file that was declared"), "{}", run.stdout);
    room.write("taster.toml", "[sources.\"0.csv\"]\nsha256 = \"0b03\"\n");
    room.run(&scan(&[])).refused(&["0b03", "SHA-256"]);
}

#[test]
fn cyclonedx_names_files_hashes_and_attestation() {
    let room = room();
    room.expect(0, &["keygen", "--out", "release"]);
    room.expect(0, &["keygen", "--out", "other"]);
    room.expect(0, &scan(&["--label", "label", "--sign", "release.pem"]));
    let export = ["export", "taster-report/manifest.json", "--cyclonedx", "--name", "d", "--license", "MIT"];
    let run = room.expect(1, &[&export[..], &["--key", "other.pub.pem"]].concat());
    assert!(run.stdout.is_empty() && run.stderr.contains("none of the given keys"), "{}", run.stderr);
    let bom = room.expect(0, &[&export[..], &["--key", "release.pub.pem"]].concat()).stdout;
    assert_eq!(bom, room.expect(0, &export).stdout, "the same manifest gives the same bill");
    let bom: Value = serde_json::from_str(&bom).unwrap();
    let component = &bom["components"][0];
    assert_eq!((&bom["specVersion"], &component["type"]), (&json!("1.7"), &json!("data")));
    let manifest = room.statement("taster-report");
    let hash = &component["components"][0]["hashes"][0];
    assert_eq!(hash["content"], manifest["subject"][0]["digest"]["sha256"]);
    let references = component["externalReferences"].as_array().unwrap();
    let kinds: Vec<&str> = references.iter().map(|r| r["type"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"attestation") && kinds.contains(&"digital-signature"), "{kinds:?}");
    room.run(&["export", "taster-report/manifest.json"]).refused(&["--croissant"]);
    room.run(&["export", "data/0.csv", "--croissant"]).refused(&["data/0.csv"]);
}
