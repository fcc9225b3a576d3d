//! One cluster of near copies: what its texts agree in, and whether the rest looks like edits or like a form filled in.

use std::collections::{BTreeMap, BTreeSet};

use taster_core::Table;

use super::content::Content;

/// Sampled members that a cluster is described by.
const MEMBERS: usize = 256;
/// Share of the words in which a near copy may differ from what the cluster agrees in.
const DIFFERS: f64 = 0.3;
/// Words of its own from which a text is not a copy with small edits, as a share.
const FILLED_IN: f64 = 0.05;
/// Share of the members whose own words stand in the same place, from which the text is a form.
const ONE_PLACE: f64 = 0.5;
/// Share of different rows from which a cluster is one of edited copies.
const EDITED: f64 = 0.5;
/// Characters of the representative that are shown.
const SHOWN: usize = 160;

/// What the texts of a cluster agree in.
pub(super) struct Agreement {
    /// Words that most of them have.
    common: BTreeSet<u64>,
}

impl Agreement {
    /// The words that most of these rows have.
    pub fn of(content: &Content, table: &Table, rows: &[usize]) -> Self {
        Self { common: common(&texts(content, table, &described(rows))) }
    }

    /// The rows that differ little from it. Texts may have been put together in a chain, each like the next.
    pub fn kept(&self, content: &Content, table: &Table, mut rows: Vec<usize>) -> Vec<usize> {
        rows.retain(|&row| distance(&content.words(table, row, &mut Vec::new()), &self.common) <= DIFFERS);
        rows
    }
}

/// A cluster of near copies.
pub(super) struct Cluster {
    /// About how many rows it has.
    pub rows: f64,
    /// About how many of them differ from each other.
    pub different: f64,
    /// The text nearest to all others, shortened.
    pub representative: String,
    /// Its label.
    pub label: Option<String>,
    agreement: Agreement,
    template: bool,
}

impl Cluster {
    /// Describes a cluster by its sampled members.
    pub fn of(
        content: &Content,
        table: &Table,
        agreement: Agreement,
        members: &[usize],
        rows: f64,
        different: f64,
    ) -> Self {
        let members = described(members);
        let texts = texts(content, table, &members);
        let common = &agreement.common;
        let near = |a: &usize, b: &usize| distance(&texts[*a], common).total_cmp(&distance(&texts[*b], common));
        let central = members[(0..texts.len()).min_by(near).unwrap_or(0)];
        Self {
            rows,
            different,
            representative: content.shown(table, central, SHOWN),
            label: content.shown_label(table, central),
            template: different >= EDITED * rows && is_form(&texts, common),
            agreement,
        }
    }

    /// Whether a text of these words is a copy with edits: `Some(false)` for one that has all and only the common words,
    /// `None` for one that is no copy.
    pub fn edited(&self, words: &[u64]) -> Option<bool> {
        let distance = distance(words, &self.agreement.common);
        (distance <= DIFFERS).then_some(distance > 0.0)
    }

    /// Whether the members are one form filled in, such as the same question about different things.
    pub fn is_template(&self) -> bool {
        self.template
    }

    /// So many identical copies may be the text that the others were made from.
    pub fn few_copies(&self) -> u64 {
        if self.different >= EDITED * self.rows { 3 } else { 0 }
    }
}

fn described(members: &[usize]) -> Vec<usize> {
    members.iter().copied().step_by(members.len().div_ceil(MEMBERS).max(1)).collect()
}

fn texts(content: &Content, table: &Table, rows: &[usize]) -> Vec<Vec<u64>> {
    rows.iter().map(|&row| content.words(table, row, &mut Vec::new())).collect()
}

fn common(texts: &[Vec<u64>]) -> BTreeSet<u64> {
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    for text in texts {
        let distinct: BTreeSet<u64> = text.iter().copied().collect();
        for word in distinct {
            *counts.entry(word).or_default() += 1;
        }
    }
    counts.into_iter().filter(|&(_, n)| 2 * n > texts.len()).map(|(word, _)| word).collect()
}

/// Share of the words in which a text and the common words differ (Dice).
fn distance(words: &[u64], common: &BTreeSet<u64>) -> f64 {
    let distinct: BTreeSet<u64> = words.iter().copied().collect();
    let shared = distinct.intersection(common).count();
    1.0 - 2.0 * shared as f64 / (distinct.len() + common.len()).max(1) as f64
}

/// Whether most texts have more than a few words of their own, all behind the same word.
fn is_form(texts: &[Vec<u64>], common: &BTreeSet<u64>) -> bool {
    let mut places: BTreeMap<u64, usize> = BTreeMap::new();
    let (mut own, mut edited, mut words) = (0, 0, 0);
    for text in texts {
        let first = text.iter().position(|word| !common.contains(word));
        own += text.iter().filter(|word| !common.contains(word)).count();
        words += text.len();
        if let Some(at) = first {
            edited += 1;
            *places.entry(at.checked_sub(1).map_or(0, |before| text[before])).or_default() += 1;
        }
    }
    let most = places.into_values().max().unwrap_or(0);
    own as f64 > FILLED_IN * words as f64 && most as f64 > ONE_PLACE * f64::from(edited)
}
