//! The labels that quarantined rows have, against those that they should have.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{Chart, Markup};
use crate::text;

/// Labels on a side of the matrix.
const MOST: usize = 8;
const MAX_CHARS: usize = 40;
/// Shades of cells.
const SHADES: [&str; 4] =
    ["<td class=\"heat-1\">", "<td class=\"heat-2\">", "<td class=\"heat-3\">", "<td class=\"heat-4\">"];

/// Draws `labels`: a list of `{given, suggested, rows}`.
pub(super) fn chart(fields: &Map<String, Value>) -> Option<Chart> {
    let pair = |v: &Value| -> Option<(String, String, u64)> {
        Some((v.get("given")?.as_str()?.to_owned(), v.get("suggested")?.as_str()?.to_owned(), v.get("rows")?.as_u64()?))
    };
    let pairs: Vec<(String, String, u64)> =
        fields.get("labels")?.as_array()?.iter().map(pair).collect::<Option<_>>()?;
    if pairs.is_empty() {
        return None;
    }
    let (given, suggested) = (most(pairs.iter().map(|p| (&p.0, p.2))), most(pairs.iter().map(|p| (&p.1, p.2))));
    let top = pairs.iter().map(|p| p.2).max().unwrap_or(1).max(1);
    let mut out = Markup::default();
    out.lit("<div class=\"wide\" tabindex=\"0\"><table class=\"confusion\"><caption>Quarantined rows by given and suggested label</caption>");
    out.lit("<thead><tr><th scope=\"col\">given ↓ suggested →</th>");
    for label in &suggested {
        out.wrap("<th scope=\"col\">", &text::clip(label, MAX_CHARS), "</th>");
    }
    out.lit("</tr></thead><tbody>");
    let mut shown = 0;
    for label in &given {
        out.wrap("<tr><th scope=\"row\">", &text::clip(label, MAX_CHARS), "</th>");
        for other in &suggested {
            match pairs.iter().find(|p| p.0 == *label && p.1 == *other) {
                Some(&(.., rows)) => {
                    shown += rows;
                    let shade = (4 * rows).div_ceil(top).clamp(1, 4) as usize;
                    out.wrap(SHADES[shade - 1], &text::count(rows), "</td>");
                }
                None => {
                    out.lit("<td class=\"quiet\">·</td>");
                }
            }
        }
        out.lit("</tr>");
    }
    out.lit("</tbody></table></div>");
    let left = pairs.iter().map(|p| p.2).sum::<u64>() - shown;
    if left > 0 {
        out.wrap("<p class=\"note\">", &text::plural(left, "row"), " with other labels are not shown.</p>");
    }
    Some((out, vec!["labels", "label_pairs"]))
}

/// The labels with the most rows, in the order of their names.
fn most<'a>(labels: impl Iterator<Item = (&'a String, u64)>) -> Vec<&'a str> {
    let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
    labels.for_each(|(label, rows)| *sums.entry(label).or_default() += rows);
    let mut ranked: Vec<(&str, u64)> = sums.into_iter().collect();
    ranked.sort_by_key(|&(_, rows)| std::cmp::Reverse(rows));
    ranked.truncate(MOST);
    let mut names: Vec<&str> = ranked.into_iter().map(|(label, _)| label).collect();
    names.sort_unstable();
    names
}
