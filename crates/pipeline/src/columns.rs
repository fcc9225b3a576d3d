//! How the columns of two datasets differ.

use taster_core::Schema;

/// The names, in order.
pub(crate) fn names(schema: &Schema) -> Vec<&str> {
    schema.columns.iter().map(|c| c.name.as_str()).collect()
}

/// What was added, removed, is of another kind or in another place, one phrase for each; empty where nothing is.
pub(crate) fn column_changes(old: &Schema, new: &Schema) -> Vec<String> {
    let find = |schema: &Schema, name: &str| schema.columns.iter().find(|c| c.name == name).map(|c| c.kind.clone());
    let mut changes = Vec::new();
    for column in &old.columns {
        match find(new, &column.name) {
            None => changes.push(format!("removed {:?} ({})", column.name, column.kind)),
            Some(kind) if kind != column.kind => {
                changes.push(format!("kind of {:?} differs ({} and {kind})", column.name, column.kind));
            }
            Some(_) => {}
        }
    }
    let added = new.columns.iter().filter(|c| find(old, &c.name).is_none());
    changes.extend(added.map(|c| format!("added {:?} ({})", c.name, c.kind)));
    if changes.is_empty() && names(old) != names(new) {
        changes.push("order of the columns differs".into());
    }
    changes
}
