use sha2::{Digest as _, Sha256};
use taster_core::Digest;

/// A sum over rows, whatever their order, in 32 bytes. Under a key that nobody could know beforehand, two datasets with the
/// same sum have the same rows, each as often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bag {
    key: [u8; 32],
    sums: [u64; 4],
}

impl Bag {
    /// No rows. Sums under different keys cannot be compared.
    pub fn new(key: [u8; 32]) -> Self {
        Self { key, sums: [0; 4] }
    }

    /// Puts rows in.
    pub fn extend(&mut self, rows: &[Digest]) {
        for row in rows {
            let hash = Sha256::new().chain_update(self.key).chain_update(row.0).finalize();
            for (sum, bytes) in self.sums.iter_mut().zip(hash.chunks_exact(8)) {
                *sum = sum.wrapping_add(u64::from_le_bytes(bytes.try_into().expect("chunks of eight")));
            }
        }
    }

    /// Puts the rows of another in.
    pub(super) fn add(&mut self, other: &Self) {
        for (sum, more) in self.sums.iter_mut().zip(other.sums) {
            *sum = sum.wrapping_add(more);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_does_not_matter_and_everything_else_does() {
        let of = |key: u8, rows: &[u8]| {
            let mut bag = Bag::new([key; 32]);
            bag.extend(&rows.iter().map(|&row| Digest([row; 32])).collect::<Vec<_>>());
            bag
        };
        assert_eq!(of(1, &[1, 2, 3, 3]), of(1, &[3, 1, 3, 2]));
        for other in [&[1, 2, 3][..], &[1, 2, 2, 3], &[1, 2, 3, 4], &[]] {
            assert_ne!(of(1, &[1, 2, 3, 3]), of(1, other));
        }
        assert_ne!(of(1, &[1]), of(2, &[1]));
        let mut both = of(1, &[1, 2]);
        both.add(&of(1, &[5]));
        assert_eq!(both, of(1, &[5, 2, 1]));
    }
}
