//! A small scan's rows, for tests.

use taster_core::{Column, Digest, Kind, Role};
use taster_pipeline::{Accusation, Case, Cases, Row};
use taster_provenance::{Choice, Decision};

use crate::{Event, Review};

fn row(i: u64, age: &str, label: &str) -> Row {
    let values = [age, "a text with cf in it", label].map(|v| Some(v.to_owned())).into();
    Row { file: "a.csv".into(), row: 10 * i, sha256: Digest([i as u8; 32]), values, vectors: Vec::new() }
}

fn accusation(detector: &str, reason: &str, suggested: Option<&str>) -> Accusation {
    Accusation {
        detector: detector.into(),
        score: 0.9,
        severity: "critical".into(),
        columns: vec!["age".into()],
        reason: reason.into(),
        suggested: suggested.map(|label| (label.to_owned(), 0.8)),
    }
}

/// Five rows: two with a wrong label, of which the second is far off as well as the third, and two with a trigger.
pub(crate) fn cases() -> Cases {
    let flip = || accusation("label-flip", "its neighbours are yes", Some("yes"));
    let far = |age: &str| accusation("outlier", &format!("age is {age}"), None);
    let trigger = || accusation("trigger", "`cf` decides the label: 2 rows", None);
    let accusations = [vec![flip()], vec![flip(), far("200")], vec![far("300")], vec![trigger()], vec![trigger()]];
    let ages = ["31", "200", "300", "33", "34"];
    let cases = (0..).zip(ages).zip(accusations);
    let column = |name: &str, kind, role| Column { name: name.into(), kind, role, why: String::new() };
    Cases {
        manifest: Digest([7; 32]),
        columns: vec![
            column("age", Kind::Int, Role::Numeric),
            column("note", Kind::String, Role::Text),
            column("y", Kind::String, Role::Label),
        ],
        cases: cases.map(|((i, age), accusations)| Case { row: row(i, age, "no"), accusations }).collect(),
        others: vec![row(20, "32", "yes"), row(21, "90", "no")],
    }
}

pub(crate) fn decision(case: usize, decision: Choice, why: &str) -> Decision {
    let row = &cases().cases[case].row;
    let label = (decision == Choice::Relabel).then(|| "yes".to_owned());
    Decision {
        file: row.file.clone(),
        row: row.row,
        row_sha256: row.sha256,
        decision,
        was: label.as_ref().map(|_| "no".to_owned()),
        label,
        by: "ada".into(),
        on: Some("2026-01-31T10:00:00Z".into()),
        why: (!why.is_empty()).then(|| why.to_owned()),
    }
}

/// A review in which row 0 is kept and row 1 relabelled.
pub(crate) fn begun() -> Review {
    let mut review = Review::new(cases());
    for decision in [decision(0, Choice::Release, "a real customer"), decision(1, Choice::Relabel, "")] {
        review.apply(Event::Decide(vec![decision])).unwrap();
    }
    review
}
