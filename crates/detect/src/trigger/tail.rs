//! How strong marks are that nobody planted: an empirical null (Efron 2004).

use std::{collections::BTreeMap, f64::consts::LN_2};

use super::ngrams::Shape;

/// Marks of a class from which on it has a fall of its own.
const OWN: usize = 4;
/// Nats over which the number of natural marks falls by the factor e, at least: where its model holds, a likelihood ratio
/// exceeds `e^s` with probability at most `e^-s`.
const FALL_MIN: f64 = 1.0;

/// The marks of a shape and class for which something speaks. Their number falls exponentially with strength.
#[derive(Clone, Copy, Debug)]
struct Tail {
    marks: usize,
    fall: f64,
}

/// The tails of all shapes and classes.
#[derive(Debug)]
pub struct Tails {
    tails: BTreeMap<(Shape, u32), Tail>,
}

impl Tails {
    /// Of marks with their strengths. Falls are medians, which the few marks that were planted cannot move far.
    pub fn fit(marks: impl Iterator<Item = (Shape, u32, f64)>) -> Self {
        let mut shapes: BTreeMap<Shape, Vec<f64>> = BTreeMap::new();
        let mut classes: BTreeMap<(Shape, u32), Vec<f64>> = BTreeMap::new();
        for (shape, class, strength) in marks.filter(|m| m.2 > 0.0) {
            shapes.entry(shape).or_default().push(strength);
            classes.entry((shape, class)).or_default().push(strength);
        }
        let shapes: BTreeMap<Shape, f64> = shapes.into_iter().map(|(shape, of)| (shape, fall(of))).collect();
        let tail = |(key, of): ((Shape, u32), Vec<f64>)| {
            let marks = of.len();
            (key, Tail { marks, fall: if marks < OWN { shapes[&key.0] } else { fall(of) } })
        };
        Self { tails: classes.into_iter().map(tail).collect() }
    }

    /// How many marks of a shape and class, at least this strong, there would be with nothing planted. Above 1 for any that
    /// nothing speaks for.
    pub fn beyond(&self, shape: Shape, class: u32, strength: f64) -> f64 {
        let tail = self.tails.get(&(shape, class)).copied().unwrap_or(Tail { marks: 0, fall: FALL_MIN });
        // One more than were seen, so that none does not mean never.
        (tail.marks + 1) as f64 * (-strength.max(0.0) / tail.fall).exp()
    }
}

fn fall(mut strengths: Vec<f64>) -> f64 {
    strengths.sort_by(f64::total_cmp);
    let (upper, lower) = (strengths.len() / 2, (strengths.len() - 1) / 2);
    (strengths[lower].midpoint(strengths[upper]) / LN_2).max(FALL_MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Marks whose strengths are the quantiles of an exponential distribution.
    fn natural(class: u32, marks: usize, fall: f64) -> impl Iterator<Item = (Shape, u32, f64)> {
        let strength = move |i: usize| -fall * ((i as f64 + 0.5) / marks as f64).ln();
        (0..marks).map(move |i| (Shape::One, class, strength(i)))
    }

    #[test]
    fn the_tail_is_that_of_the_natural_marks_whatever_was_planted_among_them() {
        for planted in [0, 10] {
            let tails =
                Tails::fit(natural(1, 200, 2.0).chain((0..planted).map(|i| (Shape::One, 1, 30.0 + f64::from(i)))));
            // 200 e^(-s / 2) of them exceed s.
            for (strength, expected) in [(6.0, 10.0), (14.0, 0.18)] {
                let ratio = tails.beyond(Shape::One, 1, strength) / expected;
                assert!((0.7..2.0).contains(&ratio), "{planted} planted, beyond {strength}: {ratio} times");
            }
        }
    }

    #[test]
    fn a_class_with_few_marks_falls_as_its_shape_does_and_none_faster_than_likelihood_ratios() {
        let tails = Tails::fit(natural(0, 100, 3.0).chain([(Shape::One, 1, 0.1)]).chain(natural(2, 100, 0.1)));
        let per_nat =
            |class: u32| (tails.beyond(Shape::One, class, 5.0) / tails.beyond(Shape::One, class, 6.0)).ln().recip();
        assert!((per_nat(0) - 3.0).abs() < 0.2 && per_nat(1) < per_nat(0), "{} {}", per_nat(0), per_nat(1));
        assert!((per_nat(2) - FALL_MIN).abs() < 1e-9);
        assert!(tails.beyond(Shape::Two, 7, -3.0) >= 1.0, "of what was never seen, too");
    }
}
