/// What a scan is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Looking at the files and inferring kinds and roles.
    Plan,
    /// Reading the trusted reference.
    Reference,
    /// First read: digests and states.
    Observe,
    /// Fitting the models.
    Fit,
    /// Second read: judging every row.
    Score,
    /// Writing and signing the report.
    Report,
}

impl Phase {
    /// One word for a progress line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plan => "planning",
            Self::Reference => "reading the reference",
            Self::Observe => "observing",
            Self::Fit => "fitting",
            Self::Score => "scoring",
            Self::Report => "reporting",
        }
    }
}

/// Follows a scan and can stop it. Called from worker threads.
pub trait Progress: Sync {
    /// A phase begins; `bytes` is how much it will read, where known.
    fn begin(&self, phase: Phase, bytes: Option<u64>);

    /// This many more rows have been worked on, and this many bytes of input read.
    fn advance(&self, rows: u64, bytes: u64);

    /// Whether the user wants it to stop. The scan then ends with [`crate::Error::Cancelled`] and leaves nothing behind.
    fn cancelled(&self) -> bool {
        false
    }
}

/// Shows nothing and never stops.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: Phase, _: Option<u64>) {}
    fn advance(&self, _: u64, _: u64) {}
}
