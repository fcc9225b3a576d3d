use taster_core::{Column, Kind, Role};

use super::*;
use crate::sample;

fn page(scan: &Scan, rows: &[ShownRow]) -> String {
    html(scan, rows, &sample::docs(), &["ab12".to_owned()])
}

/// Names and attributes of every tag on the page, as a browser would see them. What is in our own script, which a browser
/// does not look for tags in, is left out.
fn tags(page: &str) -> Vec<String> {
    let style = page.find("</style>").unwrap();
    let page = page.replace(script::SCRIPT, "");
    page[style..].split('<').skip(1).map(|t| t.split('>').next().unwrap().to_owned()).collect()
}

#[test]
fn the_page_says_what_matters() {
    let page = page(&sample::scan(), &sample::rows(3));
    for text in [
        "<h1>Failed</h1>",
        "1,204 of 32,561 rows",
        "32,561",
        "MITRE ATLAS AML.T0020: Training Data Poisoning (2026.09)",
        "Showing 3 of 1,245 entries for 1,239 distinct rows; the full list is quarantine.parquet.",
        "given by --label",
        "at most 5 % of the list is innocent",
        "does not apply: <span class=\"quiet\">fewer than 2 features",
        "<h4>Outliers</h4>",
        "Suggested label: <code>&gt;50K</code>",
        "<a href=\"#f0\">label-flip: 1,204 rows</a>",
        "Quarantined rows by given and suggested label",
        "threshold 0.8125",
        "What <code>label-flip</code> looks for, and what it cannot see",
        "<h3>Blind spots</h3><p>Labels that nothing predicts.</p>",
        "<a href=\"#quarantine\" data-detector=\"label-flip\">Show these rows</a>",
        "was signed by <code>ab12</code>",
        "The policy denies what a detector finds",
        "3 of 4 detectors ran. Nothing was looked for by <code>duplicate-flood</code>",
        "default-src &#39;none&#39;; script-src &#39;sha256-",
    ] {
        assert!(page.contains(text), "the page lacks {text}");
    }
    assert!(!page.contains("2026-11-21"), "times are in the manifest alone");
}

#[test]
fn every_finding_with_a_risk_is_in_the_cell_of_its_severity() {
    let scan = sample::scan();
    let page = page(&scan, &[]);
    let matrix = page.split("<table class=\"matrix\">").nth(1).unwrap().split("</table>").next().unwrap();
    for (at, finding) in scan.findings.iter().enumerate() {
        let link = format!("<a href=\"#f{at}\">");
        let cell = matrix.split("<td class=\"").find(|cell| cell.contains(&link));
        assert_eq!(cell.map(|cell| cell.split('"').next().unwrap()), finding.risk.map(|_| finding.severity.name()));
        assert!(page.contains(&format!("id=\"f{at}\"")));
    }
}

#[test]
fn a_trigger_is_shown_with_rows_that_have_it() {
    let mut scan = sample::scan();
    scan.findings[1] = taster_core::Finding {
        scope: taster_core::Scope::Dataset,
        columns: vec!["education".into()],
        evidence: serde_json::json!({"trigger": "<cf>", "rows": 9, "rows_with_label": 9, "expected": 4.5}),
        ..scan.findings[0].clone()
    };
    let mut rows = sample::rows(2);
    rows[1].values = vec![(3, "a <cf> b".into()), (5, ">50K".into())];
    let page = page(&scan, &rows);
    assert!(page.contains("row 7 of adult/part-0.parquet"), "{page}");
    assert!(!page.contains("row 0 of"));
    assert!(page.contains("a <mark>&lt;cf&gt;</mark> b") && page.contains("data-text=\"&lt;cf&gt;\""));
}

#[test]
fn tags_are_balanced() {
    for (scan, rows) in [(sample::scan(), sample::rows(9)), (sample::hostile(), sample::hostile_rows())] {
        let mut open: Vec<String> = Vec::new();
        for tag in tags(&page(&scan, &rows)) {
            let name = tag.split_whitespace().next().unwrap_or_default().to_owned();
            match name.strip_prefix('/') {
                _ if tag.ends_with('/') => {}
                Some("style" | "head" | "body" | "html") => {}
                Some(closed) => assert_eq!(open.pop().as_deref(), Some(closed), "before </{closed}>"),
                None if name == "body" => {}
                None => open.push(name),
            }
        }
        assert!(open.is_empty(), "left open: {open:?}");
    }
}

#[test]
fn nothing_in_the_data_becomes_markup() {
    let page = page(&sample::hostile(), &sample::hostile_rows());
    for tag in tags(&page) {
        let name = tag.trim_start_matches('/').split_whitespace().next().unwrap_or_default();
        let ours = ["script", "/script", "script type=\"application/json\" id=\"rows-data\""];
        assert!(name != "script" || ours.contains(&tag.as_str()), "{tag}");
        assert!(!matches!(name, "img" | "iframe" | "link" | "object" | "base" | "form"), "{tag}");
        let outside_quotes: String = tag.split('"').step_by(2).collect();
        assert!(!outside_quotes.contains("onerror"), "{tag}");
        assert!(!tag.contains("javascript:"), "{tag}");
        assert!(!tag.contains("href") || tag.starts_with("a href=\"#"), "{tag}");
    }
    assert!(!page.chars().any(|c| text::hides(c) && !matches!(c, '\n' | '\t')));
    assert!(page.contains("⟨U+202E⟩") && page.contains("⟨U+0000⟩") && page.contains("⟨U+001B⟩"));
}

#[test]
fn a_clean_scan_says_so() {
    let page = page(&sample::clean(), &[]);
    for text in ["<h1>Passed</h1>", "Nothing was found.", "No row was quarantined.", "No trusted reference was given."]
    {
        assert!(page.contains(text), "the page lacks {text}");
    }
}

#[test]
fn the_page_never_grows_beyond_its_limit() {
    let mut scan = sample::hostile();
    let nasty = "<".repeat(600) + &"\u{202E}".repeat(600);
    scan.dataset.schema.columns =
        vec![Column { name: nasty.clone(), kind: Kind::Int, role: Role::Numeric, why: nasty.clone() }; 3_000];
    scan.findings = vec![taster_core::Finding { message: nasty.clone(), ..scan.findings[0].clone() }; 3000];
    let rows =
        vec![
            ShownRow { values: (0..50).map(|column| (column, nasty.clone())).collect(), ..sample::rows(1).remove(0) };
            1000
        ];
    let page = page(&scan, &rows);
    assert!(page.len() <= MAX_BYTES && page.len() > MAX_BYTES * 9 / 10, "{} bytes", page.len());
    assert!(page.contains("the full list is quarantine.parquet"));
    assert!(page.contains("of 3,000; all are in <code>findings.json</code>"));
    assert!(page.contains("of 3,000 findings."));
    assert!(page.ends_with("</html>\n"));
}

/// Run with `--ignored` and `TASTER_SAMPLES=FOLDER` to look at the page, and to check the SARIF with other tools.
#[test]
#[ignore = "writes files to look at"]
fn write_samples() {
    let Some(folder) = std::env::var_os("TASTER_SAMPLES").map(std::path::PathBuf::from) else { return };
    for (name, scan, rows) in [
        ("report", sample::scan(), sample::rows(12)),
        ("clean", sample::clean(), Vec::new()),
        ("hostile", sample::hostile(), sample::hostile_rows()),
    ] {
        std::fs::write(folder.join(name).with_extension("html"), page(&scan, &rows)).unwrap();
        std::fs::write(folder.join(name).with_extension("sarif"), crate::sarif(&scan, &sample::docs())).unwrap();
    }
}
