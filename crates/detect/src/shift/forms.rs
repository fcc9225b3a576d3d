//! How values are written: decimals of numbers, shapes of codes, hours and weekdays of times. What comes from elsewhere may have the same
//! values and another format.

use std::{collections::BTreeMap, sync::Arc};

use taster_core::{Category, Column, Kind, MISSING, Margins, Role, Schema, Table, Values};

use super::compared;

/// Decimals that are told apart.
const DECIMALS: usize = 6;
/// Relative error of a number stored in 32 bits, and twice over.
const PRECISION: f64 = 1.2e-7;
/// Characters of a shape.
const SHAPE_MAX: usize = 24;
/// Seconds that both sides must reach over for weekdays to be compared: two weeks.
const WEEKS: f64 = 14.0 * 86_400.0;
/// A column has shapes if it has at least so many times as many values.
const SUMMARY: usize = 2;

/// For each column that has some, a column of forms on both sides; columns are named by what they are of.
pub fn of(schema: &Schema, current: &Table, reference: &Table) -> Margins {
    let mut out = Margins::default();
    (out.current.len, out.reference.len) = (current.len, reference.len);
    for (i, column) in schema.columns.iter().enumerate() {
        let sides = (&current.columns[i], &reference.columns[i]);
        let forms = match sides {
            (Values::Numeric(a), Values::Numeric(b)) if column.role == Role::Time => {
                vec![("hour", numbers(a, b, hour)), ("weekday", weekdays(a, b))]
            }
            (Values::Numeric(a), Values::Numeric(b)) if compared(column.role) => {
                vec![("decimals", numbers(a, b, decimals))]
            }
            (Values::Category(a), Values::Category(b)) if compared(column.role) => vec![("shape", shapes(a, b))],
            _ => Vec::new(),
        };
        for (what, forms) in forms {
            let Some((a, b)) = forms else { continue };
            let name = format!("{} ({what})", column.name);
            out.schema.columns.push(Column { name, kind: Kind::Null, role: Role::Categorical, why: String::new() });
            out.origins.push(column.name.clone());
            out.current.columns.push(Values::Category(a));
            out.reference.columns.push(Values::Category(b));
        }
    }
    out
}

fn numbers(a: &[f64], b: &[f64], form: fn(f64) -> &'static str) -> Option<(Category, Category)> {
    let side = |values: &[f64]| coded(values.iter().map(|v| v.is_finite().then(|| form(*v))));
    several(side(a), side(b))
}

/// Decimals of a number, or how round it is.
fn decimals(value: f64) -> &'static str {
    const NAMES: [&str; DECIMALS + 1] =
        ["ones", "1 decimal", "2 decimals", "3 decimals", "4 decimals", "5 decimals", "6 decimals"];
    let mut scaled = value.abs();
    if scaled >= 10.0 && scaled % 10.0 == 0.0 {
        return if scaled % 1000.0 == 0.0 {
            "thousands"
        } else if scaled % 100.0 == 0.0 {
            "hundreds"
        } else {
            "tens"
        };
    }
    for name in NAMES {
        // Beyond this, what a stored number is rounded to looks like decimals.
        if scaled * PRECISION > 0.05 {
            break;
        }
        if (scaled - scaled.round()).abs() <= (scaled * PRECISION).max(1e-9) {
            return name;
        }
        scaled *= 10.0;
    }
    "more decimals"
}

/// The hour of a time in seconds.
fn hour(seconds: f64) -> &'static str {
    const HOURS: [&str; 24] = [
        "00 h", "01 h", "02 h", "03 h", "04 h", "05 h", "06 h", "07 h", "08 h", "09 h", "10 h", "11 h", "12 h", "13 h",
        "14 h", "15 h", "16 h", "17 h", "18 h", "19 h", "20 h", "21 h", "22 h", "23 h",
    ];
    HOURS[(seconds.rem_euclid(86_400.0) / 3600.0) as usize % 24]
}

/// Weekdays of times in seconds, where both sides have some weeks of them.
fn weekdays(a: &[f64], b: &[f64]) -> Option<(Category, Category)> {
    let reach = |times: &[f64]| {
        let present = || times.iter().copied().filter(|t| t.is_finite());
        present().fold(f64::NEG_INFINITY, f64::max) - present().fold(f64::INFINITY, f64::min)
    };
    if reach(a).min(reach(b)) >= WEEKS { numbers(a, b, weekday) } else { None }
}

fn weekday(seconds: f64) -> &'static str {
    // The first day of 1970 was a Thursday.
    const DAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
    DAYS[(seconds / 86_400.0).floor().rem_euclid(7.0) as usize % 7]
}

/// Shapes of values, where they are few.
fn shapes(a: &Category, b: &Category) -> Option<(Category, Category)> {
    let shapes = |c: &Category| c.values.iter().map(|value| shape(value)).collect::<Vec<String>>();
    let (of_a, of_b) = (shapes(a), shapes(b));
    let side = |c: &Category, shapes: &[String]| {
        let shape = |&code: &u32| shapes.get(code as usize).map(String::as_str);
        coded(c.codes.iter().map(shape))
    };
    let (a_forms, b_forms) = (side(a, &of_a), side(b, &of_b));
    let few = a_forms.values.len() * SUMMARY <= a.values.len() && b_forms.values.len() * SUMMARY <= b.values.len();
    if few { several(a_forms, b_forms) } else { None }
}

/// Digits are 9; letters in a row are one, A or a; everything else is itself.
fn shape(value: &str) -> String {
    let mut out = String::new();
    for c in value.chars() {
        let seen = match c {
            c if c.is_numeric() => '9',
            c if c.is_uppercase() => 'A',
            c if c.is_alphabetic() => 'a',
            c => c,
        };
        if seen == '9' || !seen.is_alphabetic() || !out.ends_with(seen) {
            out.push(seen);
        }
        if out.len() >= SHAPE_MAX {
            out.push('…');
            break;
        }
    }
    out
}

/// A category of these values.
fn coded<'a>(values: impl Iterator<Item = Option<&'a str>>) -> Category {
    let mut places: BTreeMap<&str, u32> = BTreeMap::new();
    let mut out = Category::default();
    for value in values {
        let code = value.map_or(MISSING, |value| {
            let next = places.len() as u32;
            *places.entry(value).or_insert(next)
        });
        out.codes.push(code);
    }
    let mut names: Vec<(u32, &str)> = places.into_iter().map(|(name, code)| (code, name)).collect();
    names.sort_unstable();
    out.values = names.into_iter().map(|(_, name)| Arc::from(name)).collect();
    out
}

/// Both, unless all values have one form.
fn several(a: Category, b: Category) -> Option<(Category, Category)> {
    let one = a.values.len() <= 1 && b.values.len() <= 1 && a.values == b.values;
    (!one).then_some((a, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_codes_have_forms() {
        assert_eq!([276.793, 0.1, 0.1f32.into(), 12.0].map(decimals), ["3 decimals", "1 decimal", "1 decimal", "ones"]);
        assert_eq!([0.0, -350.0, 2e6, 1.0 / 3.0].map(decimals), ["ones", "tens", "thousands", "more decimals"]);
        assert_eq!([0.0, 3601.0, -1.0].map(hour), ["00 h", "01 h", "23 h"]);
        assert_eq!([1_704_067_200.0, -1.0].map(weekday), ["Monday", "Wednesday"]);
        assert!(weekdays(&[0.0, 1e6], &[0.0, 1e9]).is_none() && weekdays(&[0.0, 2e6], &[0.0, 1e9]).is_some());
        assert_eq!(["SW1A 2AA", "90210-1234", "Müller", ""].map(shape), ["A9A 9A", "99999-9999", "Aa", ""]);
    }
}
