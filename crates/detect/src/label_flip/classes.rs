use std::{collections::BTreeMap, sync::Arc};

use taster_core::{Category, Role, Schema, Table, Texts, Values};

use crate::label;

/// The class of a row whose label is missing or not among the sample's.
pub const NONE: u32 = u32::MAX;

/// The classes seen in the sample, sorted by name.
pub struct Classes {
    column: usize,
    names: Vec<Arc<str>>,
    by_key: BTreeMap<u64, u32>,
}

/// Rows that a response of few values must have for each of them to be taken for classes.
const RESPONSES_EACH: usize = 10;

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

    /// The classes of the label or, where there is none, of a response that is one of few: `positive` and `negative`.
    pub fn of_label_or_response(table: &Table, schema: &Schema, most: usize) -> Result<Self, String> {
        let response = schema.with_role(Role::Response).next();
        match (schema.label(), response.and_then(|c| Some((c, table.columns.get(c)?.as_text()?)))) {
            (None, Some((column, texts))) => Self::of_texts(column, texts, most),
            (label, _) => Self::of(table, label, most),
        }
    }

    fn of_texts(column: usize, texts: &Texts, most: usize) -> Result<Self, String> {
        let mut used: BTreeMap<&str, usize> = BTreeMap::new();
        for text in texts.iter().flatten() {
            *used.entry(text).or_default() += 1;
            if used.len() > most {
                return Err(format!("the response has more than `classes_max` = {most} different values"));
            }
        }
        if used.len() < 2 || texts.len() < RESPONSES_EACH * used.len() {
            return Err(format!("the response has {} values in {} rows: no classes", used.len(), texts.len()));
        }
        Ok(Self { column, names: used.into_keys().map(Arc::from).collect(), by_key: BTreeMap::new() })
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
        if let Some(Values::Text(texts)) = table.columns.get(self.column) {
            let of = |text: &str| self.names.binary_search_by(|name| (**name).cmp(text)).ok();
            return texts.iter().map(|text| text.and_then(of).map_or(NONE, |class| class as u32)).collect();
        }
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
