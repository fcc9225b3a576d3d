use std::fmt::Write;

use taster_core::{DetectorRecord, DetectorStatus, Finding, Scan, xml};

use crate::text::{clip, one_line};

/// Findings told of one detector, and how long each may be.
const MAX_FINDINGS: usize = 100;
const MAX_CHARS: usize = 500;

/// JUnit XML: one test case for each detector, and for whatever else found something. A case fails by the findings that
/// `fails` names; the others, waived ones among them, are its output.
pub fn junit(scan: &Scan, fails: impl Fn(&Finding) -> bool) -> String {
    let mut cases = String::new();
    let mut counts = [0; 4];
    let ids = scan.detectors.iter().map(|d| (d.id.as_str(), Some(d)));
    let mut others: Vec<&str> = scan.findings.iter().map(|f| f.detector.as_str()).collect();
    others.sort_unstable();
    others.dedup();
    others.retain(|id| scan.detectors.iter().all(|d| d.id != *id));
    for (id, record) in ids.chain(others.into_iter().map(|id| (id, None))) {
        let found = scan.findings.iter().filter(|f| f.detector == id);
        let (failing, told): (Vec<&Finding>, Vec<&Finding>) = found.partition(|f| fails(f));
        counts[0] += 1;
        case(&mut cases, &mut counts, id, record, &failing, &told);
    }
    let [tests, failures, errors, skipped] = counts;
    let totals = format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"{skipped}\"");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"taster\" {totals}>\n\
         <testsuite name=\"taster scan\" {totals}>\n{cases}</testsuite>\n</testsuites>\n"
    )
}

fn case(
    out: &mut String,
    counts: &mut [usize; 4],
    id: &str,
    record: Option<&DetectorRecord>,
    failing: &[&Finding],
    told: &[&Finding],
) {
    let _ = writeln!(out, "<testcase classname=\"taster\" name=\"{}\">", line(id)); // writing to a string cannot fail
    let why = record.map_or("", |d| d.why.as_str());
    match (record.map(|d| d.status), failing.first()) {
        (Some(DetectorStatus::Failed), _) => {
            counts[2] += 1;
            let _ = writeln!(out, "<error message=\"{}\"/>", line(why));
        }
        (_, Some(worst)) => {
            counts[1] += 1;
            let (kind, message) = (worst.severity.name(), line(&worst.message));
            let _ = writeln!(out, "<failure type=\"{kind}\" message=\"{message}\">{}</failure>", lines(failing));
        }
        (Some(DetectorStatus::NotApplicable | DetectorStatus::Off), None) => {
            counts[3] += 1;
            let _ = writeln!(out, "<skipped message=\"{}\"/>", line(why));
        }
        _ => {}
    }
    if !told.is_empty() {
        let _ = writeln!(out, "<system-out>{}</system-out>", lines(told));
    }
    out.push_str("</testcase>\n");
}

fn lines(findings: &[&Finding]) -> String {
    let mut out = String::new();
    for finding in findings.iter().take(MAX_FINDINGS) {
        let waived = if finding.waiver.is_some() { " (waived)" } else { "" };
        let _ = writeln!(out, "{}{waived} {}: {}", finding.severity, line(&finding.id), line(&finding.message));
    }
    if findings.len() > MAX_FINDINGS {
        let _ = writeln!(out, "and {} more in findings.json", findings.len() - MAX_FINDINGS);
    }
    out
}

/// One line of text for an attribute or an element.
fn line(text: &str) -> String {
    xml(&clip(&one_line(text), MAX_CHARS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn detectors_fail_are_skipped_or_pass() {
        let scan = sample::scan();
        let text = junit(&scan, |f| f.detector == scan.findings[0].detector);
        assert!(text.contains(" failures=\"1\" errors=\"0\" skipped=\"1\">"), "{text}");
        assert_eq!(text.matches("<testcase ").count(), text.matches("</testcase>").count());
        assert!(junit(&scan, |_| false).contains(" failures=\"0\" "));
    }

    #[test]
    fn nothing_in_the_data_is_markup() {
        let mut scan = sample::hostile();
        scan.findings[0].message = "</failure><x a=\"b\">&\u{0}\u{1b}\u{ffff}".into();
        let text = junit(&scan, |_| true);
        assert!(!text.contains("<x") && !text.contains("<script") && !text.contains("<img"), "{text}");
        assert!(!text.chars().any(|c| (c < ' ' && c != '\n') || c == '\u{ffff}'), "{text}");
        assert_eq!(text.matches("<failure ").count(), text.matches("</failure>").count());
    }
}
