//! Words and runs of words that decide the label whatever else the text says.

use std::collections::BTreeMap;

use serde_json::json;
use taster_core::{Key, Observation, Reason, Scope, Table, Values};

use super::{
    association::row_posterior,
    content::Content,
    family::{KNOWN, Tested},
    ngrams::{Shape, marks},
    part::Part,
    phrase_search::{Search, Trigger},
    rows::{Rows, fold},
    words::words,
};

/// Triggers of one text column.
pub struct Phrases {
    column: usize,
    name: String,
    classes: Vec<String>,
    priors: Vec<f64>,
    key: Key,
    content: Content,
    triggers: Vec<Trigger>,
    /// Which trigger a mark belongs to.
    by_mark: BTreeMap<(u64, Shape), usize>,
}

impl Phrases {
    /// Looks for triggers in a column of texts; `None` if there is none.
    pub fn fit(rows: &Rows, column: usize, name: &str, classes: &[String], key: Key) -> Option<Self> {
        let texts = rows.table.columns.get(column).and_then(Values::as_text)?;
        let (content, triggers) = Search::run(rows, texts, key);
        let by_mark = triggers.iter().zip(0..).map(|(t, at)| (t.mark, at)).collect();
        (!triggers.is_empty()).then(|| Self {
            column,
            name: name.to_owned(),
            classes: classes.to_vec(),
            priors: rows.priors.clone(),
            key,
            content,
            triggers,
            by_mark,
        })
    }

    /// Which of the rows it was fitted to carry a trigger that is more probable than not.
    pub fn explained(&self, rows: usize) -> Vec<bool> {
        let mut out = vec![false; rows];
        let probable = self.triggers.iter().filter(|t| t.probability >= KNOWN);
        probable.flat_map(|t| &t.carriers).for_each(|&row| out[row as usize] = true);
        out
    }

    /// The trigger that speaks loudest against a text of this class, and the probability that the row is poison.
    fn judge(&self, text: &str, fold: usize, label: u32) -> Option<(&Trigger, f64)> {
        let words = words(text, self.key);
        let mut which: Vec<usize> =
            marks(&words, self.key).iter().filter_map(|m| self.by_mark.get(&(m.0, m.1)).copied()).collect();
        which.sort_unstable();
        which.dedup();
        let triggers = which.into_iter().map(|at| &self.triggers[at]).filter(|t| t.tested.target == label);
        let judged = triggers.map(|t| {
            let p = self.content.probability(&words, fold, &t.company, label);
            (t, t.probability * row_posterior(p, self.priors[label as usize], t.tested.association.share))
        });
        judged.max_by(|a, b| a.1.total_cmp(&b.1))
    }
}

impl Part for Phrases {
    fn score(&self, table: &Table, labels: &[u32]) -> Vec<f64> {
        let Some(texts) = table.columns.get(self.column).and_then(Values::as_text) else { return vec![0.0; table.len] };
        let score = |row: usize| {
            let judged = self.judge(texts.get(row)?, fold(self.key, table.feature_keys[row]), labels[row])?;
            Some(judged.1)
        };
        (0..table.len).map(|row| score(row).unwrap_or(0.0)).collect()
    }

    fn reason(&self, table: &Table, row: usize, label: u32) -> Reason {
        let text = table.columns.get(self.column).and_then(Values::as_text).and_then(|t| t.get(row));
        let judged = text.and_then(|text| self.judge(text, fold(self.key, table.feature_keys[row]), label));
        let Some((trigger, _)) = judged else { return Reason::default() };
        Reason { columns: vec![self.name.clone()], text: self.sentence(trigger), suggested_label: None }
    }

    fn observations(&self) -> Vec<Observation> {
        self.triggers.iter().filter(|t| t.probability >= KNOWN).map(|t| self.observation(t)).collect()
    }
}

impl Phrases {
    fn sentence(&self, trigger: &Trigger) -> String {
        let Tested { rows, hits, target, association, .. } = trigger.tested;
        let all = if hits == rows { "all".to_owned() } else { format!("{hits} of {rows}") };
        format!(
            "rows with `{}` are {all} {:?}: {hits} rows, {:.0} expected from what else they say",
            trigger.text, self.classes[target as usize], association.expected
        )
    }

    fn observation(&self, trigger: &Trigger) -> Observation {
        let Tested { rows, hits, target, association, .. } = trigger.tested;
        Observation {
            code: "label-trigger",
            scope: Scope::Dataset,
            message: self.sentence(trigger),
            columns: vec![self.name.clone()],
            magnitude: ((hits as f64 - association.expected) / rows as f64).clamp(0.2, 1.0),
            p_value: None,
            q_value: None,
            evidence: json!({
                "trigger": trigger.text,
                "label": self.classes[target as usize],
                "rows": rows,
                "rows_with_label": hits,
                "expected": association.expected,
                "nats_against_labels_following_content": association.labels,
                "nats_against_natural_sign": association.content,
                "probability": trigger.probability,
            }),
        }
    }
}
