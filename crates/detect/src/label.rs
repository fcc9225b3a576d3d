//! The label column, as several detectors need it.

use taster_core::{Category, NotApplicable, Schema, Table, Values};

/// The label column of a table; `None` where there is none or it is not a class.
pub fn of(table: &Table, column: Option<usize>) -> Option<&Category> {
    column.and_then(|i| table.columns.get(i)).and_then(Values::as_category)
}

/// Refuses a schema without a label column.
pub fn needed(schema: &Schema) -> Result<usize, NotApplicable> {
    schema.label().ok_or_else(|| NotApplicable("there is no label column; name it with --label".into()))
}
