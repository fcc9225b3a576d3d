//! Whether the texts that share a marker are about one thing.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use taster_core::Table;

use super::{
    gibberish::{Gibberish, Room, Stretch},
    marker::texts,
};

/// Share of a word's texts that may be texts with the marker: a word that only they have is planted as well.
const OWN: f64 = 0.5;
/// Nats, after a correction for all words looked at, from which a word that texts share is no chance.
const SHARED: f64 = 3.0;

/// The word that most tells what all these rows are about, with the nats that speak for it: one that they have outside of
/// their gibberish and of the marker, and that other rows have as well, but seldom. `None` where nothing unites them.
///
/// A riddle has an answer in cipher, and texts about ciphers share more words than one. A marker is put into texts about
/// anything.
pub fn topic(
    table: &Table,
    columns: &[usize],
    gibberish: &Gibberish,
    stretches: &[Option<(usize, Stretch)>],
    rows: &[usize],
    marker: &BTreeSet<u64>,
) -> Option<(String, f64)> {
    let mut shared: BTreeMap<u64, (usize, String)> = BTreeMap::new();
    let mut room = Room::default();
    for &row in rows {
        let mut own: BTreeMap<u64, String> = BTreeMap::new();
        for (column, text) in texts(table, columns, row) {
            gibberish.words(text, &mut room.words);
            let noise = stretches[row].filter(|s| s.0 == column).map_or(0..0, |(_, s)| s.from..s.to);
            let words = room.words.iter().enumerate().filter(|(at, _)| !noise.contains(at));
            let told = words.filter(|(_, w)| w.alphanumeric && !marker.contains(&w.hash));
            own.extend(told.map(|(_, w)| (w.hash, text[w.start..w.end].to_owned())));
        }
        for (hash, shown) in own {
            shared.entry(hash).or_insert((0, shown)).0 += 1;
        }
    }
    let looked_at = shared.len() as f64;
    shared.retain(|_, (n, _)| *n > 2 && *n * 5 >= rows.len());
    let everywhere = counts(table, columns, gibberish, &shared.keys().copied().collect::<Vec<_>>());
    let nats = |n: usize, of: usize| rows.len() as f64 * divergence(n as f64 / rows.len() as f64, of, table.len);
    shared
        .into_values()
        .zip(everywhere)
        .filter(|((n, _), of)| (*n as f64) < OWN * *of as f64)
        .map(|((n, shown), of)| (shown, nats(n, of) - looked_at.ln()))
        .filter(|(_, nats)| *nats >= SHARED)
        .max_by(|a, b| a.1.total_cmp(&b.1).then_with(|| b.0.cmp(&a.0)))
}

/// How many rows have each of some words, whose hashes ascend.
fn counts(table: &Table, columns: &[usize], gibberish: &Gibberish, hashes: &[u64]) -> Vec<usize> {
    let of = |room: &mut Room, row: usize| {
        let mut own: Vec<usize> = Vec::new();
        for (_, text) in texts(table, columns, row) {
            gibberish.words(text, &mut room.words);
            own.extend(room.words.iter().filter_map(|w| hashes.binary_search(&w.hash).ok()));
        }
        own.sort_unstable();
        own.dedup();
        own
    };
    let found: Vec<Vec<usize>> = (0..table.len).into_par_iter().map_init(Room::default, of).collect();
    let mut counts = vec![0; hashes.len()];
    found.into_iter().flatten().for_each(|at| counts[at] += 1);
    counts
}

/// Kullback and Leibler's divergence of a share from that of `of` in `all`; 0 where it is no larger.
pub fn divergence(share: f64, of: usize, all: usize) -> f64 {
    let usual = (of as f64 + 0.5) / (all as f64 + 1.0);
    if share <= usual {
        return 0.0;
    }
    let rest = if share < 1.0 { (1.0 - share) * ((1.0 - share) / (1.0 - usual)).ln() } else { 0.0 };
    share * (share / usual).ln() + rest
}
