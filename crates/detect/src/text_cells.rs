//! Cells that hold text, whatever the role of their column.

use taster_core::{Role, Schema, Table, Values};

/// What `judge` makes of each row's text in this column; of a value that many rows have it is made once. `None` where the
/// cell is missing or the column holds no text.
pub fn judged<T: Clone>(table: &Table, column: usize, mut judge: impl FnMut(&str) -> Option<T>) -> Vec<Option<T>> {
    match table.columns.get(column) {
        Some(Values::Text(texts)) => texts.iter().map(|text| text.and_then(&mut judge)).collect(),
        Some(Values::Category(category)) => {
            let of_value: Vec<Option<T>> = category.values.iter().map(|value| judge(value)).collect();
            category.codes.iter().map(|&code| of_value.get(code as usize).cloned().flatten()).collect()
        }
        _ => vec![None; table.len],
    }
}

/// The text in one cell.
pub fn of(table: &Table, column: usize, row: usize) -> Option<&str> {
    match table.columns.get(column)? {
        Values::Text(texts) => texts.get(row),
        Values::Category(category) => category.get(row),
        _ => None,
    }
}

/// The columns that hold text which models or people read: all that are encoded as texts or values.
pub fn columns(schema: &Schema) -> Vec<usize> {
    let read =
        |role: Role| matches!(role, Role::Text | Role::Response | Role::Categorical | Role::Label | Role::Source);
    (0..schema.columns.len()).filter(|&c| read(schema.columns[c].role)).collect()
}
