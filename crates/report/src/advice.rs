use taster_core::{DetectorStatus, Role, Scan, Verdict};

use crate::text::plural;

/// What the reader should do, the most urgent first; one short sentence each.
pub(crate) fn next(scan: &Scan) -> Vec<String> {
    let mut steps = Vec::new();
    let failed: Vec<&str> =
        scan.detectors.iter().filter(|d| d.status == DetectorStatus::Failed).map(|d| d.id.as_str()).collect();
    match scan.verdict {
        Verdict::Incomplete if !failed.is_empty() => {
            steps.push(format!("Nothing was decided: repair what stopped {} and scan again.", failed.join(", ")));
        }
        Verdict::Incomplete => steps.push("Nothing was decided: repair what could not be read and scan again.".into()),
        Verdict::Failed => steps.push("Do not train on this data before the findings are dealt with.".into()),
        Verdict::Warned => steps.push("Have a person look at the findings before training.".into()),
        Verdict::Passed => {}
    }
    if scan.quarantined_rows > 0 {
        let rows = plural(scan.quarantined_rows, "suspect row");
        steps.push(format!("Decide on the {rows} with `taster review REPORT DATA`; `--clean FILE` drops them."));
    }
    if scan.reference.is_none() {
        steps.push("Compare with data you trust: `--reference FILE` finds shifts and makes p-values possible.".into());
    }
    let learnt = scan.dataset.schema.with_role(Role::Response).next().or(scan.dataset.schema.label());
    if learnt.is_none() {
        steps.push("Name the label with `--label COLUMN`, if there is one: wrong labels were not looked for.".into());
    }
    if scan.verdict != Verdict::Incomplete {
        steps.push(
            "Before training, `taster verify manifest.json DATA` shows that the data is what was scanned.".into(),
        );
    }
    steps
}
