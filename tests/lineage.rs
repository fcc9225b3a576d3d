use serde_json::{Value, json};

use crate::support::{Room, Run, mixed, payload};

/// A signed scan of `raw.parquet` that wrote `clean.parquet`.
fn cleaned() -> Room {
    let room = Room::new();
    room.parquet("raw.parquet", mixed(1500, 1));
    room.expect(0, &["keygen", "--out", "release"]);
    let run = scan(&room, "raw.parquet", "raw", &["--clean", "clean.parquet"]);
    assert!(run.status < 2, "{}", run.stderr);
    room
}

fn scan(room: &Room, data: &str, out: &str, more: &[&str]) -> Run {
    let args = ["scan", data, "--label", "y", "--sign", "release.pem", "--seed", "1", "--out", out];
    room.run(&[&args[..], more].concat())
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    taster_core::Digest(sha2::Sha256::digest(bytes).into()).to_string()
}

fn findings(room: &Room, report: &str) -> Vec<String> {
    let findings = room.json(&format!("{report}/findings.json"))["findings"].clone();
    let ids = findings.as_array().unwrap().iter().map(|f| f["id"].as_str().unwrap().to_owned());
    ids.filter(|id| id.starts_with("lineage/")).collect()
}

#[test]
fn a_cleaned_file_is_known_by_its_parent() {
    let room = cleaned();
    let parent = room.statement("raw")["predicate"].clone();
    assert_eq!(parent["cleaned"]["sha256"], sha256(&std::fs::read(room.path("clean.parquet")).unwrap()));
    assert_eq!(parent["cleaned"]["rows"], room.frame("clean.parquet").height());
    assert_eq!(parent["quarantine"]["rows"], parent["result"]["quarantinedRows"]);
    assert!(parent["quarantine"]["rows"].as_u64().unwrap() > 0);
    assert!(scan(&room, "clean.parquet", "clean", &["--parent", "raw/manifest.json"]).status < 2);
    let lineage = room.statement("clean")["predicate"]["lineage"].clone();
    assert_eq!(lineage["parent"]["sha256"], sha256(&payload(&room.json("raw/manifest.json"))));
    assert_eq!(lineage["relation"], "cleaned");
    assert_eq!(lineage["removed"]["rows"], parent["quarantine"]["rows"]);
    assert_eq!(lineage["removed"]["quarantine"], parent["reportFiles"]["quarantine.parquet"]);
    assert_eq!(findings(&room, "clean"), [""; 0]);
}

#[test]
fn what_no_digest_shows_is_said() {
    let room = cleaned();
    room.parquet("other.parquet", mixed(900, 9));
    assert!(scan(&room, "other.parquet", "other", &["--parent", "raw/manifest.json"]).status < 2);
    assert_eq!(room.statement("other")["predicate"]["lineage"]["relation"], "declared");
    assert_eq!(findings(&room, "other"), ["lineage/undocumented"]);
}

#[test]
fn decisions_are_recorded_and_must_add_up() {
    let room = cleaned();
    let manifest = json!({"sha256": sha256(&payload(&room.json("raw/manifest.json")))});
    let decisions = |row: &Value, manifest: &Value| {
        json!({"type": "https://taster.dev/decisions/v0.1", "manifest": manifest, "decisions": [row]}).to_string()
    };
    let quarantine = room.frame("raw/quarantine.parquet");
    let row = crate::support::floats(&quarantine, "row")[0] as usize;
    let digest = crate::support::strings(&quarantine, "row_sha256")[0].clone();
    let release = json!({"file": "raw.parquet", "row": row, "rowSha256": digest, "decision": "release", "by": "ada"});
    room.write("decisions.json", decisions(&release, &manifest));
    let back = room.frame("clean.parquet").vstack(&room.frame("raw.parquet").slice(row as i64, 1)).unwrap();
    room.parquet("reviewed.parquet", back);
    let with = ["--parent", "raw/manifest.json", "--decisions", "decisions.json"];
    assert!(scan(&room, "reviewed.parquet", "reviewed", &with).status < 2);
    let lineage = room.statement("reviewed")["predicate"]["lineage"].clone();
    assert_eq!((&lineage["relation"], &lineage["decisions"]["released"][0]["by"]), (&json!("reviewed"), &json!("ada")));
    assert_eq!(findings(&room, "reviewed"), [""; 0]);
    // The same decisions do not lead to another number of rows.
    room.parquet("fewer.parquet", room.frame("reviewed.parquet").slice(0, 900));
    assert_eq!(scan(&room, "fewer.parquet", "fewer", &with).status, 1);
    assert_eq!(findings(&room, "fewer"), ["lineage/decisions"]);
    // Nor are they about another scan.
    room.write("decisions.json", decisions(&release, &json!({"sha256": "0".repeat(64)})));
    scan(&room, "reviewed.parquet", "x", &with).refused(&["decisions.json", "another scan"]);
    room.write("decisions.json", "{}");
    scan(&room, "reviewed.parquet", "x", &with).refused(&["decisions.json", "not usable"]);
}

#[test]
fn the_reference_must_be_what_its_manifest_says() {
    let room = cleaned();
    room.parquet("new.parquet", mixed(500, 4));
    let with = |reference| ["--reference", reference, "--reference-manifest", "raw/manifest.json"];
    assert!(scan(&room, "new.parquet", "new", &with("raw.parquet")).status < 2);
    assert_eq!(findings(&room, "new"), [""; 0]);
    let digest = &room.statement("new")["predicate"]["referenceManifest"]["sha256"];
    assert_eq!(*digest, sha256(&payload(&room.json("raw/manifest.json"))));
    assert_eq!(scan(&room, "new.parquet", "new", &with("clean.parquet")).status, 1);
    assert_eq!(findings(&room, "new"), ["lineage/reference-changed"]);
}

#[test]
fn the_verdict_is_told_in_words_of_in_toto() {
    let room = cleaned();
    let envelope = room.json("raw/test-result.json");
    assert_eq!(envelope["payloadType"], "application/vnd.in-toto+json");
    let manifest = room.json("raw/manifest.json");
    assert_eq!(envelope["signatures"][0]["keyid"], manifest["signatures"][0]["keyid"]);
    let statement: Value = serde_json::from_slice(&payload(&envelope)).unwrap();
    let scan = room.statement("raw");
    assert_eq!(statement["_type"], "https://in-toto.io/Statement/v1");
    assert_eq!(statement["predicateType"], "https://in-toto.io/attestation/test-result/v0.1");
    assert_eq!(statement["subject"], scan["subject"]);
    let verdict = scan["predicate"]["result"]["verdict"].as_str().unwrap().to_uppercase();
    assert_eq!(statement["predicate"]["result"], verdict);
    assert_eq!(statement["predicate"]["configuration"][0]["digest"]["sha256"], scan["predicate"]["configSha256"]);
    let tests = ["passedTests", "warnedTests", "failedTests"].map(|name| statement["predicate"][name].clone());
    let all: usize = tests.iter().map(|t| t.as_array().unwrap().len()).sum();
    let detectors = scan["predicate"]["detectors"].as_array().unwrap();
    assert!(all >= detectors.iter().filter(|d| d["status"] == "ran").count());
    // It is one of the files that the manifest names, so it cannot be swapped.
    room.write("raw/test-result.json", envelope.to_string().replace("payload", "Payload"));
    room.expect(1, &["verify", "raw/manifest.json", "--key", "release.pub.pem"]);
}

#[test]
fn a_program_is_named_by_its_digest() {
    let room = cleaned();
    let scanner = room.statement("raw")["predicate"]["scanner"].clone();
    assert_eq!(scanner["digest"]["sha256"], sha256(&std::fs::read(crate::support::TASTER).unwrap()));
}

fn lineage(room: &Room, manifests: &[&str]) -> Run {
    room.run(&[&["lineage", "--key", "release.pub.pem"], manifests].concat())
}

#[test]
fn a_chain_is_followed_and_a_gap_is_found() {
    let room = cleaned();
    assert!(
        scan(&room, "clean.parquet", "clean", &["--parent", "raw/manifest.json", "--clean", "third.parquet"]).status
            < 2
    );
    assert!(scan(&room, "third.parquet", "third", &["--parent", "clean/manifest.json"]).status < 2);
    let all = ["third/manifest.json", "raw/manifest.json", "clean/manifest.json"];
    let run = lineage(&room, &all);
    assert_eq!(run.status, 0, "{}", run.stdout);
    let order: Vec<_> = ["raw/", "clean/", "third/"].map(|name| run.stdout.find(name).unwrap()).into();
    assert!(order.is_sorted(), "parents come first: {}", run.stdout);
    let gap = lineage(&room, &["third/manifest.json", "raw/manifest.json"]);
    assert_eq!(gap.status, 1);
    assert!(gap.stdout.contains("a gap"), "{}", gap.stdout);
    // Another key is no word to take.
    room.expect(0, &["keygen", "--out", "stranger"]);
    room.expect(1, &[&["lineage", "--key", "stranger.pub.pem"], &all[..]].concat());
    // Two beginnings are two chains.
    room.parquet("other.parquet", mixed(400, 7));
    assert!(scan(&room, "other.parquet", "other", &[]).status < 2);
    let two = lineage(&room, &["raw/manifest.json", "other/manifest.json"]);
    assert!(two.status == 1 && two.stdout.contains("not one chain"), "{}", two.stdout);
    // What no digest shows is a gap, too.
    assert!(scan(&room, "other.parquet", "other", &["--parent", "raw/manifest.json"]).status < 2);
    assert_eq!(lineage(&room, &["raw/manifest.json", "other/manifest.json"]).status, 1);
    let json = room.expect(0, &["lineage", "--unsigned", "raw/manifest.json", "--format", "json"]).stdout;
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["links"][0]["rows"], 1500);
}
