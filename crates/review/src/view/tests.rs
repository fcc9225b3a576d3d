use ratatui::{Terminal, backend::TestBackend};
use taster_pipeline::Accusation;

use super::*;
use crate::testing::{begun, cases};

/// The screen as text, one line a row.
fn screen(review: &Review, desk: &mut Desk, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    let mut neighbours = Neighbours::new(review);
    terminal.draw(|frame| draw(frame, review, desk, &mut neighbours, "taster review report")).unwrap();
    let buffer = terminal.backend().buffer();
    let line = |y: u16| (0..width).map(|x| buffer[(x, y)].symbol().to_owned()).collect::<String>();
    (0..height).map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_screen_shows_groups_rows_evidence_and_neighbours() {
    let mut review = begun();
    review.row = 1;
    let shown = screen(&review, &mut Desk::new("ada"), 120, 40);
    for text in [
        "2 of 5 decided: 1 keep, 0 drop, 1 relabel  by ada",
        "all rows",
        "label-flip: no → yes",
        "2/2",
        "relabel a.csv:10  label-flip 0.90, outlier 0.90",
        "Relabel to yes (ada, 2026-01-31T10:00:00Z)",
        "outlier 0.90, critical: age is 200",
        "its label should be yes (80 %)",
        "▸ age",
        "Most like it, of 2 rows",
        "a.csv:210",
    ] {
        assert!(shown.contains(text), "{text:?} is missing in\n{shown}");
    }
}

#[test]
fn text_of_the_data_can_neither_hide_nor_move_anything() {
    let mut cases = cases();
    let attack = "a\u{202e}b\u{1b}[31mc\u{200b}d\ne".to_owned();
    cases.cases[0].row.file.clone_from(&attack);
    cases.cases[0].row.values[1] = Some(attack.clone());
    cases.columns[0].name.clone_from(&attack);
    cases.cases[0].accusations =
        vec![Accusation { detector: "outlier".into(), reason: attack.clone(), ..Accusation::default() }];
    let mut review = Review::new(cases);
    review.filter = "a".into();
    let shown = screen(&review, &mut Desk::new(&attack), 160, 40);
    assert!(shown.contains("a⟨U+202E⟩b⟨U+001B⟩[31mc⟨U+200B⟩d⟨U+000A⟩e"), "{shown}");
    assert!(!shown.chars().any(|c| c != '\n' && taster_core::hides(c)), "{shown}");
}

#[test]
fn any_size_of_screen_is_drawn_in_any_mode() {
    let mut review = begun();
    let desk = |mode| {
        let mut desk = Desk::new("ada");
        desk.mode = mode;
        desk
    };
    let typing = Mode::Typing(crate::keys::Line("x".repeat(300)), Asked::Label);
    for desk in [Mode::Browse, Mode::Help, typing].map(desk) {
        for (width, height) in [(1, 1), (3, 2), (20, 5), (79, 24), (80, 24), (300, 100)] {
            screen(&review, &mut desk.clone(), width, height);
        }
    }
    review.filter = "nothing has this".into();
    assert!(screen(&review, &mut Desk::new("ada"), 100, 30).contains("no row is shown here"));
}
