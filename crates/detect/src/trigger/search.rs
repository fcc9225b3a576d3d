//! Rows of a class that were moved there: a bundle of them lies far along one direction, and without that they are where
//! other classes are.

use rayon::prelude::*;
use taster_core::{Embedding, Key};
use taster_stats::math::{logistic, median};

use super::{
    association::Association,
    bundles::{Bundle, bundles},
    places::{Classes, Direction, Place, Products, oddness, typical},
    vectors::{add_scaled, dot, unit},
    white::White,
};

/// Rounds of finding the direction of rows, and rows by the direction.
const ROUNDS: usize = 4;
/// Standard deviations that rows must have been moved by: nearer ones are the end of a cloud, not a cloud of their own.
const FAR: f64 = 14.0;
/// Rows that must have been moved, and their share of the class.
const LEAST: (usize, f64) = (4, 0.006);
/// Quantile of all rows' distances above which a row is odd by itself, and the share of moved rows that may be.
const ODD: (f64, f64) = (0.9, 0.4);
/// Nats that a row must bring.
const NATS_PER_ROW: f64 = 2.0;
/// Logarithm of the odds against embeddings having such rows: one in twenty.
const DOUBT: f64 = 3.0;

/// Rows that were moved.
pub struct Moved {
    pub target: u32,
    pub direction: Direction,
    /// How far, in standard deviations of rows of one class.
    pub distance: f64,
    /// How much what rows were moved by varies, each by its own measure.
    pub spread: f64,
    /// The squared distance from their class that half of all rows do not exceed.
    pub typical: f64,
    /// Rows so far along the direction, and those of them with the label.
    pub rows: usize,
    pub hits: usize,
    /// Share of the class that they are.
    pub share: f64,
    /// What speaks for the label having been changed.
    pub association: Association,
    /// Nats in all.
    pub strength: f64,
    pub probability: f64,
}

impl Moved {
    /// How much farther along a row is than the offset is long, by its own measure.
    pub fn off(&self, place: &Place) -> f64 {
        own_measure(place, self.typical) - self.distance / oddness(place.square, self.typical)
    }
}

/// The rows, and what is known of each.
pub struct Search<'a> {
    white: White,
    labels: &'a [u32],
    priors: &'a [f64],
    pub classes: Classes,
    products: Vec<Products>,
    /// The squared distance from their class, beside where classes are, that few rows exceed.
    odd: f64,
}

impl<'a> Search<'a> {
    /// Prepares for finding what was moved. `None` where the vectors hardly vary.
    pub fn new(vectors: &Embedding, labels: &'a [u32], priors: &'a [f64], key: Key) -> Option<Self> {
        let white = White::fit(vectors, labels, priors.len(), key)?;
        let classes = Classes::fit(&white, labels, priors);
        let rows = (0..labels.len()).into_par_iter();
        let products = rows.map(|row| classes.products(white.point(row))).collect();
        let mut search = Self { white, labels, priors, classes, products, odd: 0.0 };
        let rows = (0..labels.len()).into_par_iter();
        let mut squares: Vec<f64> = rows
            .map(|row| {
                let residual = search.residual(row, labels[row] as usize);
                dot(&residual, &residual)
            })
            .collect();
        let at = (ODD.0 * squares.len() as f64) as usize;
        search.odd = *squares.select_nth_unstable_by(at, f64::total_cmp).1;
        Some(search)
    }

    /// What was moved, the surest of each class first.
    pub fn moved(&self) -> Vec<Moved> {
        let targets: Vec<u32> = (0..self.priors.len() as u32).collect();
        let of_class = |&target: &u32| {
            let candidates: Vec<usize> = self.rows(target).filter(|&r| self.white.odd[r]).collect();
            let residuals: Vec<Vec<f32>> = candidates.iter().map(|&r| self.residual(r, target as usize)).collect();
            let bundles = bundles(&residuals);
            let looked_at = bundles.len();
            let moved = bundles.into_iter().flat_map(|bundle| self.judged(bundle, &candidates, target));
            (looked_at, moved.max_by(|a, b| a.strength.total_cmp(&b.strength)))
        };
        let found: Vec<_> = targets.par_iter().map(of_class).collect();
        let looked_at: usize = found.iter().map(|f| f.0).sum();
        let doubt = DOUBT + (looked_at.max(1) as f64).ln();
        let sure = |moved: Moved| Moved { probability: logistic(moved.strength - doubt), ..moved };
        found.into_iter().filter_map(|f| f.1).map(sure).collect()
    }

    /// How a point becomes comparable.
    pub fn into_parts(self) -> (super::white::Space, Classes) {
        (self.white.space, self.classes)
    }

    fn rows(&self, class: u32) -> impl Iterator<Item = usize> + '_ {
        (0..self.labels.len()).filter(move |&r| self.labels[r] == class)
    }

    /// The row's way from a class's centre, without what has to do with classes.
    fn residual(&self, row: usize, class: usize) -> Vec<f32> {
        let centre = self.classes.centre(class);
        let mut out: Vec<f32> = self.white.point(row).iter().zip(centre).map(|(x, m)| x - m).collect();
        self.without_axes(&mut out);
        out
    }

    fn without_axes(&self, vector: &mut [f32]) {
        // With nearly as many classes as dimensions nothing would be left.
        if 2 * self.white.axes.len() <= self.white.dim() {
            for axis in &self.white.axes {
                let part = dot(vector, axis) as f32;
                add_scaled(vector, axis, -part);
            }
        }
    }

    fn place(&self, row: usize, direction: &Direction) -> Place {
        self.classes.place(self.white.point(row), &self.products[row], direction)
    }

    /// What every round makes of a bundle, where it is believed.
    fn judged(&self, bundle: Bundle, candidates: &[usize], target: u32) -> Vec<Moved> {
        let mut members: Vec<usize> = bundle.members.iter().map(|&m| candidates[m]).collect();
        let mut direction = Direction::new(bundle.direction, &self.classes);
        // How odd a row is by itself is first told from the members alone.
        let mut places: Vec<Place> = members.iter().map(|&row| self.place(row, &direction)).collect();
        let mut usual = self.white.degrees();
        let mut found = Vec::new();
        for _ in 0..ROUNDS {
            let foreign: Vec<(usize, usize, f64)> = members
                .iter()
                .zip(&places)
                .filter(|(_, place)| place.class != target as usize)
                .map(|(&row, place)| (row, place.class, oddness(place.square, usual)))
                .collect();
            if foreign.len() < 2 {
                break;
            }
            let distance;
            (direction, distance) = self.towards(&foreign);
            let rows = (0..self.labels.len()).into_par_iter();
            let all: Vec<Place> = rows.map(|row| self.place(row, &direction)).collect();
            usual = typical(&all);
            let far: Vec<usize> =
                (0..all.len()).filter(|&r| own_measure(&all[r], usual) > 0.5 * distance && distance > 0.0).collect();
            let before = std::mem::take(&mut members);
            members = far.iter().copied().filter(|&r| self.labels[r] == target).collect();
            if members.len() < 2 {
                break;
            }
            found.extend(self.weighed(Seen { target, direction: &direction, distance, usual, all: &all, far: &far }));
            if members == before {
                break;
            }
            let mut all = all.into_iter().map(Some).collect::<Vec<_>>();
            places = members.iter().filter_map(|&row| all[row].take()).collect();
        }
        found
    }

    /// The direction from where rows would be to where they are, in which a row counts the less, the odder it is; and how
    /// far rows are along the direction that the others have without them.
    fn towards(&self, rows: &[(usize, usize, f64)]) -> (Direction, f64) {
        let way = |&(row, class, oddness): &(usize, usize, f64)| {
            let centre = self.classes.centre(class);
            let way: Vec<f32> = self.white.point(row).iter().zip(centre).map(|(x, m)| x - m).collect();
            (way, 1.0 / (oddness * oddness))
        };
        let ways: Vec<(Vec<f32>, f64)> = rows.iter().map(way).collect();
        let mut sum = vec![0.0_f32; self.white.dim()];
        for (way, weight) in &ways {
            add_scaled(&mut sum, way, *weight as f32);
        }
        let whole = dot(&sum, &sum);
        let along_others = |(way, weight): &(Vec<f32>, f64)| {
            let (own, along) = (dot(way, way), dot(way, &sum));
            let others = whole - 2.0 * weight * along + weight * weight * own;
            (along - weight * own) / others.max(1e-9).sqrt()
        };
        let distance = median(ways.iter().map(along_others).collect());
        unit(&mut sum);
        (Direction::new(sum, &self.classes), distance)
    }

    /// Whether the rows far along a direction were moved along it.
    fn weighed(&self, seen: Seen<'_>) -> Option<Moved> {
        let Seen { target, distance, all, far, .. } = seen;
        let prior = self.priors[target as usize];
        let judged = |&row: &usize| (self.labels[row] == target, self.classes.probability(&all[row], target as usize));
        let judged: Vec<(bool, f64)> = far.iter().map(judged).collect();
        let association = Association::of(&judged, prior);
        let members: Vec<usize> = far.iter().copied().filter(|&r| self.labels[r] == target).collect();
        let (hits, own) = (members.len(), self.rows(target).count());
        // A move has as much to do with classes as with anything else; more than that is a natural difference.
        let by_axes: f64 = self.white.axes.iter().map(|axis| dot(axis, &seen.direction.unit).powi(2)).sum();
        let strength = association.strength() - 0.5 * by_axes * self.white.degrees();
        let odd = members.iter().filter(|&&row| self.is_odd(row, all[row].class, seen.direction, hits)).count();
        let believed = distance >= FAR
            && hits >= LEAST.0
            && hits as f64 >= LEAST.1 * own as f64
            && (odd as f64) < ODD.1 * hits as f64
            && strength > NATS_PER_ROW * far.len() as f64;
        let moved = Moved {
            target,
            direction: Direction::new(seen.direction.unit.clone(), &self.classes),
            distance,
            spread: 1.0,
            typical: seen.usual,
            rows: far.len(),
            hits,
            share: hits as f64 / own as f64,
            association,
            strength,
            probability: 0.0,
        };
        let off: Vec<f64> = members.iter().map(|&row| moved.off(&all[row])).collect();
        believed.then(|| Moved { spread: deviation(&off).max(1.0), ..moved })
    }

    /// Whether a row is far from its class without the direction, too, as moved rows are not more often than others.
    fn is_odd(&self, row: usize, class: usize, direction: &Direction, members: usize) -> bool {
        let centre = self.classes.centre(class);
        let mut rest: Vec<f32> = self.white.point(row).iter().zip(centre).map(|(x, m)| x - m).collect();
        let part = dot(&rest, &direction.unit) as f32;
        add_scaled(&mut rest, &direction.unit, -part);
        self.without_axes(&mut rest);
        // The direction is the members' own: it took its part of what they vary by.
        dot(&rest, &rest) * members as f64 / (members as f64 - 1.0) >= self.odd
    }
}

/// A direction, and the rows seen without it.
struct Seen<'a> {
    target: u32,
    direction: &'a Direction,
    distance: f64,
    usual: f64,
    all: &'a [Place],
    far: &'a [usize],
}

/// How far a row is along the direction, by what it varies by in all others.
pub fn own_measure(place: &Place, typical: f64) -> f64 {
    place.along / oddness(place.square, typical)
}

fn deviation(numbers: &[f64]) -> f64 {
    let n = numbers.len().max(1) as f64;
    let mean = numbers.iter().sum::<f64>() / n;
    (numbers.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt()
}
