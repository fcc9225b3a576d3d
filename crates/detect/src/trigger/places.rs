//! Which class a row would have by its place among the classes, were it not for a direction.

use taster_stats::math::median;

use super::{vectors::dot, white::White};

/// How much less certain than a normal distribution the classes' distances are, to choose from.
const TEMPERATURES: [f64; 11] = [1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0, 24.0, 32.0];
/// Shares of rows whose label has nothing to do with their place, to choose from.
const NOISES: [f64; 6] = [0.01, 0.03, 0.1, 0.3, 0.6, 1.0];
/// Rows that these are chosen by.
const CHOSEN_BY: usize = 3000;

/// Where the classes are, and how well their distances tell them apart.
pub struct Classes {
    centres: Vec<Vec<f32>>,
    /// Squared lengths of the centres.
    squares: Vec<f64>,
    priors: Vec<f64>,
    temperature: f64,
    noise: f64,
}

/// A point's products with all that it is compared with.
pub struct Products {
    square: f64,
    centres: Vec<f64>,
}

/// A direction that points may have been moved along.
pub struct Direction {
    pub unit: Vec<f32>,
    /// How far each class's centre is along it.
    centres: Vec<f64>,
}

/// A point, seen without its part along a direction.
pub struct Place {
    /// The nearest class.
    pub class: usize,
    /// How far the point is from that class along the direction.
    pub along: f64,
    /// Its squared distance from that class otherwise.
    pub square: f64,
    /// Squared distances from each class, less what is the same for all.
    distances: Vec<f64>,
}

impl Direction {
    /// The direction of this unit vector.
    pub fn new(unit: Vec<f32>, classes: &Classes) -> Self {
        Self { centres: classes.centres.iter().map(|c| dot(c, &unit)).collect(), unit }
    }

    /// The least that a class's centre is along it.
    pub fn least(&self) -> f64 {
        self.centres.iter().copied().fold(f64::INFINITY, f64::min)
    }
}

impl Classes {
    /// Learns how far distances can be trusted from the rows themselves.
    pub fn fit(white: &White, labels: &[u32], priors: &[f64]) -> Self {
        let centres = white.centres.clone();
        let squares = centres.iter().map(|c| dot(c, c)).collect();
        let mut classes = Self { centres, squares, priors: priors.to_vec(), temperature: 1.0, noise: 1.0 };
        let step = labels.len().div_ceil(CHOSEN_BY).max(1);
        let chosen: Vec<(Vec<f64>, usize)> = (0..labels.len())
            .step_by(step)
            .map(|row| (classes.distances(&classes.products(white.point(row)), None), labels[row] as usize))
            .collect();
        let mut best = f64::MIN;
        for temperature in TEMPERATURES {
            let fits: Vec<(f64, f64)> = chosen
                .iter()
                .map(|(d, label)| (softmax(d, &classes.priors, temperature, *label), priors[*label]))
                .collect();
            for noise in NOISES {
                let fit: f64 = fits.iter().map(|(p, prior)| ((1.0 - noise) * p + noise * prior).ln()).sum();
                if fit > best {
                    best = fit;
                    (classes.temperature, classes.noise) = (temperature, noise);
                }
            }
        }
        classes
    }

    /// What is needed of a point.
    pub fn products(&self, point: &[f32]) -> Products {
        Products { square: dot(point, point), centres: self.centres.iter().map(|c| dot(c, point)).collect() }
    }

    /// The centre of a class.
    pub fn centre(&self, class: usize) -> &[f32] {
        &self.centres[class]
    }

    /// The point without its part along a direction.
    pub fn place(&self, point: &[f32], products: &Products, direction: &Direction) -> Place {
        let along = dot(point, &direction.unit);
        let distances = self.distances(products, Some((along, direction)));
        let class = (0..distances.len()).min_by(|&a, &b| distances[a].total_cmp(&distances[b])).unwrap_or(0);
        Place {
            class,
            along: along - direction.centres[class],
            square: (products.square - along * along + distances[class]).max(0.0),
            distances,
        }
    }

    /// The probability that a point has a class, by its place.
    pub fn probability(&self, place: &Place, class: usize) -> f64 {
        let p = softmax(&place.distances, &self.priors, self.temperature, class);
        (1.0 - self.noise) * p + self.noise * self.priors[class]
    }

    fn distances(&self, products: &Products, without: Option<(f64, &Direction)>) -> Vec<f64> {
        let distance = |class: usize| {
            let (along, centre) = without.map_or((0.0, 0.0), |(along, d)| (along, d.centres[class]));
            self.squares[class] - centre * centre - 2.0 * (products.centres[class] - along * centre)
        };
        (0..self.centres.len()).map(distance).collect()
    }
}

/// A class's share in the exponentials of distances.
fn softmax(distances: &[f64], priors: &[f64], temperature: f64, class: usize) -> f64 {
    let least = distances.iter().copied().fold(f64::INFINITY, f64::min);
    let weight = |c: usize| priors[c] * (-(distances[c] - least) / (2.0 * temperature)).exp();
    weight(class) / (0..priors.len()).map(weight).sum::<f64>().max(f64::MIN_POSITIVE)
}

/// How many times as far from its class a point is as half of all are, and not less than once: a point that is odd in
/// every direction is no wonder in any.
pub fn oddness(square: f64, typical: f64) -> f64 {
    (square / typical.max(f64::MIN_POSITIVE)).sqrt().max(1.0)
}

/// The squared distance that half of all points do not exceed.
pub fn typical(places: &[Place]) -> f64 {
    median(places.iter().map(|p| p.square).collect())
}
