use std::collections::{BTreeMap, BTreeSet};

use crate::Note;

/// The names with each but the first of its kind numbered: `x`, `x_2`, `x_3`. What is renamed is noted.
pub(crate) fn unique(names: Vec<String>, file: &str, notes: &mut Vec<Note>) -> Vec<String> {
    let given: BTreeSet<String> = names.iter().cloned().collect();
    let mut used: BTreeSet<String> = BTreeSet::new();
    let mut next: BTreeMap<String, usize> = BTreeMap::new();
    let mut out = Vec::with_capacity(names.len());
    for name in names {
        let mut unique = name.clone();
        while used.contains(&unique) || (unique != name && given.contains(&unique)) {
            let number = next.entry(name.clone()).or_insert(1);
            *number += 1;
            unique = format!("{name}_{number}");
        }
        if unique != name {
            notes.push(Note::new(format!("{file}: another column {name:?} is called {unique:?} here")));
        }
        used.insert(unique.clone());
        out.push(unique);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::unique;

    #[test]
    fn numbers_that_no_other_has() {
        let names = ["x", "x", "x_2", "x", "y"].map(str::to_owned).to_vec();
        let mut notes = Vec::new();
        assert_eq!(unique(names, "a.csv", &mut notes), ["x", "x_3", "x_2", "x_4", "y"]);
        assert_eq!(notes.len(), 2);
        assert_eq!(unique(vec!["x".to_owned(); 50_000], "a.csv", &mut notes).last().unwrap(), "x_50000");
    }
}
