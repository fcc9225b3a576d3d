//! Scans for tests: an ordinary one, a clean one, and one whose every name tries to do harm.

use serde_json::json;
use taster_core::{
    Column, DatasetRecord, DetectorRecord, DetectorStatus, Digest, FileRecord, Finding, Kind, Quarantined, Risk, Role,
    Scan, Schema, Scope, Severity, Tag, Tool, Verdict,
};

use crate::{RuleDoc, ShownRow};

const STRIDE: Tag = Tag::new("STRIDE", "T", "Tampering", "");
const ATLAS: Tag = Tag::new("MITRE ATLAS", "AML.T0020", "Training Data Poisoning", "2026.09");
const OWASP: Tag = Tag::new("OWASP LLM", "LLM05:2026", "Data and Model Poisoning", "2026");

/// Texts that a page, a terminal or a SARIF viewer might obey.
pub(crate) const ATTACKS: [&str; 7] = [
    "<script>alert(1)</script>",
    "\" onerror=alert(1) x=\"",
    "javascript:alert(1)",
    "a\u{202E}txt.exe\u{2066}",
    "nul\0bell\u{7}esc\u{1b}[31m",
    "[click](javascript:alert(1)) {0} `x` **b**",
    "'--></style></title><img src=x onerror=alert(1)>",
];

pub(crate) fn scan() -> Scan {
    Scan {
        tool: Tool { name: "taster".into(), version: "0.1.0".into() },
        started: "2026-11-21T10:00:00Z".into(),
        finished: "2026-11-21T10:00:09Z".into(),
        seed: 17_446_744_073_709_551_615,
        config: json!({"policy": {"fdr": 0.05, "fail_on": "important"}}),
        config_sha256: Digest([0xc0; 32]),
        dataset: dataset(&["adult/part-0.parquet", "adult/part-1.parquet"]),
        reference: Some(dataset(&["reference.parquet"])),
        detectors: vec![
            ran("outlier", 41, "a score, no guarantee"),
            ran("label-flip", 1204, "at most 5 % of the list is innocent, if the reference is exchangeable"),
            DetectorRecord {
                status: DetectorStatus::NotApplicable,
                why: "fewer than 2 features".into(),
                threshold: None,
                ..ran("duplicate-flood", 0, "")
            },
            ran("shift", 0, "a score, no guarantee"),
        ],
        findings: findings(),
        verdict: Verdict::Failed,
        verdict_reason: "label-flip (deny) made a finding that is critical: 1,204 rows look flipped from >50K to <=50K"
            .into(),
        quarantined_rows: 1239,
    }
}

pub(crate) fn clean() -> Scan {
    Scan {
        findings: Vec::new(),
        verdict: Verdict::Passed,
        verdict_reason: "every detector that applies ran, and none made a finding".into(),
        quarantined_rows: 0,
        reference: None,
        detectors: vec![ran("outlier", 0, "a score, no guarantee")],
        ..scan()
    }
}

pub(crate) fn hostile() -> Scan {
    let mut scan = scan();
    let attack = |i: usize| ATTACKS[i % ATTACKS.len()].to_owned();
    for (i, file) in scan.dataset.files.iter_mut().enumerate() {
        file.name = attack(i);
        file.format = attack(i + 1);
    }
    scan.dataset.schema.columns = (0..50)
        .map(|i| Column {
            name: attack(i),
            kind: Kind::Timestamp { zone: Some(attack(i)) },
            role: Role::Text,
            why: attack(i),
        })
        .collect();
    scan.findings = (0..20)
        .map(|i| Finding {
            id: format!("shift/{}", attack(i)),
            detector: attack(i),
            code: attack(i),
            message: attack(i),
            columns: vec![attack(i), attack(i + 1)],
            evidence: json!({attack(i): attack(i), "list": [attack(i)], "table": [{attack(i): attack(i)}],
                "deep": {"a": {"b": {"c": {"d": attack(i)}}}}, "histogram": attack(i)}),
            tags: vec![Tag { title: attack(i).into(), id: attack(i).into(), ..ATLAS }],
            ..scan.findings[0].clone()
        })
        .collect();
    for (i, detector) in scan.detectors.iter_mut().enumerate() {
        detector.why = attack(i);
        detector.claims = attack(i);
        detector.parameters = json!({attack(i): attack(i)});
    }
    scan.config = json!({attack(0): attack(1)});
    scan.verdict_reason = ATTACKS.join(" ");
    scan
}

pub(crate) fn docs() -> Vec<RuleDoc> {
    let readme = "# Outliers\n\nFinds rows **unlike** the rest, see [the paper](https://example.org/if).\n\n\
        ## How it scores\n- isolation, as in `iforest`\n- rare values\n\n| parameter | default |\n|---|---|\n| trees | 100 |\n\n\
        ## Blind spots\n\nLabels that nothing predicts.\n\n## References\n\nnone\n";
    ["outlier", "label-flip"]
        .map(|id| RuleDoc { id: id.into(), finds: format!("rows with {id}"), readme: readme.into() })
        .into()
}

pub(crate) fn rows(n: u64) -> Vec<ShownRow> {
    (0..n).map(|row| shown(row, "adult/part-0.parquet", "age", &(row % 90).to_string())).collect()
}

pub(crate) fn hostile_rows() -> Vec<ShownRow> {
    (0..ATTACKS.len()).map(|i| shown(i as u64, ATTACKS[i], ATTACKS[(i + 1) % 7], ATTACKS[(i + 2) % 7])).collect()
}

fn shown(row: u64, file: &str, column: &str, value: &str) -> ShownRow {
    let entry = Quarantined {
        file: 0,
        row: 7 * row,
        row_sha256: Digest([row as u8; 32]),
        detector: "label-flip".into(),
        score: 0.97,
        p_value: Some(0.0004),
        q_value: Some(0.031),
        severity: Severity::Critical,
        columns: vec![column.to_owned()],
        reason: format!("7 of 8 rows like it are >50K; {column} = {value} speaks against <=50K"),
        suggested_label: Some((">50K".into(), 0.93)),
    };
    let values = [(1, value), (3, "Masters"), (5, "<=50K"), (2, column)].map(|(c, v)| (c, v.to_owned())).into();
    ShownRow { entry, file: file.to_owned(), values, label: Some("<=50K".into()) }
}

fn dataset(files: &[&str]) -> DatasetRecord {
    let column = |name: &str, kind, role, why: &str| Column { name: name.into(), kind, role, why: why.into() };
    let columns = vec![
        column("id", Kind::Int, Role::Id, "32,561 values in 32,561 rows"),
        column("age", Kind::Int, Role::Numeric, "73 numbers"),
        column("hours_per_week", Kind::Float, Role::Numeric, "94 numbers"),
        column("education", Kind::String, Role::Categorical, "16 values"),
        column("joined", Kind::Timestamp { zone: Some("UTC".into()) }, Role::Time, "timestamps"),
        column("income", Kind::String, Role::Label, "given by --label"),
    ];
    let file = |(i, name): (usize, &&str)| FileRecord {
        name: (*name).to_owned(),
        format: "parquet".into(),
        bytes: 1_893_220 + i as u64,
        sha256: Digest([0xa0 + i as u8; 32]),
        rows: 16_280 + i as u64,
        rows_root: Digest([0xb0 + i as u8; 32]),
    };
    DatasetRecord {
        files: files.iter().enumerate().map(file).collect(),
        rows: 32_561,
        rows_root: Digest([0xdd; 32]),
        schema: Schema { columns },
    }
}

fn ran(id: &str, quarantined: u64, claims: &str) -> DetectorRecord {
    DetectorRecord {
        id: id.into(),
        status: DetectorStatus::Ran,
        why: String::new(),
        level: "deny".into(),
        parameters: json!({"trees": 100}),
        claims: claims.into(),
        threshold: Some(0.8125),
        quarantined,
    }
}

fn findings() -> Vec<Finding> {
    let finding = |detector: &str, code: &str, severity, scope, message: &str, columns: &[&str], evidence| Finding {
        id: format!("{detector}/{code}"),
        detector: detector.into(),
        code: code.into(),
        severity,
        risk: Risk::plain(severity),
        scope,
        message: message.into(),
        columns: columns.iter().map(|&c| c.to_owned()).collect(),
        rows: 0,
        magnitude: Some(0.183),
        p_value: None,
        q_value: None,
        evidence,
        tags: vec![STRIDE, ATLAS, OWASP],
        fingerprint: None,
        waiver: None,
    };
    vec![
        Finding {
            rows: 1204,
            ..finding(
                "label-flip",
                "rows",
                Severity::Critical,
                Scope::Rows,
                "1,204 of 32,561 rows (3.70 %) quarantined: labels that the rest of the row contradicts",
                &["age", "education"],
                json!({"share": 0.037, "scores": {"bins": [30000, 900, 300, 100, 57, 0, 204, 1000], "unscored": 0, "threshold": 0.8125}, "columns": [{"name": "age", "rows": 800}, {"name": "education", "rows": 404}],
                    "labels": [{"given": "<=50K", "suggested": ">50K", "rows": 1204}], "label_pairs": 1}),
            )
        },
        Finding {
            p_value: Some(3.2e-19),
            q_value: Some(1.6e-18),
            ..finding(
                "shift",
                "column-changed",
                Severity::Important,
                Scope::Column,
                "`hours_per_week` differs from the reference by 0.183 (Kolmogorov-Smirnov)",
                &["hours_per_week"],
                json!({"test": "kolmogorov-smirnov", "statistic": 0.183,
                    "rows": {"current": 32_561, "reference": 32_561},
                    "histogram": {"edges": [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100],
                        "current": [700, 1200, 2500, 9000, 8000, 5000, 2500, 900, 500, 100],
                        "reference": [700, 1300, 3000, 14000, 8000, 3000, 900, 400, 100, 0]}}),
            )
        },
        finding(
            "shift",
            "column-changed",
            Severity::Monitor,
            Scope::Column,
            "`education` differs from the reference by 0.04 (chi-squared)",
            &["education"],
            json!({"test": "chi-squared", "new_categories": 1, "categories": [
                {"value": "HS-grad", "current": 10_501, "reference": 9_800},
                {"value": "Masters", "current": 1_723, "reference": 2_300},
                {"value": "Doctorate", "current": 413, "reference": 0}]}),
        ),
        Finding {
            magnitude: None,
            tags: Vec::new(),
            fingerprint: None,
            waiver: None,
            ..finding(
                "ingest",
                "unexamined",
                Severity::Info,
                Scope::Column,
                "no detector looks at 1 column",
                &["id"],
                json!(null),
            )
        },
    ]
}
