//! Grows one tree after another.

use super::{
    Params, Tree,
    codes::{CodeColumn, Codes, Order},
    histogram::{Histogram, Lanes, Members},
    loss::{Gradients, Loss, Scores},
    tree::{self, Split},
};
use crate::{math::mix, vectorised::vectorised};

/// Hessian that an order of nominal values is shrunk by: rare values stay in the middle.
const NOMINAL_SMOOTHING: f32 = 3.0;

pub(super) struct Grower<'a, const L: usize> {
    codes: &'a Codes,
    params: &'a Params,
    /// Columns with more than one value.
    usable: Vec<usize>,
    gradients: Gradients,
    /// The last tree's, to be used again: asking the system for as much memory for each tree takes a tenth of the time.
    histograms: Vec<Histogram<L>>,
}

impl<'a, const L: usize> Grower<'a, L> {
    pub fn new(codes: &'a Codes, params: &'a Params) -> Self {
        let varies = |c: &CodeColumn| c.codes.iter().any(|&code| code != c.codes[0]);
        let usable = (0..codes.columns().len()).filter(|&c| varies(&codes.columns()[c])).collect();
        Self { codes, params, usable, gradients: Gradients::default(), histograms: Vec::new() }
    }

    /// The next tree, its values added to `scores`; none if no column could be asked about.
    pub fn next_tree(&mut self, loss: &Loss, scores: &mut Scores, round: usize) -> Option<Tree> {
        if self.usable.is_empty() {
            return None;
        }
        loss.gradients(scores, &mut self.gradients);
        let seed = mix(self.params.seed, round as u64);
        let splits = self.shape(scores.outputs, seed);
        let leaves = tree::leaves(&splits, self.codes);
        let values = self.leaf_values(&leaves, 1 << splits.len(), scores.outputs);
        let tree = Tree { splits, values };
        tree::add(&tree, &leaves, scores.outputs, &mut scores.values);
        Some(tree)
    }

    /// One Newton step per leaf and output, over all rows.
    fn leaf_values(&self, leaves: &[u8], count: usize, outputs: usize) -> Vec<f32> {
        let mut sums = vec![(0.0_f64, 0.0_f64); count * outputs];
        let Gradients { first, second } = &self.gradients;
        for ((&leaf, first), second) in leaves.iter().zip(first.chunks_exact(outputs)).zip(second.chunks_exact(outputs))
        {
            let sums = &mut sums[leaf as usize * outputs..(leaf as usize + 1) * outputs];
            for ((sum, &g), &h) in sums.iter_mut().zip(first).zip(second) {
                sum.0 += f64::from(g);
                sum.1 += f64::from(h);
            }
        }
        let Params { rate, l2, min_hessian, .. } = *self.params;
        // Softmax has one degree of freedom less than outputs.
        let rate = if outputs > 1 { rate * (outputs - 1) as f32 / outputs as f32 } else { rate };
        let step = |(g, h): (f64, f64)| -rate * (g / (h + f64::from(l2))) as f32;
        sums.into_iter().map(|sum| if sum.1 < f64::from(min_hessian) { 0.0 } else { step(sum) }).collect()
    }

    /// Chooses the tree's questions, level by level, on a share of the rows and columns.
    fn shape(&mut self, outputs: usize, seed: u64) -> Vec<Split> {
        let columns = self.columns(mix(seed, 1));
        let mut nodes = Nodes::<L>::new(self.rows(mix(seed, 2)), &self.gradients, outputs, mix(seed, 3));
        let leaves_max = 1 << self.params.depth.min(8);
        let mut spare = std::mem::take(&mut self.histograms);
        let candidate = |&c: &usize| Candidate::new(c, &self.codes.columns()[c], leaves_max, spare.pop());
        let mut candidates: Vec<Candidate<'_, L>> = columns.iter().map(candidate).collect();
        let splits = questions(self.params, mix(seed, 4), self.codes, &mut nodes, &mut candidates);
        self.histograms = candidates.into_iter().map(|c| c.histogram).collect();
        splits
    }

    /// The columns this tree may ask about, in order.
    fn columns(&self, seed: u64) -> Vec<usize> {
        let count = (self.usable.len() as f32 * self.params.column_share).ceil() as usize;
        let mut ranked: Vec<_> = self.usable.iter().map(|&c| (mix(seed, c as u64), c)).collect();
        ranked.sort_unstable();
        let mut chosen: Vec<_> = ranked.into_iter().take(count.max(1)).map(|(_, c)| c).collect();
        chosen.sort_unstable();
        chosen
    }

    /// The rows this tree's shape is chosen on.
    fn rows(&self, seed: u64) -> Vec<u32> {
        let all = 0..self.codes.rows() as u32;
        if self.params.row_share >= 1.0 {
            return all.collect();
        }
        let limit = (self.params.row_share * 256.0) as u64;
        let mut chosen: Vec<u32> = all.collect();
        let mut count = 0;
        for row in 0..chosen.len() {
            // Eight rows share a draw.
            let draw = mix(seed, row as u64 / 8) >> (row % 8 * 8) & 255;
            chosen[count] = row as u32;
            count += usize::from(draw < limit);
        }
        chosen.truncate(count);
        chosen
    }
}

vectorised! {
    /// The best question of each level, given those above it.
    fn questions<'a, 'b; const L: usize>(
        params: &'a Params,
        seed: u64,
        codes: &'a Codes,
        nodes: &'a mut Nodes<L>,
        candidates: &'a mut [Candidate<'b, L>],
    ) -> Vec<Split> {
        for candidate in &mut *candidates {
            candidate.histogram.root(&nodes.all, &candidate.column.codes);
            candidate.arrange(nodes.scale, seed);
        }
        let mut splits = Vec::new();
        let mut gain = 0.0;
        while splits.len() < params.depth.min(8) {
            let leaves = 1 << splits.len();
            let Some((next, split)) = best(candidates, leaves, nodes.scale, params.l2, gain) else { break };
            gain = next;
            let second_is_smaller = nodes.divide(&split, splits.len(), codes);
            splits.push(split);
            if splits.len() < params.depth.min(8) {
                for c in &mut *candidates {
                    c.histogram.split(&nodes.smaller, &c.column.codes, leaves, &second_is_smaller);
                }
            }
        }
        splits
    }
}

/// From fixed point back to gradients.
#[derive(Clone, Copy)]
struct Scale {
    first: f32,
    second: f32,
}

/// The rows a tree is shaped on and where they stand.
struct Nodes<const L: usize> {
    all: Members<L>,
    scale: Scale,
    /// Rows to be summed next: the smaller half of each leaf.
    smaller: Members<L>,
    /// Each row's answer to the last question.
    answers: Vec<u8>,
}

impl<const L: usize> Nodes<L> {
    fn new(rows: Vec<u32>, gradients: &Gradients, outputs: usize, seed: u64) -> Self {
        let (values, scale) = fixed_point(&rows, gradients, outputs, seed);
        let count = rows.len();
        let all = Members { rows, leaves: vec![0; count], values };
        Self { all, scale, smaller: Members::default(), answers: vec![0; count] }
    }

    /// Moves rows to the leaves of the next level. Returns, for each old leaf, whether fewer rows answered yes.
    #[allow(clippy::inline_always)] // so that it is compiled for the vector unit found at run time
    #[inline(always)]
    fn divide(&mut self, split: &Split, level: usize, codes: &Codes) -> Vec<bool> {
        let column = &codes.columns()[split.column()].codes;
        let holds: [u8; 256] = std::array::from_fn(|code| u8::from(split.holds(code as u8)));
        let mut balance = [0_i32; 256];
        for ((&row, &leaf), answer) in self.all.rows.iter().zip(&self.all.leaves).zip(&mut self.answers) {
            *answer = holds[column[row as usize] as usize];
            balance[leaf as usize] += 2 * i32::from(*answer) - 1;
        }
        let second_is_smaller = balance.map(|b| u8::from(b <= 0));
        self.smaller.take_where(&self.all, |i, leaf| self.answers[i] == second_is_smaller[leaf as usize]);
        for (leaf, &answer) in self.all.leaves.iter_mut().zip(&self.answers) {
            *leaf |= answer << level;
        }
        second_is_smaller[..1 << level].iter().map(|&b| b == 1).collect()
    }
}

vectorised! {
    /// Gradients of the rows as integers whose sums cannot overflow: projected to `L - 1` lanes, and the hessian.
    fn fixed_point<'a; const L: usize>(
        rows: &'a [u32],
        gradients: &'a Gradients,
        outputs: usize,
        seed: u64,
    ) -> (Vec<Lanes<L>>, Scale) {
        let signs = projection::<L>(outputs, seed);
        let mut lanes = vec![[0.0_f32; L]; rows.len()];
        for (lanes, &row) in lanes.iter_mut().zip(rows) {
            let at = row as usize * outputs;
            let first = &gradients.first[at..at + outputs];
            let second: f32 = gradients.second[at..at + outputs].iter().sum();
            if outputs < L {
                lanes[..outputs].copy_from_slice(first);
            } else {
                for (g, signs) in first.iter().zip(&signs) {
                    for (lane, sign) in lanes.iter_mut().zip(signs) {
                        *lane += g * sign;
                    }
                }
            }
            // As many degrees of freedom as two classes have.
            lanes[L - 1] = if outputs > 1 { 0.5 * second } else { second };
        }
        let mut tops = [f32::MIN_POSITIVE; L];
        for lanes in &lanes {
            for (top, value) in tops.iter_mut().zip(lanes) {
                *top = if value.abs() > *top { value.abs() } else { *top };
            }
        }
        let first = tops[..L - 1].iter().copied().fold(f32::MIN_POSITIVE, f32::max);
        let limit = ((1_u32 << 30) as f32 / rows.len().max(1) as f32).min(32_768.0);
        let scale = Scale { first: first / limit, second: tops[L - 1] / limit };
        let units: [f32; L] = std::array::from_fn(|l| if l + 1 < L { scale.first } else { scale.second });
        let mut fixed = vec![[0_i32; L]; rows.len()];
        for (fixed, lanes) in fixed.iter_mut().zip(&lanes) {
            for ((fixed, lane), unit) in fixed.iter_mut().zip(lanes).zip(units) {
                *fixed = rounded(lane / unit);
            }
        }
        (fixed, scale)
    }
}

/// The nearest integer of a number below 2^22 in size: adding 1.5 * 2^23 leaves it in the lowest bits, and unlike a
/// conversion is one instruction for a whole vector.
#[allow(clippy::inline_always)] // so that it is compiled for the vector unit found at run time
#[inline(always)]
fn rounded(x: f32) -> i32 {
    const SHIFT: f32 = 12_582_912.0;
    (x + SHIFT).to_bits() as i32 - SHIFT.to_bits() as i32
}

/// Random signs, a row for each output; the last lane is left alone.
fn projection<const L: usize>(outputs: usize, seed: u64) -> Vec<[f32; L]> {
    let unit = ((L - 1) as f32).sqrt().recip();
    let sign = |bits: u64, lane: usize| if bits >> lane & 1 == 1 { unit } else { -unit };
    (0..outputs).map(|o| std::array::from_fn(|l| if l + 1 < L { sign(mix(seed, o as u64), l) } else { 0.0 })).collect()
}

/// A column that the next question may be about.
struct Candidate<'a, const L: usize> {
    index: usize,
    column: &'a CodeColumn,
    histogram: Histogram<L>,
    /// Codes of a nominal column in the order in which they are separated.
    order: Option<Vec<u8>>,
}

impl<'a, const L: usize> Candidate<'a, L> {
    fn new(index: usize, column: &'a CodeColumn, leaves_max: usize, spare: Option<Histogram<L>>) -> Self {
        let histogram = spare.unwrap_or_default().sized(column.bins, leaves_max);
        Self { index, column, histogram, order: None }
    }

    /// Orders the codes of a nominal column by their mean gradient in a random direction.
    fn arrange(&mut self, scale: Scale, seed: u64) {
        if self.column.order == Order::Ordered {
            return;
        }
        let pull = |sum: &Lanes<L>| {
            let first: f32 =
                (0..L - 1).map(|l| if seed >> l & 1 == 1 { sum[l] as f32 } else { -(sum[l] as f32) }).sum();
            first * scale.first / (sum[L - 1] as f32 * scale.second + NOMINAL_SMOOTHING)
        };
        let pulls: Vec<f32> = self.histogram.leaf(0).iter().map(pull).collect();
        let mut order: Vec<u8> = (0..self.column.bins).map(|c| c as u8).collect();
        order.sort_by(|&a, &b| pulls[a as usize].total_cmp(&pulls[b as usize]));
        self.order = Some(order);
    }

    /// The question that separates after position `cut` of the order.
    fn split(&self, cut: usize) -> Split {
        let Some(order) = &self.order else { return Split::Above { column: self.index, code: cut as u8 } };
        let mut members = vec![0; self.column.bins];
        for &code in &order[cut + 1..] {
            members[code as usize] = 1;
        }
        Split::In { column: self.index, members }
    }

    /// The best cut and its gain summed over all leaves.
    #[allow(clippy::inline_always)] // so that it is compiled for the vector unit found at run time
    #[inline(always)]
    fn best_cut(&self, leaves: usize, scale: Scale, l2: f32) -> Option<(f32, usize)> {
        let bins = self.column.bins;
        let mut gains = [0.0_f32; 256];
        let mut left = Left::<L>::new();
        for leaf in 0..leaves {
            left.fill(self.histogram.leaf(leaf), self.order.as_deref());
            left.add_gains(&mut gains[..bins], scale, l2);
        }
        // The last cut leaves nothing on its right.
        let best = |a: (f32, usize), b: (f32, usize)| if b.0 > a.0 { b } else { a };
        gains[..bins.saturating_sub(1)].iter().copied().zip(0..).reduce(best)
    }
}

/// Sums to the left of each cut in one leaf, lane by lane.
struct Left<const L: usize> {
    bins: usize,
    lanes: [[f32; 256]; L],
}

impl<const L: usize> Left<L> {
    fn new() -> Self {
        Self { bins: 0, lanes: [[0.0; 256]; L] }
    }

    #[allow(clippy::inline_always)] // so that it is compiled for the vector unit found at run time
    #[inline(always)]
    fn fill(&mut self, sums: &[Lanes<L>], order: Option<&[u8]>) {
        self.bins = sums.len().min(256);
        let mut running = [0_i32; L];
        for bin in 0..self.bins {
            let sum = order.map_or(&sums[bin], |o| &sums[o[bin] as usize]);
            for l in 0..L {
                running[l] += sum[l];
                self.lanes[l][bin] = running[l] as f32;
            }
        }
    }

    /// Adds `G²/(H + l2)` of both sides of each cut.
    #[allow(clippy::inline_always)] // so that it is compiled for the vector unit found at run time
    #[inline(always)]
    fn add_gains(&self, gains: &mut [f32], scale: Scale, l2: f32) {
        let Some(last) = self.bins.checked_sub(1) else { return };
        let whole: [f32; L] = std::array::from_fn(|l| self.lanes[l][last]);
        if whole[L - 1] == 0.0 {
            return;
        }
        // In units of the fixed point: G² * first² / (H * second + l2) = G² * (first² / second) / (H + l2 / second).
        let (unit, l2) = (scale.first * scale.first / scale.second, l2 / scale.second);
        let (mut lefts, mut rights) = ([0.0_f32; 256], [0.0_f32; 256]);
        for (lane, &whole) in self.lanes[..L - 1].iter().zip(&whole) {
            for ((left, right), &sum) in lefts.iter_mut().zip(&mut rights).zip(lane).take(gains.len()) {
                *left += sum * sum;
                *right += (whole - sum) * (whole - sum);
            }
        }
        let hessians = &self.lanes[L - 1];
        for (((gain, &left), &right), &h) in gains.iter_mut().zip(&lefts).zip(&rights).zip(hessians) {
            *gain += unit * (left / (h + l2) + right / (whole[L - 1] - h + l2));
        }
    }
}

/// The question with the greatest gain, if it is above `least`.
#[allow(clippy::inline_always)] // so that it is compiled for the vector unit found at run time
#[inline(always)]
fn best<const L: usize>(
    candidates: &[Candidate<'_, L>],
    leaves: usize,
    scale: Scale,
    l2: f32,
    least: f32,
) -> Option<(f32, Split)> {
    let mut best: Option<(f32, &Candidate<'_, L>, usize)> = None;
    for candidate in candidates {
        if let Some((gain, cut)) = candidate.best_cut(leaves, scale, l2)
            && gain > best.map_or(least * 1.000_01, |b| b.0)
        {
            best = Some((gain, candidate, cut));
        }
    }
    best.map(|(gain, candidate, cut)| (gain, candidate.split(cut)))
}
