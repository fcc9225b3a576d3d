//! Where two distributions differ most, in words.

/// Numbers are told with so many digits.
const DIGITS: i32 = 6;

/// Where the share of numbers that are at most so large differs most: by the effect of Kolmogorov-Smirnov. `both` are the numbers
/// of both sides in order, each with whether it is the dataset's.
pub fn at_most(both: &[(f64, bool)]) -> String {
    let here = both.iter().filter(|x| x.1).count();
    let sizes = (here, both.len() - here);
    let (mut counts, mut widest) = ((0, 0), (0.0, 0.0, (0, 0)));
    for run in both.chunk_by(|a, b| a.0 == b.0) {
        let here = run.iter().filter(|x| x.1).count();
        counts = (counts.0 + here, counts.1 + run.len() - here);
        let apart = (share(counts.0, sizes.0) - share(counts.1, sizes.1)).abs();
        if apart > widest.0 {
            widest = (apart, run[0].0, counts);
        }
    }
    let (_, number, counts) = widest;
    format!("at most {} are {}", short(number), shares(counts, sizes))
}

/// The number of few whose share differs most.
pub fn most_changed(both: &[(f64, bool)]) -> String {
    let here = both.iter().filter(|x| x.1).count();
    let counts = both.chunk_by(|a, b| a.0 == b.0).map(|run| {
        let here = run.iter().filter(|x| x.1).count();
        (short(run[0].0), (here, run.len() - here))
    });
    value(counts, (here, both.len() - here))
}

/// The value whose share differs most.
pub fn value(counts: impl Iterator<Item = (String, (usize, usize))>, sizes: (usize, usize)) -> String {
    let apart = |&(a, b): &(usize, usize)| (share(a, sizes.0) - share(b, sizes.1)).abs();
    let most = counts.max_by(|a, b| apart(&a.1).total_cmp(&apart(&b.1)));
    most.map_or_else(String::new, |(name, counts)| format!("`{name}` is {}", shares(counts, sizes)))
}

/// Two shares in per cent.
pub fn shares(counts: (usize, usize), sizes: (usize, usize)) -> String {
    format!("{:.2} % here and {:.2} % there", 100.0 * share(counts.0, sizes.0), 100.0 * share(counts.1, sizes.1))
}

fn share(rows: usize, of: usize) -> f64 {
    rows as f64 / of.max(1) as f64
}

fn short(number: f64) -> String {
    let magnitude = number.abs().log10().floor();
    if !(-5.0..15.0).contains(&magnitude) {
        return if number == 0.0 { "0".into() } else { format!("{number:e}") };
    }
    let scale = 10f64.powi(DIGITS - 1 - magnitude as i32);
    let rounded = if magnitude as i32 >= DIGITS { number.round() } else { (number * scale).round() / scale };
    rounded.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widest_gap_is_told() {
        let both = [(1.0, false), (2.0, true), (2.0, false), (3.5, true), (4.0, true), (9.0, false)];
        assert_eq!(at_most(&both), "at most 4 are 100.00 % here and 66.67 % there");
        assert_eq!(
            at_most(&[(1.0, false), (1.0, true), (7.25, false), (8.0, true)]),
            "at most 7.25 are 50.00 % here and 100.00 % there"
        );
        let few = [(0.0, false), (0.0, true), (1.0, true), (1.0, true), (2.0, false)];
        assert_eq!(most_changed(&few), "`1` is 66.67 % here and 0.00 % there");
        assert_eq!(
            [0.0, 1.0 / 3.0, -20.5, 1_704_067_212.5, 1e-9, f64::INFINITY].map(short),
            ["0", "0.333333", "-20.5", "1704067213", "1e-9", "inf"]
        );
    }
}
