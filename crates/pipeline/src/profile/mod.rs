//! Profiles: what is remembered of a dataset to compare later ones with, without keeping it.
//!
//! A profile is the mergeable state of a dataset: of every column its missing values, about how many different values it
//! has, and its distribution; of pairs of columns how they go together; and, unless left out, a sample of whole rows. All counts are whole numbers and what is kept
//! depends on the rows alone, so that profiles of parts merge to the profile of the whole. `docs/profile.md` specifies the
//! file.

mod body;
mod file;
mod joint;
mod make;
mod margins;
mod observe;

use taster_core::{Column, Role, Schema, Table};
use taster_stats::{distinct::Distinct, frequencies::Frequencies, pairs::Pairs, quantiles::Quantiles};

pub use file::{LoadedProfile, is_profile};
pub(crate) use make::with_roles;
pub use make::{MergeRequest, ProfileRequest, merge_profiles, profile};
pub(crate) use margins::Known;

/// Most rows of the sample.
const SAMPLE_ROWS: usize = 32_768;
/// Bytes of the sample, about; the greater part of a profile.
const SAMPLE_BYTES: usize = 3 << 20;

/// What is remembered of a dataset.
#[derive(Clone, Debug)]
pub struct Profile {
    /// Seed of the hashes; profiles merge only if it is the same.
    pub seed: u64,
    /// Rows of the dataset.
    pub rows: u64,
    /// In the order of the dataset.
    pub columns: Vec<ColumnProfile>,
    /// How columns go together two by two: those whose distribution is remembered, but vectors.
    pub pairs: Pairs,
    /// Whole rows, unless left out.
    pub sample: Option<SampledRows>,
}

/// What is remembered of a column.
#[derive(Clone, Debug)]
pub struct ColumnProfile {
    /// Its name, kind and role.
    pub column: Column,
    /// Rows without a value.
    pub missing: u64,
    /// How many different values it has.
    pub distinct: Distinct,
    /// How they are distributed.
    pub sketch: Sketch,
}

/// How the values of a column are distributed.
#[derive(Clone, Debug)]
pub enum Sketch {
    /// Not looked at: an id, a vector, or ignored.
    Nothing,
    /// Of numbers.
    Numbers(Quantiles),
    /// Of a set of values.
    Values(Frequencies),
    /// Of texts: each of [`taster_detect::text::NAMES`].
    Texts(Vec<Quantiles>),
}

/// Whole rows: those with the smallest keyed hashes of their content, in that order.
#[derive(Clone, Debug, Default)]
pub struct SampledRows {
    /// The rows; their keys in `row_keys`. Keys of values and features are left empty.
    pub table: Table,
    /// No row with a larger key is here.
    pub ceiling: u64,
}

impl Profile {
    /// The columns.
    pub fn schema(&self) -> Schema {
        Schema { columns: self.columns.iter().map(|c| c.column.clone()).collect() }
    }

    /// Indices of the columns that [`Self::pairs`] is of.
    fn paired(&self) -> impl Iterator<Item = usize> {
        (0..self.columns.len()).filter(|&i| is_paired(self.columns[i].column.role))
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&ColumnProfile> {
        self.columns.iter().find(|c| c.column.name == name)
    }
}

/// Whether it is remembered how a column goes together with others.
fn is_paired(role: Role) -> bool {
    is_sketched(role) && role != Role::Embedding
}

/// Whether a column's distribution is remembered.
fn is_sketched(role: Role) -> bool {
    role.is_feature() || role == Role::Label
}
