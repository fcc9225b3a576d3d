//! Ways in which the rows of a sample fall into groups.

use std::collections::BTreeMap;

use taster_core::{Evidence, FileRecord, Role, Sample, Values};

/// Rows a group must have to be judged; fewer say nothing of who made them.
const LEAST_ROWS: usize = 20;
/// Groups without which no group can be told to be odd.
const LEAST_GROUPS: usize = 3;

/// Rows by who or what they came from.
pub struct Groups {
    /// What they are grouped by: a column's name, or `file`.
    pub by: String,
    /// The source column; `None` for files.
    pub column: Option<usize>,
    /// Names of the groups.
    pub names: Vec<String>,
    /// Keyed hash of each name, as a table has it; empty for files.
    pub keys: Vec<u64>,
    /// Sampled rows of each group.
    pub sizes: Vec<usize>,
    /// Group of each sampled row; `None` for rows of none, or of one too small to be judged.
    pub of: Vec<Option<usize>>,
    /// Groups that are too small, and their rows.
    pub small: (usize, usize),
}

impl Groups {
    /// By each source column and, where there are several, by file.
    pub fn all(evidence: &Evidence<'_>, sample: &Sample) -> Vec<Self> {
        let sources = evidence.schema.with_role(Role::Source);
        let mut all: Vec<Self> = sources
            .filter_map(|i| Self::by_column(&evidence.schema.columns[i].name, i, &sample.table.columns[i]))
            .collect();
        all.extend(Self::by_file(evidence.files, sample));
        all
    }

    fn by_column(name: &str, column: usize, values: &Values) -> Option<Self> {
        let category = values.as_category()?;
        let of = (0..category.codes.len()).map(|r| category.get(r).map(|_| category.codes[r] as usize)).collect();
        let names = category.values.iter().map(ToString::to_string).collect();
        Self::judged(name.to_owned(), Some(column), names, category.keys.clone(), of)
    }

    fn by_file(files: &[FileRecord], sample: &Sample) -> Option<Self> {
        let ends: Vec<u64> = files
            .iter()
            .scan(0, |end, f| {
                *end += f.rows;
                Some(*end)
            })
            .collect();
        if files.len() < LEAST_GROUPS {
            return None;
        }
        let of = sample.positions.iter().map(|&p| Some(ends.partition_point(|&end| end <= p))).collect();
        Self::judged("file".into(), None, files.iter().map(|f| f.name.clone()).collect(), Vec::new(), of)
    }

    /// Leaves out groups that are too small.
    fn judged(
        by: String,
        column: Option<usize>,
        names: Vec<String>,
        keys: Vec<u64>,
        of: Vec<Option<usize>>,
    ) -> Option<Self> {
        let mut sizes = vec![0; names.len()];
        of.iter().flatten().for_each(|&g| sizes[g] += 1);
        let kept: Vec<usize> = (0..names.len()).filter(|&g| sizes[g] >= LEAST_ROWS).collect();
        if kept.len() < LEAST_GROUPS {
            return None;
        }
        let small = sizes.iter().filter(|&&s| s > 0 && s < LEAST_ROWS);
        let small = (small.clone().count(), small.sum());
        let place: BTreeMap<usize, usize> = kept.iter().enumerate().map(|(new, &old)| (old, new)).collect();
        Some(Self {
            by,
            column,
            of: of.into_iter().map(|g| place.get(&g?).copied()).collect(),
            keys: kept.iter().filter_map(|&g| keys.get(g).copied()).collect(),
            sizes: kept.iter().map(|&g| sizes[g]).collect(),
            names: kept.iter().map(|&g| names[g].clone()).collect(),
            small,
        })
    }
}
