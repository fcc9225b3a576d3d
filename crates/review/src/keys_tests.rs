use super::*;
use crate::{
    Count,
    testing::{begun, cases},
};

const NOW: &str = "2026-02-01T00:00:00Z";

/// Types keys as a terminal sends them: a character for itself, and some by name.
fn type_keys(desk: &mut Desk, review: &mut Review, keys: &[&str]) -> Vec<Event> {
    let mut events = Vec::new();
    for &key in keys {
        let codes: Vec<KeyCode> = match key {
            "Enter" => vec![KeyCode::Enter],
            "Esc" => vec![KeyCode::Esc],
            "Down" => vec![KeyCode::Down],
            "Right" => vec![KeyCode::Right],
            "Tab" => vec![KeyCode::Tab],
            "End" => vec![KeyCode::End],
            text => text.chars().map(KeyCode::Char).collect(),
        };
        for code in codes {
            match desk.key(review, KeyEvent::new(code, KeyModifiers::NONE), NOW) {
                Step::Happen(event) => {
                    review.apply(event.clone()).unwrap();
                    events.push(event);
                }
                Step::Draw => {}
                Step::Quit => panic!("{key} ended the review"),
            }
        }
    }
    events
}

fn fresh() -> (Desk, Review) {
    (Desk::new("ada"), Review::new(cases()))
}

fn decided(review: &Review) -> Vec<(u64, Choice, Option<String>, Option<String>)> {
    let all = review.decisions().decisions.into_iter();
    all.map(|d| (d.row, d.decision, d.label, d.why)).collect()
}

#[test]
fn a_row_is_decided_on_with_a_reason_and_the_next_is_looked_at() {
    let (mut desk, mut review) = fresh();
    let events = type_keys(&mut desk, &mut review, &["k", "a real kid", "Enter", "d", "Enter"]);
    assert_eq!(events.len(), 2);
    let why = Some("a real kid".to_owned());
    assert_eq!(decided(&review), [(0, Choice::Release, None, why), (10, Choice::Confirm, None, None)]);
    let first = &review.decisions().decisions[0];
    assert_eq!((first.by.as_str(), first.on.as_deref(), review.row), ("ada", Some(NOW), 2));
    // What was typed while asked for a reason decided nothing else, and Esc leaves it.
    assert!(type_keys(&mut desk, &mut review, &["d", "kdruq", "Esc"]).is_empty());
}

#[test]
fn a_new_label_is_suggested_offered_and_must_be_another_one() {
    let (mut desk, mut review) = fresh();
    type_keys(&mut desk, &mut review, &["r", "Enter", "Enter"]);
    assert_eq!(decided(&review), [(0, Choice::Relabel, Some("yes".into()), None)]);
    assert_eq!(review.decisions().decisions[0].was.as_deref(), Some("no"));
    // Row 20 has no suggestion; the labels there are come by Tab.
    type_keys(&mut desk, &mut review, &["Down", "r", "Tab", "Enter"]);
    assert!(desk.notice.contains("has this label"), "{}", desk.notice);
    type_keys(&mut desk, &mut review, &["r", "Tab", "Tab", "Enter", "Enter"]);
    assert_eq!(decided(&review)[1], (20, Choice::Relabel, Some("yes".into()), None));
}

#[test]
fn labels_must_be_values_that_the_column_can_have() {
    let mut cases = cases();
    cases.columns[2].kind = taster_core::Kind::Int;
    let (mut desk, mut review) = (Desk::new("ada"), Review::new(cases));
    assert!(type_keys(&mut desk, &mut review, &["r", "Enter"]).is_empty());
    assert!(desk.notice.contains("no value"), "{}", desk.notice);
    assert!(matches!(desk.mode, Mode::Typing(_, Asked::Label)), "it is asked for again");
}

#[test]
fn rows_without_values_cannot_be_relabelled() {
    let mut cases = cases();
    cases.cases.iter_mut().for_each(|case| case.row.values.clear());
    let (mut desk, mut review) = (Desk::new("ada"), Review::new(cases));
    assert!(type_keys(&mut desk, &mut review, &["r"]).is_empty());
    assert!(desk.notice.contains("DATA"), "{}", desk.notice);
}

#[test]
fn a_capital_decides_on_all_that_is_shown_and_undecided() {
    let (mut desk, mut review) = (Desk::new("ada"), begun());
    type_keys(&mut desk, &mut review, &["Right", "Right", "Right", "D", "planted", "Enter"]);
    assert_eq!(review.count(), Count { keep: 1, drop: 2, relabel: 1, undecided: 1 });
    type_keys(&mut desk, &mut review, &["u"]);
    assert_eq!(review.count().undecided, 3, "all at once");
    let (mut desk, mut review) = fresh();
    type_keys(&mut desk, &mut review, &["R", "Enter"]);
    assert_eq!(review.count().relabel, 2, "only those with a suggestion");
}

#[test]
fn a_decision_is_made_again_and_taken_back() {
    let (mut desk, mut review) = fresh();
    type_keys(&mut desk, &mut review, &["d", "bot", "Enter", "."]);
    let why = || Some("bot".to_owned());
    assert_eq!(decided(&review), [(0, Choice::Confirm, None, why()), (10, Choice::Confirm, None, why())]);
    review.row = 0;
    type_keys(&mut desk, &mut review, &["x"]);
    assert_eq!(decided(&review), [(10, Choice::Confirm, None, why())]);
    // What has no other label is not relabelled by doing it again.
    let (mut desk, mut review) = fresh();
    type_keys(&mut desk, &mut review, &["R", "Enter", "End", "."]);
    assert_eq!((review.count().relabel, desk.notice.contains("no other label")), (2, true));
}

#[test]
fn the_filter_follows_typing_and_esc_puts_it_back() {
    let (mut desk, mut review) = fresh();
    type_keys(&mut desk, &mut review, &["/", "300"]);
    assert_eq!(review.shown(), [2]);
    type_keys(&mut desk, &mut review, &["Esc"]);
    assert_eq!(review.shown().len(), 5);
    type_keys(&mut desk, &mut review, &["/", "nothing like it", "Enter", "d"]);
    assert!(desk.notice.contains("no row"), "{}", desk.notice);
}

#[test]
fn control_c_ends_it_wherever_it_is() {
    let (mut desk, mut review) = fresh();
    type_keys(&mut desk, &mut review, &["d", "half a reason"]);
    let key = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(desk.key(&mut review, key, NOW), Step::Quit);
}
