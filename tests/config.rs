use std::fs;

use crate::support::{Room, fixture, snapshot};

fn configs(folder: &str) -> Vec<String> {
    let folder = fixture(&format!("config/{folder}"));
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path().to_string_lossy().into_owned()).collect();
    paths.sort();
    assert!(paths.len() > 3);
    paths
}

#[test]
fn valid_configurations_are_printed_and_read_back() {
    let room = Room::new();
    for path in configs("valid") {
        let printed = room.expect(0, &["scan", "--config", &path, "--print-config"]).stdout;
        room.write("printed.toml", &printed);
        let again = room.expect(0, &["scan", "--config", "printed.toml", "--print-config"]).stdout;
        assert_eq!(printed, again, "{path}");
    }
}

#[test]
fn invalid_configurations_are_refused_with_their_fault() {
    let room = Room::new();
    for path in configs("invalid") {
        let text = fs::read_to_string(&path).unwrap();
        let fault = text.lines().next().and_then(|line| line.strip_prefix("# error: ")).unwrap();
        room.run(&["scan", "data.csv", "--config", &path]).refused(&[&path, fault]);
    }
}

#[test]
fn the_configuration_in_force_has_every_default() {
    snapshot("print-config", &Room::new().expect(0, &["scan", "--print-config"]).stdout);
}

#[test]
fn a_file_that_is_found_is_said_and_flags_win() {
    let room = Room::new();
    room.write("taster.toml", "[dataset]\nlabel = \"purpose\"\n[policy]\nfdr = 0.2\n");
    let scan = ["scan", &fixture("loans/loans.csv"), "--label", "approved", "--seed", "1", "--out", "report"];
    let run = room.expect(0, &scan);
    assert!(run.stderr.contains("taster.toml"), "{}", run.stderr);
    let config = &room.statement("report")["predicate"]["config"];
    assert_eq!(config["dataset"]["label"], "approved");
    assert_eq!(config["policy"]["fdr"], 0.2);
}

#[test]
fn a_file_that_is_named_must_be_there() {
    let room = Room::new();
    room.run(&["scan", "data.csv", "--config", "nowhere.toml"]).refused(&["nowhere.toml"]);
}

#[test]
fn levels_change_the_verdict_and_not_the_findings() {
    let room = Room::new();
    let data = fixture("loans/poisoned.csv");
    let mut allow = vec!["scan", &data, "--label", "approved", "--seed", "1", "--out", "report"];
    for level in ["label-flip=allow", "outlier=allow", "duplicate-flood=allow", "conflicting-label=allow"] {
        allow.extend(["--level", level]);
    }
    room.expect(0, &allow);
    let findings = room.json("report/findings.json");
    assert!(findings["findings"].as_array().unwrap().iter().any(|f| f["detector"] == "label-flip"));

    allow.extend(["--level", "label-flip=off"]);
    room.expect(0, &allow);
    let detectors = room.statement("report")["predicate"]["detectors"].clone();
    assert!(detectors.as_array().unwrap().iter().any(|d| d["id"] == "label-flip" && d["status"] == "off"));
}

#[test]
fn misspelt_flags_and_columns_name_the_nearest() {
    let room = Room::new();
    let data = fixture("loans/loans.csv");
    room.run(&["scan", &data, "--lable", "approved"]).refused(&["--label"]);
    room.run(&["scan", &data, "--level", "outlyer=warn"]).refused(&["did you mean `outlier`?"]);
    room.run(&["scan", &data, "--threshold", "outlier=2"]).refused(&["between 0 and 1"]);
    room.run(&["scan", &data, "--fail-on", "criticle"]).refused(&["did you mean `critical`?"]);
    room.run(&["scan", &data, "--memory", "lots"]).refused(&["512MiB"]);
    room.run(&["scan", &data, "--label", "aproved"]).refused(&["aproved", "approved"]);
    room.run(&["scan", &data, "--label", "approved", "--id", "approved"]).refused(&["approved"]);
    room.run(&["scan"]).refused(&["DATA"]);
    assert_eq!(room.names(), [""; 0]);
}
