use std::{borrow::Cow, sync::atomic::Ordering};

use polars::prelude::Series;

use super::{
    CellType, Chunk, TextFile,
    build::{Builder, Misfit},
    cells::Cells,
};
use crate::{
    Encoding, Error, Ragged,
    error::{Place, shown},
};

/// The text in UTF-8, or as it is where it claims to be that already.
pub(super) fn to_utf8(bytes: &[u8], encoding: Encoding) -> Cow<'_, [u8]> {
    if encoding != Encoding::Windows1252 || bytes.is_ascii() {
        return Cow::Borrowed(bytes);
    }
    match encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes).0 {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    }
}

/// Why a record could not be taken in.
enum Problem {
    /// This field of the record does not fit its column.
    Misfit(usize, Misfit),
    /// A field of this many bytes.
    Long(usize, usize),
    /// This many fields.
    Ragged(usize),
}

/// A column of the dataset: its name and what its cells are.
pub(crate) type Target<'a> = (&'a str, CellType);

/// Parses the rows of a chunk. `targets` are the dataset's columns; one that the file lacks comes out as missing values.
pub(crate) fn decode(
    chunk: &Chunk,
    file: &TextFile,
    targets: &[Target<'_>],
    index: usize,
) -> Result<Vec<Series>, Error> {
    let text = to_utf8(&chunk.bytes, file.dialect.encoding);
    let rows = chunk.rows as usize;
    let mut table = Table {
        file,
        builders: targets.iter().map(|&(_, cell_type)| Builder::new(cell_type, rows)).collect(),
        scratch: Vec::new(),
    };
    let mut cells = Cells::new(&text, &file.dialect);
    if chunk.header && cells.next_record() {
        while !cells.cell().last {}
    }
    let mut done = 0;
    while cells.next_record() {
        let start = cells.position();
        table.record(&mut cells).map_err(|problem| {
            let line = chunk.first_line + memchr::memchr_iter(file.dialect.newline, &text[..start]).count() as u64;
            table_error(problem, &text[start..cells.position()], file, targets, line, index)
        })?;
        done += 1;
    }
    if done != rows {
        let at = Place::file(&file.name).line(chunk.first_line);
        let what = format!("{done} records where {rows} were found before");
        return Err(Error::malformed(at, what, "please report this file: taster should not do that"));
    }
    finish(table.builders, targets, file)
}

fn finish(builders: Vec<Builder>, targets: &[Target<'_>], file: &TextFile) -> Result<Vec<Series>, Error> {
    let series = builders.into_iter().zip(targets).map(|(builder, (name, _))| builder.finish(name));
    series.collect::<Result<_, _>>().map_err(|e| {
        Error::malformed(
            Place::file(&file.name),
            shown(&e.to_string()),
            "please report this file: taster should not do that",
        )
    })
}

struct Table<'a> {
    file: &'a TextFile,
    builders: Vec<Builder>,
    scratch: Vec<u8>,
}

impl Table<'_> {
    #[inline]
    fn record(&mut self, cells: &mut Cells<'_>) -> Result<(), Problem> {
        let file = self.file;
        let mut field = 0;
        let mut surplus = false;
        loop {
            let raw = cells.cell();
            if raw.bytes.len() > file.limits.cell_bytes {
                return Err(Problem::Long(field, raw.bytes.len()));
            }
            let cell = raw.text(file.dialect.quote, &mut self.scratch);
            match file.targets.get(field) {
                Some(Some(target)) => {
                    let pushed = self.builders[*target].push(cell, &file.missing);
                    pushed.map_err(|misfit| Problem::Misfit(field, misfit))?;
                }
                Some(None) => {}
                None => surplus |= !cell.trim_ascii().is_empty(),
            }
            field += 1;
            if raw.last {
                break;
            }
        }
        if field == file.width { Ok(()) } else { self.ragged(field, surplus) }
    }

    /// A record of another number of fields.
    #[cold]
    fn ragged(&mut self, fields: usize, surplus: bool) -> Result<(), Problem> {
        let file = self.file;
        let fits = if fields > file.width { !surplus } else { fields >= file.required };
        if !fits && file.ragged == Ragged::Refuse {
            return Err(Problem::Ragged(fields));
        }
        for target in file.targets.iter().skip(fields).flatten() {
            self.builders[*target].push_missing();
        }
        let count = if fits { &file.seen.surplus } else { &file.seen.filled };
        if !fits || fields > file.width {
            count.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

fn table_error(
    problem: Problem,
    record: &[u8],
    file: &TextFile,
    targets: &[Target<'_>],
    line: u64,
    index: usize,
) -> Error {
    let target = |field: usize| file.targets.get(field).copied().flatten();
    let name = |field: usize| target(field).map_or("", |t| targets[t].0);
    let at = Place::file(&file.name).line(line);
    match problem {
        Problem::Ragged(fields) => {
            let what = format!("{fields} fields, where the first record has {}", file.width);
            let next = "mend the line, or pass --ragged fill to fill up with missing values; if the separator was \
                        guessed wrong, pass --separator";
            Error::malformed(at, what, next)
        }
        Problem::Long(field, bytes) => {
            let what = format!("a cell of {bytes} bytes; the limit is {}", file.limits.cell_bytes);
            let next = "if a quote before it is text pass --quote none; else leave such rows out or raise the limit";
            Error::limit(at.column(name(field)), what, next)
        }
        Problem::Misfit(field, Misfit::NotUtf8) => Error::Encoding {
            at: Box::new(at.column(name(field))),
            file: index,
            encoding: file.dialect.encoding.name().to_owned(),
            next: "pass --encoding windows-1252, or mend the line".to_owned(),
        },
        Problem::Misfit(field, Misfit::Value) => {
            let column = target(field).unwrap_or_default();
            let text = cell_text(record, field, file);
            let next = format!(
                "if it means \"no value\" pass --missing {text:?}; if the column is text pass --categorical {0} or \
                 --text {0}",
                name(field)
            );
            let kind = targets.get(column).map_or(CellType::Text, |t| t.1).kind();
            Error::Value { at: Box::new(at.column(name(field))), index: column, text, kind, next }
        }
    }
}

/// The text of one field of a record, for a message.
fn cell_text(record: &[u8], field: usize, file: &TextFile) -> String {
    let mut cells = Cells::new(record, &file.dialect);
    let mut scratch = Vec::new();
    for _ in 0..field {
        cells.cell();
    }
    shown(String::from_utf8_lossy(cells.cell().text(file.dialect.quote, &mut scratch)).trim())
}
