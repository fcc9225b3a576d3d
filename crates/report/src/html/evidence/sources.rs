//! Sources, ranked by how much they differ from the rest.

use serde_json::{Map, Value};

use super::{super::markdown::prose, Chart, Markup, bars};
use crate::text;

const MOST: usize = 15;
const MAX_CHARS: usize = 200;

/// Draws `sources`: a list of `{name, rows, score, p_value, odd, differences}`, the oddest first.
pub(super) fn chart(fields: &Map<String, Value>) -> Option<Chart> {
    let sources = fields.get("sources")?.as_array()?;
    let scores: Vec<f64> = sources.iter().map(|s| s.get("score")?.as_f64()).collect::<Option<_>>()?;
    if sources.is_empty() {
        return None;
    }
    let top = scores.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let mut out = Markup::default();
    out.lit("<div class=\"wide\" tabindex=\"0\"><table class=\"sources\"><thead><tr><th scope=\"col\">Source</th>");
    out.lit("<th scope=\"col\">Rows</th><th scope=\"col\">Differs by</th><th scope=\"col\">p</th><th scope=\"col\">Most of all</th></tr></thead><tbody>");
    for (source, score) in sources.iter().zip(&scores).take(MOST) {
        let odd = source.get("odd").and_then(Value::as_bool).unwrap_or(false);
        let name = text::clip(source.get("name").and_then(Value::as_str).unwrap_or("–"), MAX_CHARS);
        out.lit("<tr><th scope=\"row\">");
        if odd {
            out.wrap("<strong>", &name, "</strong> <span class=\"badge important\">odd</span></th>");
        } else {
            out.wrap("", &name, "</th>");
        }
        let rows = source.get("rows").and_then(Value::as_u64).map_or_else(|| "–".into(), text::count);
        out.wrap("<td class=\"number\">", &rows, "</td><td class=\"measure\">");
        out.add(&bars::line(score / top, if odd { "odd" } else { "reference" }));
        out.wrap("<span class=\"number\">", &text::unit(*score), "</span></td>");
        let p = source.get("p_value").and_then(Value::as_f64).map_or_else(|| "–".into(), text::number);
        out.wrap("<td class=\"number\">", &p, "</td>");
        out.lit("<td class=\"quiet\">");
        prose(&mut out, &text::clip(what(source), MAX_CHARS));
        out.lit("</td></tr>");
    }
    out.lit("</tbody></table></div>");
    if sources.len() > MOST {
        let all = text::count(sources.len() as u64);
        out.wrap("<p class=\"note\">", &format!("Showing {MOST} of {all}; more are in findings.json."), "</p>");
    }
    Some((out, vec!["sources"]))
}

fn what(source: &Value) -> &str {
    source.get("differences").and_then(|d| d.get(0)?.get("text")?.as_str()).unwrap_or("–")
}
