use std::fmt::Write as _;

use serde_json::{Number, Value};
use sha2::{Digest as _, Sha256};
use taster_core::Digest;

/// A JSON value in the canonical form of RFC 8785 (JCS): no white space, keys sorted by their UTF-16 code units,
/// strings and numbers as ECMAScript writes them.
///
/// Whole numbers are written with all their digits. RFC 8785 knows only doubles, so beyond 2^53 another implementation
/// may write them differently; what we emit stays below or is a string.
///
/// ```
/// let value = serde_json::json!({"b": 1.0, "a": [1e21, "é"]});
/// assert_eq!(taster_provenance::canonical_json(&value), r#"{"a":[1e+21,"é"],"b":1}"#);
/// ```
pub fn canonical_json(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value);
    out
}

/// SHA-256 of [`canonical_json`].
pub fn canonical_sha256(value: &Value) -> Digest {
    Digest(Sha256::digest(canonical_json(value)).into())
}

fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(b) => out.push_str(if *b { "true" } else { "false" }),
        Value::Number(number) => write_number(out, number),
        Value::String(text) => write_string(out, text),
        Value::Array(items) => {
            out.push('[');
            separated(out, items, write_value);
            out.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by(|a, b| a.0.encode_utf16().cmp(b.0.encode_utf16()));
            out.push('{');
            separated(out, &fields, |out, (key, value)| {
                write_string(out, key);
                out.push(':');
                write_value(out, value);
            });
            out.push('}');
        }
    }
}

fn separated<T>(out: &mut String, items: &[T], mut write: impl FnMut(&mut String, &T)) {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write(out, item);
    }
}

fn write_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => append(out, format_args!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

fn append(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("writing to a String cannot fail");
}

fn write_number(out: &mut String, number: &Number) {
    match (number.is_f64(), number.as_f64()) {
        (true, Some(float)) => write_float(out, float),
        _ => append(out, format_args!("{number}")),
    }
}

/// ECMA-262, `Number::toString`, steps 5 to 10. `n` and the digits are named as there.
fn write_float(out: &mut String, value: f64) {
    if value == 0.0 {
        return out.push('0'); // minus zero too
    }
    if value < 0.0 {
        out.push('-');
    }
    let scientific = format!("{:e}", value.abs());
    let (mantissa, exponent) = scientific.split_once('e').expect("{:e} writes an exponent");
    let digits = mantissa.replace('.', "");
    let n = exponent.parse::<i32>().expect("{:e} writes a whole exponent") + 1;
    let k = digits.len() as i32;
    let zeros = |count: i32| "0".repeat(count as usize);
    match n {
        _ if k <= n && n <= 21 => append(out, format_args!("{digits}{}", zeros(n - k))),
        1..=21 => append(out, format_args!("{}.{}", &digits[..n as usize], &digits[n as usize..])),
        -5..=0 => append(out, format_args!("0.{}{digits}", zeros(-n))),
        _ => append(out, format_args!("{mantissa}e{:+}", n - 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Samples from RFC 8785, appendix B, and the limits of ECMAScript's notations.
    #[test]
    fn numbers_are_written_as_ecmascript_writes_them() {
        let samples = [
            (0x0000_0000_0000_0000, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
        ];
        for (bits, text) in samples {
            assert_eq!(canonical_json(&Value::from(f64::from_bits(bits))), text);
        }
        assert_eq!(canonical_json(&Value::from(u64::MAX)), "18446744073709551615");
        assert_eq!(canonical_json(&Value::from(-7)), "-7");
    }

    #[test]
    fn keys_are_sorted_as_utf16() {
        // U+FB33 sorts after U+1F600 in UTF-16, before it in code points.
        let value = serde_json::json!({"\u{fb33}": 1, "\u{1f600}": 2, "\r": 3, "1": 4, "\u{80}": 5});
        assert_eq!(canonical_json(&value), "{\"\\r\":3,\"1\":4,\"\u{80}\":5,\"\u{1f600}\":2,\"\u{fb33}\":1}");
    }

    #[test]
    fn strings_are_escaped_only_where_they_must_be() {
        assert_eq!(
            canonical_json(&Value::from("\u{0}\u{1f}\u{7f}\"\\/\n<é")),
            "\"\\u0000\\u001f\u{7f}\\\"\\\\/\\n<é\""
        );
    }

    #[test]
    fn the_order_of_construction_does_not_show() {
        let (a, b) = (
            serde_json::json!({"x": 1, "y": [{"b": 0, "a": 0}]}),
            serde_json::json!({"y": [{"a": 0, "b": 0}], "x": 1}),
        );
        assert_eq!(canonical_sha256(&a), canonical_sha256(&b));
    }
}
