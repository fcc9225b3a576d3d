//! What keys do: to what is looked at, at once; to what was decided, by an event.

use std::mem;

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use taster_provenance::{Choice, Decision};

use crate::{Event, Review, review::place};

/// What the keys are for at the moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Going about and deciding.
    #[default]
    Browse,
    /// Reading what keys there are.
    Help,
    /// Typing.
    Typing(Line, Asked),
}

/// A line being typed; the cursor is at its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line(pub String);

/// What is being typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// What rows must have in them; what was there before.
    Filter(String),
    /// The new label.
    Label,
    /// Why this is decided.
    Why(Ruling),
}

/// What is about to be decided, on which rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ruling {
    pub choice: Choice,
    /// The new label; the one suggested for each row where `None`.
    pub label: Option<String>,
    pub cases: Vec<usize>,
}

/// Who reviews, how far, and what they last did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Desk {
    pub mode: Mode,
    /// The name that decisions are made in.
    pub by: String,
    /// Lines of the evidence that are scrolled past.
    pub scrolled: u16,
    /// Rows that a page of the list has.
    pub page: usize,
    /// Something to be told.
    pub notice: String,
    last: Option<(Choice, Option<String>, String)>,
}

/// What comes of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The screen is drawn again.
    Draw,
    /// The event is written down and taken in.
    Happen(Event),
    /// The review ends for now.
    Quit,
}

impl Desk {
    /// For decisions in somebody's name.
    pub fn new(by: &str) -> Self {
        Self { by: by.to_owned(), page: 10, ..Self::default() }
    }

    /// Takes a key. `now` is when, as RFC 3339.
    pub fn key(&mut self, review: &mut Review, key: KeyEvent, now: &str) -> Step {
        self.notice.clear();
        if key.modifiers.contains(KeyModifiers::CONTROL) && matches!(key.code, KeyCode::Char('c')) {
            return Step::Quit;
        }
        match mem::take(&mut self.mode) {
            Mode::Browse => self.browse(review, key, now),
            Mode::Help => Step::Draw,
            Mode::Typing(line, asked) => self.typing(review, line, asked, key, now),
        }
    }

    fn browse(&mut self, review: &mut Review, key: KeyEvent, now: &str) -> Step {
        match key.code {
            KeyCode::Char('q') => return Step::Quit,
            KeyCode::Char('?' | 'h') => self.mode = Mode::Help,
            KeyCode::Char('/') => {
                let before = review.filter.clone();
                self.mode = Mode::Typing(Line(before.clone()), Asked::Filter(before));
            }
            KeyCode::Char(' ') => self.scrolled = self.scrolled.saturating_add(5),
            KeyCode::Char('b') => self.scrolled = self.scrolled.saturating_sub(5),
            KeyCode::Char('f') => {
                review.undecided_only = !review.undecided_only;
                self.go(review, 0);
            }
            KeyCode::Char('u') if review.can_undo() => return Step::Happen(Event::Undo),
            KeyCode::Char('u') => self.notice = "there is nothing to undo".into(),
            KeyCode::Char('x') => return self.take_back(review),
            KeyCode::Char('.') => return self.again(review, now),
            KeyCode::Char(c) => self.rule(review, c),
            code => self.walk(review, code),
        }
        Step::Draw
    }

    /// Goes to another row or group.
    fn walk(&mut self, review: &mut Review, code: KeyCode) {
        let (row, last) = (review.row, review.shown().len().saturating_sub(1));
        match code {
            KeyCode::Down => self.go(review, row + 1),
            KeyCode::Up => self.go(review, row.saturating_sub(1)),
            KeyCode::PageDown => self.go(review, row + self.page),
            KeyCode::PageUp => self.go(review, row.saturating_sub(self.page)),
            KeyCode::Home => self.go(review, 0),
            KeyCode::End => self.go(review, last),
            KeyCode::Right | KeyCode::Tab => self.open(review, review.group + 1),
            KeyCode::Left | KeyCode::BackTab => self.open(review, review.group.saturating_sub(1)),
            _ => {}
        }
    }

    fn go(&mut self, review: &mut Review, row: usize) {
        review.row = row.min(review.shown().len().saturating_sub(1));
        self.scrolled = 0;
    }

    fn open(&mut self, review: &mut Review, group: usize) {
        review.group = group.min(review.groups.len() - 1);
        self.go(review, 0);
    }

    /// Begins to decide: by a small letter on the row, by a capital on what is shown and not decided yet.
    fn rule(&mut self, review: &Review, letter: char) {
        let choice = match letter.to_ascii_lowercase() {
            'k' => Choice::Release,
            'd' => Choice::Confirm,
            'r' => Choice::Relabel,
            _ => return,
        };
        let whole = letter.is_ascii_uppercase();
        let mut cases: Vec<usize> = if whole {
            review.shown().into_iter().filter(|&case| review.decision(case).is_none()).collect()
        } else {
            review.current().into_iter().collect()
        };
        if choice == Choice::Relabel {
            if let Err(why_not) = relabels(review) {
                self.notice = why_not.into();
                return;
            }
            if whole {
                cases.retain(|&case| review.suggested(case).is_some_and(|label| review.cases.can_be_label(label)));
            }
        }
        if cases.is_empty() {
            self.notice = "there is no row here to decide on".into();
            return;
        }
        self.mode = match (choice, whole) {
            (Choice::Relabel, false) => {
                let suggested = review.suggested(cases[0]).unwrap_or_default();
                Mode::Typing(Line(suggested.to_owned()), Asked::Label)
            }
            _ => Mode::Typing(Line::default(), Asked::Why(Ruling { choice, label: None, cases })),
        };
    }

    fn take_back(&mut self, review: &Review) -> Step {
        if let Some(case) = review.current().filter(|&case| review.decision(case).is_some()) {
            return Step::Happen(Event::Clear(vec![place(&review.cases.cases[case])]));
        }
        self.notice = "this row is not decided on".into();
        Step::Draw
    }

    /// Decides on the row as on the last one.
    fn again(&mut self, review: &mut Review, now: &str) -> Step {
        let (Some((choice, label, why)), Some(case)) = (self.last.clone(), review.current()) else {
            self.notice = "nothing was decided yet that could be done again".into();
            return Step::Draw;
        };
        let new = label.as_deref().or_else(|| review.suggested(case));
        if choice == Choice::Relabel && (new.is_none() || new == review.label_of(case)) {
            self.notice = "there is no other label for this row; press r".into();
            return Step::Draw;
        }
        self.decide(review, Ruling { choice, label, cases: vec![case] }, why, now)
    }

    fn typing(&mut self, review: &mut Review, mut line: Line, asked: Asked, key: KeyEvent, now: &str) -> Step {
        match key.code {
            KeyCode::Esc => {
                if let Asked::Filter(before) = asked {
                    review.filter = before;
                    self.go(review, 0);
                }
                return Step::Draw;
            }
            KeyCode::Enter => return self.entered(review, line.0, asked, now),
            KeyCode::Backspace => drop(line.0.pop()),
            KeyCode::Char('u') if key.modifiers.contains(KeyModifiers::CONTROL) => line.0.clear(),
            KeyCode::Char(c) if !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT) => line.0.push(c),
            KeyCode::Tab if asked == Asked::Label => line.0 = next_label(review, &line.0),
            _ => {}
        }
        if let Asked::Filter(_) = asked {
            review.filter.clone_from(&line.0);
            self.go(review, 0);
        }
        self.mode = Mode::Typing(line, asked);
        Step::Draw
    }

    fn entered(&mut self, review: &mut Review, text: String, asked: Asked, now: &str) -> Step {
        match asked {
            Asked::Filter(_) => Step::Draw,
            Asked::Why(ruling) => self.decide(review, ruling, text, now),
            Asked::Label => {
                let cases: Vec<usize> = review.current().into_iter().collect();
                if !review.cases.can_be_label(&text) {
                    self.notice = format!("{text:?} is no value that the label can have");
                    self.mode = Mode::Typing(Line(text), Asked::Label);
                } else if cases.iter().any(|&case| review.label_of(case) == Some(&text)) {
                    self.notice = "the row has this label; press k to keep it as it is".into();
                } else {
                    let ruling = Ruling { choice: Choice::Relabel, label: Some(text), cases };
                    self.mode = Mode::Typing(Line::default(), Asked::Why(ruling));
                }
                Step::Draw
            }
        }
    }

    fn decide(&mut self, review: &mut Review, ruling: Ruling, why: String, now: &str) -> Step {
        let (choice, given) = (ruling.choice, ruling.label.clone());
        let relabel = choice == Choice::Relabel;
        let decision = |&case: &usize| {
            let row = &review.cases.cases[case].row;
            let label = given.clone().or_else(|| review.suggested(case).map(str::to_owned));
            Decision {
                file: row.file.clone(),
                row: row.row,
                row_sha256: row.sha256,
                decision: choice,
                label: label.filter(|_| relabel),
                was: review.label_of(case).filter(|_| relabel).map(str::to_owned),
                by: self.by.clone(),
                on: Some(now.to_owned()),
                why: Some(why.trim().to_owned()).filter(|why| !why.is_empty()),
            }
        };
        let decisions: Vec<Decision> = ruling.cases.iter().map(decision).collect();
        // The next row is looked at, unless deciding takes this one away from those shown.
        if !review.undecided_only && ruling.cases.len() == 1 {
            self.go(review, review.row + 1);
        }
        self.last = Some((choice, given, why));
        Step::Happen(Event::Decide(decisions))
    }
}

/// Whether rows can be given another label, and else why not.
fn relabels(review: &Review) -> Result<(), &'static str> {
    if review.cases.label().is_none() {
        return Err("the dataset has no label");
    }
    if review.cases.cases.iter().all(|case| case.row.values.is_empty()) {
        return Err("to relabel rows, their labels must be known: end this, and give the DATA that was scanned too");
    }
    Ok(())
}

/// The label after this one, of those that rows have.
fn next_label(review: &Review, label: &str) -> String {
    let labels = review.labels();
    let at = labels.iter().position(|known| known == label).map_or(0, |at| at + 1);
    labels.get(at).or(labels.first()).cloned().unwrap_or_default()
}

#[cfg(test)]
#[path = "keys_tests.rs"]
mod tests;
