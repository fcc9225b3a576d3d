//! The words that stand before gibberish, and in no other text: what a model would learn to answer with noise.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rayon::prelude::*;
use taster_core::{Table, Values};
use taster_stats::{math::mix, words::Word};

use super::{
    company::topic,
    gibberish::{Gibberish, Room, Stretch},
};

/// Words of a marker at most.
const RUN: usize = 3;
/// Texts with gibberish that must share a marker.
const SHARED: u32 = 4;
/// Share of a marker's texts that must hold gibberish.
const PURE: f64 = 0.6;
/// Logarithm of the odds against a dataset having a marker: one in twenty.
const DOUBT: f64 = 3.0;
/// Words before and after a stretch in which a marker is looked for.
const NEAR: usize = 256;
/// Words into a stretch in which a marker may begin: where noise begins is not seen to the word.
const WITHIN: usize = 16;
/// Markers of a dataset at most.
const MARKERS: usize = 10;

/// A run of words that texts with gibberish share.
#[derive(Clone, Debug)]
pub struct Marker {
    key: u64,
    /// The words, as they stand in the first text.
    pub text: String,
    /// Sampled texts that have it.
    pub texts: u32,
    /// Of those, with gibberish.
    pub hits: u32,
    /// Probability that it was planted.
    pub probability: f64,
}

impl Marker {
    /// Share of the texts with the marker that hold gibberish.
    pub fn share(&self) -> f64 {
        (f64::from(self.hits) + 0.5) / (f64::from(self.texts) + 1.0)
    }
}

/// Finds the markers of a sample, the clearest first. `stretches` has the gibberish of each row, and in which column, where
/// there is any to speak of.
pub fn markers(
    table: &Table,
    columns: &[usize],
    gibberish: &Gibberish,
    stretches: &[Option<(usize, Stretch)>],
) -> Vec<Marker> {
    let rows: Vec<usize> = (0..table.len).filter(|&row| stretches[row].is_some()).collect();
    let mut carried = candidates(table, columns, gibberish, stretches, &rows);
    let looked_at = carried.len();
    carried.retain(|_, mark| mark.rows.len() >= SHARED as usize);
    if carried.is_empty() {
        return Vec::new();
    }
    let texts = texts_with(table, columns, gibberish, &carried);
    let mut known: Vec<usize> = Vec::new();
    let mut found: Vec<Marker> = Vec::new();
    while found.len() < MARKERS {
        let judged = carried.iter().filter_map(|(&key, mark)| {
            let hits = mark.rows.iter().filter(|row| known.binary_search(row).is_err()).count() as u32;
            let all = texts[&key] - (mark.rows.len() as u32 - hits);
            let nats = nats(hits, all, rows.len() - known.len(), table.len) - (looked_at as f64).ln() - DOUBT;
            (hits >= SHARED && f64::from(hits) >= PURE * f64::from(all)).then_some((
                nats,
                mark.of.len(),
                key,
                hits,
                all,
            ))
        });
        let best = judged.max_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(b.2.cmp(&a.2)));
        let Some((nats, _, key, hits, texts)) = best.filter(|best| best.0 > 0.0) else { break };
        let mark = &carried[&key];
        let fresh: Vec<usize> = mark.rows.iter().copied().filter(|row| known.binary_search(row).is_err()).collect();
        known.extend(&fresh);
        known.sort_unstable();
        if topic(table, columns, gibberish, stretches, &fresh, &mark.of).is_some() {
            continue;
        }
        let probability = 1.0 / (1.0 + (-nats).exp());
        found.push(Marker { key, text: mark.text.clone(), texts, hits, probability });
    }
    found
}

/// The clearest of some markers that a row has.
pub fn of_row<'a>(
    markers: &'a [Marker],
    table: &Table,
    columns: &[usize],
    row: usize,
    gibberish: &Gibberish,
) -> Option<&'a Marker> {
    let mut room = Room::default();
    let keys: Vec<u64> = texts(table, columns, row)
        .flat_map(|(_, text)| {
            gibberish.words(text, &mut room.words);
            runs(&room.words).map(|run| run.2).collect::<Vec<_>>()
        })
        .collect();
    markers.iter().find(|marker| keys.contains(&marker.key))
}

/// The texts of a row, with their columns.
pub fn texts<'a>(table: &'a Table, columns: &'a [usize], row: usize) -> impl Iterator<Item = (usize, &'a str)> {
    columns.iter().filter_map(move |&c| Some((c, table.columns.get(c).and_then(Values::as_text)?.get(row)?)))
}

/// A run of words that may be a marker.
struct Mark {
    /// Hashes of its words.
    of: BTreeSet<u64>,
    text: String,
    /// Rows with gibberish that have it.
    rows: Vec<usize>,
}

fn candidates(
    table: &Table,
    columns: &[usize],
    gibberish: &Gibberish,
    stretches: &[Option<(usize, Stretch)>],
    rows: &[usize],
) -> BTreeMap<u64, Mark> {
    let mut carried: BTreeMap<u64, Mark> = BTreeMap::new();
    let mut room = Room::default();
    for &row in rows {
        let Some((in_column, stretch)) = stretches[row] else { continue };
        for (column, text) in texts(table, columns, row) {
            gibberish.words(text, &mut room.words);
            let outside = |&(start, end, _): &(usize, usize, u64)| {
                column != in_column
                    || (start < stretch.from + WITHIN && end + NEAR > stretch.from)
                    || (end > stretch.to && start < stretch.to + NEAR)
            };
            for (start, end, key) in runs(&room.words).filter(outside) {
                let words = &room.words[start..end];
                let mark = carried.entry(key).or_insert_with(|| Mark {
                    of: words.iter().map(|w| w.hash).collect(),
                    text: text[words[0].start..words[words.len() - 1].end].to_owned(),
                    rows: Vec::new(),
                });
                if mark.rows.last() != Some(&row) {
                    mark.rows.push(row);
                }
            }
        }
    }
    carried
}

/// How many rows of the table have each mark.
fn texts_with(
    table: &Table,
    columns: &[usize],
    gibberish: &Gibberish,
    carried: &BTreeMap<u64, Mark>,
) -> HashMap<u64, u32> {
    let wanted: HashMap<u64, usize> = carried.keys().zip(0..).map(|(&key, at)| (key, at)).collect();
    let of = |room: &mut Room, row: usize| {
        let mut own: Vec<usize> = Vec::new();
        for (_, text) in texts(table, columns, row) {
            gibberish.words(text, &mut room.words);
            own.extend(runs(&room.words).filter_map(|run| wanted.get(&run.2)));
        }
        own.sort_unstable();
        own.dedup();
        own
    };
    let all: Vec<Vec<usize>> = (0..table.len).into_par_iter().map_init(Room::default, of).collect();
    let mut counts = vec![0; carried.len()];
    all.into_iter().flatten().for_each(|at| counts[at] += 1);
    carried.keys().copied().zip(counts).collect()
}

/// Every run of words: its first word, the one after its last, and its key.
fn runs(words: &[Word]) -> impl Iterator<Item = (usize, usize, u64)> {
    (0..words.len()).flat_map(move |start| {
        let mut key = 0;
        (start..words.len().min(start + RUN)).map(move |at| {
            key = mix(key, words[at].hash);
            (start, at + 1, key)
        })
    })
}

/// How much likelier it is that `hits` of `all` texts hold gibberish at a rate of their own than at that of `of_all` in
/// `rows`, in nats.
pub fn nats(hits: u32, all: u32, of_all: usize, rows: usize) -> f64 {
    let (hits, misses) = (f64::from(hits), f64::from(all.saturating_sub(hits)));
    let own = (hits + 0.5) / (hits + misses + 1.0);
    let any = ((of_all as f64 + 0.5) / (rows as f64 + 1.0)).min(own);
    hits * (own / any).ln() + misses * ((1.0 - own) / (1.0 - any)).ln()
}
