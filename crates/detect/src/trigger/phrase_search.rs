//! The search for words and runs of words that decide the label.

use std::{
    cmp::{Ordering, Reverse},
    collections::BTreeMap,
};

use rayon::prelude::*;
use taster_core::{Key, Texts};

use super::{
    association::Association,
    content::{Content, Fitted},
    family::{self, KNOWN, Tested},
    fluency::Fluency,
    naming::common_text,
    ngrams::{Carried, Shape, carried},
    rows::Rows,
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

/// A mark that was looked at, with the rows that have it.
type Mark = (Tested, Carried);
/// A mark that may be a trigger, and how probably it is one.
type Found = (f64, Tested, Carried);

/// A trigger.
pub struct Trigger {
    /// Its mark.
    pub mark: (u64, Shape),
    /// How it is written.
    pub text: String,
    /// That it is one.
    pub probability: f64,
    /// What it was found by.
    pub tested: Tested,
    /// Words of the content that come with it.
    pub company: Vec<u32>,
    /// The rows that have it.
    pub carriers: Vec<u32>,
}

/// What the search of one column goes by.
pub struct Search<'a> {
    rows: &'a Rows,
    texts: &'a Texts,
    tokenised: Vec<Vec<Word>>,
    content: Content,
    fitted: Fitted,
    key: Key,
}

impl<'a> Search<'a> {
    /// What the words of a column say of the class, and its triggers, the most probable first.
    pub fn run(rows: &'a Rows, texts: &'a Texts, key: Key) -> (Content, Vec<Trigger>) {
        let tokenised = tokenise(texts, key);
        let (content, fitted) = Content::fit(rows, &tokenised, None, key);
        let mut search = Self { rows, texts, tokenised, content, fitted, key };
        let mut triggers = Vec::new();
        for found in search.found() {
            search.admit(&mut triggers, found);
        }
        (search.content, triggers)
    }

    /// The marks that may be triggers, the most probable first.
    fn found(&mut self) -> Vec<Found> {
        let most = ((CARRIERS_SHARE * self.rows.len() as f64) as usize).max(CARRIERS_MIN);
        let listed = carried(&self.tokenised, self.key, CARRIERS_MIN, most);
        let mut looked_at = BTreeMap::new();
        for c in &listed {
            *looked_at.entry(c.shape).or_insert(0) += 1;
        }
        let marks = self.tested(listed);
        let tested: Vec<Tested> = marks.iter().map(|mark| mark.0).collect();
        let first = family::first_look(&tested, &looked_at);
        let probabilities =
            if first.iter().any(|&p| p >= KNOWN) { self.second_look(&marks, &tested, &first) } else { first };
        let with_marks = probabilities.into_iter().zip(marks);
        let mut found: Vec<Found> = with_marks.map(|(p, (t, c))| (p, t, c)).filter(|f| f.0 >= KEPT).collect();
        found.sort_by(rank);
        found
    }

    /// The marks that could be triggers, with what speaks for them.
    fn tested(&self, listed: Vec<Carried>) -> Vec<Mark> {
        let fluency = Fluency::of_texts(&self.tokenised, self.key);
        let test = |counts: &mut Vec<u32>, carried: Carried| {
            let mut tested = self.test(&carried.rows, carried.shape, counts)?;
            let own_words = !self.content.company(&self.fitted, &carried.rows, None, counts).is_empty();
            if tested.association.strength() > 0.0 && own_words {
                tested.association.inserted = fluency.of(&self.tokenised, &carried, self.key);
            }
            Some((tested, carried))
        };
        listed.into_par_iter().map_init(Vec::new, test).flatten_iter().collect()
    }

    /// The probability that each mark is a trigger, by the rows without those known at the first look.
    fn second_look(&mut self, marks: &[Mark], tested: &[Tested], first: &[f64]) -> Vec<f64> {
        let known = self.independent(marks.iter().zip(first).filter(|(_, p)| **p >= KNOWN).map(|(mark, _)| mark));
        let mut explained = vec![false; self.rows.len()];
        known.iter().flat_map(|(_, carried)| &carried.rows).for_each(|&row| explained[row as usize] = true);
        // What poisoned rows taught of their words makes natural words of the same class look planted.
        (self.content, self.fitted) = Content::fit(self.rows, &self.tokenised, Some(&explained), self.key);
        let alone = |counts: &mut Vec<u32>, ((tested, carried), first): (&Mark, &f64)| {
            if *first >= KNOWN {
                return tested.association.strength();
            }
            let left: Vec<u32> = carried.rows.iter().copied().filter(|&row| !explained[row as usize]).collect();
            let again = self.test(&left, carried.shape, counts).filter(|again| again.target == tested.target);
            let inserted = tested.association.inserted;
            again.map_or(f64::NEG_INFINITY, |again| Association { inserted, ..again.association }.strength())
        };
        let alone: Vec<f64> = marks.par_iter().zip(first).map_init(Vec::new, alone).collect();
        let mut families = BTreeMap::new();
        for (known, _) in known {
            *families.entry((known.shape, known.target)).or_insert(0) += 1;
        }
        family::second_look(tested, first, &alone, &families)
    }

    /// The marks that owe their rows to no stronger one: a planted phrase has many, and they are no sign of further triggers.
    fn independent<'m>(&self, marks: impl Iterator<Item = &'m Mark>) -> Vec<&'m Mark> {
        let mut ordered: Vec<&Mark> = marks.collect();
        ordered.sort_by(|(a, _), (b, _)| b.association.strength().total_cmp(&a.association.strength()));
        let mut out: Vec<&Mark> = Vec::new();
        for mark in ordered {
            let stronger: Vec<&[u32]> = out.iter().map(|(_, carried)| carried.rows.as_slice()).collect();
            if self.stands_alone(&stronger, mark) {
                out.push(mark);
            }
        }
        out
    }

    fn test(&self, carriers: &[u32], shape: Shape, counts: &mut Vec<u32>) -> Option<Tested> {
        let Self { rows, content, fitted, .. } = self;
        let mut by_class = vec![0_usize; rows.classes()];
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
            let company = content.company(fitted, carriers, all, counts);
            let row = |&r: &u32| {
                let p = content.probability_fitted(fitted, r, &company, target);
                (rows.labels[r as usize] == target, p)
            };
            Association::of(&carriers.iter().map(row).collect::<Vec<_>>(), rows.priors[target as usize])
        };
        let mut association = associated(None);
        if association.labels > LABELS_MIN {
            association = associated(Some(target));
        }
        Some(Tested { shape, target, rows: carriers.len(), hits, association })
    }

    /// Takes in a mark: as a new trigger, or as another mark of one that the same rows have. A mark that owes its rows
    /// to triggers already known is none.
    fn admit(&self, triggers: &mut Vec<Trigger>, (probability, tested, carried): Found) {
        let same = |t: &Trigger| t.tested.target == tested.target && overlap(&t.carriers, &carried.rows) >= SAME;
        if let Some(at) = triggers.iter().position(same) {
            // Of the marks of one trigger the one that is seldom seen without it tells its rows best.
            let known = &triggers[at];
            if carried.rows.len() < known.carriers.len() && tested.hits as f64 >= SAME_HITS * known.tested.hits as f64 {
                triggers[at].text = self.text(&carried);
                triggers[at].mark = (carried.mark, carried.shape);
                (triggers[at].tested, triggers[at].carriers) = (tested, carried.rows);
            }
            return;
        }
        let known: Vec<&[u32]> = triggers.iter().map(|t| t.carriers.as_slice()).collect();
        let mark = (tested, carried);
        if triggers.len() >= TRIGGERS_MAX || !self.stands_alone(&known, &mark) {
            return;
        }
        let (tested, carried) = mark;
        let text = self.text(&carried);
        let company = self.content.company(&self.fitted, &carried.rows, Some(tested.target), &mut Vec::new());
        let mark = (carried.mark, carried.shape);
        triggers.push(Trigger { mark, text, probability, tested, company, carriers: carried.rows });
    }

    fn text(&self, carried: &Carried) -> String {
        common_text(self.texts, &self.tokenised, carried, self.key)
    }

    /// Whether the rows without a known trigger, given by their rows, speak for a mark, too.
    fn stands_alone(&self, known: &[&[u32]], (tested, carried): &Mark) -> bool {
        let known = |row: &u32| known.iter().any(|rows| rows.binary_search(row).is_ok());
        let alone: Vec<u32> = carried.rows.iter().copied().filter(|row| !known(row)).collect();
        if alone.len() == carried.rows.len() {
            return true;
        }
        let again = self.test(&alone, carried.shape, &mut Vec::new());
        again.is_some_and(|a| {
            a.target == tested.target && a.association.strength() >= 0.5 * tested.association.strength()
        })
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
