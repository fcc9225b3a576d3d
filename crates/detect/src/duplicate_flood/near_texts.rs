//! Texts that are copies but for small edits: counted by MinHash bands, put together and compared word by word on the
//! sample.

use std::collections::BTreeMap;

use rayon::prelude::*;
use taster_core::{Sample, Table};
use taster_stats::{
    counts::CountMin,
    minhash::{BANDS, Signature},
    tail::Tail,
};

use super::{
    cluster::{Agreement, Cluster},
    content::Content,
    exact::rate,
};

/// Agreement of signatures from which two texts with a common band are put together.
const ALIKE: f64 = 0.4;

/// What is known of near copies.
pub(super) struct NearTexts {
    counts: CountMin,
    tail: Tail,
    pub clusters: Vec<Cluster>,
    /// Bands of the sampled members of clusters.
    by_band: BTreeMap<u64, usize>,
    /// The sample is the dataset, so a text in no cluster has no copies.
    whole: bool,
}

/// What is said of a row that has near copies.
pub(super) struct Near {
    pub rows: f64,
    pub expected: f64,
}

impl NearTexts {
    /// Fits it to the sample; `keys` are the content keys of its rows.
    pub fn fit(counts: CountMin, content: &Content, sample: &Sample, keys: &[u64], copies: u64) -> Self {
        let table = &sample.table;
        let sign = |row: usize| Content::signature(&content.words(table, row, &mut Vec::new()));
        let signatures: Vec<Option<Signature>> = (0..table.len).into_par_iter().map(sign).collect();
        let bands: Vec<Option<[u64; BANDS]>> = (0..table.len)
            .map(|row| signatures[row].map(|signature| signature.bands(content.label(table, row))))
            .collect();
        let volume = |row: &usize| bands[*row].map_or(0, |bands| volume(&counts, &bands));
        let (rate, whole) = (rate(sample), sample.is_whole());
        let (mut sizes, mut clusters, mut by_band) = (Vec::new(), Vec::new(), BTreeMap::new());
        for linked in together(&signatures, &bands) {
            let agreement = Agreement::of(content, table, &linked);
            let members = agreement.kept(content, table, linked);
            if members.len() < 2 {
                continue;
            }
            let counted = members.iter().map(volume).max().unwrap_or(0).max(members.len() as u64) as f64;
            let rows = if whole { members.len() as f64 } else { counted };
            let mut different: Vec<u64> = members.iter().map(|&row| keys[row]).collect();
            different.sort_unstable();
            different.dedup();
            let size = rows * different.len() as f64 / members.len() as f64;
            // A cluster is in the sample with this chance.
            sizes.push((size, 1.0 / (1.0 - (1.0 - rate).powf(rows)).max(rate)));
            if rows >= copies as f64 {
                by_band.extend(members.iter().filter_map(|&r| bands[r]).flatten().map(|band| (band, clusters.len())));
                clusters.push(Cluster::of(content, table, agreement, &members, rows, size));
            }
        }
        Self { counts, tail: Tail::fit(sizes.into_iter()), clusters, by_band, whole }
    }

    /// How many near copies the row has, and how many such clusters are to be expected. `None` where it has none to
    /// speak of, or is the text that the others were copied from.
    pub fn judge(&self, content: &Content, table: &Table, row: usize, exact: u64) -> Option<Near> {
        if self.whole && self.clusters.is_empty() {
            return None;
        }
        let words = content.words(table, row, &mut Vec::new());
        let bands = Content::signature(&words)?.bands(content.label(table, row));
        let Some(&cluster) = bands.iter().find_map(|band| self.by_band.get(band)) else {
            // Too few copies for one to be in the sample.
            let rows = if self.whole { 0.0 } else { volume(&self.counts, &bands).saturating_sub(exact) as f64 + 1.0 };
            return Some(Near { rows, expected: self.tail.expected(rows) });
        };
        let cluster = &self.clusters[cluster];
        let edited = cluster.edited(&words)?;
        if cluster.is_template() || (!edited && exact < cluster.few_copies()) {
            return None;
        }
        Some(Near { rows: cluster.rows, expected: self.tail.expected(cluster.different) })
    }

    /// How many clusters as large as this one are to be expected.
    pub fn expected(&self, cluster: &Cluster) -> f64 {
        self.tail.expected(cluster.different)
    }
}

/// About how many rows share these bands: the second-largest count, so that one band that is common by chance says nothing.
fn volume(counts: &CountMin, bands: &[u64; BANDS]) -> u64 {
    let mut seen = bands.map(|band| counts.estimate(band));
    seen.sort_unstable();
    seen[BANDS - 2]
}

/// Rows whose texts are alike, put together; each with at least two.
fn together(signatures: &[Option<Signature>], bands: &[Option<[u64; BANDS]>]) -> Vec<Vec<usize>> {
    let mut entries: Vec<(u64, usize)> = Vec::new();
    for (row, bands) in bands.iter().enumerate() {
        entries.extend(bands.iter().flatten().map(|&band| (band, row)));
    }
    entries.sort_unstable();
    let mut parent: Vec<usize> = (0..signatures.len()).collect();
    for run in entries.chunk_by(|a, b| a.0 == b.0) {
        let first = run[0].1;
        for &(_, row) in &run[1..] {
            let alike = |a: &Signature, b: &Signature| a.similarity(b) >= ALIKE;
            if matches!((&signatures[first], &signatures[row]), (Some(a), Some(b)) if alike(a, b)) {
                let (a, b) = (root(&mut parent, first), root(&mut parent, row));
                parent[a.max(b)] = a.min(b);
            }
        }
    }
    let mut clusters: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for row in 0..signatures.len() {
        clusters.entry(root(&mut parent, row)).or_default().push(row);
    }
    clusters.into_values().filter(|members| members.len() > 1).collect()
}

fn root(parent: &mut [usize], mut row: usize) -> usize {
    while parent[row] != row {
        parent[row] = parent[parent[row]];
        row = parent[row];
    }
    row
}
