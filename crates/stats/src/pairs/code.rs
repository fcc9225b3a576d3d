//! Codes that numbers and values are halved by, and how finely a column's are.

/// Most stretches that a column's codes are told apart in; finer halvings are stripes without meaning.
pub const STRETCHES: usize = 64;
/// Most halvings of a column.
const HALVINGS: usize = 12;
/// Numbers closer to zero than 2 to the power of minus this are zero.
const SMALLEST: i32 = 40;
/// Slots that remember stretches seen lately.
const SLOTS: usize = 256;

/// A number's code: as ordered as the numbers are, as fine as a half of a double, and the same for all that is nearly zero.
/// 0, as if below every number, where it is missing.
pub fn of_number(x: f64) -> u32 {
    if x.is_nan() {
        return 0;
    }
    let bits = x.to_bits() & !(1 << 63);
    let exponent = (bits >> 52) as i32 - 1023 + SMALLEST;
    let fraction = (bits >> 28) as u32 & 0x00ff_ffff;
    let magnitude = match exponent {
        ..=0 => 0,
        1..=127 => (exponent as u32) << 24 | fraction,
        _ => !0 >> 1,
    };
    if x < 0.0 { !(1 << 31 | magnitude) } else { 1 << 31 | magnitude }
}

/// A value's code by its hash; 0 where it is missing. Six bits at the top: each deals the values into two halves.
pub fn of_value(hash: Option<u64>) -> u32 {
    hash.map_or(0, |hash| ((hash >> 58) as u32) << 26)
}

/// Which stretches of a column's codes are in use, as finely as there are at most `STRETCHES`: depends on the set of codes
/// alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stretches {
    /// Low bits of a code that are not looked at.
    dropped: u32,
    /// Codes without those bits; sorted.
    used: Vec<u32>,
}

impl Stretches {
    /// Of these; `None` where they cannot be.
    pub fn of(dropped: u32, used: Vec<u32>) -> Option<Self> {
        let sorted = used.windows(2).all(|pair| pair[0] < pair[1]);
        let last = used.last().copied().unwrap_or(0);
        let fits = dropped < 32 && last <= u32::MAX >> dropped && used.len() <= STRETCHES;
        (sorted && fits).then_some(Self { dropped, used })
    }

    /// The low bits that are not looked at, and the codes in use without them.
    pub fn parts(&self) -> (u32, &[u32]) {
        (self.dropped, &self.used)
    }

    /// Takes in codes.
    pub fn add(&mut self, codes: &[u32]) {
        // A stretch and 1, so that 0 is none.
        let mut lately = [0u64; SLOTS];
        for &code in codes {
            let stretch = code >> self.dropped;
            let slot = &mut lately[stretch as usize % SLOTS];
            if *slot == u64::from(stretch) + 1 {
                continue;
            }
            *slot = u64::from(stretch) + 1;
            if let Err(at) = self.used.binary_search(&stretch) {
                self.used.insert(at, stretch);
                if self.used.len() > STRETCHES {
                    self.coarsen();
                    lately = [0; SLOTS];
                }
            }
        }
    }

    /// Takes in what another has.
    pub fn merge(&mut self, other: &Self) {
        let dropped = self.dropped.max(other.dropped);
        let at = |side: &Self| side.used.iter().map(|s| s >> (dropped - side.dropped)).collect::<Vec<_>>();
        let mut used = [at(self), at(other)].concat();
        used.sort_unstable();
        used.dedup();
        *self = Self { dropped, used };
        self.coarsen();
    }

    fn coarsen(&mut self) {
        while self.used.len() > STRETCHES {
            self.dropped += 1;
            self.used.iter_mut().for_each(|stretch| *stretch >>= 1);
            self.used.dedup();
        }
    }

    /// The bits, counted from the low end of a code, that halve the codes: those that differ, the coarsest first. What a
    /// part of the codes has of the whole's halvings is always among its own, or is the same in all its codes.
    pub fn halvings(&self) -> Vec<u32> {
        let first = self.used.first().copied().unwrap_or(0);
        let differ = self.used.iter().fold(0, |bits, stretch| bits | (stretch ^ first));
        let differ = (0..32 - self.dropped).rev().filter(|bit| differ >> bit & 1 == 1);
        differ.take(HALVINGS).map(|bit| bit + self.dropped).collect()
    }

    /// The value of a bit that does not halve the codes.
    pub fn constant(&self, bit: u32) -> bool {
        self.used.first().is_some_and(|stretch| bit >= self.dropped && stretch >> (bit - self.dropped) & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_ordered_as_numbers_are() {
        let numbers =
            [f64::NAN, f64::NEG_INFINITY, -1e300, -2.5, -1.0, -1e-9, 0.0, 1e-9, 1.0, 1.0001, 3e9, f64::INFINITY];
        let codes = numbers.map(of_number);
        assert!(codes.windows(2).all(|pair| pair[0] <= pair[1]), "{codes:?}");
        assert_eq!((of_number(-0.0), of_number(1e-20)), (of_number(0.0), of_number(0.0)));
        assert_ne!(of_number(2023.0), of_number(2024.0));
    }

    #[test]
    fn halvings_of_parts_are_those_of_the_whole_or_constant() {
        let codes: Vec<u32> = (0..5000).map(|i| of_number(f64::from(i * i % 977) - 200.0)).collect();
        let of = |codes: &[u32]| {
            let mut stretches = Stretches::default();
            stretches.add(codes);
            stretches
        };
        let (whole, part) = (of(&codes), of(&codes[..40]));
        let mut merged = of(&codes[40..]);
        merged.merge(&part);
        assert_eq!(merged, whole);
        assert!(whole.parts().1.len() <= STRETCHES && !whole.halvings().is_empty());
        for bit in whole.halvings() {
            let same = codes[..40].iter().all(|code| (code >> bit & 1 == 1) == part.constant(bit));
            assert!(part.halvings().contains(&bit) || same);
        }
    }
}
