//! Roles inferred and given, each with a reason.

mod support;

use support::{Folder, encoded, open, read_file, role};
use taster_core::Role;
use taster_ingest::{Error, Options, Roles};

/// A table of 300 rows, one column for each function.
fn table(columns: &[(&str, &dyn Fn(usize) -> String)]) -> String {
    let names: Vec<_> = columns.iter().map(|(n, _)| *n).collect();
    let rows = (0..300).map(|i| columns.iter().map(|(_, f)| f(i)).collect::<Vec<_>>().join(","));
    std::iter::once(names.join(",")).chain(rows).collect::<Vec<_>>().join("\n")
}

/// Numbers that follow no order.
fn scattered(i: usize) -> usize {
    i * 7919 % 10_007
}

fn sentence(i: usize) -> String {
    format!("the {} fox jumps over {} lazy dogs", scattered(i), scattered(i + 1))
}

fn with(roles: Roles) -> Options {
    Options { roles, ..Options::default() }
}

#[test]
fn by_type_name_and_values() {
    let folder = Folder::new();
    let text = table(&[
        ("row", &|i| (i + 1).to_string()),
        ("user_id", &|i| scattered(i).to_string()),
        ("hash", &|i| format!("{:016x}", scattered(i) * 982_451_653)),
        ("age", &|i| (i % 60).to_string()),
        ("flag", &|i| (i % 2).to_string()),
        ("weight", &|i| (scattered(i) as f64 / 7.0).to_string()),
        ("city", &|i| format!("city {}", i % 9)),
        ("review", &sentence),
        ("annotator", &|i| format!("ann{}", i % 4)),
        ("posted", &|i| format!("2024-01-{:02}", i % 28 + 1)),
        ("edited", &|i| format!("2024-02-{:02}", i % 28 + 1)),
        ("version", &|_| "3".to_owned()),
        ("empty", &|_| String::new()),
    ]);
    let dataset = open(&folder.write("a.csv", text), &Options::default()).unwrap();
    let expected = [
        ("row", Role::Id),
        ("user_id", Role::Id),
        ("hash", Role::Id),
        ("age", Role::Numeric),
        ("flag", Role::Numeric),
        ("weight", Role::Numeric),
        ("city", Role::Categorical),
        ("review", Role::Text),
        ("annotator", Role::Source),
        ("posted", Role::Time),
        ("edited", Role::Numeric),
        ("version", Role::Ignored),
        ("empty", Role::Ignored),
    ];
    for (name, wanted) in expected {
        assert_eq!(role(&dataset, name), wanted, "{name}");
    }
    assert!(dataset.schema().columns.iter().all(|c| !c.why.is_empty()));
}

#[test]
fn texts_repeat_a_little_and_classes_a_lot() {
    let folder = Folder::new();
    let text = table(&[
        ("sms", &|i| sentence(i % 250)),
        ("level", &|i| format!("some college and {} years", i % 12)),
        ("tiny", &|i| if i < 30 { sentence(i) } else { String::new() }),
    ]);
    let dataset = open(&folder.write("a.csv", text), &Options::default()).unwrap();
    assert_eq!(["sms", "level", "tiny"].map(|n| role(&dataset, n)), [Role::Text, Role::Categorical, Role::Text]);
}

#[test]
fn a_response_stands_beside_a_prompt() {
    let folder = Folder::new();
    let prompted = table(&[("instruction", &sentence), ("output", &|i| sentence(i + 5))]);
    let dataset = open(&folder.write("a.csv", prompted), &Options::default()).unwrap();
    assert_eq!(["instruction", "output"].map(|n| role(&dataset, n)), [Role::Text, Role::Response]);
    let alone = table(&[("title", &sentence), ("output", &|i| sentence(i + 5))]);
    let dataset = open(&folder.write("b.csv", alone), &Options::default()).unwrap();
    assert_eq!(role(&dataset, "output"), Role::Text);
}

#[test]
fn a_label_is_given_never_guessed() {
    let folder = Folder::new();
    let path =
        folder.write("a.csv", table(&[("x", &|i| scattered(i).to_string()), ("label", &|i| (i % 100).to_string())]));
    let dataset = open(&path, &Options::default()).unwrap();
    assert_eq!(role(&dataset, "label"), Role::Numeric);
    assert!(dataset.notes().iter().any(|n| n.text.contains("--label label")), "{:?}", dataset.notes());
    let given = with(Roles { label: Some("label".to_owned()), ..Roles::default() });
    let (dataset, all) = read_file(&path, &given).unwrap();
    assert_eq!(role(&dataset, "label"), Role::Label);
    assert_eq!(encoded(&dataset, &all, "label")[99].as_deref(), Some("99"));
    assert!(dataset.schema().columns[1].why.contains("100 classes"));
}

#[test]
fn probabilities_sum_to_one_beside_as_many_classes() {
    let folder = Folder::new();
    let share = |i: usize| (i % 10) as f64 / 10.0;
    let text = table(&[
        ("p0", &|i| share(i).to_string()),
        ("p1", &|i| (1.0 - share(i)).to_string()),
        ("y", &|i| (i % 2).to_string()),
    ]);
    let path = folder.write("a.csv", text);
    let given = with(Roles { label: Some("y".to_owned()), ..Roles::default() });
    assert_eq!(role(&open(&path, &given).unwrap(), "p1"), Role::Probabilities);
    assert_eq!(role(&open(&path, &Options::default()).unwrap(), "p1"), Role::Numeric);
}

#[test]
fn what_is_given_wins_or_is_refused() {
    let folder = Folder::new();
    let path =
        folder.write("a.csv", table(&[("age", &|i| (i % 60).to_string()), ("city", &|i| format!("c{}", i % 9))]));
    let dataset = open(&path, &with(Roles { categorical: vec!["age".to_owned()], ..Roles::default() })).unwrap();
    assert_eq!(role(&dataset, "age"), Role::Categorical);
    let refused = |roles| open(&path, &with(roles)).err().map(|e| e.to_string()).unwrap_or_default();
    let message = refused(Roles { label: Some("agee".to_owned()), ..Roles::default() });
    assert!(message.contains("did you mean \"age\""), "{message}");
    let message = refused(Roles { numeric: vec!["city".to_owned()], ..Roles::default() });
    assert!(message.contains("does not hold numbers"), "{message}");
    let twice = Roles { label: Some("age".to_owned()), id: vec!["age".to_owned()], ..Roles::default() };
    assert!(matches!(open(&path, &with(twice)), Err(Error::Role { .. })));
}

#[test]
fn feature_keys_ignore_all_but_features() {
    let folder = Folder::new();
    let text = "id,x,w,y\n1,1,a,0\n2,1,a,1\n3,1,,0\n4,2,a,0\n5,,a,0\n";
    let given = with(Roles { label: Some("y".to_owned()), id: vec!["id".to_owned()], ..Roles::default() });
    let (dataset, all) = read_file(&folder.write("a.csv", text), &given).unwrap();
    let keys = support::encode(&dataset, &all).remove(0).table.feature_keys;
    assert_eq!(keys[0], keys[1]);
    let rest: std::collections::BTreeSet<u64> = keys[1..].iter().copied().collect();
    assert_eq!(rest.len(), 4);
}
