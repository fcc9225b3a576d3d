//! Regions whose labels agree with each other but not with what the rest of the data says of them.

use std::collections::BTreeMap;

use rayon::prelude::*;
use taster_core::{Key, Schema, Table};
use taster_stats::{
    boost::{Booster, Codes, Params as BoostParams, Target},
    kmeans::Kmeans,
};

use super::{classes::NONE, sharpness::Sharpness, space::Space};

/// Partitions into regions, each with other borders.
const PARTITIONS: u64 = 3;
/// Folds of regions.
const FOLDS: usize = 5;
/// Rows below which regions are too small to tell anything.
const ROWS_MIN: usize = 100;
/// Fewest and most regions of a partition, and the rows a region has otherwise.
const REGIONS: (usize, usize) = (6, 60);
const REGION_ROWS: usize = 40;
const BINS: usize = 32;
/// Log-likelihood that a row of the class that was supposedly flipped away costs by still being there.
const LEFT_BEHIND: f64 = std::f64::consts::LN_2;
/// Log-likelihood ratio, beyond that of the third most suspicious region, at which a flip is as probable as not.
const EVIDENCE: f64 = 40.0;
const EVIDENCE_STEP: f64 = 5.0;
/// The same for the mean over the region's rows.
const MEAN_EVIDENCE: f64 = 1.1;
const MEAN_EVIDENCE_STEP: f64 = 0.1;
/// Probability below which a region is not suspected at all.
const NEGLIGIBLE: f64 = 1e-3;
/// Probability of a label that a model is never trusted to go below.
const FLOOR: f32 = 3e-3;

/// Partitions of the rows, and what models fitted without a region say of its labels.
pub struct Regions {
    space: Space,
    partitions: Vec<Partition>,
    classes: usize,
}

struct Partition {
    regions: Kmeans,
    /// The booster that did not see each region.
    booster_of: Vec<usize>,
    boosters: Vec<Booster>,
    sharpness: Sharpness,
    /// By region and label.
    suspects: BTreeMap<(u32, u32), Suspect>,
}

/// Rows of one label in one region, suspected to have had another.
pub struct Suspect {
    /// The class they probably had.
    pub from: usize,
    /// Probability that they were flipped.
    pub probability: f64,
    /// Rows of the sample.
    pub rows: u64,
}

impl Regions {
    /// Fits on rows that all have a class, in an order that depends on their content only.
    pub fn fit(schema: &Schema, table: &Table, codes: &Codes, labels: &[u32], classes: usize, key: Key) -> Self {
        let space = Space::fit(schema, table);
        if table.len < ROWS_MIN || space.dim() == 0 {
            return Self { space, partitions: Vec::new(), classes };
        }
        let points = space.points(table);
        let codes = codes.coarser(BINS);
        let part = |p: u64| Partition::fit(&points, space.dim(), &codes, labels, classes, key.seed() ^ p);
        let partitions = (1..=PARTITIONS).into_par_iter().map(part).collect();
        Self { space, partitions, classes }
    }

    /// For each row, the probability that its label was flipped together with its neighbours'.
    pub fn suspicion(&self, table: &Table, codes: &Codes, labels: &[u32]) -> Vec<f64> {
        let mut out = vec![0.0; table.len];
        if self.partitions.iter().all(|p| p.suspects.is_empty()) {
            return out;
        }
        let (points, codes) = (self.space.points(table), codes.coarser(BINS));
        for partition in self.partitions.iter().filter(|p| !p.suspects.is_empty()) {
            for (row, p) in partition.suspicion(&points, &codes, labels, self.classes) {
                out[row] += p / PARTITIONS as f64;
            }
        }
        out
    }

    /// The suspected groups: label, and what is suspected.
    pub fn suspects(&self) -> impl Iterator<Item = (u32, &Suspect)> {
        self.partitions.iter().flat_map(|p| &p.suspects).map(|(&(_, label), suspect)| (label, suspect))
    }
}

impl Partition {
    fn fit(points: &[f32], dim: usize, codes: &Codes, labels: &[u32], classes: usize, seed: u64) -> Self {
        let count = (labels.len() / REGION_ROWS).clamp(REGIONS.0, REGIONS.1);
        let regions = Kmeans::fit(points, dim, count, seed);
        let region = regions.assign(points);
        let booster_of: Vec<usize> = (0..regions.clusters()).map(|r| r % FOLDS).collect();
        let params = boosting(seed);
        let boosters: Vec<Booster> = (0..FOLDS)
            .into_par_iter()
            .map(|fold| {
                let others = (0..labels.len()).filter(|&r| booster_of[region[r] as usize] != fold);
                let others: Vec<u32> = others.map(|r| r as u32).collect();
                Booster::fit(codes, &others, Target::Classes { labels, classes }, None, &params)
            })
            .collect();
        let mut partition =
            Self { regions, booster_of, boosters, sharpness: Sharpness::default(), suspects: BTreeMap::new() };
        let rows: Vec<u32> = (0..labels.len() as u32).collect();
        let mut outside = partition.probabilities(codes, &rows, &region, classes);
        partition.sharpness = Sharpness::fit(&outside, labels, classes);
        partition.sharpness.apply(&mut outside, classes);
        partition.suspects = suspects(&tally(&outside, labels, &region, classes), partition.regions.clusters());
        partition
    }

    /// What the boosters that did not see the rows' regions say of the rows, not yet sharpened.
    fn probabilities(&self, codes: &Codes, rows: &[u32], region: &[u32], classes: usize) -> Vec<f32> {
        let mut out = vec![0.0; rows.len() * classes];
        for (fold, booster) in self.boosters.iter().enumerate() {
            let mine: Vec<usize> = (0..rows.len()).filter(|&i| self.booster_of[region[i] as usize] == fold).collect();
            let part: Vec<u32> = mine.iter().map(|&i| rows[i]).collect();
            let p = booster.probabilities(&codes.take(&part));
            for (&i, p) in mine.iter().zip(p.chunks_exact(classes)) {
                out[i * classes..(i + 1) * classes].copy_from_slice(p);
            }
        }
        out
    }

    /// The rows in suspected groups, each with the probability that it was flipped.
    fn suspicion(&self, points: &[f32], codes: &Codes, labels: &[u32], classes: usize) -> Vec<(usize, f64)> {
        let region = self.regions.assign(points);
        let is_suspect = |&row: &u32| self.suspects.contains_key(&(region[row as usize], labels[row as usize]));
        let rows: Vec<u32> = (0..labels.len() as u32).filter(is_suspect).collect();
        let regions: Vec<u32> = rows.iter().map(|&r| region[r as usize]).collect();
        let mut outside = self.probabilities(codes, &rows, &regions, classes);
        self.sharpness.apply(&mut outside, classes);
        let judged = rows.iter().zip(&regions).zip(outside.chunks_exact(classes)).filter_map(|((&row, &region), p)| {
            let label = labels[row as usize];
            let suspect = self.suspects.get(&(region, label))?;
            let (own, from) = (f64::from(p[label as usize]), f64::from(p[suspect.from]));
            Some((row as usize, suspect.probability * from / (from + own).max(1e-9)))
        });
        judged.collect()
    }
}

/// Small trees: they must say what the surroundings are like, not the last detail.
fn boosting(seed: u64) -> BoostParams {
    BoostParams { trees: 40, depth: 4, rate: 0.3, row_share: 0.5, column_share: 0.6, seed, ..BoostParams::default() }
}

/// Evidence that rows of one label in one region had another class before.
struct Group {
    rows: u64,
    from: usize,
    /// Log of the ratio of the labels' likelihoods with and without a flip.
    evidence: f64,
}

/// The evidence for every label present in every region, under the likeliest class before.
fn tally(outside: &[f32], labels: &[u32], region: &[u32], classes: usize) -> BTreeMap<(u32, u32), Group> {
    let mut counts: BTreeMap<(u32, u32), u64> = BTreeMap::new();
    let mut gains: BTreeMap<(u32, u32), Vec<f64>> = BTreeMap::new();
    for ((p, &label), &region) in
        outside.chunks_exact(classes).zip(labels).zip(region).filter(|((_, l), _)| **l != NONE)
    {
        *counts.entry((region, label)).or_insert(0) += 1;
        let own = p[label as usize];
        let gains = gains.entry((region, label)).or_insert_with(|| vec![0.0; classes]);
        for (gain, &from) in gains.iter_mut().zip(p) {
            *gain += f64::from(((own + from + FLOOR) / (own + FLOOR)).ln());
        }
    }
    let group = |(&(region, label), gains): (&(u32, u32), &Vec<f64>)| {
        let evidence = |from: usize| {
            let left = counts.get(&(region, from as u32)).copied().unwrap_or(0);
            gains[from] - LEFT_BEHIND * left as f64
        };
        let others = (0..classes).filter(|&from| from != label as usize);
        let best = others.map(|from| (evidence(from), from)).reduce(|a, b| if b.0 > a.0 { b } else { a });
        let (evidence, from) = best.unwrap_or((0.0, 0));
        ((region, label), Group { rows: counts[&(region, label)], from, evidence })
    };
    gains.iter().map(group).collect()
}

/// The groups whose evidence is far beyond what is usual in this dataset: natural structure, too, sets regions apart, but
/// seldom one alone.
fn suspects(groups: &BTreeMap<(u32, u32), Group>, regions: usize) -> BTreeMap<(u32, u32), Suspect> {
    let mut strongest = vec![0.0_f64; regions];
    for (&(region, _), group) in groups {
        strongest[region as usize] = strongest[region as usize].max(group.evidence);
    }
    strongest.sort_by(|a, b| b.total_cmp(a));
    let usual = strongest.get(2).or(strongest.last()).copied().unwrap_or(0.0);
    let probability = |group: &Group| {
        let total = (group.evidence - EVIDENCE - usual) / EVIDENCE_STEP;
        let mean = (group.evidence / group.rows as f64 - MEAN_EVIDENCE) / MEAN_EVIDENCE_STEP;
        1.0 / (1.0 + (-total.min(mean)).exp())
    };
    let suspect = |(&place, group): (&(u32, u32), &Group)| {
        let probability = probability(group);
        (probability > NEGLIGIBLE).then_some((place, Suspect { from: group.from, probability, rows: group.rows }))
    };
    groups.iter().filter_map(suspect).collect()
}
