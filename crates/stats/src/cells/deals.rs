//! Deals of rows to two samples, 64 in a word a row, and how many rows of a cell each gives to the first.

use crate::math::mix;

/// Deals counted at once.
pub const BITS: usize = u64::BITS as usize;

/// Random numbers.
pub struct Random {
    seed: u64,
    drawn: u64,
}

impl Random {
    pub fn new(seed: u64) -> Self {
        Self { seed, drawn: 0 }
    }

    pub fn next(&mut self) -> u64 {
        self.drawn += 1;
        mix(self.seed, self.drawn)
    }

    pub fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }
}

/// For each row, in bit `b`, whether it is of the first sample in deal `b`. With `observed`, the first is the true one.
pub fn deals(rows: usize, first: usize, seed: u64, observed: bool) -> Vec<u64> {
    let mut words = vec![0_u64; rows];
    let mut order: Vec<u32> = (0..rows as u32).collect();
    // The smaller sample is drawn.
    let drawn = first.min(rows - first);
    for bit in 0..BITS {
        let mut random = Random::new(mix(seed, bit as u64));
        for i in 0..drawn {
            order.swap(i, i + random.below(rows - i));
        }
        order[..drawn].iter().for_each(|&row| words[row as usize] |= 1 << bit);
    }
    if drawn < first {
        for word in &mut words {
            *word = !*word;
        }
    }
    if observed {
        words.iter_mut().enumerate().for_each(|(row, word)| *word = *word & !1 | u64::from(row < first));
    }
    words
}

/// How many of these rows have each bit: all 64 counters are kept in one number a binary digit and added to together.
pub fn counts(rows: &[u32], words: &[u64]) -> [u32; BITS] {
    let mut digits = [0_u64; 32];
    for &row in rows {
        let (mut carry, mut digit) = (words[row as usize], 0);
        while carry != 0 {
            let sum = digits[digit];
            digits[digit] = sum ^ carry;
            carry &= sum;
            digit += 1;
        }
    }
    let used = (usize::BITS - rows.len().leading_zeros()) as usize;
    std::array::from_fn(|bit| (0..used).map(|digit| ((digits[digit] >> bit & 1) as u32) << digit).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deals_are_of_the_right_size_and_counted_right() {
        for first in [3, 70] {
            let words = deals(100, first, 5, true);
            let rows: Vec<u32> = (0..100).collect();
            assert!(counts(&rows, &words).iter().all(|&count| count as usize == first));
            assert!((0..100).all(|row| (words[row] & 1 == 1) == (row < first)));
            let some = counts(&[4, 9, 50], &words);
            let slow = |bit: usize| [4, 9, 50].iter().filter(|&&row: &&usize| words[row] >> bit & 1 == 1).count();
            assert!((0..BITS).all(|bit| some[bit] as usize == slow(bit)));
        }
    }
}
