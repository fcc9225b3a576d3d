//! Rows that crowd where chance does not put so many, in cells of several columns at once.

use serde_json::json;
use taster_core::{Key, Observation, Scope, Table};
use taster_stats::{
    cells::{self, Cell, Plan},
    exact::cohens_h,
};

use super::{FAMILIES, corrected, rows::stacked};
use crate::binning::Binning;

/// Rows of each side that are dealt into cells at most.
pub const ROWS: usize = 10_240;
/// Partitions, and those where there are as many rows as are dealt: fewer of them show as much.
const PARTITIONS: [usize; 2] = [270, 45];
/// Deals at most. At the default level 1,600 are enough for one to reach what is seen.
const DEALS_MAX: f64 = 20_000.0;

/// Looks for an admixture that fills cells of the columns' codes, which are bounded by one column or several; tells
/// nothing where it is neither real nor large enough to matter.
pub fn compare(
    (binning, names): (&Binning, &[String]),
    (current, reference): (&Table, &Table),
    key: Key,
    (alpha, effect): (f64, f64),
) -> Option<Observation> {
    let codes = stacked(&binning.codes(current), &binning.codes(reference));
    let plan = Plan {
        partitions: PARTITIONS[usize::from(codes.rows() >= 2 * ROWS)],
        deals: (2.0 * FAMILIES / alpha).min(DEALS_MAX).ceil() as usize,
        seed: key.derive("cells").seed(),
    };
    let found = cells::compare(&codes, current.len, &plan)?;
    let (p_value, fullest, cell) = ((found.p_value * FAMILIES).min(1.0), found.fullest?, found.plainest?);
    let shares = |cell: &Cell| (cell.counts.0 as f64 / current.len as f64, cell.counts.1 as f64 / reference.len as f64);
    let h = |cell: &Cell| cohens_h(shares(cell).0, shares(cell).1);
    if p_value > alpha || h(&fullest) < effect {
        return None;
    }
    let mut columns: Vec<&str> = cell.columns.iter().map(|&c| names[c].as_str()).collect();
    columns.dedup();
    Some(Observation {
        code: "admixture",
        scope: Scope::Dataset,
        message: format!(
            "a few rows come from elsewhere: there are combinations of values that are more frequent here than chance \
             explains, most of all some of `{}`, which {} rows here have and {} of the reference's; {}",
            columns.join("`, `"),
            cell.counts.0,
            cell.counts.1,
            corrected(p_value),
        ),
        columns: Vec::new(),
        magnitude: shares(&cell).0 - shares(&cell).1,
        p_value: None,
        q_value: Some(p_value),
        evidence: json!({
            "test": "crowded cells of random partitions, by permutation",
            "partitions": plan.partitions, "permutations": found.deals,
            "cell": { "columns": columns, "current": cell.counts.0, "reference": cell.counts.1, "cohens_h": h(&cell) },
            "rows": { "current": current.len, "reference": reference.len },
            "tests_corrected_for": FAMILIES,
        }),
    })
}

#[cfg(test)]
mod tests {
    use taster_core::Values;

    use super::*;
    use crate::testing::{KEY, category, table};

    /// Names that go together; in a share of the rows, which have one of two names, they do not.
    fn rows(range: std::ops::Range<u64>, new: f64) -> Table {
        let random = |r: u64, purpose: u64, end: u64| Key::new(purpose).of(&r.to_le_bytes()) % end;
        let names = ["ann", "bob", "cid", "dan", "eve", "flo", "gus", "hal"];
        let name = |r: u64| names[random(r, 0, 8) as usize];
        let other = |r: u64| {
            let is_new = random(r, 0, 8) < 2 && (random(r, 1, 10_000) as f64) < new * 4e4;
            names[((random(r, 0, 8) + if is_new { 4 } else { random(r, 2, 2) }) % 8) as usize]
        };
        let columns = vec![
            category(&range.clone().map(name).collect::<Vec<_>>()),
            category(&range.clone().map(other).collect::<Vec<_>>()),
            Values::Numeric(range.map(|r| random(r, 3, 1000) as f64).collect()),
        ];
        table(columns, &[0, 1, 2])
    }

    #[test]
    fn a_combination_of_values_is_found_and_its_columns_are_named() {
        let (reference, names) = (rows(0..4000, 0.0), ["first", "second", "third"].map(String::from));
        let found = |current: &Table| {
            let binning = Binning::of(0..3, &[current, &reference]);
            compare((&binning, &names), (current, &reference), KEY, (0.01, 0.05))
        };
        let seen = found(&rows(4000..8000, 0.02)).expect("eighty rows have two names that never go together");
        assert!(seen.message.contains("`first`, `second`"), "{}", seen.message);
        assert!(seen.q_value.is_some_and(|q| q <= 0.01) && (0.005..0.03).contains(&seen.magnitude));
        assert!(found(&rows(4000..8000, 0.0)).is_none());
    }
}
