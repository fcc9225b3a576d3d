/// The work could not be done. Nothing was seen that could be a finding, and nothing was left behind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The data could not be read.
    #[error(transparent)]
    Ingest(#[from] taster_ingest::Error),
    /// The reference could not be read.
    #[error("reference: {0}")]
    Reference(#[source] taster_ingest::Error),
    /// Rows could not be digested, or the manifest not made, signed or verified.
    #[error(transparent)]
    Provenance(#[from] taster_provenance::Error),
    /// The report could not be written.
    #[error(transparent)]
    Report(#[from] taster_report::Error),
    /// There is no key to sign a log's checkpoint with.
    #[error("a log is signed with an Ed25519 key, and none is given; name one with --log-key")]
    LogKey,
    /// Decisions on the rows of one scan were to be applied to another.
    #[error("{path}: these decisions are about the rows of another scan than the parent's")]
    OtherDecisions {
        /// The file of decisions.
        path: String,
    },
    /// The data is not what was scanned.
    #[error("this is not the dataset of the report: {0}")]
    OtherData(String),
    /// The list of quarantined rows beside a manifest cannot be used.
    #[error("{path}: {problem}; keep the report folder as it was written")]
    List {
        /// The list.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The rows of a report cannot be reviewed.
    #[error("the report cannot be reviewed: {0}")]
    Review(String),
    /// Decisions cannot be applied.
    #[error("the decisions cannot be applied: {0}")]
    Apply(String),
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] crate::ConfigError),
    /// A file was not the same on the second read.
    #[error(
        "{file} changed during the scan: its SHA-256 was {first} on the first read and {second} on the second; scan again \
         when nothing writes to it"
    )]
    Changed {
        /// The file.
        file: String,
        /// Its digest on the first read.
        first: String,
        /// Its digest on the second.
        second: String,
    },
    /// A file was written to after it was read.
    #[error(
        "{file} changed during the scan: it was written to or replaced after it was read; scan again when nothing \
             writes to it"
    )]
    Touched {
        /// The file.
        file: String,
    },
    /// A bundle was to be verified against several paths.
    #[error("a bundle is of one folder or one file; give that one path")]
    OneRoot,
    /// Several signatures were demanded of a bundle.
    #[error("a bundle has one signature; --threshold is for manifests")]
    OneSignature,
    /// A file that is read would be written over.
    #[error("{path} is a file of the data, and would be overwritten; give the result another name")]
    OverData {
        /// The file.
        path: String,
    },
    /// The cleaned dataset could not be written.
    #[error("{path}: cannot write the cleaned dataset: {reason}")]
    Clean {
        /// Where it was to go.
        path: String,
        /// What went wrong.
        reason: String,
    },
    /// A profile cannot be read, written or trusted.
    #[error("profile {path}: {problem}")]
    Profile {
        /// Its file.
        path: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Profiles cannot be merged, or a profile cannot be compared with.
    #[error("profiles: {problem}")]
    Profiles {
        /// Why not.
        problem: String,
    },
    /// A temporary file could not be written or read.
    #[error("temporary file: {0}")]
    Spool(#[from] std::io::Error),
    /// The operating system gave no random seed.
    #[error("no random seed could be drawn ({0}); give one with --seed")]
    Seed(String),
    /// A worker stopped without saying why; this is a bug.
    #[error("a worker stopped unexpectedly while {0}; please report this")]
    Worker(&'static str),
    /// The user stopped it.
    #[error("interrupted; nothing was written")]
    Cancelled,
}
