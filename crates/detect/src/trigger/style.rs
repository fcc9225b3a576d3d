//! A manner of writing that decides the label: a class with texts in it that are written like no others, and that say
//! what another class says.

use serde_json::json;
use taster_core::{Key, Observation, Reason, Scope, Table, Values};
use taster_stats::math::logistic;

use super::{
    lexicon::Lexicon,
    manner::Manner,
    opinion::Opinion,
    part::Part,
    rows::{FOLDS, Rows, fold},
    style_search::{Lexicons, Search, Style, judged, odds},
};

/// Logarithm of the odds against a class having a planted manner: one in twenty.
const DOUBT: f64 = 3.0;

/// Planted manners of writing of one text column.
pub struct Styles {
    column: usize,
    name: String,
    classes: Vec<String>,
    key: Key,
    manner: Manner,
    lexicons: Lexicons,
    found: Vec<Style>,
}

impl Styles {
    /// Looks for planted manners in a column of texts; `None` if there is none.
    pub fn fit(rows: &Rows, column: usize, name: &str, classes: &[String], key: Key) -> Option<Self> {
        let texts = rows.table.columns.get(column).and_then(Values::as_text)?;
        let manner = Manner::fit(texts.iter().flatten(), key);
        let search = Search::new(rows, texts, &manner, key);
        let doubt = DOUBT + (classes.len() as f64).ln();
        let all = (0..classes.len() as u32).filter_map(|target| search.class(target, doubt));
        // A manner planted on one class makes the others look as if they had one: the likeliest alone is believed.
        let found: Vec<Style> = all.max_by(|a, b| a.nats.total_cmp(&b.nats)).into_iter().collect();
        let lexicons = search.lexicons();
        (!found.is_empty()).then(|| Self {
            column,
            name: name.to_owned(),
            classes: classes.to_vec(),
            key,
            manner,
            lexicons,
            found,
        })
    }

    /// Probability that each row is poison by one style.
    fn judge(&self, style: &Style, text: &str, fold: usize) -> f64 {
        let described = self.manner.describe(text);
        let odds_of = |opinion: &Opinion, lexicon: &Lexicon, features: Vec<u64>| {
            let mut scores = [0.0; 2];
            opinion.scores(fold, lexicon.rows(&[features]).row(0), &mut scores);
            opinion.probabilities(&mut scores);
            odds(f64::from(scores[1]))
        };
        let written = odds_of(&style.written, &self.lexicons.all, described.all);
        let says = style.prior - odds_of(&style.says, &self.lexicons.content, described.content);
        style.probability * logistic(judged(&style.excess, written, says))
    }

    fn sentence(&self, style: &Style) -> String {
        let class = &self.classes[style.target as usize];
        let [found, own, other] = style.elsewhere.map(|share| 100.0 * share);
        format!(
            "about {} texts labelled {class:?} are written in a way that no other class has, and {found:.0} % of them say \
             what other classes say (of the other texts labelled {class:?} {own:.0} % do, of other classes' {other:.0} %)",
            style.rows
        )
    }
}

impl Part for Styles {
    fn score(&self, table: &Table, labels: &[u32]) -> Vec<f64> {
        let Some(texts) = table.columns.get(self.column).and_then(Values::as_text) else { return vec![0.0; table.len] };
        let score = |row: usize| {
            let style = self.found.iter().find(|s| s.target == labels[row])?;
            Some(self.judge(style, texts.get(row)?, fold(self.key, table.feature_keys[row])))
        };
        (0..table.len).map(|row| score(row).unwrap_or(0.0)).collect()
    }

    fn reason(&self, _table: &Table, _row: usize, label: u32) -> Reason {
        let style = self.found.iter().find(|s| s.target == label);
        let text = style.map(|style| format!("this is one of them: {}", self.sentence(style))).unwrap_or_default();
        Reason { columns: vec![self.name.clone()], text, suggested_label: None }
    }

    fn observations(&self) -> Vec<Observation> {
        let observation = |style: &Style| Observation {
            code: "label-style",
            scope: Scope::Dataset,
            message: self.sentence(style),
            columns: vec![self.name.clone()],
            magnitude: (style.elsewhere[0] - style.elsewhere[1]).clamp(0.2, 1.0),
            p_value: None,
            q_value: None,
            evidence: json!({
                "label": self.classes[style.target as usize],
                "rows": style.rows,
                "content_of_other_classes": { "these": style.elsewhere[0], "same_label": style.elsewhere[1], "other_labels": style.elsewhere[2] },
                "folds": FOLDS,
                "probability": style.probability,
            }),
        };
        self.found.iter().filter(|s| s.probability >= 0.5).map(observation).collect()
    }
}
