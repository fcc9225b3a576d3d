use std::{collections::BTreeSet, fs};

use crate::{
    json_schema::violations,
    support::{Room, fixture, floats, mixed, quarantined, strings},
};

const REPORT: [&str; 6] =
    ["findings.json", "manifest.json", "quarantine.parquet", "report.html", "results.sarif", "test-result.json"];

fn poisoned() -> String {
    fixture("loans/poisoned.csv")
}

#[test]
fn poison_fails_the_dataset() {
    let room = Room::new();
    let run = room.expect(1, &["scan", &poisoned(), "--label", "approved", "--seed", "7"]);
    assert_eq!(crate::support::names(&room.path("taster-report")), REPORT);
    assert!(run.stdout.to_lowercase().contains("failed"), "{}", run.stdout);
    assert!(run.stdout.contains("taster-report"), "the summary says where to look next:\n{}", run.stdout);
    assert!(run.stdout.lines().count() <= 40, "the summary fits one screen:\n{}", run.stdout);
    assert_eq!(run.stderr, "", "progress is for terminals");
    assert_eq!(room.json("taster-report/findings.json")["verdict"], "failed");
}

#[test]
fn the_clean_twin_is_not_failed() {
    let room = Room::new();
    room.expect(0, &["scan", &fixture("loans/loans.csv"), "--label", "approved", "--seed", "7"]);
    let findings = room.json("taster-report/findings.json");
    assert!(["passed", "warned"].contains(&findings["verdict"].as_str().unwrap()), "{}", findings["verdict"]);
    let rows: BTreeSet<_> = strings(&room.frame("taster-report/quarantine.parquet"), "row").into_iter().collect();
    assert!(rows.len() <= 24, "{} of 1,200 clean rows are quarantined", rows.len());
}

#[test]
fn an_unsigned_scan_says_so() {
    let room = Room::new();
    let run = room.expect(0, &["scan", &fixture("loans/loans.csv"), "--label", "approved", "--seed", "1"]);
    assert!(run.stdout.contains("unsigned") || run.stdout.contains("not signed"), "{}", run.stdout);
}

#[test]
fn every_row_has_its_scores() {
    let room = Room::new();
    room.expect(1, &["scan", &poisoned(), "--label", "approved", "--seed", "1", "--scores", "--out", "deep/er/report"]);
    let scores = room.frame("deep/er/report/scores.parquet");
    assert_eq!(floats(&scores, "row"), (0..1328).map(f64::from).collect::<Vec<_>>());
    assert!(strings(&scores, "file").iter().all(|file| file == "poisoned.csv"));
    for column in ["label-flip", "outlier", "duplicate-flood", "suspicion"] {
        let values = floats(&scores, column);
        assert!(values.iter().all(|v| v.is_nan() || (0.0..=1.0).contains(v)), "{column}");
        assert!(values.iter().any(|&v| v > 0.0), "{column}");
    }
}

#[test]
fn the_quarantine_list_says_which_why_and_what_instead() {
    let room = Room::new();
    room.expect(1, &["scan", &poisoned(), "--label", "approved", "--seed", "1"]);
    let list = room.frame("taster-report/quarantine.parquet");
    let columns: Vec<_> = list.get_column_names().into_iter().map(ToString::to_string).collect();
    let expected = "file row row_sha256 detector score p_value q_value severity columns reason suggested_label";
    assert!(columns.join(" ").starts_with(expected), "{columns:?}");
    assert!(strings(&list, "row_sha256").iter().all(|digest| digest.len() == 64));
    assert!(strings(&list, "reason").iter().all(|reason| reason.len() > 10));
    let flips = quarantined(&list, "label-flip");
    assert!(!flips.is_empty());
    let suggestions = strings(&list, "suggested_label");
    let detectors = strings(&list, "detector");
    for (detector, label) in detectors.iter().zip(&suggestions) {
        assert!(detector != "label-flip" || label == "yes" || label == "no", "{label:?}");
    }
}

#[test]
fn clean_writes_the_rest_in_order_and_with_the_same_types() {
    let room = Room::new();
    let data = room.parquet("data.parquet", mixed(3000, 1));
    room.run(&["scan", &data, "--label", "y", "--clean", "clean.parquet"]);
    let list = room.frame("taster-report/quarantine.parquet");
    let out: BTreeSet<usize> = floats(&list, "row").into_iter().map(|row| row as usize).collect();
    assert!(!out.is_empty());
    let all = room.frame("data.parquet");
    let clean = room.frame("clean.parquet");
    assert_eq!(clean.schema(), all.schema());
    let keep: Vec<u32> = (0..3000).filter(|row| !out.contains(row)).map(|row| row as u32).collect();
    let kept = polars::prelude::IdxCa::from_vec("".into(), keep);
    assert!(clean.equals_missing(&all.take(&kept).unwrap()));
}

#[test]
fn a_reference_enables_shift() {
    let room = Room::new();
    let (then, now) = (mixed(2000, 1), mixed(2000, 2));
    let (then, now) = (room.parquet("then.parquet", then), room.parquet("now.parquet", now));
    room.run(&["scan", &now, "--label", "y", "--reference", &then, "--scores"]);
    let statement = room.statement("taster-report");
    let detectors = statement["predicate"]["detectors"].as_array().unwrap();
    let shift = detectors.iter().find(|d| d["id"] == "shift").unwrap();
    assert_eq!(shift["status"], "ran");
    assert_eq!(statement["predicate"]["reference"]["rows"], 2000);
}

#[test]
fn results_for_programs_are_one_json_object() {
    let room = Room::new();
    let run = room.expect(1, &["scan", &poisoned(), "--label", "approved", "--format", "json", "--seed", "9"]);
    let result: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(result["verdict"], "failed");
    assert_eq!(result["rows"], 1328);
    assert_eq!(result["seed"], "9");
    assert!(result["findings"].as_array().is_some_and(|f| !f.is_empty()));
}

#[test]
fn quiet_says_nothing_but_the_status() {
    let room = Room::new();
    let run =
        room.expect(1, &["scan", &poisoned(), "--label", "approved", "--seed", "1", "--quiet", "--progress", "always"]);
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("", ""));
}

#[test]
fn no_escape_codes_reach_a_pipe() {
    let room = Room::new();
    let run = room.expect(1, &["scan", &poisoned(), "--label", "approved", "--seed", "1", "--progress", "always"]);
    assert!(!run.stdout.contains('\u{1b}') && !run.stderr.contains('\u{1b}'));
    assert!(run.stderr.contains("observing") && run.stderr.contains("scoring"), "{}", run.stderr);
}

#[test]
fn a_report_is_replaced_but_nothing_else_is() {
    let room = Room::new();
    let scan = ["scan", &fixture("loans/loans.csv"), "--label", "approved", "--out", "report"];
    room.expect(0, &scan);
    let first = fs::read(room.path("report/manifest.json")).unwrap();
    room.expect(0, &scan);
    assert_ne!(fs::read(room.path("report/manifest.json")).unwrap(), first, "another seed was drawn");

    fs::create_dir(room.path("mine")).unwrap();
    room.write("mine/thesis.tex", "words");
    let run = room.run(&["scan", &fixture("loans/loans.csv"), "--out", "mine"]);
    run.refused(&["mine", "thesis.tex"]);
    assert_eq!(fs::read_to_string(room.path("mine/thesis.tex")).unwrap(), "words");
}

#[test]
fn a_seed_repeats_a_scan_exactly() {
    let room = Room::new();
    for out in ["one", "two"] {
        room.expect(1, &["scan", &poisoned(), "--label", "approved", "--scores", "--seed", "3", "--out", out]);
    }
    for file in ["quarantine.parquet", "scores.parquet", "findings.json"] {
        let read = |out: &str| fs::read(room.path(out).join(file)).unwrap();
        assert_eq!(read("one"), read("two"), "{file}");
    }
}

#[test]
fn rows_have_the_same_digests_in_any_format() {
    let room = Room::new();
    let frame = mixed(500, 4).drop("b").unwrap();
    room.csv("data.csv", frame.clone());
    room.parquet("data.parquet", frame);
    let root = |file: &str| {
        room.run(&["scan", file, "--label", "y", "--out", "report"]);
        room.statement("report")["predicate"]["dataset"]["rowsRoot"].clone()
    };
    assert_eq!(root("data.csv"), root("data.parquet"));
}

#[test]
fn what_is_written_follows_its_schema() {
    let room = Room::new();
    room.expect(1, &["scan", &poisoned(), "--label", "approved", "--seed", "1"]);
    for (schema, document) in
        [("findings", room.json("taster-report/findings.json")), ("manifest", room.statement("taster-report"))]
    {
        let path = format!("{}/../../docs/{schema}.schema.json", env!("CARGO_MANIFEST_DIR"));
        let schema = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        assert_eq!(violations(&schema, &document), [""; 0]);
    }
}

#[test]
fn folders_globs_and_partitions_are_one_dataset() {
    let room = Room::new();
    for (folder, seed) in [("data/year=2023", 1), ("data/year=2024", 2)] {
        fs::create_dir_all(room.path(folder)).unwrap();
        room.parquet(&format!("{folder}/part.parquet"), mixed(400, seed));
    }
    for input in ["data", "data/*/*.parquet"] {
        room.run(&["scan", input, "--label", "y", "--out", "report"]);
        let dataset = &room.statement("report")["predicate"]["dataset"];
        assert_eq!(dataset["rows"], 800, "{input}");
        let columns = dataset["columns"].as_array().unwrap();
        assert!(columns.iter().any(|column| column["name"] == "year"), "{input}");
    }
}
