use taster_provenance::Choice::{Confirm, Release, Remove};

use super::*;
use crate::testing::{begun, cases, decision};

fn places(review: &Review) -> Vec<u64> {
    review.decisions().decisions.iter().map(|d| d.row).collect()
}

#[test]
fn each_event_is_undone_as_a_whole() {
    let mut review = begun();
    let count = review.count();
    review
        .apply(Event::Decide(vec![decision(0, Confirm, ""), decision(3, Confirm, ""), decision(4, Confirm, "")]))
        .unwrap();
    assert_eq!(review.count(), Count { keep: 0, drop: 3, relabel: 1, undecided: 1 });
    review.apply(Event::Clear(vec![Place { file: "a.csv".into(), row: 10 }])).unwrap();
    assert_eq!(places(&review), [0, 30, 40]);
    review.apply(Event::Undo).unwrap();
    review.apply(Event::Undo).unwrap();
    assert_eq!(review.count(), count, "the first decision on row 0 is back");
    (0..9).for_each(|_| review.apply(Event::Undo).unwrap());
    assert_eq!(review.count().undecided, 5);
}

#[test]
fn what_does_not_fit_changes_nothing() {
    let mut review = begun();
    let elsewhere = Decision { row: 5, ..decision(0, Release, "") };
    let changed = Decision { row_sha256: Digest([9; 32]), ..decision(2, Release, "") };
    for (wrong, told) in [(elsewhere, "not quarantined"), (changed, "digest"), (decision(2, Remove, ""), "as if")] {
        let before = review.decisions();
        let problem = review.apply(Event::Decide(vec![decision(4, Release, ""), wrong])).unwrap_err();
        assert!(problem.contains(told), "{problem}");
        assert_eq!(review.decisions(), before);
    }
}

#[test]
fn rows_taken_out_elsewhere_stay_so() {
    let mut review = Review::new(cases());
    let removed = Decision { row: 5, ..decision(0, Remove, "") };
    review.apply(Event::Decide(vec![removed.clone()])).unwrap();
    review.apply(Event::Decide(vec![decision(2, Release, "")])).unwrap();
    assert_eq!(places(&review), [20, 5], "rows that are not quarantined come last");
    assert_eq!(review.count().undecided, 4, "it is none of the quarantined rows");
}

#[test]
fn the_filter_looks_everywhere() {
    let mut review = begun();
    for (filter, shown) in [("DECIDES the", vec![3, 4]), ("300", vec![2]), ("a.csv:30", vec![3]), ("flip", vec![0, 1])]
    {
        review.filter = filter.into();
        assert_eq!(review.shown(), shown, "{filter}");
    }
    review.undecided_only = true;
    assert!(review.shown().is_empty());
    assert_eq!(review.current(), None);
}

#[test]
fn labels_are_offered_by_how_frequent_they_are() {
    assert_eq!(begun().labels(), ["no", "yes"]);
    assert_eq!((begun().label_of(0), begun().suggested(0), begun().suggested(2)), (Some("no"), Some("yes"), None));
}
