//! Regions whose labels agree with each other but not with what the rest of the data says of them.

use std::collections::BTreeMap;

use rayon::prelude::*;
use taster_stats::{
    boost::{Booster, Codes, Params as BoostParams, Target},
    kmeans::Kmeans,
};

use super::{
    members::{Task, scores_by},
    sharpness::Sharpness,
    view::{FOLDS, View},
};

/// Partitions into regions, each with other borders.
const PARTITIONS: u64 = 3;
/// Rows below which regions are too small to tell anything.
const ROWS_MIN: usize = 100;
/// Fewest and most regions of a partition, and the rows a region has otherwise.
const REGIONS: (usize, usize) = (6, 60);
const REGION_ROWS: usize = 40;
const BINS: usize = 17;
/// Log-likelihood that a row of the class that was supposedly flipped away costs by still being there.
const LEFT_BEHIND: f64 = std::f64::consts::LN_2;
/// Log-likelihood ratio, beyond that of the second most suspicious region, at which a flip is as probable as not.
const EVIDENCE: f64 = 20.0;
const EVIDENCE_STEP: f64 = 2.0;
/// The same for the mean over the region's rows.
const MEAN_EVIDENCE: f64 = 1.0;
const MEAN_EVIDENCE_STEP: f64 = 0.05;
/// A region with more than this share of a label is that label's home.
const HOME: f64 = 0.35;
/// Probability below which a region is not suspected at all.
const NEGLIGIBLE: f64 = 1e-3;
/// Probability of a label that a model is never trusted to go below.
const FLOOR: f32 = 3e-3;
const FACTORS: (f64, f64) = (0.3, 3.0);

/// Partitions of the rows, and what models fitted without a region say of its labels.
pub struct Regions {
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
    /// Rows of the sample, in their order.
    pub rows: Vec<u32>,
}

impl Regions {
    /// Fits; the view needs points.
    pub fn fit(task: Task<'_>) -> Self {
        let Task { view, dim, labels, classes, seed } = task;
        if labels.len() < ROWS_MIN || view.points.is_empty() {
            return Self { partitions: Vec::new(), classes };
        }
        let codes = view.codes.coarser(BINS);
        let part = |p: u64| Partition::fit(&view.points, dim, &codes, labels, classes, seed ^ p);
        let mut partitions: Vec<Partition> = (1..PARTITIONS).into_par_iter().map(part).collect();
        // The second most suspicious one counts: where none was suspicious so far, a last one cannot change anything.
        if partitions.iter().any(|p| !p.suspects.is_empty()) {
            partitions.push(part(PARTITIONS));
        }
        Self { partitions, classes }
    }

    /// Regions of nothing.
    pub fn none() -> Self {
        Self { partitions: Vec::new(), classes: 0 }
    }

    /// Whether any group of rows is suspected; if not, no points are needed.
    pub fn any(&self) -> bool {
        self.partitions.iter().any(|p| !p.suspects.is_empty())
    }

    /// For each row, the probability that its label was flipped together with its neighbours': what the second most
    /// suspicious partition says, so that the borders of one do not decide alone.
    pub fn suspicion(&self, view: &View<'_>, labels: &[u32]) -> Vec<f64> {
        let mut greatest = vec![(0.0_f64, 0.0_f64); labels.len()];
        if !self.any() {
            return vec![0.0; labels.len()];
        }
        let codes = view.codes.coarser(BINS);
        for partition in self.partitions.iter().filter(|p| !p.suspects.is_empty()) {
            for (row, p) in partition.suspicion(&view.points, &codes, labels, self.classes) {
                let (first, second) = greatest[row];
                greatest[row] = if p > first { (p, first) } else { (first, second.max(p)) };
            }
        }
        greatest.into_iter().map(|g| g.1).collect()
    }

    /// The groups suspected with at least this probability, the most suspicious first: label, and what is suspected. Of
    /// groups of the same rows, as other partitions draw them, only the first.
    pub fn suspects(&self, least: f64) -> Vec<(u32, &Suspect)> {
        let groups = self.partitions.iter().flat_map(|p| &p.suspects).map(|(&(_, label), suspect)| (label, suspect));
        let mut groups: Vec<(u32, &Suspect)> = groups.filter(|group| group.1.probability >= least).collect();
        groups.sort_by(|a, b| b.1.probability.total_cmp(&a.1.probability));
        let mut distinct: Vec<(u32, &Suspect)> = Vec::new();
        for (label, suspect) in groups {
            if !distinct.iter().any(|&(other, first)| other == label && first.is_much_of(suspect)) {
                distinct.push((label, suspect));
            }
        }
        distinct
    }
}

impl Suspect {
    /// Whether half of the rows of one of them, the smaller, are also the other's.
    fn is_much_of(&self, other: &Self) -> bool {
        let shared = self.rows.iter().filter(|row| other.rows.binary_search(row).is_ok()).count();
        2 * shared >= self.rows.len().min(other.rows.len())
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
        let which = booster_of_rows(&booster_of, &region);
        let mut outside = scores_by(&boosters, codes, &which, classes);
        let sharpness = Sharpness::fit(&outside, labels, classes, FACTORS);
        sharpness.apply(&mut outside, classes);
        let groups = tally(&outside, labels, &region, classes);
        let mut suspects = suspects(&groups, regions.clusters(), &counts(labels, classes));
        for ((row, &region), &label) in (0_u32..).zip(&region).zip(labels) {
            if let Some(suspect) = suspects.get_mut(&(region, label)) {
                suspect.rows.push(row);
            }
        }
        Self { regions, booster_of, boosters, sharpness, suspects }
    }

    /// The rows in suspected groups, each with the probability that it was flipped.
    fn suspicion(&self, points: &[f32], codes: &Codes, labels: &[u32], classes: usize) -> Vec<(usize, f64)> {
        let region = self.regions.assign(points);
        let is_suspect = |&row: &u32| self.suspects.contains_key(&(region[row as usize], labels[row as usize]));
        let rows: Vec<u32> = (0..labels.len() as u32).filter(is_suspect).collect();
        let regions: Vec<u32> = rows.iter().map(|&r| region[r as usize]).collect();
        let which = booster_of_rows(&self.booster_of, &regions);
        let mut outside = scores_by(&self.boosters, &codes.take(&rows), &which, classes);
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

fn booster_of_rows(booster_of: &[usize], region: &[u32]) -> Vec<usize> {
    region.iter().map(|&r| booster_of.get(r as usize).copied().unwrap_or(0)).collect()
}

fn counts(labels: &[u32], classes: usize) -> Vec<f64> {
    let mut counts = vec![0.0; classes];
    for &label in labels {
        counts[label as usize] += 1.0;
    }
    counts
}

/// Small trees: they must say what the surroundings are like, not the last detail.
fn boosting(seed: u64) -> BoostParams {
    BoostParams { trees: 25, depth: 4, rate: 0.3, row_share: 0.5, column_share: 0.35, seed, ..BoostParams::default() }
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
    for ((p, &label), &region) in outside.chunks_exact(classes).zip(labels).zip(region) {
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
fn suspects(
    groups: &BTreeMap<(u32, u32), Group>,
    regions: usize,
    label_counts: &[f64],
) -> BTreeMap<(u32, u32), Suspect> {
    let away = |&(&(_, label), group): &(&(u32, u32), &Group)| group.rows as f64 <= HOME * label_counts[label as usize];
    let mut strongest = vec![0.0_f64; regions];
    for (&(region, _), group) in groups.iter().filter(away) {
        strongest[region as usize] = strongest[region as usize].max(group.evidence);
    }
    strongest.sort_by(|a, b| b.total_cmp(a));
    let usual = strongest.get(1).copied().unwrap_or(0.0);
    let probability = |group: &Group| {
        let total = (group.evidence - EVIDENCE - usual) / EVIDENCE_STEP;
        let mean = (group.evidence / group.rows as f64 - MEAN_EVIDENCE) / MEAN_EVIDENCE_STEP;
        1.0 / (1.0 + (-total.min(mean)).exp())
    };
    let suspect = |(&place, group): (&(u32, u32), &Group)| {
        let probability = probability(group);
        (probability > NEGLIGIBLE).then_some((place, Suspect { from: group.from, probability, rows: Vec::new() }))
    };
    groups.iter().filter(away).filter_map(suspect).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition(rows: &[u32], label: u32, probability: f64) -> Partition {
        Partition {
            regions: Kmeans::fit(&[0.0, 1.0], 1, 1, 1),
            booster_of: Vec::new(),
            boosters: Vec::new(),
            sharpness: Sharpness::default(),
            suspects: BTreeMap::from([((0, label), Suspect { from: 0, probability, rows: rows.to_vec() })]),
        }
    }

    #[test]
    fn a_region_is_named_once_however_many_partitions_saw_it() {
        let partitions = vec![
            partition(&[1, 2, 3, 4], 1, 0.8),
            partition(&[2, 3, 4, 9, 10, 11], 1, 0.9),
            partition(&[20, 21, 22], 1, 0.7),
            partition(&[1, 2, 3, 4], 2, 0.6),
            partition(&[30, 31], 1, 0.1),
        ];
        let regions = Regions { partitions, classes: 3 };
        let told: Vec<(u32, usize)> = regions.suspects(0.5).iter().map(|(l, s)| (*l, s.rows.len())).collect();
        assert_eq!(told, [(1, 6), (1, 3), (2, 4)]);
    }
}
