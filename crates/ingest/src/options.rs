use std::str::FromStr;

/// How to read a dataset. What is `None` or empty is found out from the data.
#[derive(Clone, Debug)]
pub struct Options {
    /// How text files are written.
    pub csv: CsvOptions,
    /// What columns are for.
    pub roles: Roles,
    /// Rows looked at to infer types and roles: the first ones of the dataset.
    pub infer_rows: usize,
    /// Whether to look at every record of JSON files at once, so that [`crate::Dataset::widen`] adds no columns later.
    pub whole_json: bool,
    /// How large things may be.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            csv: CsvOptions::default(),
            roles: Roles::default(),
            infer_rows: 20_000,
            whole_json: false,
            limits: Limits::default(),
        }
    }
}

/// How text files are written; what is not given is sniffed from the first rows of each file.
#[derive(Clone, Debug, Default)]
pub struct CsvOptions {
    /// The byte between fields.
    pub separator: Option<u8>,
    /// The byte around fields that hold separators or line ends; a double quote unless given.
    pub quote: Option<Quote>,
    /// Whether the first record names the columns.
    pub header: Option<bool>,
    /// The character encoding.
    pub encoding: Option<Encoding>,
    /// Cells that mean "no value", besides the usual ones.
    pub missing: Vec<String>,
    /// The byte that groups digits, as the comma in `1,234`.
    pub thousands: Option<u8>,
    /// The byte before the fraction.
    pub decimal: Option<u8>,
    /// What to do with records of the wrong number of fields.
    pub ragged: Ragged,
}

/// The byte around fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quote {
    /// This byte.
    Byte(u8),
    /// No field is ever quoted; quotes are text.
    Off,
}

/// What to do with a record that has more or fewer fields than the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ragged {
    /// An error naming the line. Surplus fields that are all empty are let pass, and said.
    #[default]
    Refuse,
    /// Absent fields are missing values, surplus fields are dropped; the number of such rows is said.
    Fill,
}

/// A character encoding of text files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without a byte order mark.
    Utf8,
    /// UTF-16, little-endian.
    Utf16Le,
    /// UTF-16, big-endian.
    Utf16Be,
    /// Windows-1252, of which ISO-8859-1 (Latin-1) is a part in practice.
    Windows1252,
}

impl Encoding {
    /// Its usual name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le => "UTF-16LE",
            Self::Utf16Be => "UTF-16BE",
            Self::Windows1252 => "windows-1252",
        }
    }
}

impl Encoding {
    pub(crate) const fn is_utf16(self) -> bool {
        matches!(self, Self::Utf16Le | Self::Utf16Be)
    }
}

impl FromStr for Encoding {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name.to_ascii_lowercase().replace(['_', ' '], "-").as_str() {
            "utf-8" | "utf8" => Ok(Self::Utf8),
            "utf-16" | "utf-16le" | "utf16" => Ok(Self::Utf16Le),
            "utf-16be" => Ok(Self::Utf16Be),
            "windows-1252" | "cp1252" | "latin-1" | "latin1" | "iso-8859-1" => Ok(Self::Windows1252),
            _ => Err(format!("{name:?} is not an encoding taster reads: utf-8, utf-16le, utf-16be, windows-1252")),
        }
    }
}

/// Roles given by the user, by column name. They win over what would be inferred.
#[derive(Clone, Debug, Default)]
pub struct Roles {
    /// The class a model would learn to predict.
    pub label: Option<String>,
    /// Who or where a row came from.
    pub source: Option<String>,
    /// When a row was made.
    pub time: Option<String>,
    /// What a generative model would learn to produce.
    pub response: Option<String>,
    /// Names of rows.
    pub id: Vec<String>,
    /// Texts.
    pub text: Vec<String>,
    /// Vectors.
    pub embedding: Vec<String>,
    /// Columns no detector shall look at.
    pub ignore: Vec<String>,
    /// Columns whose order and distance mean something.
    pub numeric: Vec<String>,
    /// Columns with a set of values.
    pub categorical: Vec<String>,
    /// Out-of-sample class probabilities, in the order of the sorted classes.
    pub probabilities: Vec<String>,
}

/// How large things may be before reading stops with [`crate::Error::Limit`]. Memory is bounded by these.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Columns, after structs are flattened.
    pub columns: usize,
    /// Bytes of one cell.
    pub cell_bytes: usize,
    /// Bytes of one record of a text file.
    pub record_bytes: usize,
    /// Bytes of a Parquet footer.
    pub footer_bytes: usize,
    /// Stored bytes of one Parquet row group, which is held in memory.
    pub row_group_bytes: u64,
    /// Bytes of one Parquet page, decompressed.
    pub page_bytes: usize,
    /// Values of one Parquet page.
    pub page_values: usize,
    /// Times a compressed text file may grow, past its first 64 MiB.
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            columns: 100_000,
            cell_bytes: 64 << 20,
            record_bytes: 128 << 20,
            footer_bytes: 256 << 20,
            row_group_bytes: 2 << 30,
            page_bytes: 256 << 20,
            page_values: 64 << 20,
            ratio: 1000,
        }
    }
}
