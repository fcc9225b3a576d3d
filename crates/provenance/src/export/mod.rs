//! A manifest told in the formats of others: Croissant for datasets, CycloneDX for bills of materials.

mod croissant;
mod cyclonedx;
mod described;
mod told;

pub use croissant::{Missing, to_croissant};
pub use cyclonedx::to_cyclonedx;
pub use described::{DescribedFile, Description, Expected, is_file};
pub use told::{About, Exported, SourceRecord, Trust};
