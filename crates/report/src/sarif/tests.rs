use super::*;
use crate::sample;

fn run(scan: &Scan) -> Value {
    let mut log: Value = serde_json::from_str(&sarif(scan, &sample::docs())).unwrap();
    assert_eq!(log["version"], "2.1.0");
    log["runs"][0].take()
}

#[test]
fn one_result_a_finding_and_one_rule_a_detector() {
    let run = run(&sample::scan());
    let ids: Vec<&str> =
        run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|r| r["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["outlier", "label-flip", "duplicate-flood", "shift", "ingest"]);
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), 4);
    for result in results {
        assert_eq!(ids[result["ruleIndex"].as_u64().unwrap() as usize], result["ruleId"]);
    }
    let levels: Vec<&str> = results.iter().map(|r| r["level"].as_str().unwrap()).collect();
    assert_eq!(levels, ["error", "warning", "note", "none"]);
    assert_eq!(run["tool"]["driver"]["rules"][1]["properties"]["security-severity"], "9.5");
    assert_eq!(run["tool"]["driver"]["rules"][1]["name"], "LabelFlip");
}

#[test]
fn what_ran_and_how_it_ended() {
    let run = run(&sample::scan());
    let invocation = &run["invocations"][0];
    assert_eq!((&invocation["executionSuccessful"], &invocation["exitCode"]), (&json!(true), &json!(1)));
    let note = &invocation["toolExecutionNotifications"][0]["message"]["text"];
    assert_eq!(note, "duplicate-flood does not apply: fewer than 2 features");
    assert_eq!(run["artifacts"][1]["hashes"]["sha-256"], "a1".repeat(32));
    let incomplete = self::run(&Scan { verdict: Verdict::Incomplete, ..sample::scan() });
    assert_eq!(incomplete["invocations"][0]["executionSuccessful"], false);
}

#[test]
fn tags_point_into_the_taxonomies() {
    let run = run(&sample::scan());
    for taxon in run["results"][0]["taxa"].as_array().unwrap() {
        let taxonomy = &run["taxonomies"][taxon["toolComponent"]["index"].as_u64().unwrap() as usize];
        assert_eq!(taxonomy["name"], taxon["toolComponent"]["name"]);
        assert!(taxonomy["taxa"].as_array().unwrap().iter().any(|t| t["id"] == taxon["id"]));
    }
}

#[test]
fn too_many_findings_are_cut_and_said() {
    let mut scan = sample::scan();
    scan.findings = vec![scan.findings[0].clone(); MAX_RESULTS + 1];
    let run = run(&scan);
    assert_eq!(run["results"].as_array().unwrap().len(), MAX_RESULTS);
    let notes = run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap();
    assert!(notes.last().unwrap()["message"]["text"].as_str().unwrap().contains("5001 findings"));
}

#[test]
fn no_input_makes_it_too_large_for_a_service() {
    // Text that does not pack: what is under the limit before gzip is under it after.
    let mut state = 1u64;
    let mut noise = |chars: usize| -> String {
        let mut letter = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            char::from_u32(0x4e00 + (state >> 40) as u32 % 20_000).unwrap_or('x')
        };
        (0..chars).map(|_| letter()).collect()
    };
    let mut scan = sample::hostile();
    let file = scan.dataset.files[0].clone();
    scan.dataset.files = (0..20_000).map(|_| FileRecord { name: noise(100), ..file.clone() }).collect();
    let finding = scan.findings[0].clone();
    scan.findings = (0..20_000)
        .map(|_| taster_core::Finding {
            message: noise(2_000),
            columns: (0..30).map(|_| noise(20)).collect(),
            ..finding.clone()
        })
        .collect();
    scan.findings[7].message = "\u{202E}".repeat(5_000_000);
    scan.findings[9].id = format!("shift/{}", "x".repeat(3_000_000));
    scan.verdict_reason = noise(1_000_000);
    let text = sarif(&scan, &sample::docs());
    assert!(text.len() < 10_000_000, "{} bytes", text.len());
    let run = run(&scan);
    let (results, files) = (run["results"].as_array().unwrap(), run["artifacts"].as_array().unwrap());
    assert!(results.len() > 500 && results.len() <= MAX_RESULTS && files.len() > 500);
    let notes = run["invocations"][0]["toolExecutionNotifications"].to_string();
    for (shown, what) in [(results.len(), "findings"), (files.len(), "files")] {
        assert!(notes.contains(&format!("{shown} of 20000 {what} are shown")), "{notes}");
    }
}

#[test]
fn a_source_finding_points_at_its_file() {
    let mut scan = sample::scan();
    scan.findings[0].scope = taster_core::Scope::Source;
    scan.findings[0].id = "label-flip/rows/adult/part-1.parquet".into();
    let location = &run(&scan)["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"];
    assert_eq!(*location, json!({"uri": "adult/part-1.parquet", "index": 1}));
}

#[test]
fn nothing_from_the_data_is_obeyed() {
    assert_eq!(message("[a](b) {0} \\ \u{202E}"), "\\[a\\](b) {{0}} \\\\ ⟨U+202E⟩");
    assert_eq!(uri("a b/ü:%.csv"), "a%20b/%C3%BC%3A%25.csv");
    let text = sarif(&sample::hostile(), &sample::docs());
    assert!(!text.chars().any(|c| crate::text::hides(c) && c != '\n'));
}

#[test]
fn a_dataset_without_files_has_no_places() {
    let mut scan = sample::scan();
    scan.dataset.files.clear();
    assert!(run(&scan)["results"][0].get("locations").is_none());
}
