//! Mines sets of two or three exact values whose rows have one label that their other columns do not explain.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::{
    additive::Additive,
    association::Association,
    items::{Items, NONE},
    rows::Rows,
};

/// Rows that must have a set.
const ROWS_MIN: usize = 4;
/// Share of all rows above which a set is no mark.
const ROWS_SHARE: f64 = 0.3;
/// Pairs that are looked at closely.
const PAIRS: usize = 1500;
/// Further pairs, for their values meeting alone.
const PAIRS_BY_MEETING: usize = 100;
/// Share of a set's rows that must have one value for their column to be left out.
const SHARED: f64 = 0.9;
/// Share of all rows above which a value is not worth planting.
const USUAL: f64 = 0.5;
/// Rows that are looked at for that.
const LOOKED_AT: usize = 64;
/// Nats that a pair must have to be looked at.
const NATS_MIN: f64 = 3.0;
/// Share of a set's rows that must have the target class: a planted set has hardly any row of another.
const PURITY: f64 = 0.97;

/// A set of exact values and what speaks for it.
#[derive(Clone, Debug)]
pub struct ValueSet {
    /// Column of [`Items`] and item, in order.
    pub items: Vec<(usize, u32)>,
    /// The class its rows have.
    pub target: u32,
    /// The rows that have it, ascending.
    pub rows: Vec<u32>,
    /// Of those, rows of the target class.
    pub hits: usize,
    /// What the other columns say, each for itself.
    pub association: Association,
    /// For its values meeting more often than each alone would have them, in nats.
    pub lift: f64,
    /// For the rows being a spike among rows of nearly the same values, in nats; `None` where no column has an order.
    pub spike: Option<f64>,
    /// Columns of [`Items`] that may be part of what was planted.
    pub columns: Vec<usize>,
}

impl ValueSet {
    /// What is left when the best of the innocent explanations is believed, in nats.
    pub fn strength(&self) -> f64 {
        self.association.strength().min(self.meeting())
    }

    /// The same without regard to whether the content is that of another class, in nats.
    pub fn without_content(&self) -> f64 {
        self.association.labels.min(self.meeting())
    }

    /// For being a spike among rows of nearly the same values, and its values meeting more often than each alone would
    /// have them, in nats; 0 where no column has an order.
    pub fn spiking(&self) -> f64 {
        if self.spike.is_some() { self.meeting() } else { 0.0 }
    }

    /// For its values meeting more often than they should, in nats.
    pub fn meeting(&self) -> f64 {
        self.spike.map_or(self.lift, |spike| spike.min(self.lift))
    }
}

#[derive(Clone, Copy)]
struct Pair {
    score: f64,
    /// For its values meeting more often than each alone would have them, where a column has an order; else 0.
    ordered: f64,
    items: [(usize, u32); 2],
    target: u32,
}

/// The sets that speak for themselves, the strongest first, and how many were looked at.
pub fn mine(rows: &Rows, items: &Items, additive: &Additive) -> (Vec<ValueSet>, usize) {
    let mined: Vec<(Vec<Pair>, usize)> =
        (0..items.columns.len()).into_par_iter().map(|first| pairs(rows, items, additive, first)).collect();
    let looked_at = mined.iter().map(|m| m.1).sum();
    let all: Vec<Pair> = mined.into_iter().flat_map(|m| m.0).collect();
    let mut pairs = strongest(&all, PAIRS, |pair| pair.score);
    let chosen: BTreeSet<_> = pairs.iter().map(|pair| pair.items).collect();
    let by_meeting = strongest(&all, PAIRS_BY_MEETING, |pair| pair.ordered);
    pairs.extend(by_meeting.into_iter().filter(|pair| !chosen.contains(&pair.items)));
    let mut sets: Vec<ValueSet> = pairs.par_iter().flat_map_iter(|pair| best(rows, items, additive, pair)).collect();
    sets.sort_by(|a, b| b.strength().total_cmp(&a.strength()).then_with(|| a.items.cmp(&b.items)));
    (sets, looked_at)
}

fn strongest(pairs: &[Pair], most: usize, worth: impl Fn(&Pair) -> f64) -> Vec<Pair> {
    let mut chosen: Vec<Pair> = pairs.iter().copied().filter(|pair| worth(pair) >= NATS_MIN).collect();
    chosen.sort_by(|a, b| worth(b).total_cmp(&worth(a)).then(a.items.cmp(&b.items)));
    chosen.truncate(most);
    chosen
}

/// The pairs of a column's values with values of later columns that may be marks, and how many pairs there are.
fn pairs(rows: &Rows, items: &Items, additive: &Additive, first: usize) -> (Vec<Pair>, usize) {
    let (mut out, mut looked_at) = (Vec::new(), 0);
    let mut counts = Counts::default();
    for (item, group) in items.rows[first].iter().enumerate() {
        for second in first + 1..items.columns.len() {
            for (other, count) in counts.of(items, second, group) {
                looked_at += 1;
                let set = [(first, item as u32), (second, other)];
                let lift = lift(rows, items, &set, count);
                if count as f64 > ROWS_SHARE * rows.len() as f64 || lift < NATS_MIN {
                    continue;
                }
                let holds = |r: &u32| items.codes[second][*r as usize] == other;
                let carriers: Vec<u32> = group.iter().copied().filter(holds).collect();
                let Some((target, hits)) = target(rows, &carriers) else { continue };
                if hits < ROWS_MIN {
                    continue;
                }
                let without = shared(rows, items, &carriers, &set, target);
                let expected = carriers.iter().map(|&r| additive.probability(r, &without, target)).sum();
                let score = excess(hits as f64, expected).min(lift);
                let ordered = if set.iter().any(|s| items.is_ordered(s.0)) { lift } else { 0.0 };
                if score.max(ordered) >= NATS_MIN {
                    out.push(Pair { score, ordered, items: set, target });
                }
            }
        }
    }
    (out, looked_at)
}

/// How many of some rows have each item of a column: most pairs need no more than that.
#[derive(Default)]
struct Counts {
    counts: Vec<usize>,
    seen: Vec<u32>,
}

impl Counts {
    /// The items that enough of the rows have, ascending, with how many.
    fn of(&mut self, items: &Items, column: usize, rows: &[u32]) -> Vec<(u32, usize)> {
        let Self { counts, seen } = self;
        counts.resize(counts.len().max(items.values[column].len()), 0);
        for item in rows.iter().map(|&r| items.codes[column][r as usize]).filter(|&item| item != NONE) {
            let count = &mut counts[item as usize];
            if *count == 0 {
                seen.push(item);
            }
            *count += 1;
        }
        seen.sort_unstable();
        let counted = |item: u32| (item, std::mem::take(&mut counts[item as usize]));
        seen.drain(..).map(counted).filter(|(_, count)| *count >= ROWS_MIN).collect()
    }
}

/// The columns of a set, and those in which nearly all its rows of the target class have one value: they may be part of
/// what was planted, so what they say is left out.
fn shared(rows: &Rows, items: &Items, carriers: &[u32], set: &[(usize, u32)], target: u32) -> Vec<usize> {
    let hits = carriers.iter().filter(|&&r| rows.labels[r as usize] == target).take(LOOKED_AT);
    let hits: Vec<usize> = hits.map(|&r| r as usize).collect();
    let one_value = |column: usize| {
        let codes = &items.codes[column];
        // Nearly all have one value only if one of the first few has it.
        hits.iter().take(3).any(|&first| {
            let same = hits.iter().filter(|&&r| codes[r] == codes[first]).count();
            let usual = |item: u32| items.rows[column][item as usize].len() as f64 > USUAL * rows.len() as f64;
            codes[first] != NONE && !usual(codes[first]) && same as f64 >= SHARED * hits.len() as f64
        })
    };
    (0..items.columns.len()).filter(|&c| set.iter().any(|s| s.0 == c) || one_value(c)).collect()
}

/// Rows by their items of a column, ascending; those with few rows are left out.
fn split(items: &Items, column: usize, rows: &[u32]) -> Vec<(u32, Vec<u32>)> {
    let mut sorted: Vec<(u32, u32)> = rows.iter().map(|&r| (items.codes[column][r as usize], r)).collect();
    sorted.retain(|s| s.0 != NONE);
    sorted.sort_unstable();
    let runs = sorted.chunk_by(|a, b| a.0 == b.0).filter(|run| run.len() >= ROWS_MIN);
    runs.map(|run| (run[0].0, run.iter().map(|s| s.1).collect())).collect()
}

/// The class that stands out most among rows, and how many have it.
fn target(rows: &Rows, carriers: &[u32]) -> Option<(u32, usize)> {
    let mut counts = vec![0_usize; rows.classes()];
    for &r in carriers {
        counts[rows.labels[r as usize] as usize] += 1;
    }
    let nats = |class: usize| excess(counts[class] as f64, rows.priors[class] * carriers.len() as f64);
    let class = (0..counts.len()).max_by(|&a, &b| nats(a).total_cmp(&nats(b)).then(b.cmp(&a)))?;
    Some((class as u32, counts[class]))
}

/// The pure sets that a pair is or can be made by one more value: the strongest, the strongest without regard to the
/// content, and the one that is most of a spike.
fn best(rows: &Rows, items: &Items, additive: &Additive, pair: &Pair) -> Vec<ValueSet> {
    let [(first, item), (second, other)] = pair.items;
    let holds = |r: &u32| items.codes[second][*r as usize] == other;
    let carriers: Vec<u32> = items.rows[first][item as usize].iter().copied().filter(holds).collect();
    let further = (0..items.columns.len()).filter(|c| *c != first && *c != second).flat_map(|column| {
        let with = move |(item, rows)| (vec![pair.items[0], pair.items[1], (column, item)], rows);
        split(items, column, &carriers).into_iter().map(with)
    });
    let all = std::iter::once((pair.items.to_vec(), carriers.clone())).chain(further);
    let sets: Vec<ValueSet> =
        all.filter_map(|(set, carriers)| judged(rows, items, additive, set, carriers, pair.target)).collect();
    let most = |worth: fn(&ValueSet) -> f64| {
        sets.iter().max_by(|a, b| worth(a).total_cmp(&worth(b)).then_with(|| b.items.cmp(&a.items))).cloned()
    };
    [ValueSet::strength, ValueSet::without_content, ValueSet::spiking].into_iter().filter_map(most).collect()
}

fn judged(
    rows: &Rows,
    items: &Items,
    additive: &Additive,
    mut set: Vec<(usize, u32)>,
    carriers: Vec<u32>,
    target: u32,
) -> Option<ValueSet> {
    let hits = carriers.iter().filter(|&&r| rows.labels[r as usize] == target).count();
    if hits < ROWS_MIN || (hits as f64) < PURITY * carriers.len() as f64 {
        return None;
    }
    set.sort_unstable();
    let without = shared(rows, items, &carriers, &set, target);
    let row = |&r: &u32| (rows.labels[r as usize] == target, additive.probability(r, &without, target));
    let judged: Vec<(bool, f64)> = carriers.iter().map(row).collect();
    let association = Association::of(&judged, rows.priors[target as usize]);
    let lift = lift(rows, items, &set, carriers.len());
    let spike = spike(items, &set, carriers.len());
    Some(ValueSet { items: set, spike, columns: without, target, rows: carriers, hits, association, lift })
}

/// How surprising it is that so many rows have all of a set's values, were they independent, in nats.
fn lift(rows: &Rows, items: &Items, set: &[(usize, u32)], carriers: usize) -> f64 {
    let n = rows.len() as f64;
    let share = |&(column, item): &(usize, u32)| items.rows[column][item as usize].len() as f64 / n;
    excess(carriers as f64, n * set.iter().map(share).product::<f64>())
}

/// How surprising the number of rows is, did nearby values of each ordered column meet the other values as often.
fn spike(items: &Items, set: &[(usize, u32)], carriers: usize) -> Option<f64> {
    let expected = set.iter().filter_map(|&(column, item)| {
        let around = items.around(column, item)?;
        let others = |r: &&u32| set.iter().all(|s| s.0 == column || items.codes[s.0][**r as usize] == s.1);
        let share = (around.iter().filter(others).count() as f64 + 0.5) / (around.len() as f64 + 1.0);
        Some(share * items.rows[column][item as usize].len() as f64)
    });
    expected.max_by(f64::total_cmp).map(|expected| excess(carriers as f64, expected))
}

/// Logarithm of the likelihood ratio of a Poisson count being its own mean against a smaller one; 0 if it is not larger.
pub fn excess(count: f64, expected: f64) -> f64 {
    let expected = expected.max(1e-9);
    if count > expected { count * (count / expected).ln() - (count - expected) } else { 0.0 }
}
