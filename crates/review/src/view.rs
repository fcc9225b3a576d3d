//! The screen.

mod evidence;
mod lists;
#[cfg(test)]
mod tests;

use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    style::{Color, Modifier, Style, Stylize},
    text::{Line, Span},
    widgets::{Block, Clear, Paragraph, Wrap},
};
use taster_provenance::Choice;
use taster_report::one_line;

pub(crate) use evidence::Neighbours;

use crate::{
    Review,
    keys::{Asked, Desk, Mode},
};

const QUIET: Style = Style::new().fg(Color::DarkGray);
const MARKED: Style = Style::new().fg(Color::Yellow).add_modifier(Modifier::BOLD);
/// Columns below which the list of groups is left out.
const NARROW: u16 = 80;
const GROUPS: u16 = 34;

const KEYS: &str = "\
 ↑ ↓ PgUp PgDn   another row             ← → Tab   another group
 space b         the evidence, further down and back up

 k   keep the row in the dataset         K   keep all that are shown and undecided
 d   drop it, the detector is right      D   drop all
 r   give it another label               R   give all the labels suggested for them
 .   decide as on the last row           x   take the decision on this row back
 u   undo the last decision

 /   show rows that have something in them: a value, a reason, a detector
 f   show undecided rows only, or all again
 q   end for now; the decisions are written, and this command goes on where it ended

 Each decision is on the disk before the screen shows it.";

/// Draws everything.
pub(crate) fn draw(frame: &mut Frame, review: &Review, desk: &mut Desk, neighbours: &mut Neighbours, title: &str) {
    let [head, body, foot] =
        Layout::vertical([Constraint::Length(1), Constraint::Min(3), Constraint::Length(1)]).areas(frame.area());
    frame.render_widget(header(review, desk, title), head);
    let groups = if body.width < NARROW { 0 } else { GROUPS };
    let [left, right] = Layout::horizontal([Constraint::Length(groups), Constraint::Min(1)]).areas(body);
    let [rows, evidence] = Layout::vertical([Constraint::Percentage(40), Constraint::Min(3)]).areas(right);
    desk.page = usize::from(rows.height.saturating_sub(2)).max(1);
    if left.width > 0 {
        lists::groups(frame, left, review);
    }
    let shown = review.shown();
    lists::rows(frame, rows, review, &shown);
    evidence::draw(frame, evidence, review, (shown.get(review.row).copied(), desk.scrolled), neighbours);
    frame.render_widget(footer(review, desk), foot);
    if desk.mode == Mode::Help {
        help(frame);
    }
}

fn header<'a>(review: &Review, desk: &Desk, title: &str) -> Paragraph<'a> {
    let count = review.count();
    let all = count.keep + count.drop + count.relabel + count.undecided;
    let told = format!(
        "  {} of {all} decided: {} keep, {} drop, {} relabel",
        all - count.undecided,
        count.keep,
        count.drop,
        count.relabel
    );
    let name = Span::from(format!(" {}", one_line(title))).bold();
    let by = Span::styled(format!("  by {}", one_line(&desk.by)), QUIET);
    Paragraph::new(Line::from(vec![name, told.into(), by]))
}

/// What is asked for, what is to be told, or what keys there are.
fn footer<'a>(review: &Review, desk: &Desk) -> Paragraph<'a> {
    let line = match &desk.mode {
        Mode::Typing(line, asked) => {
            let (asks, hint) = asks(review, asked);
            let typed = Span::from(one_line(&line.0));
            let notice = if desk.notice.is_empty() { hint } else { desk.notice.clone() };
            Line::from(vec![Span::from(asks).bold(), typed, "▏".into(), Span::styled(format!("  {notice}"), QUIET)])
        }
        _ if !desk.notice.is_empty() => Line::styled(format!(" {}", one_line(&desk.notice)), MARKED),
        _ => Line::styled(" k keep  d drop  r relabel  . again  u undo  / filter  f undecided  ? help  q end", QUIET),
    };
    Paragraph::new(line)
}

fn asks(review: &Review, asked: &Asked) -> (String, String) {
    match asked {
        Asked::Filter(_) => (" Show rows with: ".into(), "Enter to go on, Esc to leave it".into()),
        Asked::Label => {
            let labels = review.labels().iter().take(5).map(|label| one_line(label)).collect::<Vec<_>>().join(", ");
            (" New label: ".into(), format!("Tab for another: {labels}"))
        }
        Asked::Why(ruling) => {
            let what = verb(ruling.choice);
            let rows = match ruling.cases.len() {
                1 => "this row".to_owned(),
                n => format!("{n} rows"),
            };
            let label = ruling.label.as_ref().map(|label| format!(" to {}", one_line(label))).unwrap_or_default();
            (format!(" {what} {rows}{label}. Why? "), "Enter to decide, Esc to leave it".into())
        }
    }
}

fn help(frame: &mut Frame) {
    let area = frame.area();
    let (width, height) = (area.width.min(92), area.height.min(KEYS.lines().count() as u16 + 2));
    let box_ = Rect { x: (area.width - width) / 2, y: (area.height - height) / 2, width, height };
    let text = Paragraph::new(KEYS).wrap(Wrap { trim: false });
    frame.render_widget(Clear, box_);
    frame.render_widget(text.block(Block::bordered().title(" Keys · any key to go back ")), box_);
}

fn verb(choice: Choice) -> &'static str {
    match choice {
        Choice::Release => "Keep",
        Choice::Confirm | Choice::Remove => "Drop",
        Choice::Relabel => "Relabel",
    }
}
