use std::fmt;

use serde_json::{Value, json};
use taster_core::{Schema, Table};

use super::{items::value, tabular::Tabular};

/// Exact values that a row may have, and how they are shown.
pub struct NamedValues(Vec<NamedValue>);

struct NamedValue {
    /// Column of the schema.
    column: usize,
    name: String,
    /// To compare.
    key: u64,
    /// To show.
    text: String,
}

impl NamedValues {
    /// The values of a set of items, as `row` has them.
    pub fn of(tabular: &Tabular<'_>, schema: &Schema, set: &[(usize, u32)], row: u32) -> Self {
        let Tabular { rows, items, .. } = tabular;
        let named = |&(place, item): &(usize, u32)| {
            let column = items.columns[place];
            let text = rows.table.columns[column].show(row as usize).unwrap_or_default();
            let key = items.values[place][item as usize];
            NamedValue { column, name: schema.columns[column].name.clone(), key, text }
        };
        Self(set.iter().map(named).collect())
    }

    /// Whether a row has them all.
    pub fn held_by(&self, table: &Table, row: usize) -> bool {
        self.0.iter().all(|v| value(&table.columns[v.column], row) == Some(v.key))
    }

    /// Names of their columns.
    pub fn columns(&self) -> Vec<String> {
        self.0.iter().map(|v| v.name.clone()).collect()
    }

    /// For the evidence.
    pub fn to_json(&self) -> Value {
        self.0.iter().map(|v| json!({ "column": v.name, "value": v.text })).collect()
    }
}

impl fmt::Display for NamedValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let values: Vec<String> = self.0.iter().map(|v| format!("{} = {}", v.name, v.text)).collect();
        f.write_str(&values.join(" and "))
    }
}
