//! How many different values there are.

/// log2 of the registers: 1,024 of one byte each, with a standard error of 3.3 %.
const BITS: u32 = 10;

/// HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007) with linear counting for few values. Each register keeps a maximum,
/// so merging in any order equals counting the whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distinct {
    registers: Vec<u8>,
}

impl Default for Distinct {
    fn default() -> Self {
        Self { registers: vec![0; 1 << BITS] }
    }
}

impl Distinct {
    /// Of registers as [`Self::registers`] gives them; `None` where they cannot have come from there.
    pub fn of_registers(registers: Vec<u8>) -> Option<Self> {
        let fits = registers.len() == 1 << BITS && registers.iter().all(|&r| u32::from(r) <= 65 - BITS);
        fits.then_some(Self { registers })
    }

    /// Its registers.
    pub fn registers(&self) -> &[u8] {
        &self.registers
    }

    /// Takes in a value by its hash, which must be uniformly distributed.
    #[inline]
    pub fn add(&mut self, hash: u64) {
        let register = &mut self.registers[(hash >> (64 - BITS)) as usize];
        *register = (*register).max(((hash << BITS) | 1 << (BITS - 1)).leading_zeros() as u8 + 1);
    }

    /// Takes in everything that another has taken in.
    pub fn merge(&mut self, other: &Self) {
        self.registers.iter_mut().zip(&other.registers).for_each(|(mine, theirs)| *mine = (*mine).max(*theirs));
    }

    /// About how many different values were taken in.
    pub fn estimate(&self) -> f64 {
        let m = self.registers.len() as f64;
        let empty = f64::from(self.registers.iter().map(|&r| u32::from(r == 0)).sum::<u32>());
        let sum: f64 = self.registers.iter().map(|&r| 0.5f64.powi(i32::from(r))).sum();
        let raw = 0.7213 / (1.0 + 1.079 / m) * m * m / sum;
        if raw <= 2.5 * m && empty > 0.0 { m * (m / empty).ln() } else { raw }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::mix;

    #[test]
    fn few_and_many_are_estimated_and_merging_equals_the_whole() {
        for n in [0u64, 20, 3000, 300_000] {
            let of = |range: std::ops::Range<u64>| {
                let mut sketch = Distinct::default();
                range.for_each(|i| sketch.add(mix(3, i % n)));
                sketch
            };
            let whole = of(0..2 * n);
            assert!((whole.estimate() - n as f64).abs() <= 0.1 * n as f64, "{n}: {}", whole.estimate());
            let mut merged = of(n / 3..2 * n);
            merged.merge(&of(0..n / 3));
            assert_eq!(merged, whole);
        }
        assert!(Distinct::of_registers(vec![56; 1024]).is_none() && Distinct::of_registers(vec![0; 3]).is_none());
    }
}
