use taster_core::Schema;
use taster_stats::boost::Codes;

use super::{
    Params,
    members::{Member, Task, scores_by},
    sharpness::Sharpness,
    view::View,
};

/// Rounds of fitting the members' shares.
const ROUNDS: usize = 50;
/// Rows that the shares are fitted on.
const FITTED: usize = 8192;
/// Factors of the pool's log-probabilities.
const POOL_FACTORS: (f64, f64) = (0.3, 3.0);

/// A pool of models of the label, each trusted as far as the labels bear it out.
pub struct Panel {
    classes: usize,
    members: Vec<Member>,
    sharpness: Vec<Sharpness>,
    /// How much of the pool's probability is each member's.
    shares: Vec<f32>,
    pooled: Sharpness,
}

impl Panel {
    /// Own models of the features, and what they say of the task's rows, as [`Panel::probabilities`] would.
    pub fn fit(task: Task<'_>, schema: &Schema, params: &Params) -> (Self, Vec<f32>) {
        let (trees, (smooth, words)) = rayon::join(
            || Member::trees(task, params),
            || rayon::join(|| Member::smooth(task), || Member::words(task, schema)),
        );
        Self::pool(std::iter::once(trees).chain(smooth).chain(words).collect(), task)
    }

    /// Trusts each member as far as the labels bear out its out-of-fold scores. Also returns the pool's probabilities.
    pub fn pool(members: Vec<Member>, task: Task<'_>) -> (Self, Vec<f32>) {
        let Task { view, labels, classes, .. } = task;
        let mut sharpness = Vec::new();
        let mut opinions = Vec::new();
        for member in &members {
            let mut scores = member.scores(view, classes);
            let fitted = Sharpness::fit(&scores, labels, classes, member.factors());
            fitted.apply(&mut scores, classes);
            sharpness.push(fitted);
            opinions.push(scores);
        }
        let shares = shares(&opinions, labels, classes);
        let mut pool = blend_logs(opinions, &shares);
        let pooled = Sharpness::fit(&pool, labels, classes, POOL_FACTORS);
        pooled.apply(&mut pool, classes);
        (Self { classes, members, sharpness, shares, pooled }, pool)
    }

    /// Whether probabilities are of points, too.
    pub fn needs_points(&self) -> bool {
        self.members.iter().any(|m| matches!(m, Member::Smooth(_)))
    }

    /// Out-of-fold class probabilities, row by row.
    pub fn probabilities(&self, view: &View<'_>) -> Vec<f32> {
        let opinion = |(member, sharpness): (&Member, &Sharpness)| {
            let mut scores = member.scores(view, self.classes);
            sharpness.apply(&mut scores, self.classes);
            scores
        };
        let opinions = self.members.iter().zip(&self.sharpness).map(opinion).collect();
        let mut out = blend_logs(opinions, &self.shares);
        self.pooled.apply(&mut out, self.classes);
        out
    }

    /// Out-of-fold class probabilities by the trees alone; none if there are no trees.
    pub fn by_trees(&self, codes: &Codes, folds: &[usize]) -> Option<Vec<f32>> {
        self.members.iter().zip(&self.sharpness).find_map(|(member, sharpness)| {
            let Member::Trees(boosters) = member else { return None };
            let mut scores = scores_by(boosters, codes, folds, self.classes);
            sharpness.apply(&mut scores, self.classes);
            Some(scores)
        })
    }

    /// The members' scores as they were fitted, without anything fitted to all folds.
    #[cfg(test)]
    pub fn raw(&self, view: &View<'_>) -> Vec<Vec<f32>> {
        self.members.iter().map(|m| m.scores(view, self.classes)).collect()
    }
}

/// The shares under which the labels are likeliest, by expectation and maximisation.
fn shares(opinions: &[Vec<f32>], labels: &[u32], classes: usize) -> Vec<f32> {
    let rows = labels.len().min(FITTED);
    let own =
        |opinion: &Vec<f32>| -> Vec<f32> { (0..rows).map(|r| opinion[r * classes + labels[r] as usize]).collect() };
    let own: Vec<Vec<f32>> = opinions.iter().map(own).collect();
    let mut shares = vec![1.0 / opinions.len().max(1) as f32; opinions.len()];
    if opinions.len() < 2 {
        return shares;
    }
    for _ in 0..ROUNDS {
        let mut sums = vec![0.0_f64; shares.len()];
        for row in 0..rows {
            let total: f32 = own.iter().zip(&shares).map(|(own, share)| own[row] * share).sum();
            for ((sum, own), share) in sums.iter_mut().zip(&own).zip(&shares) {
                *sum += f64::from(own[row] * share / total);
            }
        }
        shares = sums.iter().map(|s| (s / rows.max(1) as f64) as f32).collect();
    }
    shares
}

/// Logarithms of the pool's probabilities.
fn blend_logs(opinions: Vec<Vec<f32>>, shares: &[f32]) -> Vec<f32> {
    let mut weighted = opinions.into_iter().zip(shares);
    let Some((mut out, share)) = weighted.next() else { return Vec::new() };
    for p in &mut out {
        *p *= share;
    }
    for (opinion, share) in weighted {
        out.iter_mut().zip(opinion).for_each(|(p, q)| *p += share * q);
    }
    for p in &mut out {
        *p = p.ln();
    }
    out
}
