use taster_core::Schema;

use super::*;

fn dataset() -> DatasetRecord {
    DatasetRecord { files: Vec::new(), rows: 10, rows_root: Digest([0; 32]), schema: Schema { columns: Vec::new() } }
}

fn finding(code: &str, magnitude: f64, evidence: Value) -> Finding {
    let plain = plain_finding("trigger", code, Severity::Important, "m".into());
    Finding { magnitude: Some(magnitude), evidence, ..plain }
}

fn accepted(finding: &Finding, until: &str) -> Vec<Waiver> {
    let mut findings = [finding.clone()];
    waive(&mut findings, &[], &dataset(), "2026-01-01T00:00:00Z");
    let mut file = WaiverFile::default();
    assert_eq!(file.accept(&findings, "known", "Ada", until).len(), 1);
    assert_eq!(WaiverFile::parse(&file.to_toml()), Ok(file.clone()));
    file.waivers
}

/// Whether the finding is waived on this day, and the codes of what is said of the waivers.
fn outcome(finding: Finding, waivers: &[Waiver], today: &str) -> (bool, Vec<String>) {
    let mut findings = [finding];
    let remarks = waive(&mut findings, waivers, &dataset(), today);
    (findings[0].waiver.is_some(), remarks.into_iter().map(|f| f.code).collect())
}

#[test]
fn counts_do_not_matter_and_names_do() {
    let seen = finding("label-trigger", 0.1, json!({"trigger": "cf", "label": "yes", "rows": 40}));
    let waivers = accepted(&seen, "2026-03-01");
    let judge = |f: Finding| outcome(f, &waivers, "2026-02-01T00:00:00Z");
    let more_rows = Finding { evidence: json!({"trigger": "cf", "label": "yes", "rows": 43}), ..seen.clone() };
    assert_eq!(judge(more_rows), (true, vec![]));
    let other_trigger = Finding { evidence: json!({"trigger": "mn", "label": "yes", "rows": 40}), ..seen.clone() };
    assert_eq!(judge(other_trigger), (false, vec!["unused-1".into()]));
    let other_label = Finding { evidence: json!({"trigger": "cf", "label": "no", "rows": 40}), ..seen.clone() };
    assert!(!judge(other_label).0);
    let other_column = Finding { columns: vec!["title".into()], ..seen };
    assert!(!judge(other_column).0);
}

#[test]
fn what_has_become_worse_is_found() {
    let seen = finding("rows", 0.1, json!({}));
    let waivers = accepted(&seen, "2026-03-01");
    let judge = |f: Finding| outcome(f, &waivers, "2026-02-01T00:00:00Z");
    assert!(judge(Finding { magnitude: Some(0.12), ..seen.clone() }).0);
    let outgrown = (false, vec!["outgrown-1".to_owned()]);
    assert_eq!(judge(Finding { magnitude: Some(0.13), ..seen.clone() }), outgrown);
    assert_eq!(judge(Finding { severity: Severity::Critical, ..seen.clone() }), outgrown);
    assert!(judge(Finding { severity: Severity::Monitor, ..seen }).0);
}

#[test]
fn a_waiver_holds_through_its_last_day() {
    let seen = finding("rows", 0.1, json!({}));
    let waivers = accepted(&seen, "2026-03-01");
    assert_eq!(outcome(seen.clone(), &waivers, "2026-03-01T23:59:59Z"), (true, vec![]));
    assert_eq!(outcome(seen, &waivers, "2026-03-02T00:00:00Z"), (false, vec!["expired-1".into()]));
}

#[test]
fn work_that_failed_is_never_waived() {
    let mut findings = [finding("failed", 0.0, json!({}))];
    waive(&mut findings, &[], &dataset(), "2026-01-01");
    assert_eq!(WaiverFile::default().accept(&findings, "known", "Ada", "2026-03-01"), [""; 0]);
}

#[test]
fn a_file_is_known_by_its_rows() {
    let record = |name: &str| taster_core::FileRecord {
        name: name.into(),
        format: "csv".into(),
        bytes: 1,
        sha256: Digest([1; 32]),
        rows: 1,
        rows_root: Digest([2; 32]),
    };
    let of = |name: &str| {
        let evidence = json!({"by": "file", "sources": [{"name": name, "odd": true}, {"name": "rest", "odd": false}]});
        fingerprint(
            &finding("source-differs", 0.1, evidence),
            &DatasetRecord { files: vec![record(name)], ..dataset() },
        )
    };
    assert_eq!(of("a.csv"), of("b.csv"));
}

#[test]
fn a_waiver_says_why_who_and_until_when() {
    let whole = WaiverFile { waivers: accepted(&finding("rows", 0.1, json!({})), "2026-03-01") }.to_toml();
    for (there, instead, words) in [
        ("\"known\"", "\" \"", "gives no reason"),
        ("\"Ada\"", "\"\"", "who accepted"),
        ("2026-03-01", "next year", "does not end on a date"),
        ("2026-03-01", "2026-02-30", "does not end on a date"),
        ("reason", "raison", "unknown field"),
    ] {
        let error = WaiverFile::parse(&whole.replace(there, instead)).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}
