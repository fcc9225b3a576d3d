//! A measure over equal parts of the data in order, of which some differ from the rest.

use serde_json::{Map, Value};

use super::{Chart, Markup, bars::rectangle, numbers, scalar};
use crate::text;

const MAX_PARTS: usize = 200;
const WIDTH: f64 = 600.0;
const HEIGHT: f64 = 120.0;

/// Draws `parts`, of which `odd_parts` (the first and the last) are `from` .. `to` in the order of `by`.
pub(super) fn chart(fields: &Map<String, Value>) -> Option<Chart> {
    let parts = numbers(fields.get("parts")?)?;
    let odd = numbers(fields.get("odd_parts")?)?;
    let &[first, last] = odd.as_slice() else { return None };
    if parts.is_empty() || parts.len() > MAX_PARTS {
        return None;
    }
    let low = parts.iter().copied().fold(0.0, f64::min);
    let high = parts.iter().copied().fold(0.0, f64::max);
    let height = |value: f64| HEIGHT * value.abs() / (high - low).max(f64::MIN_POSITIVE);
    let zero = height(high);
    let told = |name: &str| fields.get(name).map_or_else(|| "–".into(), scalar);
    let mut out = Markup::default();
    out.lit("<figure><svg viewBox=\"0 0 600 120\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"");
    let odd_ones = format!("parts {} to {} of {} differ", first + 1.0, last + 1.0, parts.len());
    out.text(&format!("Means of equal parts of the data: {odd_ones}")).lit("\">");
    let width = WIDTH / parts.len() as f64;
    for (i, &value) in parts.iter().enumerate() {
        let is_odd = (first..=last).contains(&(i as f64));
        out.lit(if is_odd { "<g class=\"odd\">" } else { "<g class=\"reference\">" });
        let top = if value > 0.0 { zero - height(value) } else { zero };
        rectangle(&mut out, (width * (i as f64 + 0.04), top.min(HEIGHT - 1.0)), (width * 0.92, height(value).max(1.0)));
        out.lit("</g>");
    }
    out.lit("<g class=\"zero\">");
    rectangle(&mut out, (0.0, (zero - 0.5).clamp(0.0, HEIGHT - 1.0)), (WIDTH, 1.0));
    out.lit("</g></svg><figcaption><span>first</span><span class=\"legend\">");
    let by = fields.get("by").and_then(Value::as_str).unwrap_or("order");
    out.text(&format!("mean of each of {} equal parts by ", parts.len())).wrap(
        "<code>",
        &text::clip(by, 100),
        "</code>",
    );
    out.wrap(
        " <i class=\"odd\"></i>",
        &format!("{} to {}", told("from"), told("to")),
        "</span><span>last</span></figcaption>",
    );
    out.wrap(
        "<p class=\"quiet\">",
        &format!("From {} to {}; the line is 0.", text::number(low), text::number(high)),
        "</p></figure>",
    );
    Some((out, vec!["parts", "odd_parts"]))
}
