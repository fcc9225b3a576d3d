//! Labels as classes: those they are, or stretches of numbers.

use std::{borrow::Cow, sync::Arc};

use taster_core::{Category, MISSING, Schema, Table, Values};

/// Stretches of a label of numbers, of as many rows of the reference each.
const STRETCHES: usize = 4;

/// The label of both sides as classes. Numbers are cut where a quarter, a half and three quarters of the reference are below.
pub fn of<'t>(
    schema: &Schema,
    current: &'t Table,
    reference: &'t Table,
) -> Option<(Cow<'t, Category>, Cow<'t, Category>)> {
    let label = schema.label()?;
    match (current.columns.get(label)?, reference.columns.get(label)?) {
        (Values::Category(here), Values::Category(there)) => Some((Cow::Borrowed(here), Cow::Borrowed(there))),
        (Values::Numeric(here), Values::Numeric(there)) => {
            let cuts = cuts(there);
            Some((Cow::Owned(cut(here, &cuts)), Cow::Owned(cut(there, &cuts))))
        }
        _ => None,
    }
}

/// The largest number of every stretch but the last.
fn cuts(numbers: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = numbers.iter().copied().filter(|x| !x.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let mut cuts: Vec<f64> =
        (1..STRETCHES).filter_map(|i| sorted.get((i * sorted.len() / STRETCHES).saturating_sub(1)).copied()).collect();
    cuts.dedup();
    cuts.retain(|cut| sorted.last().is_some_and(|last| cut < last));
    cuts
}

fn cut(numbers: &[f64], cuts: &[f64]) -> Category {
    let name = |stretch: usize| -> Arc<str> {
        match (stretch.checked_sub(1).map(|below| cuts[below]), cuts.get(stretch)) {
            (None, Some(high)) => format!("at most {high}"),
            (Some(low), Some(high)) => format!("above {low}, at most {high}"),
            (Some(low), None) => format!("above {low}"),
            (None, None) => "any number".into(),
        }
        .into()
    };
    let values: Vec<Arc<str>> = (0..=cuts.len()).map(name).collect();
    let code = |x: &f64| if x.is_nan() { MISSING } else { cuts.partition_point(|cut| cut < x) as u32 };
    Category { keys: vec![0; values.len()], values, codes: numbers.iter().map(code).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_cut_into_quarters_of_the_reference() {
        let cuts = cuts(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, f64::NAN]);
        assert_eq!(cuts, [2.0, 4.0, 6.0]);
        let classes = cut(&[2.0, 2.1, 100.0, f64::NAN], &cuts);
        assert_eq!(classes.codes, [0, 1, 3, MISSING]);
        assert_eq!(classes.get(1), Some("above 2, at most 4"));
        assert_eq!(super::cuts(&[5.0; 9]), [] as [f64; 0]);
    }
}
