//! The `taster` binary as users run it, in folders of its own. Detectors, digests and formats have their own tests
//! beside their code; here the whole path is tested.

/// Runs the binary; reads what it wrote.
mod support;

/// Checks documents against the schemas in `docs/`.
mod json_schema;

/// `scan`: verdict, exit status, report folder, flags.
mod scan;

/// `keygen`, `scan --sign` and `verify`: what holds, and what tampering looks like.
mod verify;

/// `baseline` and `scan --waivers`: what is accepted, and what is not.
mod baseline;

/// The script of the GitHub action, `--junit` and `--summary`.
mod ci;

/// `sign`: folders and files signed for other tools, and `dataset.sig` of a scan.
mod sign;

/// `scan --parent` and `lineage`: the chain from a cleaned dataset to what was first received.
mod lineage;

/// `diff`: what changed, told apart.
mod diff;

/// `prove` and `verify --proof`: single rows.
mod prove;

/// `export` and `scan --croissant`: Croissant and CycloneDX.
mod export;

/// `review`: decisions made at a terminal, and what becomes of them.
mod review;

/// `threat-model` and `evidence`.
mod threat_model;

/// The guide: links, and the commands it shows.
mod docs;

/// `log` and `scan --log`: the transparency log in a folder.
mod log;

/// What taster signs, exports and logs, checked by tools of others from PyPI.
mod peers;

/// `taster.toml` and flags, right and wrong.
mod config;

/// CSV as it is in life: read right, or refused with the place and the remedy.
mod csv;

/// Every format: the same rows, the same digests; broken files refused with the place; `--clean`.
mod formats;

/// Broken, hostile and vanishing inputs, a full disk, Ctrl-C: a clear message, status 2, no report.
mod faults;

/// The same input gives the same bytes for any number of threads, batch size and split into files.
mod same_bytes;

/// What the detectors must find in the bundled poison, and how quiet they must be without it.
mod quality;

/// With a reference, the share of innocent rows in the quarantine is what `--fdr` says.
mod fdr;

/// Profiles: parts merge to the whole, and stand for the data they were made of.
mod profile;

/// Help, completions, manual pages, and the list of detectors.
mod help;
