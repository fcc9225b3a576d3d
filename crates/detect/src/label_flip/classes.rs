use std::{collections::BTreeMap, sync::Arc};

use taster_core::{Category, Table};

use crate::label;

/// The class of a row whose label is missing or not among the sample's.
pub const NONE: u32 = u32::MAX;

/// The classes seen in the sample, sorted by name.
pub struct Classes {
    column: usize,
    names: Vec<Arc<str>>,
    by_key: BTreeMap<u64, u32>,
}

impl Classes {
    /// The classes of a table's label column, or why it has none to speak of.
    pub fn of(table: &Table, column: Option<usize>, most: usize) -> Result<Self, String> {
        let Some((column, labels)) = column.and_then(|c| Some((c, label::of(table, Some(c))?))) else {
            return Err("the label is not a class".into());
        };
        let used = used(labels);
        match used.len() {
            0 => return Err("no row has a label".into()),
            1 => return Err("all labels are the same".into()),
            n if n > most => {
                return Err(format!("the label has {n} different values, more than `classes_max` = {most}"));
            }
            _ => {}
        }
        let by_key = used.iter().zip(0..).map(|((_, &key), class)| (key, class)).collect();
        Ok(Self { column, names: used.into_keys().collect(), by_key })
    }

    /// Number of classes.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// A class's name.
    pub fn name(&self, class: usize) -> &str {
        &self.names[class]
    }

    /// The classes' indices, sorted as numbers if all names are numbers, else by name.
    pub fn in_numeric_order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.len()).collect();
        let numbers: Option<Vec<f64>> = self.names.iter().map(|n| n.parse().ok()).collect();
        if let Some(numbers) = numbers {
            order.sort_by(|&a, &b| numbers[a].total_cmp(&numbers[b]));
        }
        order
    }

    /// Index of the label column.
    pub fn column(&self) -> usize {
        self.column
    }

    /// Each row's class, [`NONE`] where its label is missing or unknown.
    pub fn codes(&self, table: &Table) -> Vec<u32> {
        let Some(labels) = label::of(table, Some(self.column)) else { return vec![NONE; table.len] };
        let of_value: Vec<u32> = labels.keys.iter().map(|k| self.by_key.get(k).copied().unwrap_or(NONE)).collect();
        labels.codes.iter().map(|&code| of_value.get(code as usize).copied().unwrap_or(NONE)).collect()
    }
}

/// Names and keys of the values that occur.
fn used(labels: &Category) -> BTreeMap<Arc<str>, u64> {
    let entry = |&code: &u32| Some((labels.values.get(code as usize)?.clone(), *labels.keys.get(code as usize)?));
    labels.codes.iter().filter_map(entry).collect()
}
