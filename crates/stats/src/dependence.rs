//! Which columns go together, and how surprising a row's combinations of values are.

use rayon::prelude::*;

/// A tree of the pairs of columns that tell most about each other (Chow and Liu 1968, "Approximating discrete probability
/// distributions with dependence trees"). Together with the columns taken one by one it is the best approximation of their
/// joint distribution that looks at pairs only.
#[derive(Clone, Debug, Default)]
pub struct DependenceTree {
    edges: Vec<Edge>,
}

/// A pair of columns that depend on each other.
#[derive(Clone, Debug)]
pub struct Edge {
    /// Index of the first column.
    pub first: usize,
    /// Index of the second column.
    pub second: usize,
    second_bins: usize,
    /// Per pair of codes: negative log of how much more often they meet than if the columns were independent.
    surprise: Vec<f32>,
    /// Per pair of codes: how often they meet, as a share of rows.
    share: Vec<f32>,
}

/// Mutual information, in nats, from which a pair is called dependent.
const INFORMATION_MIN: f64 = 0.01;

impl DependenceTree {
    /// Finds the tree of columns of small codes; `bins[c]` is one more than the largest code of column `c`.
    /// Takes time in proportion to rows times pairs of columns.
    pub fn fit(columns: &[Vec<u8>], bins: &[usize]) -> Self {
        let rows = columns.first().map_or(0, Vec::len);
        if rows == 0 {
            return Self::default();
        }
        let pairs: Vec<(usize, usize)> = (0..columns.len()).flat_map(|b| (0..b).map(move |a| (a, b))).collect();
        let weigh = |&(a, b): &(usize, usize)| Edge::fit(columns, bins, a, b);
        let mut weighed: Vec<(f64, Edge)> = pairs.par_iter().map(weigh).collect();
        weighed.retain(|(information, _)| *information > INFORMATION_MIN);
        weighed.sort_by(|(x, _), (y, _)| y.total_cmp(x));
        let mut forest = Forest((0..columns.len()).collect());
        let edges = weighed.into_iter().map(|(_, e)| e).filter(|e| forest.join(e.first, e.second)).collect();
        Self { edges }
    }

    /// Its pairs, the strongest first.
    pub fn edges(&self) -> &[Edge] {
        &self.edges
    }

    /// Adds each row's surprise to `out`.
    pub fn add_surprise(&self, columns: &[Vec<u8>], out: &mut [f64]) {
        for edge in &self.edges {
            let codes = columns[edge.first].iter().zip(&columns[edge.second]);
            for (out, (&a, &b)) in out.iter_mut().zip(codes) {
                *out += edge.surprise(a, b);
            }
        }
    }
}

impl Edge {
    /// The pair with its mutual information. Counts are shrunk towards independence by as many rows as there are bins.
    fn fit(columns: &[Vec<u8>], bins: &[usize], first: usize, second: usize) -> (f64, Self) {
        let (m, k) = (bins[first], bins[second]);
        let mut counts = vec![0u32; m * k];
        for (&a, &b) in columns[first].iter().zip(&columns[second]) {
            counts[usize::from(a) * k + usize::from(b)] += 1;
        }
        let rows = f64::from(counts.iter().sum::<u32>().max(1));
        let shrink = m.max(k) as f64;
        let of_first: Vec<f64> = counts.chunks(k).map(|c| f64::from(c.iter().sum::<u32>()) / rows).collect();
        let of_second: Vec<f64> =
            (0..k).map(|b| f64::from((0..m).map(|a| counts[a * k + b]).sum::<u32>()) / rows).collect();
        let mut information = 0.0;
        let surprise = counts.iter().enumerate().map(|(i, &count)| {
            let independent = of_first[i / k] * of_second[i % k];
            let lift = (f64::from(count) + shrink * independent) / (rows + shrink) / independent;
            if independent <= 0.0 {
                return 0.0;
            }
            information += f64::from(count) / rows * lift.ln();
            -lift.ln() as f32
        });
        let surprise = surprise.collect();
        let share = counts.iter().map(|&c| (f64::from(c) / rows) as f32).collect();
        (information, Self { first, second, second_bins: k, surprise, share })
    }

    /// How surprising it is that these two codes meet; negative where they usually do.
    #[inline]
    pub fn surprise(&self, first: u8, second: u8) -> f64 {
        f64::from(self.surprise[usize::from(first) * self.second_bins + usize::from(second)])
    }

    /// Share of rows in which these two codes meet.
    pub fn share(&self, first: u8, second: u8) -> f64 {
        f64::from(self.share[usize::from(first) * self.second_bins + usize::from(second)])
    }
}

/// Sets of columns already joined.
struct Forest(Vec<usize>);

impl Forest {
    /// Joins two columns; `false` if they were joined already.
    fn join(&mut self, a: usize, b: usize) -> bool {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a] = b;
        a != b
    }

    fn root(&self, mut column: usize) -> usize {
        while self.0[column] != column {
            column = self.0[column];
        }
        column
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_combinations_of_common_values_surprise() {
        // b follows a but for one row; c is on its own.
        let a: Vec<u8> = (0..500u32).map(|i| (i % 2) as u8).collect();
        let mut b = a.clone();
        b[0] = 1;
        let c: Vec<u8> = (0..500u32).map(|i| (i / 7 % 3) as u8).collect();
        let columns = [a, b, c];
        let tree = DependenceTree::fit(&columns, &[2, 2, 3]);
        assert_eq!(tree.edges().len(), 1);
        let mut surprise = vec![0.0; 500];
        tree.add_surprise(&columns, &mut surprise);
        assert!(surprise[0] > 3.0 && surprise[1..].iter().all(|&s| s < 0.0), "{}", surprise[0]);
        assert!(tree.edges()[0].share(0, 1) < 0.003);
    }

    #[test]
    fn nothing_depends_on_a_constant() {
        assert!(DependenceTree::fit(&[vec![0; 9], vec![1; 9]], &[1, 2]).edges().is_empty());
        assert!(DependenceTree::fit(&[], &[]).edges().is_empty());
    }
}
