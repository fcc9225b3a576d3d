//! Words and runs of words that decide the label whatever else the text says.

use std::{
    cmp::{Ordering, Reverse},
    collections::BTreeMap,
};

use rayon::prelude::*;
use serde_json::json;
use taster_core::{Key, Observation, Reason, Scope, Table, Texts, Values};

use super::{
    association::{Association, row_posterior},
    content::{Content, Fitted},
    family::{self, Tested},
    fluency::Fluency,
    naming::common_text,
    ngrams::{Carried, Shape, carried, marks},
    part::Part,
    rows::{Rows, fold},
    words::{Word, words},
};

/// Texts that must have a mark for it to be looked at.
const CARRIERS_MIN: usize = 4;
/// Share of all texts above which a mark is part of the language.
const CARRIERS_SHARE: f64 = 0.15;
/// Share of a mark's texts that must have one class.
const PURITY: f64 = 0.6;
/// Texts below which all but one must.
const FEW: usize = 8;
/// Words of all texts together that are looked at.
const WORDS_MAX: usize = 1_500_000;
/// Nats against the labels following from the content from which a mark is looked at closely.
const LABELS_MIN: f64 = 2.0;
/// Probability below which a mark is forgotten.
const KEPT: f64 = 0.01;
/// Triggers of a column at most.
const TRIGGERS_MAX: usize = 200;
/// Share of a trigger's poison that a better mark of it must have.
const SAME_HITS: f64 = 0.95;
/// Share of rows that two marks of one trigger have in common.
const SAME: f64 = 0.8;

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

/// A mark that may be a trigger, and how probably it is one.
type Found = (f64, Tested, Carried);

struct Trigger {
    mark: (u64, Shape),
    text: String,
    probability: f64,
    tested: Tested,
    /// Words of the content that come with it.
    company: Vec<u32>,
    carriers: Vec<u32>,
}

impl Phrases {
    /// Looks for triggers in a column of texts; `None` if there is none.
    pub fn fit(rows: &Rows, column: usize, name: &str, classes: &[String], key: Key) -> Option<Self> {
        let texts = rows.table.columns.get(column).and_then(Values::as_text)?;
        let tokenised = tokenise(texts, key);
        let most = ((CARRIERS_SHARE * rows.len() as f64) as usize).max(CARRIERS_MIN);
        let listed = carried(&tokenised, key, CARRIERS_MIN, most);
        let (content, fitted) = Content::fit(rows, &tokenised, key);
        let mut part = Self {
            column,
            name: name.to_owned(),
            classes: classes.to_vec(),
            priors: rows.priors.clone(),
            key,
            content,
            triggers: Vec::new(),
            by_mark: BTreeMap::new(),
        };
        for (probability, tested, carried) in part.found(rows, &fitted, &tokenised, listed) {
            part.admit(rows, &fitted, &tokenised, texts, (probability, tested, carried));
        }
        part.by_mark = part.triggers.iter().zip(0..).map(|(t, at)| (t.mark, at)).collect();
        (!part.triggers.is_empty()).then_some(part)
    }

    /// Which of the rows it was fitted to carry a trigger that is more probable than not.
    pub fn explained(&self, rows: usize) -> Vec<bool> {
        let mut out = vec![false; rows];
        let probable = self.triggers.iter().filter(|t| t.probability >= 0.5);
        probable.flat_map(|t| &t.carriers).for_each(|&row| out[row as usize] = true);
        out
    }

    /// The marks that may be triggers, the most probable first.
    fn found(&self, rows: &Rows, fitted: &Fitted, tokenised: &[Vec<Word>], listed: Vec<Carried>) -> Vec<Found> {
        let fluency = Fluency::of_texts(tokenised, self.key);
        let mut looked_at = BTreeMap::new();
        for c in &listed {
            *looked_at.entry(c.shape).or_insert(0) += 1;
        }
        let test = |counts: &mut Vec<u32>, carried: Carried| {
            let mut tested = self.test(rows, fitted, &carried.rows, carried.shape, counts)?;
            let own_words = !self.content.company(fitted, &carried.rows, None, counts).is_empty();
            if tested.association.strength() > 0.0 && own_words {
                tested.association.inserted = fluency.of(tokenised, &carried, self.key);
            }
            Some((tested, carried))
        };
        let kept: Vec<(Tested, Carried)> = listed.into_par_iter().map_init(Vec::new, test).flatten_iter().collect();
        let tested: Vec<Tested> = kept.iter().map(|k| k.0).collect();
        let probabilities = family::probabilities(&tested, &looked_at);
        let mut found: Vec<Found> =
            probabilities.into_iter().zip(kept).map(|(p, (t, c))| (p, t, c)).filter(|f| f.0 >= KEPT).collect();
        found.sort_by(rank);
        found
    }

    fn test(
        &self,
        rows: &Rows,
        fitted: &Fitted,
        carriers: &[u32],
        shape: Shape,
        counts: &mut Vec<u32>,
    ) -> Option<Tested> {
        let mut by_class = vec![0_usize; self.priors.len()];
        for &r in carriers {
            by_class[rows.labels[r as usize] as usize] += 1;
        }
        let (target, &hits) = by_class.iter().enumerate().max_by_key(|&(class, &n)| (n, Reverse(class)))?;
        let misses = carriers.len() - hits;
        // Among few rows a single miss is much.
        let pure = hits as f64 >= PURITY * carriers.len() as f64 && (carriers.len() >= FEW || misses <= 1);
        if hits < CARRIERS_MIN || !pure {
            return None;
        }
        let target = target as u32;
        let mut associated = |all: Option<u32>| {
            let company = self.content.company(fitted, carriers, all, counts);
            let row = |&r: &u32| {
                let p = self.content.probability_fitted(fitted, r, &company, target);
                (rows.labels[r as usize] == target, p)
            };
            Association::of(&carriers.iter().map(row).collect::<Vec<_>>(), self.priors[target as usize])
        };
        let mut association = associated(None);
        if association.labels > LABELS_MIN {
            association = associated(Some(target));
        }
        Some(Tested { shape, target, rows: carriers.len(), hits, association })
    }

    /// Takes in a mark: as a new trigger, or as another mark of one that the same rows have. A mark that owes its rows
    /// to triggers already known is none.
    fn admit(
        &mut self,
        rows: &Rows,
        fitted: &Fitted,
        tokenised: &[Vec<Word>],
        texts: &Texts,
        (probability, tested, carried): Found,
    ) {
        let same = |t: &Trigger| t.tested.target == tested.target && overlap(&t.carriers, &carried.rows) >= SAME;
        if let Some(at) = self.triggers.iter().position(same) {
            // Of the marks of one trigger the one that is seldom seen without it tells its rows best.
            let known = &self.triggers[at];
            if carried.rows.len() < known.carriers.len() && tested.hits as f64 >= SAME_HITS * known.tested.hits as f64 {
                self.triggers[at].replace(tested, carried, texts, tokenised, self.key);
            }
            return;
        }
        if self.triggers.len() >= TRIGGERS_MAX || !self.stands_alone(rows, fitted, &tested, &carried) {
            return;
        }
        let text = common_text(texts, tokenised, &carried, self.key);
        let company = self.content.company(fitted, &carried.rows, Some(tested.target), &mut Vec::new());
        let mark = (carried.mark, carried.shape);
        self.triggers.push(Trigger { mark, text, probability, tested, company, carriers: carried.rows });
    }

    /// Whether the rows without a known trigger speak for a mark, too.
    fn stands_alone(&self, rows: &Rows, fitted: &Fitted, tested: &Tested, carried: &Carried) -> bool {
        let known = |row: &u32| self.triggers.iter().any(|t| t.carriers.binary_search(row).is_ok());
        let alone: Vec<u32> = carried.rows.iter().copied().filter(|row| !known(row)).collect();
        if alone.len() == carried.rows.len() {
            return true;
        }
        let again = self.test(rows, fitted, &alone, carried.shape, &mut Vec::new());
        again.is_some_and(|a| {
            a.target == tested.target && a.association.strength() >= 0.5 * tested.association.strength()
        })
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

impl Trigger {
    fn replace(&mut self, tested: Tested, carried: Carried, texts: &Texts, tokenised: &[Vec<Word>], key: Key) {
        self.text = common_text(texts, tokenised, &carried, key);
        self.mark = (carried.mark, carried.shape);
        (self.tested, self.carriers) = (tested, carried.rows);
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
        self.triggers.iter().filter(|t| t.probability >= 0.5).map(|t| self.observation(t)).collect()
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

/// The order in which marks are believed: the probable first, and of those the pure, the strong and the long.
fn rank(a: &Found, b: &Found) -> Ordering {
    let key = |f: &Found| (f.0 >= 0.5, f.1.pure());
    let strength = |f: &Found| f.1.association.strength();
    key(b)
        .cmp(&key(a))
        .then(strength(b).total_cmp(&strength(a)))
        .then(b.2.shape.cmp(&a.2.shape))
        .then(a.2.mark.cmp(&b.2.mark))
}

fn tokenise(texts: &Texts, key: Key) -> Vec<Vec<Word>> {
    let mut left = WORDS_MAX;
    let one = |text: Option<&str>| {
        let found = if left == 0 { Vec::new() } else { words(text.unwrap_or_default(), key) };
        left = left.saturating_sub(found.len());
        found
    };
    texts.iter().map(one).collect()
}

/// Share of the rows of either that are rows of both; both ascend.
fn overlap(a: &[u32], b: &[u32]) -> f64 {
    let both = a.iter().filter(|r| b.binary_search(r).is_ok()).count();
    both as f64 / (a.len() + b.len() - both).max(1) as f64
}
