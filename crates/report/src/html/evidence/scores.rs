//! How a detector's scores are spread over the rows, and where its threshold is.

use serde_json::{Map, Value};

use super::{Chart, Markup, bars::rectangle, numbers};
use crate::text;

const MAX_BINS: usize = 200;
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 120.0;

/// Draws `scores`: `{bins, unscored, threshold}`, the bins of equal width over [0, 1]. Heights are logarithmic, or a few
/// suspects among thousands of rows would not be seen.
pub(super) fn chart(fields: &Map<String, Value>) -> Option<Chart> {
    let scores = fields.get("scores")?;
    let bins = numbers(scores.get("bins")?)?;
    if bins.is_empty() || bins.len() > MAX_BINS || bins.iter().any(|&n| n < 0.0) {
        return None;
    }
    let threshold = scores.get("threshold").and_then(Value::as_f64).filter(|t| (0.0..=1.0).contains(t));
    let mut out = Markup::default();
    let what = threshold.map_or_else(String::new, |t| format!(", with the threshold at {}", text::unit(t)));
    out.lit("<figure><svg viewBox=\"0 0 600 120\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"");
    out.text(&format!("Histogram of the scores of all rows from 0 to 1{what}")).lit("\">");
    let top = bins.iter().copied().fold(1.0, f64::max).ln_1p();
    let width = WIDTH / bins.len() as f64;
    for (i, n) in bins.iter().enumerate().filter(|(_, n)| **n > 0.0) {
        let over = threshold.is_some_and(|t| (i + 1) as f64 > t * bins.len() as f64);
        let height = (HEIGHT * n.ln_1p() / top).max(2.0);
        out.lit(if over { "<g class=\"odd\">" } else { "<g class=\"reference\">" });
        rectangle(&mut out, (width * (i as f64 + 0.04), HEIGHT - height), (width * 0.92, height));
        out.lit("</g>");
    }
    if let Some(t) = threshold {
        out.lit("<g class=\"threshold\">");
        rectangle(&mut out, ((WIDTH * t - 1.0).clamp(0.0, WIDTH - 2.0), 0.0), (2.0, HEIGHT));
        out.lit("</g>");
    }
    out.lit("</svg><figcaption><span>0</span><span class=\"legend\">score of each row, heights logarithmic");
    if let Some(t) = threshold {
        out.wrap(" <i class=\"threshold\"></i>threshold ", &text::unit(t), " <i class=\"odd\"></i>from there on");
    }
    out.lit("</span><span>1</span></figcaption>");
    if let Some(unscored) = scores.get("unscored").and_then(Value::as_u64).filter(|&n| n > 0) {
        out.wrap("<p class=\"quiet\">", &text::plural(unscored, "row"), " without a score.</p>");
    }
    out.lit("</figure>");
    let mut told = vec!["scores", "share"];
    if fields.get("columns").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        told.push("columns");
    }
    Some((out, told))
}
