use std::fmt;

use crate::error::clean;

/// Something a user must be told about how the data was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// In one sentence.
    pub text: String,
}

impl Note {
    /// Control characters are taken out.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: clean(&text.into()) }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
