//! From files to a plan: what columns each has, and how they become those of one dataset.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use polars::prelude::DataType;
use taster_core::{Kind, Role};

use crate::{
    Compression, CsvOptions, Dataset, Encoding, Error, Format, Limits, Note, Options, SourceFile,
    csv::{self, CellType, Chunks, Dialect, Guess, Missing, Seen, Text, TextFile},
    error::{Place, shown},
    field::{Field, kind, unify},
    names::unique,
    parquet::Footer,
    pieces::digest,
    plan::{FilePlan, How, Plan},
    tap::Tap,
};

/// A file that was looked into.
pub(crate) struct Opened {
    source: SourceFile,
    len: u64,
    /// Its columns; those of text files have no type yet.
    fields: Vec<Field>,
    body: Body,
}

enum Body {
    Parquet { tail: taster_core::Digest, rows: u64 },
    Text { dialect: Dialect, required: usize },
}

/// Text looked at to find out how a file is written.
const HEAD: usize = 1 << 20;

pub(crate) fn open_all(files: &[SourceFile], options: &Options, notes: &mut Vec<Note>) -> Result<Vec<Opened>, Error> {
    let mut first: Option<Dialect> = None;
    files
        .iter()
        .map(|source| match source.format {
            Format::Parquet => open_parquet(source, options, notes),
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

fn open_parquet(source: &SourceFile, options: &Options, notes: &mut Vec<Note>) -> Result<Opened, Error> {
    let mut tap = Tap::open(source, false)?;
    let footer = Footer::read(&mut tap, &source.name, &options.limits)?;
    let body = Body::Parquet { tail: digest(&footer.tail), rows: footer.rows() };
    // Flattening can make two columns of one name.
    let (names, dtypes): (Vec<_>, Vec<_>) = footer.fields.into_iter().map(|f| (f.name, f.dtype)).unzip();
    let names = unique(names, &source.name, notes);
    let fields = names.into_iter().zip(dtypes).map(|(name, dtype)| Field { name, dtype }).collect();
    Ok(Opened { source: source.clone(), len: tap.len(), fields, body })
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
    let (names, required) = csv::column_names(&head, &dialect, name, notes);
    if names.is_empty() {
        let what = "the file is empty: not even a header";
        return Err(Error::malformed(Place::file(name), what, "leave it out, or fetch it again"));
    }
    if names.len() > options.limits.columns {
        let what = format!("{} columns; the limit is {}", names.len(), options.limits.columns);
        return Err(Error::limit(Place::file(name), what, "split the table or raise the limit"));
    }
    let fields = names.into_iter().map(|name| Field { name, dtype: DataType::Null }).collect();
    Ok(Opened { source: source.clone(), len, fields, body: Body::Text { dialect, required } })
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

/// The plan of a dataset: all files must have the same columns, in any order.
pub(crate) fn plan(opened: Vec<Opened>, options: &Options, notes: &mut Vec<Note>) -> Result<Plan, Error> {
    let mut fields: Vec<Field> = opened[0].fields.clone();
    let hive = partition_fields(&opened, &mut fields, notes)?;
    for file in &opened[1..] {
        same_columns(&opened[0], file)?;
    }
    let places: BTreeMap<&str, usize> = fields.iter().enumerate().map(|(i, f)| (f.name.as_str(), i)).collect();
    let place = |f: &Field| places.get(f.name.as_str()).copied();
    let targets: Vec<Vec<Option<usize>>> = opened.iter().map(|file| file.fields.iter().map(place).collect()).collect();
    unify_parquet(&opened, &targets, &mut fields)?;
    let missing = Arc::new(Missing::new(&options.csv.missing));
    let mut cells = infer_cells(&opened, &targets, fields.len(), &missing, options)?;
    if opened.iter().any(|f| matches!(f.body, Body::Text { .. })) {
        unify_cells(&opened, &mut fields, &mut cells, hive)?;
    }
    let dims = vec![None; fields.len()];
    let files = file_plans(opened, targets, &fields[hive..], hive, &missing, options);
    Ok(Plan { fields, cells, dims, files, limits: options.limits.clone() })
}

/// Adds a column for each `key=value` folder; gives the index of the first.
fn partition_fields(opened: &[Opened], fields: &mut Vec<Field>, notes: &mut Vec<Note>) -> Result<usize, Error> {
    let hive = fields.len();
    let keys = |file: &Opened| file.source.partition.iter().map(|(k, _)| k.clone()).collect::<Vec<_>>();
    let first = keys(&opened[0]);
    for file in opened {
        if keys(file) != first {
            let what = format!("its folders name {:?}, those of {} {first:?}", keys(file), opened[0].source.name);
            return Err(Error::schema(Place::file(&file.source.name), what, "lay out all files in the same folders"));
        }
    }
    for (i, key) in first.iter().enumerate() {
        if fields.iter().any(|f| f.name == *key) {
            notes.push(Note::new(format!("column {key:?} is read from the files, not from their folders' names")));
            continue;
        }
        let values = || opened.iter().filter_map(|f| f.source.partition[i].1.as_deref());
        let whole = values().all(|v| v.parse::<i64>().is_ok_and(|n| n.to_string() == v));
        let dtype = if whole { DataType::Int64 } else { DataType::String };
        fields.push(Field { name: key.clone(), dtype });
    }
    Ok(hive)
}

fn same_columns(first: &Opened, file: &Opened) -> Result<(), Error> {
    let next = "give files of the same columns, or scan them one by one";
    let lacks = |a: &Opened, b: &Opened| {
        let names: BTreeSet<&str> = b.fields.iter().map(|f| f.name.as_str()).collect();
        a.fields.iter().find(|f| !names.contains(f.name.as_str())).map(|f| f.name.clone())
    };
    if let Some(name) = lacks(first, file) {
        let what = format!("there is no such column here, but {} has it", first.source.name);
        return Err(Error::schema(Place::file(&file.source.name).column(&name), what, next));
    }
    if let Some(name) = lacks(file, first) {
        let what = format!("{} does not have this column", first.source.name);
        return Err(Error::schema(Place::file(&file.source.name).column(&name), what, next));
    }
    Ok(())
}

fn unify_parquet(opened: &[Opened], targets: &[Vec<Option<usize>>], fields: &mut [Field]) -> Result<(), Error> {
    for (file, targets) in opened.iter().zip(targets) {
        for (field, target) in file.fields.iter().zip(targets) {
            let Some(common) = target.map(|t| &mut fields[t]) else { continue };
            let unified = unify(&common.dtype, &field.dtype);
            common.dtype = unified.ok_or_else(|| mixed(file, &field.name, &field.dtype, &common.dtype))?;
        }
    }
    Ok(())
}

fn mixed(file: &Opened, column: &str, here: &DataType, before: &DataType) -> Error {
    let name = |d: &DataType| kind(d).map_or_else(|| d.to_string(), |k| k.to_string());
    let (here, before) = (name(here), name(before));
    let what = format!("the column is {here} here, but {before} in other files");
    Error::schema(Place::file(&file.source.name).column(column), what, "store it with the same type in every file")
}

/// What the cells of text files are, by their first rows, the files taken as one.
fn infer_cells(
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

/// Gives the columns of text files types that those of Parquet files agree with.
fn unify_cells(opened: &[Opened], fields: &mut [Field], cells: &mut [CellType], hive: usize) -> Result<(), Error> {
    let parquet = opened.iter().any(|f| matches!(f.body, Body::Parquet { .. }));
    let text = opened.iter().find(|f| matches!(f.body, Body::Text { .. })).unwrap_or(&opened[0]);
    for (field, cell) in fields.iter_mut().zip(cells).take(hive) {
        if !parquet {
            field.dtype = cell.dtype();
            continue;
        }
        let stored = kind(&field.dtype).unwrap_or(Kind::Null);
        *cell = fit(*cell, &stored).ok_or_else(|| mixed(text, &field.name, &cell.dtype(), &field.dtype))?;
        let unified = unify(&field.dtype, &cell.dtype());
        field.dtype = unified.ok_or_else(|| mixed(text, &field.name, &cell.dtype(), &field.dtype))?;
    }
    Ok(())
}

/// How cells that look like `cell` are parsed to be of this kind.
fn fit(cell: CellType, kind: &Kind) -> Option<CellType> {
    Some(match (cell, kind) {
        (_, Kind::String) => CellType::Text,
        (CellType::Empty, Kind::Int) => CellType::Int(csv::PLAIN),
        (CellType::Empty, Kind::Float | Kind::Decimal { .. }) => CellType::Float(csv::PLAIN),
        (CellType::Int(digits), Kind::Float) => CellType::Float(digits),
        (CellType::Empty, Kind::Bool) => CellType::Bool,
        (CellType::Empty, Kind::Date) => CellType::Date,
        (CellType::Empty, Kind::Timestamp { zone }) => CellType::Timestamp { zoned: zone.is_some() },
        (cell, Kind::Null) => cell,
        (CellType::Float(_), Kind::Int) => cell,
        (cell, kind) if cell.kind() == *kind => cell,
        _ => return None,
    })
}

fn file_plans(
    opened: Vec<Opened>,
    targets: Vec<Vec<Option<usize>>>,
    partition: &[Field],
    hive: usize,
    missing: &Arc<Missing>,
    options: &Options,
) -> Vec<FilePlan> {
    let plans = opened.into_iter().zip(targets).map(|(file, targets)| {
        let value = |f: &Field| file.source.partition.iter().find(|(k, _)| *k == f.name).and_then(|(_, v)| v.clone());
        let constants = partition.iter().enumerate().map(|(i, f)| (hive + i, value(f))).collect();
        let how = match file.body {
            Body::Parquet { tail, rows } => How::Parquet { targets, tail, rows },
            Body::Text { dialect, required } => How::Text(Arc::new(TextFile {
                name: file.source.name.clone(),
                dialect,
                width: targets.len(),
                required,
                targets,
                ragged: options.csv.ragged,
                missing: missing.clone(),
                limits: options.limits.clone(),
                seen: Seen::default(),
            })),
        };
        FilePlan { source: file.source, len: file.len, how, constants }
    });
    plans.collect()
}

/// The plan of a reference: the columns are those of `like`.
pub(crate) fn plan_like(
    opened: Vec<Opened>,
    options: &Options,
    like: &Dataset,
    notes: &mut Vec<Note>,
) -> Result<Plan, Error> {
    let columns = &like.schema().columns;
    let mut fields = like.plan().fields.clone();
    let mut targets = Vec::with_capacity(opened.len());
    let places: BTreeMap<&str, usize> = columns.iter().enumerate().map(|(i, c)| (c.name.as_str(), i)).collect();
    for file in &opened {
        let found: Vec<Option<usize>> = file.fields.iter().map(|f| places.get(f.name.as_str()).copied()).collect();
        like_columns(file, &found, like, notes)?;
        targets.push(found);
    }
    let missing = Arc::new(Missing::new(&options.csv.missing));
    let mut cells = infer_cells(&opened, &targets, fields.len(), &missing, options)?;
    // For each file and each column of `like`, the file's own.
    let own: Vec<BTreeMap<usize, usize>> =
        targets.iter().map(|t| t.iter().enumerate().filter_map(|(i, t)| Some(((*t)?, i))).collect()).collect();
    for (i, field) in fields.iter_mut().enumerate() {
        let free = matches!(columns[i].role, Role::Ignored | Role::Id);
        *field = like_field(field, i, free, &opened, &own, &mut cells)?;
    }
    let partition = |f: &Opened, name: &str| f.source.partition.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone());
    let constants: Vec<Vec<(usize, Option<String>)>> = opened
        .iter()
        .map(|f| columns.iter().enumerate().filter_map(|(i, c)| Some((i, partition(f, &c.name)?))).collect())
        .collect();
    let dims = like.plan().dims.clone();
    let mut files = file_plans(opened, targets, &[], 0, &missing, options);
    for (file, constants) in files.iter_mut().zip(constants) {
        file.constants = constants;
    }
    Ok(Plan { fields, cells, dims, files, limits: options.limits.clone() })
}

/// Every feature must be here; what else is missing or superfluous is noted.
fn like_columns(file: &Opened, found: &[Option<usize>], like: &Dataset, notes: &mut Vec<Note>) -> Result<(), Error> {
    let name = &file.source.name;
    let found_ones: BTreeSet<usize> = found.iter().copied().flatten().collect();
    for (i, column) in like.schema().columns.iter().enumerate() {
        let here = found_ones.contains(&i) || file.source.partition.iter().any(|(k, _)| *k == column.name);
        if !here && column.role.is_feature() {
            let what = "the reference lacks this column, which is a feature of the data to scan";
            let next = "give a reference with the same columns, or pass --ignore for the column";
            return Err(Error::schema(Place::file(name).column(&column.name), what, next));
        }
        if !here {
            notes.push(Note::new(format!("{name}: column {:?} is not here, and counts as missing", column.name)));
        }
    }
    let extra: Vec<&str> =
        file.fields.iter().zip(found).filter(|(_, t)| t.is_none()).map(|(f, _)| f.name.as_str()).collect();
    if !extra.is_empty() {
        notes.push(Note::new(format!("{name}: not in the data to scan, so left out: {}", shown(&extra.join(", ")))));
    }
    Ok(())
}

/// How a reference's column is held: as one of the same kind, or numbers as numbers.
fn like_field(
    field: &Field,
    index: usize,
    free: bool,
    opened: &[Opened],
    own: &[BTreeMap<usize, usize>],
    cells: &mut [CellType],
) -> Result<Field, Error> {
    let wanted = kind(&field.dtype).unwrap_or(Kind::Null);
    let mut dtype = if wanted == Kind::Null || free { DataType::Null } else { field.dtype.clone() };
    for (file, own) in opened.iter().zip(own) {
        let Some(own) = own.get(&index).map(|&i| &file.fields[i]) else { continue };
        let differs = |here: &DataType| mixed(file, &field.name, here, &field.dtype);
        let here = match file.body {
            Body::Parquet { .. } => own.dtype.clone(),
            Body::Text { .. } => {
                let fitted = if free { Some(cells[index]) } else { fit(cells[index], &wanted) };
                cells[index] = fitted.ok_or_else(|| differs(&cells[index].dtype()))?;
                cells[index].dtype()
            }
        };
        dtype = unify(&dtype, &here).ok_or_else(|| differs(&here))?;
    }
    Ok(Field { name: field.name.clone(), dtype })
}

/// A type that holds what `cells` does and this cell too; text only if `textual`.
pub(crate) fn wider(
    cells: CellType,
    text: &[u8],
    textual: bool,
    separator: u8,
    options: &CsvOptions,
) -> Option<CellType> {
    let alone = || {
        let mut guess = Guess::new(separator, options);
        guess.see(text);
        guess.cell_type()
    };
    match (cells, alone()) {
        (CellType::Text, _) => None,
        (CellType::Empty, alone) => Some(alone),
        (CellType::Int(digits), _) if digits.float(text).is_some() => Some(CellType::Float(digits)),
        // Plain whole numbers are written alike whatever groups digits or begins the fraction.
        (CellType::Int(csv::PLAIN), number @ (CellType::Int(_) | CellType::Float(_))) => Some(number),
        (CellType::Float(csv::PLAIN), CellType::Int(digits) | CellType::Float(digits)) if digits.decimal == b'.' => {
            Some(CellType::Float(digits))
        }
        _ => textual.then_some(CellType::Text),
    }
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
