//! The list of groups and the list of rows.

use ratatui::{
    Frame,
    layout::Rect,
    style::{Color, Style, Stylize},
    text::{Line, Span},
    widgets::{Block, List, ListItem, ListState},
};
use taster_provenance::Choice;
use taster_report::one_line;

use super::{QUIET, verb};
use crate::{Review, groups::Group};

const CHOSEN: Style = Style::new().fg(Color::Black).bg(Color::Cyan);

/// Each group with how many of its rows are decided on.
pub(super) fn groups(frame: &mut Frame, area: Rect, review: &Review) {
    let width = usize::from(area.width).saturating_sub(2);
    let item = |(i, group): (usize, &Group)| {
        let decided = group.cases.len() - review.count_of(&group.cases).undecided;
        let told = format!("{decided}/{}", group.cases.len());
        let first = i == 0 || review.groups[i - 1].detector != group.detector;
        let name = match (group.detector.as_str(), group.what.as_str()) {
            ("", _) => "all rows".to_owned(),
            (detector, "") => detector.to_owned(),
            (detector, what) if first => format!("{detector}: {}", one_line(what)),
            (_, what) => format!("  {}", one_line(what)),
        };
        let room = width.saturating_sub(told.len() + 1);
        let name = fitted(&name, room);
        let gap = " ".repeat(width.saturating_sub(Span::from(name.as_str()).width() + told.len()));
        ListItem::new(Line::from(vec![name.into(), gap.into(), Span::styled(told, QUIET)]))
    };
    let items: Vec<ListItem> = review.groups.iter().enumerate().map(item).collect();
    let list = List::new(items).block(Block::bordered().title(" Groups ")).highlight_style(CHOSEN);
    frame.render_stateful_widget(list, area, &mut ListState::default().with_selected(Some(review.group)));
}

/// The rows of the group, with what was decided and what is said against them.
pub(super) fn rows(frame: &mut Frame, area: Rect, review: &Review, shown: &[usize]) {
    let height = usize::from(area.height.saturating_sub(2)).max(1);
    // Only what is seen is made: there may be very many rows.
    let first = review.row.saturating_sub(height / 2).min(shown.len().saturating_sub(height));
    let items: Vec<ListItem> =
        shown.iter().skip(first).take(height).map(|&case| ListItem::new(row(review, case))).collect();
    let undecided = if review.undecided_only { "· undecided " } else { "" };
    let filter = match review.filter.as_str() {
        "" => String::new(),
        filter => format!("· with “{}” ", one_line(filter)),
    };
    let title = format!(" {} of {} rows {undecided}{filter}", (review.row + 1).min(shown.len()), shown.len());
    let list = List::new(items).block(Block::bordered().title(title)).highlight_style(CHOSEN);
    frame.render_stateful_widget(list, area, &mut ListState::default().with_selected(Some(review.row - first)));
}

fn row(review: &Review, case: usize) -> Line<'static> {
    let entry = &review.cases.cases[case];
    let decision = review.decision(case);
    let mark = match decision.map(|d| d.decision) {
        None => Span::from("        "),
        Some(choice) => Span::from(format!("{:<8}", verb(choice).to_lowercase())).fg(match choice {
            Choice::Release => Color::Green,
            Choice::Relabel => Color::Magenta,
            Choice::Confirm | Choice::Remove => Color::Red,
        }),
    };
    let place = format!("{}:{}  ", one_line(&entry.row.file), entry.row.row);
    let said =
        entry.accusations.iter().map(|a| format!("{} {:.2}", a.detector, a.score)).collect::<Vec<_>>().join(", ");
    let reason = entry.accusations.first().map(|a| one_line(&a.reason)).unwrap_or_default();
    Line::from(vec![mark, place.into(), said.into(), Span::styled(format!("  {reason}"), QUIET)])
}

fn fitted(text: &str, width: usize) -> String {
    if Span::from(text).width() <= width {
        return text.to_owned();
    }
    let mut out = String::new();
    for c in text.chars() {
        if Span::from(format!("{out}{c}…")).width() > width {
            break;
        }
        out.push(c);
    }
    out + "…"
}
