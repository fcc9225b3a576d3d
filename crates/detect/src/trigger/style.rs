//! A manner of writing that decides the label: a class with texts in it that are written like no others, and that say
//! what another class says.

use serde_json::json;
use taster_core::{Key, Observation, Reason, Scope, Table, Texts, Values};
use taster_stats::math::logistic;

use super::{
    lexicon::Lexicon,
    manner::{Described, Manner},
    opinion::{Opinion, Task},
    part::Part,
    rows::{FOLDS, Rows, fold},
};

/// Texts that must have a feature.
const TEXTS_MIN: u32 = 4;
/// Rounds of learning the manner from the texts that seem to have it.
const ROUNDS: usize = 5;
/// Quantile of the other classes' texts above which a text of the class seems to have the manner.
const SEEMS: f64 = 0.99;
/// The same for texts that may have it.
const PERHAPS: f64 = 0.9;
/// The same for the texts whose content is then looked at.
const CLEARLY: f64 = 0.995;
/// Texts, and share of all, that must seem to have it.
const LEAST: (usize, f64) = (20, 0.002);
/// How far the content of the texts is on the way to that of other classes, where they are natural and where planted.
const ON_THE_WAY: (f64, f64) = (0.1, 0.5);
/// Logarithm of the odds against a class having a planted manner: one in twenty.
const DOUBT: f64 = 3.0;
/// Weight of what a text says beside how it says it.
const CONTENT_WEIGHT: f64 = 0.5;

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

struct Lexicons {
    content: Lexicon,
    all: Lexicon,
}

/// One class's.
struct Style {
    target: u32,
    nats: f64,
    probability: f64,
    /// Says whether a text is written that way.
    written: Opinion,
    /// Says whether its content is that of the class.
    says: Opinion,
    /// Log odds of the class.
    prior: f64,
    rows: usize,
    /// Share of those texts, of the class's others and of other classes' whose content is not that of the class.
    elsewhere: [f64; 3],
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
        let lexicons = search.lexicons;
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
}

/// What the search for every class's manner shares.
struct Search<'a> {
    rows: &'a Rows,
    described: Vec<Described>,
    lexicons: Lexicons,
    /// Probability of each class by manner and by content, row by row.
    by_manner: Vec<f32>,
    by_content: Vec<f32>,
    seed: u64,
}

impl<'a> Search<'a> {
    fn new(rows: &'a Rows, texts: &Texts, manner: &Manner, key: Key) -> Self {
        let described: Vec<Described> = texts.iter().map(|t| manner.describe(t.unwrap_or_default())).collect();
        let lexicon = |pick: fn(&Described) -> &Vec<u64>| {
            let picked: Vec<Vec<u64>> = described.iter().map(|d| pick(d).clone()).collect();
            (Lexicon::fit(&picked, TEXTS_MIN), picked)
        };
        let seed = key.derive("style").seed();
        let opinion = |(lexicon, picked): &(Lexicon, Vec<Vec<u64>>)| {
            let task = Task {
                rows: &lexicon.rows(picked),
                places: lexicon.len(),
                labels: &rows.labels,
                classes: rows.classes(),
                folds: &rows.folds,
                seed,
            };
            let (opinion, mut scores) = Opinion::fit(task, None);
            opinion.probabilities(&mut scores);
            scores
        };
        let content = lexicon(|d| &d.content);
        let (by_manner, by_content) = (opinion(&lexicon(|d| &d.manner)), opinion(&content));
        let lexicons = Lexicons { content: content.0, all: lexicon(|d| &d.all).0 };
        Self { rows, described, lexicons, by_manner, by_content, seed }
    }

    /// The manner planted on a class, if there is one.
    fn class(&self, target: u32, doubt: f64) -> Option<Style> {
        let own: Vec<bool> = self.rows.labels.iter().map(|&l| l == target).collect();
        let prior = odds(self.rows.priors[target as usize]);
        let at = |p: &[f32], row: usize| odds(f64::from(p[row * self.rows.classes() + target as usize]));
        let mut says: Vec<f64> = (0..own.len()).map(|r| prior - at(&self.by_content, r)).collect();
        let mut seems: Vec<f64> = (0..own.len()).map(|r| at(&self.by_manner, r) - prior + says[r]).collect();
        let mut written = None;
        for round in 0..ROUNDS {
            let seeds = above(&seems, &own, SEEMS)?;
            // Those in between teach nothing: many will turn out to be written that way.
            let perhaps = above(&seems, &own, PERHAPS)?;
            let between: Vec<bool> = perhaps.iter().zip(&seeds).map(|(&perhaps, &seed)| perhaps && !seed).collect();
            let seed = self.seed ^ round as u64;
            let (opinion, odds) = self.binary(&self.lexicons.all, |d| &d.all, &seeds, Some(&between), seed);
            let (_, content) = self.binary(&self.lexicons.content, |d| &d.content, &own, Some(&seeds), self.seed);
            says = content.iter().map(|content| prior - content).collect();
            seems = odds.iter().zip(&says).map(|(written, says)| written + CONTENT_WEIGHT * says).collect();
            written = Some((opinion, odds));
        }
        let (written, how) = written?;
        let clearly = above(&how, &own, CLEARLY)?;
        let (says, content) = self.binary(&self.lexicons.content, |d| &d.content, &own, Some(&clearly), self.seed);
        let mut others: Vec<f64> = (0..own.len()).filter(|&r| !own[r]).map(|r| content[r]).collect();
        others.sort_unstable_by(f64::total_cmp);
        // What half of the other classes' texts say and few of the class's own do.
        let foreign = others.get(others.len() / 2).copied()?;
        let elsewhere = |pick: &dyn Fn(usize) -> bool| {
            let picked: Vec<usize> = (0..own.len()).filter(|&r| pick(r)).collect();
            picked.iter().filter(|&&r| content[r] <= foreign).count() as f64 / picked.len().max(1) as f64
        };
        let elsewhere = [elsewhere(&|r| clearly[r]), elsewhere(&|r| own[r] && !clearly[r]), elsewhere(&|r| !own[r])];
        let rows = clearly.iter().filter(|&&c| c).count();
        let nats = nats(elsewhere, rows as f64);
        let probability = logistic(nats - doubt);
        (probability >= 0.1).then_some(Style { target, nats, probability, written, says, prior, rows, elsewhere })
    }

    /// A model that tells marked texts from others, and its out-of-fold log odds.
    fn binary(
        &self,
        lexicon: &Lexicon,
        pick: fn(&Described) -> &Vec<u64>,
        marked: &[bool],
        left_out: Option<&[bool]>,
        seed: u64,
    ) -> (Opinion, Vec<f64>) {
        let picked: Vec<Vec<u64>> = self.described.iter().map(|d| pick(d).clone()).collect();
        let labels: Vec<u32> = marked.iter().map(|&m| u32::from(m)).collect();
        let rows = lexicon.rows(&picked);
        let task =
            Task { rows: &rows, places: lexicon.len(), labels: &labels, classes: 2, folds: &self.rows.folds, seed };
        let (opinion, mut scores) = Opinion::fit(task, left_out);
        opinion.probabilities(&mut scores);
        (opinion, scores.chunks_exact(2).map(|p| odds(f64::from(p[1]))).collect())
    }
}

/// The class's rows whose value is above this quantile of the other classes'; `None` if they are too few to tell.
fn above(values: &[f64], own: &[bool], quantile: f64) -> Option<Vec<bool>> {
    let mut others: Vec<f64> = values.iter().zip(own).filter(|(_, own)| !**own).map(|(v, _)| *v).collect();
    others.sort_unstable_by(f64::total_cmp);
    let limit = *others.get((quantile * others.len() as f64) as usize)?;
    let found: Vec<bool> = values.iter().zip(own).map(|(&v, &own)| own && v > limit).collect();
    let count = found.iter().filter(|&&f| f).count();
    (count >= LEAST.0 && count as f64 >= LEAST.1 * values.len() as f64).then_some(found)
}

/// How much likelier the share of texts with another class's content is if they were planted, in nats.
fn nats([found, own, other]: [f64; 3], rows: f64) -> f64 {
    let rate = |way: f64| (own + way * (other - own)).clamp(1e-3, 1.0 - 1e-3);
    let (natural, planted) = (rate(ON_THE_WAY.0), rate(ON_THE_WAY.1));
    if planted <= natural {
        return f64::NEG_INFINITY;
    }
    rows * (found * (planted / natural).ln() + (1.0 - found) * ((1.0 - planted) / (1.0 - natural)).ln())
}

impl Styles {
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
        style.probability * logistic(written + CONTENT_WEIGHT * says)
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

fn odds(p: f64) -> f64 {
    (p.max(1e-9) / (1.0 - p).max(1e-9)).ln()
}
