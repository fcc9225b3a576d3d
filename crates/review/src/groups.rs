//! Quarantined rows put together that can be decided on together.

use std::collections::BTreeMap;

use taster_pipeline::{Accusation, Case, Cases};

/// Rows that one detector quarantines for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// Id of the detector; empty for the group of all rows.
    pub detector: String,
    /// What they have in common; empty where that is the detector alone.
    pub what: String,
    /// Indices of cases, in order.
    pub cases: Vec<usize>,
}

/// All rows; then each detector's, by what they have in common: the label they have and the one they should, or a reason
/// that is the same word for word, such as a trigger. The largest first within a detector.
pub(crate) fn groups(cases: &Cases) -> Vec<Group> {
    let mut alike: BTreeMap<&str, BTreeMap<String, Vec<usize>>> = BTreeMap::new();
    for (i, case) in cases.cases.iter().enumerate() {
        for accusation in &case.accusations {
            let what = common(cases, case, accusation);
            alike.entry(&accusation.detector).or_default().entry(what).or_default().push(i);
        }
    }
    let all = Group { detector: String::new(), what: String::new(), cases: (0..cases.cases.len()).collect() };
    let mut groups = vec![all];
    for (detector, reasons) in alike {
        groups.extend(of_detector(detector, reasons));
    }
    groups
}

/// A reason that only one row has says nothing of a group.
fn of_detector(detector: &str, reasons: BTreeMap<String, Vec<usize>>) -> Vec<Group> {
    let (mut groups, mut others) = (Vec::new(), Vec::new());
    for (what, cases) in reasons {
        match cases.len() {
            1 => others.extend(cases),
            _ => groups.push(Group { detector: detector.to_owned(), what, cases }),
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.cases.len()));
    if !others.is_empty() {
        others.sort_unstable();
        let what = if groups.is_empty() { "" } else { "others" };
        groups.push(Group { detector: detector.to_owned(), what: what.to_owned(), cases: others });
    }
    groups
}

fn common(cases: &Cases, case: &Case, accusation: &Accusation) -> String {
    let Some((suggested, _)) = &accusation.suggested else { return accusation.reason.clone() };
    let given = cases.label().and_then(|label| case.row.values.get(label)?.as_deref());
    match given {
        Some(given) => format!("{given} → {suggested}"),
        None => format!("→ {suggested}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing;

    #[test]
    fn rows_are_put_together_by_detector_and_by_what_they_have_in_common() {
        let groups = groups(&testing::cases());
        let told: Vec<_> = groups.iter().map(|g| (g.detector.as_str(), g.what.as_str(), g.cases.as_slice())).collect();
        assert_eq!(
            told,
            [
                ("", "", &[0, 1, 2, 3, 4][..]),
                ("label-flip", "no → yes", &[0, 1]),
                ("outlier", "", &[1, 2]),
                ("trigger", "`cf` decides the label: 2 rows", &[3, 4]),
            ]
        );
    }
}
