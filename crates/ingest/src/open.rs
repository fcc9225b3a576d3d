//! Looking into files: what columns each has, and how text files are written.

use polars::prelude::DataType;

use crate::{
    Compression, Encoding, Error, Format, Limits, Note, Options, SourceFile, arrow,
    csv::{self, CellType, Chunks, Dialect, Guess, Missing, Text, TextFile},
    error::Place,
    field::Field,
    json::{self, JsonFile},
    names::unique,
    parquet::Footer,
    pieces::digest,
    tap::Tap,
};

/// A file that was looked into.
pub(crate) struct Opened {
    pub source: SourceFile,
    pub len: u64,
    /// Its columns; those of text files have no type yet.
    pub fields: Vec<Field>,
    pub body: Body,
}

pub(crate) enum Body {
    Parquet { tail: taster_core::Digest, rows: u64 },
    Arrow { head: taster_core::Digest },
    Text { dialect: Dialect, required: usize },
    Json(JsonFile),
}

impl Body {
    /// Whether the file is text whose cells have the types that are found in them.
    pub(crate) fn is_cells(&self) -> bool {
        matches!(self, Self::Text { .. })
    }
}

/// Text looked at to find out how a file is written.
const HEAD: usize = 1 << 20;

/// Looks into files; with `whole` at all records of JSON files, since nobody looks again when one does not fit.
pub(crate) fn open_all(
    files: &[SourceFile],
    options: &Options,
    whole: bool,
    notes: &mut Vec<Note>,
) -> Result<Vec<Opened>, Error> {
    let mut first: Option<Dialect> = None;
    let mut json = open_json(files, options, whole, notes)?.into_iter();
    files
        .iter()
        .map(|source| match source.format {
            Format::Parquet => open_parquet(source, options, notes),
            Format::Arrow => open_arrow(source, options, notes),
            Format::Json(_) => json.next().ok_or_else(|| Error::changed(&source.name)),
            Format::Csv(compression) => {
                let opened = open_text(source, compression, options, first.as_ref(), notes)?;
                if let (None, Body::Text { dialect, .. }) = (&first, &opened.body) {
                    first = Some(dialect.clone());
                }
                Ok(opened)
            }
        })
        .collect()
}

/// The JSON files, in order; they have the same columns, those of all of them.
fn open_json(
    files: &[SourceFile],
    options: &Options,
    whole: bool,
    notes: &mut Vec<Note>,
) -> Result<Vec<Opened>, Error> {
    let is_json = |f: &'_ SourceFile| if let Format::Json(compression) = f.format { Some(compression) } else { None };
    let sources: Vec<_> = files.iter().filter_map(|f| Some((f, is_json(f)?))).collect();
    if sources.is_empty() {
        return Ok(Vec::new());
    }
    let found = json::look(&sources, options, whole, notes)?;
    let fields: Vec<Field> = found.flats.iter().map(|f| Field { name: f.name.clone(), dtype: f.dtype() }).collect();
    check_names(&fields.iter().map(|f| f.name.clone()).collect::<Vec<_>>(), &sources[0].0.name)?;
    let opened = sources.into_iter().zip(found.files).map(|((source, _), file)| {
        let len = Tap::open(source, false)?.len();
        Ok(Opened { source: source.clone(), len, fields: fields.clone(), body: Body::Json(file) })
    });
    opened.collect()
}

fn open_parquet(source: &SourceFile, options: &Options, notes: &mut Vec<Note>) -> Result<Opened, Error> {
    let mut tap = Tap::open(source, false)?;
    let footer = Footer::read(&mut tap, &source.name, &options.limits)?;
    let body = Body::Parquet { tail: digest(&footer.tail), rows: footer.rows() };
    // Flattening can make two columns of one name.
    let (names, dtypes): (Vec<_>, Vec<_>) = footer.fields.into_iter().map(|f| (f.name, f.dtype)).unzip();
    check_names(&names, &source.name)?;
    let names = unique(names, &source.name, notes);
    let fields = names.into_iter().zip(dtypes).map(|(name, dtype)| Field { name, dtype }).collect();
    Ok(Opened { source: source.clone(), len: tap.len(), fields, body })
}

fn open_arrow(source: &SourceFile, options: &Options, notes: &mut Vec<Note>) -> Result<Opened, Error> {
    let tap = Tap::open(source, false)?;
    let (name, len) = (&source.name, tap.len());
    let messages = arrow::Messages::open(tap, name, &options.limits)?;
    let found = arrow::fields(messages.schema(), name, &options.limits)?;
    if found.is_empty() {
        return Err(Error::malformed(Place::file(name), "it has no columns", "leave it out, or fetch it again"));
    }
    let (names, dtypes): (Vec<_>, Vec<_>) = found.into_iter().map(|f| (f.name, f.dtype)).unzip();
    check_names(&names, name)?;
    let names = unique(names, name, notes);
    let fields = names.into_iter().zip(dtypes).map(|(name, dtype)| Field { name, dtype }).collect();
    Ok(Opened { source: source.clone(), len, fields, body: Body::Arrow { head: messages.head() } })
}

fn open_text(
    source: &SourceFile,
    compression: Compression,
    options: &Options,
    first: Option<&Dialect>,
    notes: &mut Vec<Note>,
) -> Result<Opened, Error> {
    let name = &source.name;
    let len = Tap::open(source, false)?.len();
    let (mut head, whole) = head(source, compression, Encoding::Utf8, options)?;
    let Some(encoding) = options.csv.encoding.or_else(|| csv::sniff_encoding(&head, whole)) else {
        let next = "if it is text, say in which encoding with --encoding";
        return Err(Error::unsupported(Place::file(name), "this does not look like text", next));
    };
    if matches!(encoding, Encoding::Utf16Le | Encoding::Utf16Be) {
        head = self::head(source, compression, encoding, options)?.0;
    }
    if encoding != Encoding::Utf8 && options.csv.encoding.is_none() {
        notes.push(note_encoding(name, encoding));
    }
    let mut dialect = csv::sniff(&head, whole, encoding, &options.csv);
    if let Some(first) = first {
        let Dialect { separator, header, skip_blanks, .. } = *first;
        dialect = Dialect { separator, header, skip_blanks, ..dialect };
    }
    let head = if whole { head } else { first_record(head, source, compression, &dialect, options)? };
    let (names, required) = csv::column_names(&head, &dialect, options.limits.columns, name, notes);
    if names.is_empty() {
        let what = "the file is empty: not even a header";
        return Err(Error::malformed(Place::file(name), what, "leave it out, or fetch it again"));
    }
    if names.len() > options.limits.columns {
        let what = format!("more than {} columns, which is the limit", options.limits.columns);
        return Err(Error::limit(Place::file(name), what, "split the table or raise the limit"));
    }
    check_names(&names, name)?;
    let fields = names.into_iter().map(|name| Field { name, dtype: DataType::Null }).collect();
    Ok(Opened { source: source.clone(), len, fields, body: Body::Text { dialect, required } })
}

/// Longer names than this are data.
pub(crate) const NAME_BYTES: usize = 10_000;

fn check_names(names: &[String], file: &str) -> Result<(), Error> {
    let Some(long) = names.iter().find(|n| n.len() > NAME_BYTES) else { return Ok(()) };
    let what = format!("a column name of {} bytes; the limit is {NAME_BYTES}", long.len());
    Err(Error::limit(Place::file(file), what, "if the file has no header pass --no-header, else mend it"))
}

/// The beginning of a text file, and whether that is all of it.
fn head(
    source: &SourceFile,
    compression: Compression,
    encoding: Encoding,
    options: &Options,
) -> Result<(Vec<u8>, bool), Error> {
    let mut text = Text::new(Tap::open(source, false)?, &source.name, compression, encoding, &options.limits)?;
    let mut head = Vec::new();
    let whole = text.fill(&mut head, HEAD)?;
    Ok((head, whole))
}

/// The beginning of a text file with the whole first record in it, however long that is.
fn first_record(
    head: Vec<u8>,
    source: &SourceFile,
    compression: Compression,
    dialect: &Dialect,
    options: &Options,
) -> Result<Vec<u8>, Error> {
    if csv::holds_record(&head, dialect) {
        return Ok(head);
    }
    let tap = Tap::open(source, false)?;
    let text = Text::new(tap, &source.name, compression, dialect.encoding, &options.limits)?;
    let chunk = Chunks::new(text, &source.name, dialect, &options.limits).next_chunk()?;
    Ok(chunk.map_or(head, |chunk| chunk.bytes))
}

pub(crate) fn note_encoding(file: &str, encoding: Encoding) -> Note {
    Note::new(format!("{file}: not UTF-8, so read as {}; pass --encoding if that is wrong", encoding.name()))
}

/// What the cells of text files are, by their first rows, the files taken as one.
pub(crate) fn infer_cells(
    opened: &[Opened],
    targets: &[Vec<Option<usize>>],
    width: usize,
    missing: &Missing,
    options: &Options,
) -> Result<Vec<CellType>, Error> {
    let mut known: Vec<Option<Guess>> = vec![None; width];
    let mut left = options.infer_rows.max(1);
    for (file, targets) in opened.iter().zip(targets) {
        let (Body::Text { dialect, .. }, Format::Csv(compression)) = (&file.body, file.source.format) else { continue };
        if left == 0 {
            break;
        }
        let blank = Guess::new(dialect.separator, &options.csv);
        let take = |t: &Option<usize>| t.and_then(|t| known[t].clone()).unwrap_or_else(|| blank.clone());
        let mut guesses: Vec<Guess> = targets.iter().map(take).collect();
        let tap = Tap::open(&file.source, false)?;
        let text = Text::new(tap, &file.source.name, compression, dialect.encoding, &options.limits)?;
        let mut chunks = Chunks::new(text, &file.source.name, dialect, &options.limits);
        while let (true, Some(chunk)) = (left > 0, chunks.next_chunk()?) {
            left = left.saturating_sub(csv::infer(&chunk, dialect, missing, &mut guesses));
        }
        for (guess, target) in guesses.into_iter().zip(targets) {
            if let Some(target) = target {
                known[*target] = Some(guess);
            }
        }
    }
    Ok(known.into_iter().map(|g| g.map_or(CellType::Empty, |g| g.cell_type())).collect())
}

/// Whether a file that is not UTF-8 holds no character of UTF-8 beyond ASCII either, so it must be in another encoding
/// rather than damaged.
pub(crate) fn is_single_byte(source: &SourceFile, file: &TextFile, limits: &Limits) -> bool {
    let Format::Csv(compression) = source.format else { return false };
    let scan = || -> Result<bool, Error> {
        let tap = Tap::open(source, false)?;
        let mut chunks = Chunks::new(
            Text::new(tap, &source.name, compression, Encoding::Utf8, limits)?,
            &source.name,
            &file.dialect,
            limits,
        );
        while let Some(chunk) = chunks.next_chunk()? {
            if chunk.bytes.utf8_chunks().any(|c| !c.valid().is_ascii()) {
                return Ok(false);
            }
        }
        Ok(true)
    };
    scan().unwrap_or(false)
}
