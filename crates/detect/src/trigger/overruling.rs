//! Whether a set's values overrule what else its rows say, or something natural explains whom they take.

use super::{
    common::CommonSet,
    mixture::{Judged, at_most_overruled},
    rows::FOLDS,
    sets::excess,
    tabular::{Size, Tabular, Trees},
};

/// Rounds of fitting pairs: ten are enough for a part in a thousand unless values hardly ever meet.
const ROUNDS: usize = 50;

/// A set with its rows.
pub struct Candidate {
    /// Its values and the class they give.
    pub set: CommonSet,
    /// The rows that have them, ascending.
    pub rows: Vec<u32>,
    /// Of those, the rows of the class.
    pub hits: Vec<u32>,
}

/// What speaks for a set, by trees that saw none of its rows.
#[derive(Clone, Copy, Debug)]
pub struct Weighed {
    /// Against the best of the innocent explanations that know nothing of the set's rows, in nats.
    pub strength: f64,
    /// How many rows of the class the trees expect.
    pub expected: f64,
    /// Log-likelihood of the labels, were some overruled.
    overruled: f64,
}

impl Candidate {
    /// Of a set's rows.
    pub fn new(set: CommonSet, tabular: &Tabular<'_>) -> Self {
        let rows = set.rows(&tabular.items);
        let hits = rows.iter().copied().filter(|&r| tabular.rows.labels[r as usize] == set.target).collect();
        Self { set, rows, hits }
    }

    /// The share of its class among all rows.
    pub fn prior(&self, tabular: &Tabular<'_>) -> f64 {
        tabular.rows.priors[self.set.target as usize]
    }

    /// The most that [`Candidate::weighed`] can find, whatever the trees say, in nats.
    pub fn at_best(&self, tabular: &Tabular<'_>) -> f64 {
        let by_columns = self.by_columns(tabular);
        let best = at_most_overruled(self.rows.len() - self.hits.len()) - by_columns.whatever();
        (best + meeting(tabular, self)).min(by_columns.overruled() - by_columns.as_expected())
    }

    /// What speaks for it by trees that saw none of its rows.
    pub fn weighed(&self, tabular: &Tabular<'_>, trees: &Trees) -> Weighed {
        let by_columns = self.by_columns(tabular);
        let by_trees = self.judged(tabular, &tabular.asked(trees, &self.rows, self.set.target));
        let overruled = by_trees.overruled().max(by_columns.overruled());
        let strength = [
            by_columns.overruled() - by_columns.as_expected(),
            by_trees.overruled() - by_trees.as_expected(),
            by_trees.foreign(self.prior(tabular)),
            overruled - by_trees.whatever() + meeting(tabular, self),
        ];
        let strength = strength.into_iter().fold(f64::MAX, f64::min);
        Weighed { strength, expected: by_trees.expected(), overruled }
    }

    /// How much likelier the labels are if values took rows by chance than by a rule that goes on from what the trees say,
    /// in nats. The rule is learnt from four fifths of the set's rows at a time and asked about the others.
    pub fn outdone(&self, tabular: &Tabular<'_>, trees: &Trees, weighed: &Weighed) -> f64 {
        let fold = |row: u32| tabular.rows.folds[row as usize];
        let mut asked = vec![0.0; self.rows.len()];
        for left_out in 0..FOLDS {
            let (own, others): (Vec<usize>, Vec<usize>) =
                (0..self.rows.len()).partition(|&i| fold(self.rows[i]) == left_out);
            let rows = |places: &[usize]| places.iter().map(|&i| self.rows[i]).collect::<Vec<u32>>();
            let learnt = tabular.extended(trees, &rows(&others), Size::CAREFUL);
            let answers = tabular.asked(&learnt, &rows(&own), self.set.target);
            own.into_iter().zip(answers).for_each(|(i, answer)| asked[i] = answer);
        }
        weighed.overruled - self.judged(tabular, &asked).as_expected()
    }

    /// Its rows, by what each column says by itself.
    fn by_columns(&self, tabular: &Tabular<'_>) -> Judged {
        let Tabular { additive, .. } = tabular;
        let said: Vec<f64> = self.rows.iter().map(|&r| additive.probability(r, &[], self.set.target)).collect();
        self.judged(tabular, &said)
    }

    /// Its rows, by what a model gives each of them.
    fn judged(&self, tabular: &Tabular<'_>, asked: &[f64]) -> Judged {
        let hit = |&r: &u32| tabular.rows.labels[r as usize] == self.set.target;
        Judged::new(self.rows.iter().map(hit).zip(asked.iter().copied()), self.prior(tabular))
    }
}

/// How surprising it is that so many rows have all of a set's values, in nats: did the likeliest of them meet the others by
/// chance, or any two as they do and all three by chance. Planted rows are in what both expect: the lesser is nearer.
fn meeting(tabular: &Tabular<'_>, of: &Candidate) -> f64 {
    let Tabular { rows, items, .. } = tabular;
    let share = |s: &(usize, u32)| items.rows[s.0][s.1 as usize].len() as f64 / rows.len() as f64;
    let by_chance = |left_out: usize| {
        let mut others = of.set.clone();
        let one = others.items.remove(left_out);
        share(&one) * others.rows(items).len() as f64
    };
    let by_chance = (0..of.set.items.len()).map(by_chance).fold(0.0, f64::max);
    let expected = as_pairs_meet(tabular, &of.set).map_or(by_chance, |as_pairs| as_pairs.min(by_chance));
    excess(of.rows.len() as f64, expected)
}

/// How many rows would have all three values, did only pairs of them have to do with each other (iterative proportional
/// fitting, Deming and Stephan 1940).
fn as_pairs_meet(tabular: &Tabular<'_>, set: &CommonSet) -> Option<f64> {
    let [a, b, c] = set.items[..] else { return None };
    let Tabular { rows, items, .. } = tabular;
    let holds = |(column, item): (usize, u32), row: usize| usize::from(items.codes[column][row] == item);
    let mut counts = [0.0_f64; 8];
    (0..rows.len()).for_each(|r| counts[holds(a, r) | holds(b, r) << 1 | holds(c, r) << 2] += 1.0);
    let mut expected = [rows.len() as f64 / 8.0; 8];
    for _ in 0..ROUNDS {
        for value in 0..3 {
            // Cells that differ in this value alone have their sum in common.
            for cell in (0..8).filter(|cell| cell >> value & 1 == 0) {
                let other = cell | 1 << value;
                let factor = (counts[cell] + counts[other]) / (expected[cell] + expected[other]).max(f64::MIN_POSITIVE);
                expected[cell] *= factor;
                expected[other] *= factor;
            }
        }
    }
    Some(expected[7])
}
