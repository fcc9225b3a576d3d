use taster_core::{Finding, IMPACTS, LIKELIHOODS, Rating, Risk, Scan};

use super::markup::Markup;
use crate::text;

/// Findings named in a cell.
const MAX_NAMED: usize = 12;

/// The risk matrix, with every finding that the policy minds in its cell.
pub(super) fn section(out: &mut Markup, scan: &Scan) {
    let placed: Vec<(usize, Risk)> =
        scan.findings.iter().enumerate().filter_map(|(at, finding)| Some((at, finding.risk?))).collect();
    if placed.is_empty() {
        return;
    }
    out.lit("<section id=\"risk\" aria-labelledby=\"risk-title\"><h2 id=\"risk-title\">Risk</h2>\n");
    out.lit("<div class=\"wide\" tabindex=\"0\"><table class=\"matrix\"><thead><tr><th scope=\"col\">Likelihood ↓ Impact →</th>");
    for impact in IMPACTS {
        out.lit("<th scope=\"col\">").lit(impact).lit("</th>");
    }
    out.lit("</tr></thead><tbody>\n");
    for (likelihood, name) in (1..=4).zip(LIKELIHOODS).rev() {
        out.lit("<tr><th scope=\"row\">").lit(name).lit("</th>");
        for impact in 1..=IMPACTS.len() as u8 {
            let risk = Risk::new(likelihood, impact);
            let here: Vec<usize> = placed.iter().filter(|(_, r)| *r == risk).map(|&(at, _)| at).collect();
            cell(out, scan, risk.rating(), &here);
        }
        out.lit("</tr>\n");
    }
    out.lit("</tbody></table></div>\n");
    out.lit(
        "<p class=\"note\">Likelihood: how sure it is that somebody did this, rather than chance or carelessness. Impact: how \
        much of what a model learns it can change. Together they make a finding critical, important or to be \
        monitored.</p></section>\n",
    );
}

fn cell(out: &mut Markup, scan: &Scan, rating: Rating, findings: &[usize]) {
    out.lit("<td class=\"").lit(rating.name()).lit("\"><span class=\"rating\">").lit(rating.name()).lit("</span>");
    for &at in findings.iter().take(MAX_NAMED) {
        let finding = &scan.findings[at];
        out.wrap("<a href=\"#f", &at.to_string(), "\">").wrap("", &name(finding), "</a>");
    }
    if findings.len() > MAX_NAMED {
        out.wrap("<span>and ", &text::count((findings.len() - MAX_NAMED) as u64), " more</span>");
    }
    out.lit("</td>");
}

fn name(finding: &Finding) -> String {
    let code = if finding.code == "rows" {
        text::plural(finding.rows, "row")
    } else {
        text::clip(&finding.code.replace('-', " "), 60)
    };
    let trigger = finding.evidence.get("trigger").and_then(|trigger| trigger.as_str());
    let column = finding.columns.first().filter(|_| finding.columns.len() == 1).map(String::as_str);
    let what = trigger.or(column).map_or_else(String::new, |what| format!(" ({})", text::clip(what, 30)));
    let waived = if finding.waiver.is_some() { ", waived" } else { "" };
    format!("{}: {code}{what}{waived}", text::clip(&finding.detector, 40))
}
