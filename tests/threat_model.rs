use std::fs;

use serde_json::{Value, json};

use crate::{
    json_schema::violations,
    support::{Room, fixture},
};

/// A scan of the bundled poison, signed and logged.
fn room() -> Room {
    let room = Room::new();
    room.expect(0, &["keygen", "--out", "release"]);
    room.expect(0, &["keygen", "--out", "log", "--algorithm", "ed25519"]);
    let data = fixture("loans/poisoned.csv");
    let log = ["--sign", "release.pem", "--log", "scans", "--log-key", "log.pem"];
    room.expect(1, &[&["scan", &data, "--label", "approved", "--seed", "1"], &log[..]].concat());
    room
}

fn threat<'a>(model: &'a Value, id: &str) -> &'a Value {
    model["threats"].as_array().unwrap().iter().find(|threat| threat["id"] == id).unwrap()
}

#[test]
fn the_threat_model_shows_what_the_scan_saw_and_what_changed() {
    let room = room();
    // Signatures that nobody checked answer nothing whole.
    room.expect(0, &["threat-model", "taster-report", "--out", "unchecked"]);
    let unchecked = room.json("unchecked/THREAT-MODEL.json");
    assert_eq!(threat(&unchecked, "scan-until-passed")["state"], "partly");
    assert_eq!(threat(&unchecked, "forged-manifest")["state"], "partly");
    let keys = ["--key", "release.pub.pem", "--log-key", "log.pub.pem"];
    let args = [&["threat-model", "taster-report", "--out", "docs"], &keys[..]].concat();
    let first = room.expect(0, &args);
    assert!(first.stdout.contains("version 1, ") && first.stdout.contains("unanswered"), "{}", first.stdout);
    let model = room.json("docs/THREAT-MODEL.json");
    let flip = threat(&model, "label-flip");
    assert_eq!(
        (&flip["likelihood"], &flip["state"], &flip["rating"]),
        (&json!("seen"), &json!("answered"), &json!("critical"))
    );
    assert!(flip["findings"].as_object().unwrap().keys().any(|id| id.starts_with("label-flip/")), "{flip}");
    assert_eq!(threat(&model, "scan-until-passed")["state"], "answered");
    assert_eq!(threat(&model, "split-view")["state"], "unanswered");
    assert_eq!(model["evidence"]["verified"], true);
    // What nobody answers comes first.
    let states: Vec<&str> = model["threats"].as_array().unwrap().iter().map(|t| t["state"].as_str().unwrap()).collect();
    let rank = |state: &str| ["unanswered", "partly", "accepted", "answered"].iter().position(|s| *s == state).unwrap();
    assert!(states.is_sorted_by_key(|state| rank(state)), "{states:?}");
    let page = fs::read_to_string(room.path("docs/THREAT-MODEL.md")).unwrap();
    for section in ["What changed", "Threats that nobody answers", "Data flow", "Attack trees", "Sources", "Controls"] {
        assert!(page.contains(&format!("\n## {section}")), "{section}");
    }
    assert!(page.contains("```mermaid\nflowchart LR") && page.contains("AML.T0020"), "{page}");
    assert!(fs::read_to_string(room.path("docs/THREAT-MODEL.svg")).unwrap().starts_with("<svg "));

    room.write("other.json", "{}");
    room.run(&[&args[..], &["--previous", "other.json"]].concat()).refused(&["other.json"]);

    // Nothing new: the same version, byte for byte.
    room.expect(0, &args);
    assert_eq!(room.json("docs/THREAT-MODEL.json"), model);

    // Declarations answer threats, accept others, and show as changes.
    room.write(
        "taster.toml",
        "[sources.\"poisoned.csv\"]\ntrust = \"untrusted\"\nboundary = \"the internet\"\norigin = \"https://example.com\"\n\
         owner = \"Bank\"\nlicence = \"CC0-1.0\"\ncollected = \"export\"\nallowed_use = \"scoring\"\n\
         [threat_model]\nsystem = \"loan scoring\"\nowner = \"risk\"\nreviewed = \"2026-01-31\"\nreview_by = \"2020-01-31\"\n\
         [threat_model.assets.model]\nvalue = \"critical\"\n\
         [threat_model.controls.dlp]\ndescription = \"scan for personal data\"\nanswers = [\"private-data\"]\n\
         [threat_model.accepted.split-view]\nreason = \"made here\"\nowner = \"risk\"\n\
         [threat_model.accepted.report-leak]\nreason = \"was fine then\"\nuntil = \"2020-01-01\"\n",
    );
    let second = room.expect(0, &args);
    assert!(second.stdout.contains("version 2") && second.stderr.contains("./taster.toml"), "{}", second.stdout);
    let model = room.json("docs/THREAT-MODEL.json");
    let state = |id: &str| threat(&model, id)["state"].as_str().unwrap().to_owned();
    assert_eq!(
        [state("private-data"), state("split-view"), state("report-leak")],
        ["answered", "accepted", "unanswered"]
    );
    assert_eq!(state("unknown-source"), "answered");
    let changes = model["changes"]["list"].to_string();
    assert!(changes.contains("threat split-view is") && changes.contains("new control dlp"), "{changes}");
    let page = fs::read_to_string(room.path("docs/THREAT-MODEL.md")).unwrap();
    assert!(page.contains("# Threat model of loan scoring") && page.contains("which is overdue"), "{page}");
    assert!(page.contains("the internet") && page.contains("What changed since version 1"), "{page}");

    // A scan with these declarations has them in its manifest.
    let data = fixture("loans/poisoned.csv");
    room.expect(1, &["scan", &data, "--label", "approved", "--seed", "1", "--out", "again"]);
    assert_eq!(room.statement("again")["predicate"]["config"]["threat_model"]["system"], "loan scoring");
    // And CycloneDX refers to it.
    let export = ["export", "again/manifest.json", "--cyclonedx", "--threat-model", "docs/THREAT-MODEL.json"];
    assert!(room.expect(0, &export).stdout.contains("\"type\": \"threat-model\""));
}

/// What somebody accepted is accepted and not answered, by name and until a date.
#[test]
fn waivers_are_a_control() {
    let room = room();
    let keys = ["threat-model", "taster-report", "--key", "release.pub.pem"];
    room.expect(0, &keys);
    let waivers = |model: &Value| {
        let controls = model["controls"].as_array().unwrap().clone();
        controls.into_iter().find(|control| control["id"] == "waivers").unwrap()
    };
    let model = room.json("THREAT-MODEL.json");
    assert_eq!(
        (&waivers(&model)["status"], &waivers(&model)["evidence"]),
        (&json!("active"), &json!("no finding is accepted"))
    );
    let answers = threat(&model, "ignored-quarantine")["answers"].clone();
    assert!(answers.as_array().unwrap().iter().any(|answer| answer["control"] == "waivers"), "{answers}");
    assert_eq!(threat(&model, "label-flip")["waived"], json!({}));

    room.expect(0, &["baseline", "taster-report", "--reason", "a drill", "--by", "Ada", "--expires", "2099-12-31"]);
    let data = fixture("loans/poisoned.csv");
    room.expect(0, &["scan", &data, "--label", "approved", "--seed", "1", "--sign", "release.pem"]);
    room.expect(0, &keys);
    let model = room.json("THREAT-MODEL.json");
    let flip = threat(&model, "label-flip");
    assert_eq!((&flip["state"], &flip["likelihood"]), (&json!("accepted"), &json!("seen")));
    assert!(flip["waived"].to_string().contains("by Ada until 2099-12-31: a drill"), "{flip}");
    let evidence = waivers(&model)["evidence"].as_str().unwrap().to_owned();
    assert!(evidence.contains("by Ada, the first until 2099-12-31"), "{evidence}");
    assert!(fs::read_to_string(room.path("THREAT-MODEL.md")).unwrap().contains("  - accepted by Ada until 2099-12-31"));
    // Nobody's signature was checked: then somebody could have taken a name out.
    room.expect(0, &["threat-model", "taster-report", "--out", "unchecked"]);
    assert_eq!(waivers(&room.json("unchecked/THREAT-MODEL.json"))["status"], "partial");
}

#[test]
fn the_json_follows_its_schema() {
    let room = room();
    let path = format!("{}/../../docs/threat-model.schema.json", env!("CARGO_MANIFEST_DIR"));
    let schema: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let holds = || {
        room.expect(0, &["threat-model", "taster-report", "--key", "release.pub.pem"]);
        let model = room.json("THREAT-MODEL.json");
        assert_eq!(violations(&schema, &model), [""; 0]);
        model
    };
    let model = holds();
    let mut wrong = model.clone();
    wrong["threats"][0]["state"] = "forgotten".into();
    wrong["more"] = 1.into();
    assert_eq!(violations(&schema, &wrong).len(), 2);
    let declared = "[sources.\"poisoned.csv\"]\ntrust = \"untrusted\"\norigin = \"https://example.com\"\n\
        [threat_model]\nowner = \"risk\"\nreviewed = \"2026-01-31\"\nreview_by = \"2026-02-28\"\n\
        [threat_model.assets.model]\nvalue = \"critical\"\n\
        [threat_model.controls.dlp]\nanswers = [\"private-data\"]\n\
        [threat_model.accepted.split-view]\nreason = \"made here\"\nuntil = \"2099-01-01\"\n";
    room.write("taster.toml", declared);
    assert_eq!(holds()["version"], 2);
}

#[test]
fn declarations_that_cannot_be_are_refused() {
    let room = Room::new();
    room.write("d.csv", "a,b\n1,2\n3,4\n");
    let cases = [
        ("[threat_model.accepted.no-such]\nreason = \"x\"\n", "no-such"),
        ("[threat_model]\nowners = \"x\"\n", "owners"),
        ("[threat_model.controls.x]\nanswers = [\"all\"]\n", "all"),
        ("[threat_model]\nreviewed = \"yesterday\"\n", "yesterday"),
    ];
    for (text, word) in cases {
        room.write("taster.toml", text);
        room.run(&["scan", "d.csv"]).refused(&[word]);
    }
}

/// A detector that answers no threat is one that the threat model has forgotten.
#[test]
fn every_detector_is_a_control() {
    let room = room();
    room.expect(0, &["threat-model"]);
    let model = room.json("THREAT-MODEL.json");
    let controls: Vec<&str> = model["controls"].as_array().unwrap().iter().map(|c| c["id"].as_str().unwrap()).collect();
    for line in room.expect(0, &["detectors"]).stdout.lines().skip(1).take_while(|line| !line.is_empty()) {
        let id = line.split(' ').next().unwrap();
        assert!(controls.contains(&id), "{id} is in no threat of crates/threat/src/threats.rs");
    }
}

/// Names come from data, and end up in Markdown, Mermaid and SVG.
#[test]
fn hostile_names_stay_text() {
    let room = Room::new();
    let name = "<script>alert(1)<|script>\"]; click.csv";
    room.write(name, "a,<img src=x onerror=alert(1)>\n1,2\n3,4\n");
    room.run(&["scan", name]);
    room.expect(0, &["threat-model"]);
    let svg = fs::read_to_string(room.path("THREAT-MODEL.svg")).unwrap();
    assert!(!svg.contains("<script") && svg.contains("&lt;script&gt;"), "{svg}");
    let page = fs::read_to_string(room.path("THREAT-MODEL.md")).unwrap();
    assert!(!page.contains("<script") && !page.contains("\"]; click"), "{page}");
}

#[test]
fn each_requirement_of_aisvs_has_its_answer() {
    let room = room();
    let args = ["evidence", "taster-report", "--standard", "owasp-aisvs-1.0", "--key", "release.pub.pem"];
    let text = room.expect(0, &args).stdout;
    assert!(text.contains("1.3.1 (level 2)  answered") && text.contains("1.2.1 (level 1)  not ours"), "{text}");
    let json: Value =
        serde_json::from_str(&room.expect(0, &[&args[..], &["--format", "json"]].concat()).stdout).unwrap();
    let requirements = json["requirements"].as_array().unwrap();
    assert_eq!((requirements.len(), &json["verified"]), (13, &json!(true)));
    // Every pointer leads to something in the signed statement.
    let statement = room.statement("taster-report");
    for evidence in requirements.iter().flat_map(|r| r["evidence"].as_array().unwrap()) {
        let pointer = evidence["pointer"].as_str().unwrap();
        assert!(statement.pointer(pointer).is_some(), "{evidence}");
    }
    room.expect(0, &["keygen", "--out", "other"]);
    let other = ["evidence", "taster-report", "--standard", "owasp-aisvs-1.0", "--key", "other.pub.pem"];
    room.run(&other).refused(&["none of the given keys"]);
    // Findings that are not the ones the manifest names are not believed.
    fs::write(room.path("taster-report/findings.json"), "{\"findings\": []}").unwrap();
    room.run(&args).refused(&["findings.json", "not the file that the manifest names"]);
}
