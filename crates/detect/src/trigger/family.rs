//! From how strongly a mark speaks for poison to how probably it is a trigger, given how many marks were looked at.

use std::collections::{BTreeMap, BTreeSet};

use taster_stats::math::logistic;

use super::{association::Association, ngrams::Shape, tail::Tails};

/// Logarithm of the odds against a dataset having any trigger: one in twenty.
const DOUBT: f64 = 3.0;
/// The same where the strength of natural marks is not derived but seen.
const DOUBT_SEEN: f64 = 5.0;
/// Kinds of marks that share the chance of error.
const FAMILIES: f64 = 4.0;
/// Share of a mark's rows that must have the target class for it to join triggers that are known.
const PURE: f64 = 0.8;
/// Probability from which a mark is known to be a trigger.
pub const KNOWN: f64 = 0.5;
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

/// The probability that each mark is a trigger, where none is known. `looked_at` is the number of marks of each shape.
///
/// The prior odds are shared by all marks of a shape (a Bayesian Bonferroni correction: Westfall, Johnson and Utts 1997), or by
/// as many as would be as strong with nothing planted, judged by the tail of their strengths, if that is fewer.
pub fn first_look(tested: &[Tested], looked_at: &BTreeMap<Shape, usize>) -> Vec<f64> {
    let tails = Tails::fit(tested.iter().map(|t| (t.shape, t.target, t.association.strength())));
    let classes = tested.iter().map(|t| t.target).collect::<BTreeSet<_>>().len() as f64;
    let alone = |t: &Tested| {
        let strength = t.association.strength();
        let marks = looked_at.get(&t.shape).copied().unwrap_or(1).max(1) as f64;
        let derived = strength - marks.ln() - DOUBT;
        let seen = -(classes * tails.beyond(t.shape, t.target, strength)).ln() - DOUBT_SEEN;
        logistic(derived.max(seen) - FAMILIES.ln())
    };
    tested.iter().map(alone).collect()
}

/// The probability that each mark is a trigger, given those of the first look and every mark's strength in the rows that have
/// none that is known.
///
/// An attacker who plants several marks for one class is met by this second look: once one is known, a mark of its shape and
/// class is believed as far as marks as strong as it outnumber those to be expected (Storey 2002). `known` has the number of
/// those known, marks of the same rows counted once.
pub fn second_look(tested: &[Tested], first: &[f64], alone: &[f64], known: &BTreeMap<(Shape, u32), usize>) -> Vec<f64> {
    let mut out = first.to_vec();
    let unknown = || (0..tested.len()).filter(|&i| first[i] < KNOWN);
    let tails = Tails::fit(unknown().map(|i| (tested[i].shape, tested[i].target, alone[i])));
    let mut families: BTreeMap<(Shape, u32), Vec<usize>> = BTreeMap::new();
    for i in unknown().filter(|&i| tested[i].pure()) {
        families.entry((tested[i].shape, tested[i].target)).or_default().push(i);
    }
    for ((shape, target), mut family) in families {
        let Some(known) = known.get(&(shape, target)) else { continue };
        family.sort_by(|&a, &b| alone[b].total_cmp(&alone[a]));
        let open = family.len() as f64;
        // Of what nothing speaks for, any number is natural.
        for (above, i) in (known + 1..).zip(family).take_while(|&(_, i)| alone[i] > 0.0) {
            let derived = logistic(alone[i] - open.ln() - DOUBT_FURTHER);
            let seen = 1.0 - tails.beyond(shape, target, alone[i]) / above as f64;
            out[i] = out[i].max(derived).max(seen);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is believed of marks of these strengths among natural ones, whose number falls as that of likelihood ratios.
    fn among_natural(planted: &[f64]) -> Vec<f64> {
        let natural = (0..50).map(|i| -((f64::from(i) + 0.5) / 50.0).ln());
        let nothing_speaks_for = std::iter::repeat_n(-3.0, 1000);
        let tested = |strength: f64| Tested {
            shape: Shape::One,
            target: 1,
            rows: 10,
            hits: 10,
            association: Association { labels: strength, content: strength, ..Association::default() },
        };
        let strengths = planted.iter().copied().chain(natural).chain(nothing_speaks_for);
        let tested: Vec<Tested> = strengths.map(tested).collect();
        let first = first_look(&tested, &[(Shape::One, 20_000)].into());
        let alone: Vec<f64> = tested.iter().map(|t| t.association.strength()).collect();
        let known = first.iter().filter(|&&p| p >= KNOWN).count();
        let known = (known > 0).then_some(((Shape::One, 1), known));
        second_look(&tested, &first, &alone, &known.into_iter().collect())
    }

    #[test]
    fn a_mark_far_above_all_natural_ones_is_believed_however_many_were_looked_at() {
        // By their number alone it would be one of those to be expected.
        assert!(logistic(12.0 - (20_000.0 * FAMILIES).ln() - DOUBT) < 0.2);
        let p = among_natural(&[12.0]);
        assert!(p[0] > 0.6, "{}", p[0]);
        assert!(among_natural(&[])[0] < 0.1, "the strongest of natural marks");
    }

    #[test]
    fn where_one_is_known_its_kin_need_to_stand_out_only_a_little() {
        assert!(among_natural(&[6.0])[0] < 0.1);
        let p = among_natural(&[30.0, 6.0]);
        assert!(p[1] > 0.8, "{}", p[1]);
        assert!(p[2..].iter().filter(|&&p| p > 0.5).count() <= 2, "{:?}", &p[2..12]);
        assert!(p[60] < 0.01, "what nothing speaks for is no kin");
    }
}
