//! From a value to the odds that a row of a class is one that its class would not have by nature.

/// Odds are at least this, in nats.
const LEAST: f64 = -9.0;
/// Rows counted in with both sides of a step, so that none is certain.
const DOUBT: f64 = 0.5;

/// How far rows of a class outnumber those of others the higher a value is: the local false discovery rate with the other
/// classes as the null (Efron 2004), made monotone by pooling adjacent violators (Ayer et al. 1955).
pub struct Excess {
    /// Values with the logarithm of the odds, ascending in both.
    steps: Vec<(f64, f64)>,
}

/// Neighbouring values that are taken together.
struct Block {
    own: f64,
    others: f64,
    values: (f64, f64),
}

impl Block {
    fn ratio(&self) -> f64 {
        (self.own + DOUBT) / (self.others + DOUBT)
    }
}

impl Excess {
    /// Learns it from rows' values and whether they are of the class.
    pub fn fit(values: &[f64], own: &[bool]) -> Self {
        let mut rows: Vec<(f64, bool)> = values.iter().copied().zip(own.iter().copied()).collect();
        rows.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        // The lower half is natural.
        let (low, _) = rows.split_at(rows.len() / 2);
        let low_own = low.iter().filter(|(_, own)| *own).count() as f64;
        let natural = (low_own + DOUBT) / (low.len() as f64 - low_own + DOUBT);
        let steps = pooled(&rows).into_iter().map(|block| {
            let odds = (block.ratio() / natural - 1.0).max(0.0).ln().max(LEAST);
            (f64::midpoint(block.values.0, block.values.1), odds)
        });
        Self { steps: steps.collect() }
    }

    /// Logarithm of the odds that a row of the class with this value would not be there by nature.
    pub fn log_odds(&self, value: f64) -> f64 {
        let after = self.steps.partition_point(|(at, _)| *at <= value);
        match (after.checked_sub(1).map(|i| self.steps[i]), self.steps.get(after)) {
            (Some((low, from)), Some((high, to))) => from + (to - from) * (value - low) / (high - low),
            (Some((_, odds)), None) | (None, Some(&(_, odds))) => odds,
            (None, None) => LEAST,
        }
    }
}

/// Rows in ascending order of their values, pooled until the share of the class grows from block to block.
fn pooled(rows: &[(f64, bool)]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for &(value, own) in rows {
        let own = f64::from(u8::from(own));
        let mut block = Block { own, others: 1.0 - own, values: (value, value) };
        while let Some(last) = blocks.pop_if(|last| last.own * block.others >= block.own * last.others) {
            let (own, others) = (last.own + block.own, last.others + block.others);
            block = Block { own, others, values: (last.values.0, block.values.1) };
        }
        blocks.push(block);
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odds_are_those_of_the_mixture() {
        // 1,000 rows of each class spread evenly over [0, 1), and 100 more of the class above 0.9.
        let even = |own: bool| (0..1000).map(move |i| (f64::from(i) / 1000.0, own));
        let more = (0..100).map(|i| (0.9 + f64::from(i) / 1000.0, true));
        let (values, own): (Vec<f64>, Vec<bool>) = even(true).chain(even(false)).chain(more).unzip();
        let excess = Excess::fit(&values, &own);
        assert!(excess.log_odds(0.95).abs() < 0.3, "{}", excess.log_odds(0.95));
        assert!(excess.log_odds(0.5) < -2.0, "{}", excess.log_odds(0.5));
        let at = |i: i32| excess.log_odds(f64::from(i) / 100.0);
        assert!((0..110).all(|i| at(i) <= at(i + 1) + 1e-12));
    }

    #[test]
    fn nothing_known_is_nothing_found() {
        assert!(Excess::fit(&[], &[]).log_odds(1.0) <= LEAST);
        let all_own = Excess::fit(&[1.0, 2.0, 3.0], &[true; 3]);
        assert!(all_own.log_odds(2.0).is_finite());
    }
}
