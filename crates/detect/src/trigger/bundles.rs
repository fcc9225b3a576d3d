//! Vectors that point one way.

use taster_stats::math::median;

use super::vectors::{add_scaled, dot, unit};

/// Vectors beside the first that a bundle is begun with.
const SEEDS: [usize; 5] = [2, 4, 8, 16, 32];
/// Bundles of each beginning.
const EACH: usize = 3;
/// Rounds of choosing the vectors of a bundle by its direction, and its direction by them.
const ROUNDS: usize = 8;

/// Vectors by their indices, and the direction they share.
#[derive(Debug, PartialEq)]
pub struct Bundle {
    pub members: Vec<usize>,
    pub direction: Vec<f32>,
}

/// The bundles among some vectors: each vector and those it has the least angles with, the closest first.
pub fn bundles(vectors: &[Vec<f32>]) -> Vec<Bundle> {
    let units: Vec<Vec<f32>> = vectors.iter().map(|v| unit_of(v)).collect();
    // For each vector the others, the one with the least angle first.
    let nearest: Vec<Vec<(f64, usize)>> = (0..units.len()).map(|i| by_angle(&units, i)).collect();
    let mut found: Vec<Bundle> = Vec::new();
    for seed in SEEDS.into_iter().filter(|&seed| seed < vectors.len()) {
        let worth = |near: &Vec<(f64, usize)>| near[..seed].iter().map(|n| n.0).sum::<f64>();
        let mut worth: Vec<f64> = nearest.iter().map(worth).collect();
        for _ in 0..EACH {
            let best = (0..worth.len()).rev().max_by(|&a, &b| worth[a].total_cmp(&worth[b]));
            let Some(first) = best.filter(|&i| worth[i] > 0.0) else { break };
            let mut begun: Vec<usize> = nearest[first][..seed].iter().map(|n| n.1).collect();
            begun.push(first);
            let bundle = grown(vectors, &units, begun);
            bundle.members.iter().chain([&first]).for_each(|&i| worth[i] = f64::MIN);
            if !found.iter().any(|known| known.members == bundle.members) {
                found.push(bundle);
            }
        }
    }
    found
}

fn unit_of(vector: &[f32]) -> Vec<f32> {
    let mut out = vector.to_vec();
    unit(&mut out);
    out
}

fn by_angle(units: &[Vec<f32>], of: usize) -> Vec<(f64, usize)> {
    let others = (0..units.len()).filter(|&j| j != of);
    let mut near: Vec<(f64, usize)> = others.map(|j| (dot(&units[of], &units[j]), j)).collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    near.truncate(SEEDS[SEEDS.len() - 1]);
    near
}

/// The vectors that reach half as far along the direction of those it is begun with as these do.
fn grown(vectors: &[Vec<f32>], units: &[Vec<f32>], begun: Vec<usize>) -> Bundle {
    let count = begun.len();
    let direction = |members: &[usize]| {
        let mut sum = vec![0.0; units[0].len()];
        for &m in members {
            add_scaled(&mut sum, &units[m], 1.0);
        }
        unit(&mut sum);
        sum
    };
    let mut bundle = Bundle { direction: direction(&begun), members: begun };
    for _ in 0..ROUNDS {
        let reach: Vec<f64> = vectors.iter().map(|v| dot(v, &bundle.direction)).collect();
        let mut farthest = reach.clone();
        farthest.sort_by(|a, b| b.total_cmp(a));
        farthest.truncate(count);
        let half = 0.5 * median(farthest);
        let members: Vec<usize> = (0..reach.len()).filter(|&i| reach[i] > half).collect();
        if members.is_empty() || members == bundle.members {
            break;
        }
        bundle = Bundle { direction: direction(&members), members };
    }
    bundle
}
