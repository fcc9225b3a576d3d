//! What was seen against what would be usual, as bars.

use serde_json::{Map, Value};

use super::{
    Chart, Markup,
    bars::{Bar, list},
};
use crate::text;

/// Names of evidence that belong together, the first of which must be there: with what they are in words, and in which
/// colour.
type Group = [(&'static str, &'static str, &'static str)];

/// Numbers of rows.
const ROWS: [&Group; 4] = [
    &[
        ("rows_with_label", "rows with it and this label", "odd"),
        ("rows", "rows with it", "current"),
        ("expected", "expected with this label", "reference"),
    ],
    &[("rows_with_gibberish", "rows with it that are gibberish", "odd"), ("rows", "rows with it", "current")],
    &[("rows_with_answer", "rows with it and this answer", "odd"), ("rows", "rows with it", "current")],
    &[("seen", "seen", "odd"), ("usual", "usual at most", "reference"), ("plain_rows", "plain rows", "current")],
];

/// Shares.
const SHARES: [&Group; 2] = [
    &[
        ("contradicted_in_reference", "labels contradicted in the reference", "reference"),
        ("contradicted", "labels contradicted here", "odd"),
    ],
    &[
        ("these", "these rows", "odd"),
        ("same_label", "others of this label", "reference"),
        ("other_labels", "other labels", "reference"),
    ],
];

/// Draws what a planted mark does: how many rows have it, how many of them the label, and how many should.
pub(super) fn chart(fields: &Map<String, Value>) -> Option<Chart> {
    let rows = ROWS.iter().find_map(|group| group_of(fields, group, text::number));
    let share = |x: f64| format!("{} %", text::number(100.0 * x));
    let shares = || SHARES.iter().find_map(|group| group_of(fields, group, share));
    let (bars, names) = rows.or_else(shares).or_else(|| {
        let inner = fields.get("content_of_other_classes")?.as_object()?;
        Some((group_of(inner, SHARES[1], share)?.0, vec!["content_of_other_classes"]))
    })?;
    Some((list(&bars), names))
}

fn group_of(
    fields: &Map<String, Value>,
    group: &Group,
    told: impl Fn(f64) -> String,
) -> Option<(Vec<Bar>, Vec<&'static str>)> {
    fields.get(group[0].0)?.as_f64()?;
    let there = group.iter().filter_map(|&(name, what, class)| Some((name, what, class, fields.get(name)?.as_f64()?)));
    let bar = |&(_, what, class, length): &(&'static str, &str, &'static str, f64)| Bar {
        name: what.to_owned(),
        length,
        told: told(length),
        class,
    };
    let there: Vec<_> = there.collect();
    Some((there.iter().map(bar).collect(), there.iter().map(|bar| bar.0).collect()))
}

/// Draws `stretches` of rows whose label was expected: `{class, current, reference, p_value}`, each side `{rows, have,
/// expected}`.
pub(super) fn label_given_features(fields: &Map<String, Value>) -> Option<Chart> {
    const MOST: usize = 8;
    let stretches = fields.get("stretches")?.as_array()?;
    let mut out = Markup::default();
    for stretch in stretches.iter().take(MOST) {
        let class = text::clip(stretch.get("class")?.as_str()?, 100);
        let mut bars = Vec::new();
        for (side, name, colour) in [("current", "here", "odd"), ("reference", "in the reference", "reference")] {
            let side = stretch.get(side)?;
            let part = |name: &str| Some(side.get(name)?.as_f64()? / side.get("rows")?.as_f64()?.max(1.0));
            for (what, share, class) in [("expected", part("expected")?, "current"), ("have it", part("have")?, colour)]
            {
                bars.push(Bar {
                    name: format!("{what} {name}"),
                    length: share,
                    told: format!("{} %", text::number(100.0 * share)),
                    class,
                });
            }
        }
        let p = stretch
            .get("p_value")
            .and_then(Value::as_f64)
            .map_or_else(String::new, |p| format!(", p {}", text::chance(p)));
        out.wrap("<p class=\"measures\">Label <code>", &class, "</code>").text(&p).lit("</p>").add(&list(&bars));
    }
    (!out.is_empty()).then(|| (out, vec!["stretches"]))
}
