use super::*;
use crate::{Choice, DECISIONS_TYPE, Decisions, ScannedFile};

fn row(i: u64) -> Digest {
    Digest([i as u8; 32])
}

/// A dataset of `a` and `b` with ten rows each, of which 3, 4 and 12 are quarantined.
fn parent() -> (Dataset, BTreeMap<u64, Digest>) {
    let rows: Vec<Digest> = (0..20).map(row).collect();
    let file = |name: &str| ScannedFile {
        name: name.into(),
        format: "csv".into(),
        bytes: 1,
        sha256: Digest::default(),
        rows: 10,
        rows_root: Digest::default(),
        row_blocks: None,
    };
    let dataset = Dataset {
        files: vec![file("a"), file("b")],
        rows: 20,
        rows_root: CompactRange::of(0, &rows).root().unwrap(),
        row_digest: crate::ROW_DIGEST.into(),
        columns: Vec::new(),
    };
    (dataset, [3, 4, 12].map(|i| (i, row(i))).into())
}

fn decided(choices: &[(u64, Choice)]) -> Decisions {
    let decision = |&(position, decision): &(u64, Choice)| Decision {
        file: if position < 10 { "a" } else { "b" }.into(),
        row: position % 10,
        row_sha256: row(position),
        decision,
        label: Some("new".into()),
        was: Some("old".into()),
        by: "ada".into(),
        on: None,
        why: None,
    };
    let decisions = choices.iter().map(decision).collect();
    Decisions { kind: DECISIONS_TYPE.into(), manifest: DigestSet { sha256: Digest::default() }, decisions }
}

/// Whether these rows are what the choices leave.
fn leave(choices: &[(u64, Choice)], left: impl IntoIterator<Item = u64>) -> bool {
    let (dataset, quarantined) = parent();
    let decisions = decided(choices);
    let applied = decisions.applied(&dataset, &quarantined).unwrap();
    let mut restored = Restored::new(&applied.dropped);
    for i in left {
        restored.extend(&[row(i)]);
    }
    restored.is(&dataset)
}

#[test]
fn rows_that_were_taken_out_are_put_back_in_their_places() {
    let but = |gone: &'static [u64]| (0..20).filter(move |i| !gone.contains(i));
    assert!(leave(&[], but(&[3, 4, 12])));
    assert!(leave(&[(4, Choice::Release), (12, Choice::Confirm)], but(&[3, 12])));
    assert!(leave(&[(3, Choice::Release), (4, Choice::Relabel), (12, Choice::Release)], 0..20));
    assert!(leave(&[(0, Choice::Remove), (19, Choice::Remove)], but(&[0, 3, 4, 12, 19])));
    // As many rows, but not these.
    assert!(!leave(&[], but(&[3, 4, 13])));
    assert!(!leave(&[(4, Choice::Release)], but(&[4, 12])));
    assert!(!leave(&[], but(&[3, 4, 12]).rev()));
    assert!(!leave(&[], but(&[3, 4, 12]).chain([19])));
    assert!(!leave(&[], 0..20));
    assert!(!leave(&[], []));
}

#[test]
fn decisions_that_do_not_fit_are_named() {
    let (dataset, quarantined) = parent();
    let refused = |decisions: Decisions| decisions.applied(&dataset, &quarantined).unwrap_err();
    assert!(refused(decided(&[(5, Choice::Release)])).contains("row 5 of \"a\" was not quarantined"));
    assert!(refused(decided(&[(12, Choice::Remove)])).contains("row 2 of \"b\" was quarantined"));
    let mut other = decided(&[(3, Choice::Release)]);
    other.decisions[0].row_sha256 = row(99);
    assert!(refused(other).contains("another digest"));
    let mut beyond = decided(&[(3, Choice::Release)]);
    beyond.decisions[0].row = 10;
    assert!(refused(beyond).contains("no row 10"));
}

#[test]
fn relabelled_rows_are_found_among_those_left() {
    let (dataset, quarantined) = parent();
    let decisions = decided(&[(4, Choice::Relabel), (12, Choice::Relabel), (1, Choice::Remove)]);
    let applied = decisions.applied(&dataset, &quarantined).unwrap();
    assert_eq!(applied.relabelled_left().keys().copied().collect::<Vec<_>>(), [2, 10]);
}
