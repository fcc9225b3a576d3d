use serde_json::json;

use super::*;

fn drawn(evidence: &Value) -> String {
    render(evidence).into_string()
}

#[test]
fn known_shapes_are_drawn_and_not_told_twice() {
    let cases = [
        (json!({"scores": {"bins": [90, 5, 0, 3], "unscored": 2, "threshold": 0.6}}), "threshold 0.6"),
        (
            json!({"labels": [{"given": "a", "suggested": "b", "rows": 7}], "label_pairs": 1}),
            "<td class=\"heat-4\">7</td>",
        ),
        (
            json!({"sources": [{"name": "mallory", "rows": 40, "score": 0.4, "p_value": 1e-9, "odd": true,
            "differences": [{"text": "more are spam"}]}]}),
            "more are spam",
        ),
        (
            json!({"parts": [0.1, -0.2, 1.5], "odd_parts": [2, 2], "by": "day", "from": "monday", "to": "friday"}),
            "monday to friday",
        ),
        (json!({"rows": 50, "rows_with_label": 49, "expected": 20.5}), "expected with this label"),
        (json!({"content_of_other_classes": {"these": 0.8, "same_label": 0.1, "other_labels": 0.9}}), "these rows"),
        (
            json!({"stretches": [{"class": "yes", "p_value": 1e-5, "current": {"rows": 100, "have": 20, "expected": 60},
            "reference": {"rows": 100, "have": 61, "expected": 60}}]}),
            "have it in the reference",
        ),
    ];
    for (evidence, told) in cases {
        let page = drawn(&evidence);
        assert!(page.contains("<svg") || page.contains("heat-4"), "{page}");
        assert!(page.contains(told), "{told}: {page}");
        let first = evidence.as_object().unwrap().keys().next().unwrap();
        assert!(!page.contains(&format!("<dt>{}</dt>", words(first))), "{page}");
    }
}

#[test]
fn other_shapes_are_told_as_they_are() {
    let odd = [
        json!({"scores": {"bins": ["<script>"], "threshold": "x"}}),
        json!({"scores": {"bins": [-1.0]}}),
        json!({"labels": [{"given": 3}]}),
        json!({"labels": "<script>"}),
        json!({"sources": [{"name": "<script>"}]}),
        json!({"parts": [1, 2], "odd_parts": [0]}),
        json!({"rows_with_label": "<script>", "rows": []}),
        json!({"stretches": [{"class": "<script>"}]}),
    ];
    for evidence in odd {
        let page = drawn(&evidence);
        assert!(!page.contains("<script>") && !page.contains("<svg"), "{page}");
        assert!(page.contains("<dt>"), "{page}");
    }
}

#[test]
fn the_threshold_decides_what_is_coloured() {
    let page = drawn(&json!({"scores": {"bins": [9, 9, 9, 9], "threshold": 0.75}}));
    assert_eq!((page.matches("class=\"reference\"").count(), page.matches("<g class=\"odd\">").count()), (3, 1));
    let without = drawn(&json!({"scores": {"bins": [9, 9, 9, 9], "threshold": null}}));
    assert_eq!(without.matches("class=\"reference\"").count(), 4);
}
