use std::path::Path;

use taster_core::{DetectorStatus, Role, Scan, Severity, Verdict};

use crate::{
    advice,
    text::{bytes, clip, count, number, one_line, plural},
};

/// Findings listed; the rest is counted.
const MAX_FINDINGS: usize = 6;

/// Columns before a finding's text: the severity and its margins.
const INDENT: usize = 13;

/// How a line of the summary is to be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// The first line: the verdict.
    Verdict(Verdict),
    /// A title.
    Heading,
    /// A finding of this severity.
    Finding(Severity),
    /// As it is.
    Plain,
    /// Less important than the rest.
    Quiet,
}

/// One line of the summary, without its line break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How to show it.
    pub style: Style,
    /// What to show; holds nothing that a terminal would obey.
    pub text: String,
}

impl Line {
    fn new(style: Style, text: impl AsRef<str>) -> Self {
        Self { style, text: one_line(text.as_ref()) }
    }
}

/// The summary for a terminal of this many columns, at most 24 lines: the verdict, what was read, the worst findings,
/// what to do next.
pub fn summary(scan: &Scan, out: &Path, signed_by: &[String], width: usize) -> Vec<Line> {
    let width = width.clamp(40, 160);
    let mut lines = verdict(scan, signed_by, width);
    lines.push(Line::new(Style::Plain, ""));
    lines.extend(dataset(scan, width));
    lines.extend(findings(scan, width));
    lines.push(Line::new(Style::Plain, ""));
    lines.push(Line::new(Style::Heading, "Next"));
    let report = format!("Open {}", out.join("report.html").display());
    let steps = std::iter::once(report).chain(advice::next(scan).into_iter().take(4));
    lines.extend(steps.map(|step| Line::new(Style::Plain, fit(&format!("  {step}"), width))));
    lines
}

fn verdict(scan: &Scan, signed_by: &[String], width: usize) -> Vec<Line> {
    let signed = if signed_by.is_empty() {
        "unsigned".to_owned()
    } else {
        format!("signed by {}", clip(&signed_by.join(", "), 70))
    };
    let head = format!("{} ({signed})", scan.verdict.name().to_uppercase());
    let mut lines = vec![Line::new(Style::Verdict(scan.verdict), fit(&head, width))];
    lines.extend(wrap(&scan.verdict_reason, width, 3).into_iter().map(|text| Line::new(Style::Plain, text)));
    lines
}

fn dataset(scan: &Scan, width: usize) -> Vec<Line> {
    let dataset = &scan.dataset;
    let columns = &dataset.schema.columns;
    let size = dataset.files.iter().map(|f| f.bytes).sum();
    let read = format!(
        "{} × {} in {} ({}), seed {}",
        plural(dataset.rows, "row"),
        plural(columns.len() as u64, "column"),
        plural(dataset.files.len() as u64, "file"),
        bytes(size),
        scan.seed
    );
    let of = |role: Role| columns.iter().filter(move |c| c.role == role);
    let roles = Role::ALL.into_iter().filter_map(|role| match (role, of(role).count()) {
        (_, 0) => None,
        (Role::Label | Role::Response, 1) => of(role).next().map(|c| format!("{role} {}", clip(&c.name, 40))),
        (role, n) => Some(format!("{} {role}", count(n as u64))),
    });
    let idle = scan.detectors.iter().filter(|d| d.status != DetectorStatus::Ran).map(|d| d.id.as_str());
    let idle: Vec<&str> = idle.collect();
    let ran = scan.detectors.len() - idle.len();
    let not = if idle.is_empty() { String::new() } else { format!("; not {}", idle.join(", ")) };
    let detectors = format!("{ran} of {} ran{not}", plural(scan.detectors.len() as u64, "detector"));
    let texts = [read, roles.collect::<Vec<_>>().join(", "), detectors];
    let styles = [Style::Plain, Style::Quiet, Style::Quiet];
    styles.into_iter().zip(texts).map(|(style, text)| Line::new(style, fit(&text, width))).collect()
}

fn findings(scan: &Scan, width: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    if scan.findings.is_empty() {
        return lines;
    }
    lines.push(Line::new(Style::Plain, ""));
    let head = if scan.quarantined_rows == 0 {
        "Findings".to_owned()
    } else {
        let share = 100.0 * scan.quarantined_rows as f64 / scan.dataset.rows.max(1) as f64;
        format!("Findings ({} in quarantine, {} %)", plural(scan.quarantined_rows, "row"), number(share))
    };
    lines.push(Line::new(Style::Heading, fit(&head, width)));
    let each = if scan.findings.len() <= MAX_FINDINGS / 2 { 2 } else { 1 };
    for finding in scan.findings.iter().take(MAX_FINDINGS) {
        let waived = if finding.waiver.is_some() { "(waived) " } else { "" };
        let text = format!("{waived}{}: {}", finding.detector, finding.message);
        for (i, part) in wrap(&text, width - INDENT, each).into_iter().enumerate() {
            let severity = if i == 0 { finding.severity.name() } else { "" };
            lines.push(Line::new(Style::Finding(finding.severity), format!("  {severity:<9}  {part}")));
        }
    }
    if scan.findings.len() > MAX_FINDINGS {
        let more = count((scan.findings.len() - MAX_FINDINGS) as u64);
        lines.push(Line::new(Style::Quiet, format!("  and {more} more in findings.json")));
    }
    lines
}

/// The text in one line of this width, cut with an ellipsis where it is longer. Hidden characters are made visible
/// first, as that makes them longer.
fn fit(text: &str, width: usize) -> String {
    let text = one_line(text);
    match text.char_indices().nth(width) {
        None => text,
        Some(_) => text.chars().take(width - 1).chain(['…']).collect(),
    }
}

/// The text in at most so many lines, broken at spaces.
fn wrap(text: &str, width: usize, max_lines: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in one_line(text).split_whitespace() {
        let last = lines.last_mut().expect("there is always a line");
        let fits = last.is_empty() || last.chars().count() + 1 + word.chars().count() <= width;
        if fits || lines.len() == max_lines {
            let last = lines.last_mut().expect("there is always a line");
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.iter().map(|line| fit(line, width)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn shown(scan: &Scan) -> Vec<Line> {
        summary(scan, Path::new("taster-report"), &[], 100)
    }

    #[test]
    fn the_verdict_comes_first_and_says_unsigned() {
        let lines = shown(&sample::scan());
        assert_eq!(lines[0].text, "FAILED (unsigned)");
        assert_eq!(lines[0].style, Style::Verdict(Verdict::Failed));
        let signed = summary(&sample::scan(), Path::new("r"), &["ab12".into()], 100);
        assert_eq!(signed[0].text, "FAILED (signed by ab12)");
    }

    #[test]
    fn what_was_read_is_said() {
        let text: Vec<String> = shown(&sample::scan()).into_iter().map(|l| l.text).collect();
        assert!(text.iter().any(|l| l.contains("32,561 rows × 6 columns in 2 files (3.8 MB)")), "{text:#?}");
        assert!(text.iter().any(|l| l.contains("label income")), "{text:#?}");
        assert!(text.iter().any(|l| l.contains("not duplicate-flood")), "{text:#?}");
    }

    #[test]
    fn it_fits_a_screen_whatever_the_data_holds() {
        for scan in [sample::scan(), sample::hostile(), sample::clean()] {
            for width in [40, 80, 100] {
                let lines = summary(&scan, Path::new("out\u{202E}\n"), &[], width);
                assert!(lines.len() <= 24, "{} lines", lines.len());
                for line in &lines {
                    assert!(line.text.chars().count() <= width, "{}", line.text);
                    assert!(!line.text.chars().any(crate::text::hides), "{:?}", line.text);
                }
            }
        }
    }

    #[test]
    fn wrapping_keeps_every_word_until_the_last_line() {
        assert_eq!(wrap("aa bb cc dd", 5, 3), ["aa bb", "cc dd"]);
        assert_eq!(wrap("aa bb cc dd ee", 5, 2), ["aa bb", "cc d…"]);
        assert_eq!(wrap("", 5, 2), [""]);
    }
}
