//! The quarantined rows of a scan, from the list beside its manifest.

use std::{collections::BTreeMap, fs::File, path::Path};

use polars::prelude::{DataType, ParquetReader, PolarsResult, SerReader};
use taster_core::Digest;
use taster_provenance::{Dataset, Predicate, QuarantineTree, sha256_of_file};

use crate::Error;

/// The quarantined rows by their number in the dataset, with their digests; `None` where there is no list, or the manifest
/// has no tree.
///
/// Errs where the list is not the one that the manifest names.
pub(crate) fn listed(scan: &Predicate, manifest: &Path) -> Result<Option<BTreeMap<u64, Digest>>, Error> {
    let path = manifest.with_file_name("quarantine.parquet");
    let refuse = |problem: &str| Error::List { path: path.display().to_string(), problem: problem.into() };
    let (Some(record), Some(digest)) = (&scan.quarantine, scan.report_files.get("quarantine.parquet")) else {
        return Ok(None);
    };
    if !path.is_file() {
        return Ok(None);
    }
    if sha256_of_file(&path)?.0 != digest.sha256 {
        return Err(refuse("it is not the list that the manifest names"));
    }
    let rows = read(scan, &path).map_err(|e| refuse(&e.to_string()))?;
    if QuarantineTree::new(&rows).record() != *record {
        return Err(refuse("its rows are not those of the manifest's tree"));
    }
    Ok(Some(rows))
}

/// The number of each file's first row within the dataset, by its name.
pub(crate) fn starts(dataset: &Dataset) -> BTreeMap<&str, u64> {
    dataset.starts().map(|(file, start)| (file.name.as_str(), start)).collect()
}

fn read(scan: &Predicate, path: &Path) -> PolarsResult<BTreeMap<u64, Digest>> {
    let starts = starts(&scan.dataset);
    let columns = ["file", "row", "row_sha256"].map(str::to_owned).to_vec();
    let frame = ParquetReader::new(File::open(path)?).with_columns(Some(columns)).finish()?;
    let files = frame.column("file")?.cast(&DataType::String)?;
    let rows = frame.column("row")?.cast(&DataType::UInt64)?;
    let digests = frame.column("row_sha256")?.cast(&DataType::String)?;
    let lines = files.str()?.iter().zip(rows.u64()?.iter()).zip(digests.str()?.iter());
    let row = |((file, row), digest): ((Option<&str>, Option<u64>), Option<&str>)| {
        Some((starts.get(file?)?.checked_add(row?)?, digest?.parse().ok()?))
    };
    Ok(lines.filter_map(row).collect())
}
