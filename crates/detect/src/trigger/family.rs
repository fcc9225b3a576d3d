//! From how strongly a mark speaks for poison to how probably it is a trigger, given how many marks were looked at.

use std::collections::BTreeMap;

use super::{association::Association, ngrams::Shape};

/// Logarithm of the odds against a dataset having any trigger: one in twenty.
const DOUBT: f64 = 3.0;
/// Kinds of marks that share the chance of error.
const FAMILIES: f64 = 4.0;
/// Share of a mark's rows that must have the target class for it to join triggers that are known.
const PURE: f64 = 0.8;
/// Logarithm of the odds against a further mark where one is known.
const DOUBT_FURTHER: f64 = 1.0;

/// A mark that was looked at.
#[derive(Clone, Copy, Debug)]
pub struct Tested {
    /// Its shape.
    pub shape: Shape,
    /// The class most of its rows have.
    pub target: u32,
    /// Rows that have it.
    pub rows: usize,
    /// Of those, rows of the target class.
    pub hits: usize,
    /// What speaks for it.
    pub association: Association,
}

impl Tested {
    /// Whether nearly all its rows have the class.
    pub fn pure(&self) -> bool {
        self.hits as f64 >= PURE * self.rows as f64
    }
}

/// The probability that each mark is a trigger. `looked_at` is the number of marks of each shape.
///
/// The prior odds are shared by all marks of a shape (a Bayesian Bonferroni correction: Westfall, Johnson and Utts 1997).
/// An attacker who plants several marks for one class is met by a second look: once one is known, marks of its shape and
/// class share the odds of there being another.
pub fn probabilities(tested: &[Tested], looked_at: &BTreeMap<Shape, usize>) -> Vec<f64> {
    let alone = |t: &Tested| {
        let marks = looked_at.get(&t.shape).copied().unwrap_or(1).max(1) as f64;
        logistic(t.association.strength() - (FAMILIES * marks).ln() - DOUBT)
    };
    let mut out: Vec<f64> = tested.iter().map(alone).collect();
    let mut family: BTreeMap<(Shape, u32), (usize, usize)> = BTreeMap::new();
    for (t, &p) in tested.iter().zip(&out).filter(|(t, _)| t.pure()) {
        let (known, open) = family.entry((t.shape, t.target)).or_default();
        *if p >= 0.5 { known } else { open } += 1;
    }
    for (t, p) in tested.iter().zip(&mut out).filter(|(t, _)| t.pure()) {
        if let Some(&(known, open)) = family.get(&(t.shape, t.target))
            && known > 0
        {
            *p = p.max(logistic(t.association.strength() - (open.max(1) as f64).ln() - DOUBT_FURTHER));
        }
    }
    out
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}
