use serde_json::json;
use taster_core::{Evidence, Model, Observation, Reason, Scale, Scope, Table};
use taster_stats::boost::{CodeColumn, Codes};

use super::{
    Params,
    classes::{Classes, NONE},
    noise::Noise,
    panel::Panel,
    regions::Regions,
};

/// Columns named in a reason.
const COLUMNS_SHOWN: usize = 3;

/// Judges labels by out-of-fold models and the estimated rates of flips.
pub struct Judge {
    classes: Classes,
    panel: Panel,
    noise: Noise,
    regions: Regions,
    /// For each class and column of codes, the commonest code.
    usual: Vec<Vec<u8>>,
    names: Vec<String>,
}

impl Judge {
    /// Fits on the sample, or says why that cannot be.
    pub fn fit(evidence: &Evidence<'_>, params: &Params) -> Result<Self, String> {
        let classes = Classes::of(&evidence.sample.table, evidence.schema.label(), params.classes_max)?;
        let table = canonical(&evidence.sample.table, &classes);
        let (labels, k, schema) = (classes.codes(&table), classes.len(), evidence.schema);
        let panel = Panel::fit(schema, &table, &labels, k, evidence.key.derive("folds"), params);
        let codes = panel.codes(&table);
        let noise = Noise::estimate(&panel.probabilities(&codes, &table.feature_keys), &labels, k);
        let regions = Regions::fit(schema, &table, &codes, &labels, k, evidence.key.derive("regions"));
        let usual = usual(&codes, &labels, k);
        let names = schema.columns.iter().map(|c| c.name.clone()).collect();
        Ok(Self { classes, panel, noise, regions, usual, names })
    }

    /// The columns whose values speak against the row's label: with the value usual for the label instead, the label
    /// would be likelier. Strongest first.
    fn columns_against(&self, table: &Table, label: usize) -> Vec<String> {
        let codes = self.panel.codes(table);
        let origins = self.panel.origins();
        let own = |codes: &Codes| self.panel.probabilities(codes, &table.feature_keys)[label];
        let before = own(&codes);
        let mut gains: Vec<(f32, usize)> = self
            .names
            .iter()
            .enumerate()
            .filter(|&(column, _)| origins.contains(&column))
            .map(|(column, _)| (own(&self.with_usual(&codes, &origins, column, label)) - before, column))
            .filter(|&(gain, _)| gain > 0.02)
            .collect();
        gains.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        gains.into_iter().take(COLUMNS_SHOWN).map(|(_, column)| self.names[column].clone()).collect()
    }

    fn with_usual(&self, codes: &Codes, origins: &[usize], column: usize, label: usize) -> Codes {
        let changed = |(i, c): (usize, &CodeColumn)| {
            let codes = if origins[i] == column { vec![self.usual[label][i]; c.codes.len()] } else { c.codes.clone() };
            CodeColumn { codes, ..*c }
        };
        Codes::new(codes.columns().iter().enumerate().map(changed).collect())
    }
}

impl Model for Judge {
    fn score(&self, table: &Table) -> Vec<f64> {
        let labels = self.classes.codes(table);
        let codes = self.panel.codes(table);
        let probabilities = self.panel.probabilities(&codes, &table.feature_keys);
        let together = self.regions.suspicion(table, &codes, &labels);
        let rows = labels.iter().zip(probabilities.chunks_exact(self.classes.len())).zip(together);
        let score = |((&label, p), together): ((&u32, &[f32]), f64)| match label {
            NONE => f64::NAN,
            label => 1.0 - (1.0 - self.noise.suspicion(p, label as usize)) * (1.0 - together),
        };
        rows.map(score).collect()
    }

    fn scale(&self) -> Scale {
        Scale::Probability
    }

    fn explain(&self, table: &Table, row: usize) -> Reason {
        let table = table.take(&[row]);
        let label = self.classes.codes(&table).first().copied().unwrap_or(NONE);
        let probabilities = self.panel.probabilities(&self.panel.codes(&table), &table.feature_keys);
        if label == NONE {
            return Reason::default();
        }
        let label = label as usize;
        let Some((class, probability)) = self.noise.likeliest(&probabilities, label) else { return Reason::default() };
        let columns = self.columns_against(&table, label);
        let shown: Vec<String> = columns.iter().map(|name| self.shown(&table, name)).collect();
        let against = if shown.is_empty() { String::new() } else { format!("; against it speak {}", shown.join(", ")) };
        let text = format!(
            "labelled {:?}, which models that did not see this row give a probability of {:.3}; {:?} has {:.3}{against}",
            self.classes.name(label),
            probabilities[label],
            self.classes.name(class),
            probabilities[class],
        );
        Reason { columns, text, suggested_label: Some((self.classes.name(class).to_owned(), probability)) }
    }

    fn observations(&self) -> Vec<Observation> {
        vec![self.wrong_labels()]
    }
}

impl Judge {
    /// A column's value for a person, cut short.
    fn shown(&self, table: &Table, name: &str) -> String {
        let value = self.names.iter().position(|n| n == name).and_then(|i| table.columns[i].show(0));
        let value: String = value.unwrap_or_else(|| "(missing)".into()).chars().take(60).collect();
        format!("{name} = {value}")
    }

    fn wrong_labels(&self) -> Observation {
        let plain: u64 = self.noise.plain.iter().map(|p| p.rows).sum();
        let other: u64 = self.noise.plain.iter().flat_map(|p| &p.others).map(|o| o.1).sum();
        let share = other as f64 / plain.max(1) as f64;
        Observation {
            code: "wrong-labels",
            scope: Scope::Dataset,
            message: format!(
                "of {plain} rows that are plainly of one class, {:.2} % carry another label",
                100.0 * share
            ),
            columns: vec![self.names[self.classes.column()].clone()],
            magnitude: share,
            p_value: None,
            q_value: None,
            evidence: json!({ "plain_rows": plain, "with_another_label": other }),
        }
    }
}

/// The rows that have a class, in an order that depends on their content only.
fn canonical(table: &Table, classes: &Classes) -> Table {
    let labels = classes.codes(table);
    let mut rows: Vec<usize> = (0..table.len).filter(|&r| labels[r] != NONE).collect();
    rows.sort_by_key(|&r| (table.feature_keys[r], labels[r]));
    table.take(&rows)
}

/// The commonest code of each column among each class's rows.
fn usual(codes: &Codes, labels: &[u32], classes: usize) -> Vec<Vec<u8>> {
    let commonest = |class: usize, column: &CodeColumn| {
        let mut counts = [0_usize; 256];
        for (&code, _) in column.codes.iter().zip(labels).filter(|&(_, &label)| label as usize == class) {
            counts[code as usize] += 1;
        }
        (0_u8..=255).rev().max_by_key(|&code| counts[code as usize]).unwrap_or(0)
    };
    (0..classes).map(|class| codes.columns().iter().map(|column| commonest(class, column)).collect()).collect()
}
