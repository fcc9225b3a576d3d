//! The rows most like a given one.

use std::collections::BTreeSet;

use taster_core::{Column, Role};
use taster_pipeline::Row;

/// How unlike rows are: the mean over the columns that say something, each from 0 to 1 (Gower 1971). Numbers by the share of
/// rows between them, categories by being equal or not, texts by the words they do not share (Jaccard), vectors by half of
/// one minus the cosine.
#[derive(Clone, Debug)]
pub(crate) struct Alike {
    kinds: Vec<Kind>,
}

#[derive(Clone, Debug)]
enum Kind {
    /// The numbers of all rows, sorted.
    Number(Vec<f64>),
    Category,
    Text,
    /// Not a feature, or compared with the vectors.
    Nothing,
}

impl Alike {
    /// For rows of these columns; numbers are put on the scale of the given rows.
    pub fn new(columns: &[Column], rows: &[Row]) -> Self {
        let kind = |(i, column): (usize, &Column)| match column.role {
            Role::Numeric => {
                let mut numbers: Vec<f64> = rows.iter().filter_map(|row| number(row, i)).collect();
                numbers.sort_by(f64::total_cmp);
                Kind::Number(numbers)
            }
            Role::Categorical => Kind::Category,
            Role::Text => Kind::Text,
            _ => Kind::Nothing,
        };
        Self { kinds: columns.iter().enumerate().map(kind).collect() }
    }

    /// The rows most like this one, nearest first, with how unlike they are, from 0 to 1. Not the row itself.
    pub fn nearest<'r>(&self, row: &Row, rows: &'r [Row], count: usize) -> Vec<(f64, &'r Row)> {
        let itself = |other: &Row| other.file == row.file && other.row == row.row;
        let others = rows.iter().filter(|other| !itself(other));
        let mut found: Vec<(f64, &Row)> = others.map(|other| (self.unlike(row, other), other)).collect();
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        found.truncate(count);
        found
    }

    fn unlike(&self, a: &Row, b: &Row) -> f64 {
        let each = self.kinds.iter().enumerate().filter_map(|(i, kind)| kind.unlike(a, b, i));
        let vectors = (!a.vectors.is_empty()).then(|| between(&a.vectors, &b.vectors));
        let (sum, count) = each.chain(vectors).fold((0.0, 0), |(sum, count), d| (sum + d, count + 1));
        if count == 0 { 1.0 } else { sum / f64::from(count) }
    }
}

impl Kind {
    /// `None` where both are missing or the column says nothing.
    fn unlike(&self, a: &Row, b: &Row, column: usize) -> Option<f64> {
        if matches!(self, Self::Nothing) {
            return None;
        }
        let (left, right) = (a.values.get(column)?.as_deref(), b.values.get(column)?.as_deref());
        let (Some(left), Some(right)) = (left, right) else {
            return (left.is_some() || right.is_some()).then_some(1.0);
        };
        Some(match self {
            Self::Number(sorted) => match (number(a, column), number(b, column)) {
                (Some(x), Some(y)) => {
                    let below = |x: f64| sorted.partition_point(|&n| n < x);
                    let upto = |x: f64| sorted.partition_point(|&n| n <= x);
                    let (low, high) = (x.min(y), x.max(y));
                    let between = if low == high { 0 } else { upto(high) - below(low) };
                    between as f64 / sorted.len().max(1) as f64
                }
                _ => f64::from(u8::from(left != right)),
            },
            Self::Text => 1.0 - jaccard(left, right),
            Self::Category | Self::Nothing => f64::from(u8::from(left != right)),
        })
    }
}

fn number(row: &Row, column: usize) -> Option<f64> {
    row.values.get(column)?.as_deref()?.parse().ok()
}

fn jaccard(a: &str, b: &str) -> f64 {
    let words = |text: &'_ str| text.split_whitespace().map(str::to_lowercase).collect::<BTreeSet<_>>();
    let (a, b) = (words(a), words(b));
    let shared = a.intersection(&b).count();
    if a.is_empty() && b.is_empty() { 1.0 } else { shared as f64 / (a.len() + b.len() - shared) as f64 }
}

fn between(a: &[f32], b: &[f32]) -> f64 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
    let norms = (dot(a, a) * dot(b, b)).sqrt();
    let cosine = dot(a, b) / norms;
    if a.len() != b.len() || cosine.is_nan() { 1.0 } else { (1.0 - cosine) / 2.0 }
}

#[cfg(test)]
mod tests {
    use taster_core::Kind as ColumnKind;

    use super::*;

    fn column(role: Role) -> Column {
        Column { name: role.name().into(), kind: ColumnKind::String, role, why: String::new() }
    }

    fn row(row: u64, values: &[&str], vectors: &[f32]) -> Row {
        let values = values.iter().map(|v| (!v.is_empty()).then(|| (*v).to_owned())).collect();
        Row { row, values, vectors: vectors.to_vec(), ..Row::default() }
    }

    #[test]
    fn the_nearest_share_numbers_categories_and_words() {
        let columns = [Role::Numeric, Role::Categorical, Role::Text, Role::Label].map(column);
        let rows = [
            row(0, &["1", "a", "the red cat", "x"], &[]),
            row(1, &["2", "a", "the red dog", "y"], &[]),
            row(2, &["50", "b", "", "x"], &[]),
            row(3, &["1", "a", "the RED cat", "y"], &[]),
        ];
        let near = Alike::new(&columns, &rows).nearest(&rows[0], &rows, 2);
        assert_eq!(near.iter().map(|(_, row)| row.row).collect::<Vec<_>>(), [3, 1]);
        assert_eq!(near[0].0, 0.0, "the label is not compared");
        assert!(near[1].0 > 0.2 && near[1].0 < 0.5, "{}", near[1].0);
    }

    #[test]
    fn vectors_are_compared_by_their_direction() {
        let columns = [column(Role::Embedding)];
        let rows = [row(0, &["v"], &[1.0, 0.0]), row(1, &["v"], &[0.0, 3.0]), row(2, &["v"], &[9.0, 0.1])];
        let near = Alike::new(&columns, &rows).nearest(&rows[0], &rows, 9);
        assert_eq!(near.iter().map(|(_, row)| row.row).collect::<Vec<_>>(), [2, 1]);
        assert!((near[1].0 - 0.5).abs() < 1e-9);
    }
}
