//! Sums of gradients per leaf and code, in fixed point.

/// A row's projected gradients and, last, its hessian; or a sum of them.
pub(super) type Lanes<const L: usize> = [i32; L];

/// Gradient sums of one column: `[leaf * bins + code]`.
#[derive(Default)]
pub(super) struct Histogram<const L: usize> {
    pub bins: usize,
    pub sums: Vec<Lanes<L>>,
}

impl<const L: usize> Histogram<L> {
    /// The same memory for a column of so many bins. What is in it is of no use: every leaf is filled before it is read.
    pub fn sized(mut self, bins: usize, leaves_max: usize) -> Self {
        self.bins = bins;
        self.sums.resize(bins * leaves_max, [0; L]);
        self
    }

    pub fn leaf(&self, leaf: usize) -> &[Lanes<L>] {
        &self.sums[leaf * self.bins..(leaf + 1) * self.bins]
    }

    /// Sums all rows into leaf 0.
    #[allow(clippy::inline_always)] // so that it is compiled for the vector unit found at run time
    #[inline(always)]
    pub fn root(&mut self, members: &Members<L>, codes: &[u8]) {
        self.sums[..self.bins].fill([0; L]);
        self.accumulate(members, codes, 0);
    }

    /// Splits every leaf: leaf `j`'s second half becomes leaf `j + leaves`. `members` holds the rows of the smaller
    /// half of each leaf; the other half's sums are what is left of the whole.
    #[allow(clippy::inline_always)] // so that it is compiled for the vector unit found at run time
    #[inline(always)]
    pub fn split(&mut self, members: &Members<L>, codes: &[u8], leaves: usize, second_is_smaller: &[bool]) {
        let (start, end) = (leaves * self.bins, 2 * leaves * self.bins);
        self.sums[start..end].fill([0; L]);
        self.accumulate(members, codes, leaves);
        let (wholes, halves) = self.sums[..end].split_at_mut(start);
        let leaves = wholes.chunks_exact_mut(self.bins).zip(halves.chunks_exact_mut(self.bins));
        for ((whole, half), &second) in leaves.zip(second_is_smaller) {
            for (w, h) in whole.iter_mut().zip(half) {
                let rest: Lanes<L> = std::array::from_fn(|l| w[l] - h[l]);
                (*w, *h) = if second { (rest, *h) } else { (*h, rest) };
            }
        }
    }

    #[allow(clippy::inline_always)] // so that it is compiled for the vector unit found at run time
    #[inline(always)]
    fn accumulate(&mut self, members: &Members<L>, codes: &[u8], first_leaf: usize) {
        let bins = self.bins;
        let sums = &mut self.sums[first_leaf * bins..];
        for ((&row, &leaf), value) in members.rows.iter().zip(&members.leaves).zip(&members.values) {
            let sum = &mut sums[leaf as usize * bins + codes[row as usize] as usize];
            for (s, v) in sum.iter_mut().zip(value) {
                *s += v;
            }
        }
    }
}

/// Rows to be summed, with their leaves and gradients side by side.
#[derive(Default)]
pub(super) struct Members<const L: usize> {
    pub rows: Vec<u32>,
    pub leaves: Vec<u8>,
    pub values: Vec<Lanes<L>>,
}

impl<const L: usize> Members<L> {
    /// Becomes those members of `all` for which `wanted` holds, given their place and leaf. Without branches, which would
    /// be mispredicted every other time.
    #[allow(clippy::inline_always)] // so that it is compiled for the vector unit found at run time
    #[inline(always)]
    pub fn take_where(&mut self, all: &Self, wanted: impl Fn(usize, u8) -> bool) {
        let most = all.rows.len();
        self.rows.resize(most, 0);
        self.leaves.resize(most, 0);
        self.values.resize(most, [0; L]);
        let mut count = 0;
        for (i, ((&row, &leaf), &value)) in all.rows.iter().zip(&all.leaves).zip(&all.values).enumerate() {
            (self.rows[count], self.leaves[count], self.values[count]) = (row, leaf, value);
            count += usize::from(wanted(i, leaf));
        }
        self.rows.truncate(count);
        self.leaves.truncate(count);
        self.values.truncate(count);
    }
}
