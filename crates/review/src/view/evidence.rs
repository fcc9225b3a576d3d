//! What is said against a row, what it holds, and the rows most like it.

use ratatui::{
    Frame,
    layout::Rect,
    style::Stylize,
    text::{Line, Span},
    widgets::{Block, Paragraph, Wrap},
};
use taster_pipeline::{Case, Row};
use taster_report::one_line;

use super::{MARKED, QUIET, verb};
use crate::{Review, alike::Alike};

/// Rows like the one that is looked at.
const LIKE_IT: usize = 5;
/// Characters of a neighbour's value.
const SHORT: usize = 24;

/// The rows most like the one looked at, found once for each.
pub(crate) struct Neighbours {
    alike: Alike,
    /// Of which case, and as lines.
    found: Option<(usize, Vec<Line<'static>>)>,
}

impl Neighbours {
    /// For the rows of a review.
    pub fn new(review: &Review) -> Self {
        Self { alike: Alike::new(&review.cases.columns, &review.cases.others), found: None }
    }

    fn of(&mut self, review: &Review, case: usize) -> &[Line<'static>] {
        if self.found.as_ref().is_none_or(|(of, _)| *of != case) {
            self.found = Some((case, self.lines(review, &review.cases.cases[case])));
        }
        self.found.as_ref().map_or(&[], |(_, lines)| lines)
    }

    fn lines(&self, review: &Review, case: &Case) -> Vec<Line<'static>> {
        let others = &review.cases.others;
        if others.is_empty() {
            return Vec::new();
        }
        let about = format!("Most like it, of {} rows that are not quarantined", others.len());
        let mut lines = vec![Line::default(), Line::from(about).bold()];
        let label = review.cases.label();
        for (unlike, row) in self.alike.nearest(&case.row, others, LIKE_IT) {
            let labelled = label.map(|label| format!("  {}", short(value(row, label)))).unwrap_or_default();
            let place = format!("  {}:{}  {:.0} % unlike", one_line(&row.file), row.row, 100.0 * unlike);
            lines.push(Line::from(vec![place.into(), Span::from(labelled).bold()]));
            lines.push(Line::styled(format!("    {}", differences(review, case, row)), QUIET));
        }
        lines
    }
}

/// The values of a neighbour that the row does not share.
fn differences(review: &Review, case: &Case, other: &Row) -> String {
    let differs = |&i: &usize| review.cases.columns[i].role.is_feature() && value(&case.row, i) != value(other, i);
    let told = |i: usize| format!("{} {}", one_line(&review.cases.columns[i].name), short(value(other, i)));
    let told: Vec<String> = (0..review.cases.columns.len()).filter(differs).map(told).collect();
    if told.is_empty() { "the same in all features".into() } else { told.join(", ") }
}

pub(super) fn draw(
    frame: &mut Frame,
    area: Rect,
    review: &Review,
    (case, scrolled): (Option<usize>, u16),
    neighbours: &mut Neighbours,
) {
    let lines = match case {
        None => vec![Line::styled("no row is shown here", QUIET)],
        Some(case) => {
            let mut lines = lines(review, case);
            let (telling, others) = values(review, &review.cases.cases[case]);
            lines.extend(telling);
            lines.extend(neighbours.of(review, case).iter().cloned());
            lines.push(Line::default());
            lines.extend(others);
            lines
        }
    };
    let text = Paragraph::new(lines).wrap(Wrap { trim: false }).scroll((scrolled, 0));
    frame.render_widget(text.block(Block::bordered().title(" Evidence · space for more ")), area);
}

fn lines(review: &Review, case: usize) -> Vec<Line<'static>> {
    let entry = &review.cases.cases[case];
    let mut lines: Vec<Line> = decided(review, case).into_iter().collect();
    for accusation in &entry.accusations {
        let head = format!("{} {:.2}, {}: ", accusation.detector, accusation.score, accusation.severity);
        lines.push(Line::from(vec![Span::from(head).bold(), one_line(&accusation.reason).into()]));
        if let Some((label, probability)) = &accusation.suggested {
            lines.push(Line::from(format!("  its label should be {} ({:.0} %)", one_line(label), 100.0 * probability)));
        }
    }
    lines.push(Line::default());
    if entry.row.values.is_empty() {
        lines.push(Line::styled("its values are not known: DATA was not given, or not found", QUIET));
    }
    lines
}

fn decided(review: &Review, case: usize) -> Option<Line<'static>> {
    let decision = review.decision(case)?;
    let label = decision.label.as_ref().map(|label| format!(" to {}", one_line(label))).unwrap_or_default();
    let why = decision.why.as_ref().map(|why| format!(": {}", one_line(why))).unwrap_or_default();
    let on = decision.on.as_ref().map(|on| format!(", {}", one_line(on))).unwrap_or_default();
    let told = format!("{}{label}{why} ({}{on})", verb(decision.decision), one_line(&decision.by));
    Some(Line::from(told).italic())
}

/// One line a column: those that speak against the row, marked, and the label; then the others.
fn values(review: &Review, case: &Case) -> (Vec<Line<'static>>, Vec<Line<'static>>) {
    let columns = &review.cases.columns;
    let against = |i: usize| case.accusations.iter().any(|a| a.columns.contains(&columns[i].name));
    let all = 0..columns.len().min(case.row.values.len());
    let width = all.clone().map(|i| Span::from(one_line(&columns[i].name)).width()).max().unwrap_or(0).min(30);
    let line = |i: usize| {
        let name = one_line(&columns[i].name);
        let gap = " ".repeat(width.saturating_sub(Span::from(name.as_str()).width()));
        let mark = if against(i) { "▸ " } else { "  " };
        let value = Span::from(one_line(value(&case.row, i).unwrap_or("—")));
        let value = if against(i) { value.style(MARKED) } else { value };
        Line::from(vec![mark.into(), name.into(), gap.into(), "  ".into(), value])
    };
    let (mut telling, others): (Vec<usize>, Vec<usize>) =
        all.partition(|&i| against(i) || Some(i) == review.cases.label());
    telling.sort_by_key(|&i| !against(i));
    (telling.into_iter().map(line).collect(), others.into_iter().map(line).collect())
}

fn value(row: &Row, column: usize) -> Option<&str> {
    row.values.get(column)?.as_deref()
}

fn short(value: Option<&str>) -> String {
    let value = one_line(value.unwrap_or("—"));
    match value.char_indices().nth(SHORT) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value,
    }
}
