use taster_core::{DetectorRecord, DetectorStatus, Scan};

use super::{markdown, markup::Markup};
use crate::{docs::RuleDoc, text};

/// Bytes that the explanations may take together.
const MAX_DOCS: usize = 1_000_000;

/// What each detector did, what its list may claim, and how it works.
pub(super) fn section(out: &mut Markup, scan: &Scan, docs: &[RuleDoc]) {
    out.lit(
        "<section id=\"detectors\" aria-labelledby=\"detectors-title\"><h2 id=\"detectors-title\">Detectors</h2>\n<div class=\"wide\" tabindex=\"0\"><table><tr><th>Detector</th><th>Did it \
        run?</th><th>Level</th><th>Threshold</th><th>Rows quarantined</th><th>What its list claims</th></tr>",
    );
    for detector in &scan.detectors {
        row(out, detector);
    }
    out.lit("</table></div>\n");
    let limit = out.len() + MAX_DOCS;
    for (place, detector) in scan.detectors.iter().enumerate() {
        let doc = about(place, detector, RuleDoc::find(docs, &detector.id));
        if out.len() + doc.len() <= limit {
            out.add(&doc);
        }
    }
    out.lit("</section>\n");
}

fn row(out: &mut Markup, detector: &DetectorRecord) {
    out.wrap("<tr><td><code class=\"id\">", &detector.id, "</code></td>");
    out.wrap("<td>", status(detector.status), "");
    if !detector.why.is_empty() {
        out.wrap(": <span class=\"quiet\">", &text::clip(&detector.why, 500), "</span>");
    }
    out.wrap("</td><td>", &detector.level, "</td>");
    out.wrap("<td class=\"number\">", &detector.threshold.map_or("–".into(), text::number), "</td>");
    let quarantined =
        if detector.status == DetectorStatus::Ran { text::count(detector.quarantined) } else { "–".into() };
    out.wrap("<td class=\"number\">", &quarantined, "</td>");
    out.wrap("<td>", &text::clip(&detector.claims, 500), "</td></tr>");
}

const fn status(status: DetectorStatus) -> &'static str {
    match status {
        DetectorStatus::Ran => "yes",
        DetectorStatus::NotApplicable => "does not apply",
        DetectorStatus::Off => "turned off",
        DetectorStatus::Failed => "failed",
    }
}

fn about(place: usize, detector: &DetectorRecord, doc: Option<&RuleDoc>) -> Markup {
    let mut out = Markup::default();
    out.wrap("<details><summary><code>", &detector.id, "</code>");
    if let Some(doc) = doc {
        out.wrap(" <span class=\"quiet\">", &doc.finds, "</span>");
    }
    out.wrap("</summary><div class=\"readme\" id=\"d", &place.to_string(), "\">");
    let parameters = serde_json::to_string_pretty(&detector.parameters).unwrap_or_default();
    if detector.parameters.as_object().is_some_and(|p| !p.is_empty()) {
        out.wrap(
            "<p>Parameters in force:</p><pre tabindex=\"0\"><code>",
            &text::clip(&parameters, 5000),
            "</code></pre>",
        );
    }
    if let Some(doc) = doc {
        out.add(&markdown::render(&doc.readme));
    }
    out.lit("</div></details>\n");
    out
}
