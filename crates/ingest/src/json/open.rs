use std::{collections::BTreeSet, sync::Arc};

use super::{
    Flat, RecordChunks, Records,
    fault::{next_for, syntax},
    shape::{Looker, Seen},
    splitter::Layout,
    tree::{Clash, Tree, grow},
};
use crate::{
    Compression, Encoding, Error, Note, Options, SourceFile,
    csv::{self, Text},
    error::Place,
    names::unique,
    tap::Tap,
};

/// A JSON file and how it becomes columns.
#[derive(Debug)]
pub(crate) struct JsonFile {
    pub name: String,
    pub layout: Layout,
    pub encoding: Encoding,
    /// The columns its records become; the same for all JSON files of a dataset.
    pub flats: Arc<Vec<Flat>>,
    pub(super) tree: Arc<Tree>,
    /// Keys of all objects.
    pub(super) keys: usize,
    /// Whether keys that were not seen before are left out, rather than a reason to look again.
    pub(super) lenient: bool,
    pub(super) cell_bytes: usize,
}

/// What all JSON files of a dataset hold.
pub(crate) struct Found {
    /// For each file, how it is read.
    pub files: Vec<JsonFile>,
    pub flats: Arc<Vec<Flat>>,
}

/// Text looked at to find out how a file is written.
const HEAD: usize = 64 << 10;

/// Looks at records of these files: so many of the first, and some of each; all of them if `whole`.
pub(crate) fn look(
    sources: &[(&SourceFile, Compression)],
    options: &Options,
    whole: bool,
    notes: &mut Vec<Note>,
) -> Result<Found, Error> {
    let given = texts_given(options);
    let mut looker = Looker::new(&given, options.limits.columns, crate::open::NAME_BYTES);
    let mut left = options.infer_rows.max(1);
    let mut ways = Vec::with_capacity(sources.len());
    for (file, &(source, compression)) in sources.iter().enumerate() {
        let (layout, encoding) = way(source, compression, options)?;
        let text = Text::new(Tap::open(source, false)?, &source.name, compression, encoding, &options.limits)?;
        let mut chunks = RecordChunks::new(text, &source.name, layout, &options.limits);
        let mut first = true;
        while (whole || left > 0 || first)
            && let Some(chunk) = chunks.next_chunk()?
        {
            see(&mut looker, &chunk, file, source, layout)?;
            left = left.saturating_sub(chunk.spans.len());
            first = false;
        }
        ways.push((layout, encoding));
    }
    let name = |seen: Seen| sources.get(seen.file).map_or("", |(s, _)| s.name.as_str());
    let mut grown = grow(&looker.root).map_err(|clash| clash_error(&clash, name))?;
    let given: BTreeSet<&str> = given.iter().copied().collect();
    for path in grown.mixed.iter().filter(|p| !given.contains(p.as_str())) {
        notes.push(Note::new(format!("key {path:?} holds values of several types, so all are read as text")));
    }
    if grown.flats.is_empty() {
        let what = "there are no records with keys in it, so there is nothing to scan";
        return Err(Error::malformed(Place::file(&sources[0].0.name), what, "leave it out, or fetch it again"));
    }
    let names = unique(grown.flats.iter().map(|f| f.name.clone()).collect(), &sources[0].0.name, notes);
    grown.flats.iter_mut().zip(names).for_each(|(flat, name)| flat.name = name);
    let (flats, tree) = (Arc::new(grown.flats), Arc::new(grown.tree));
    let file = |(&(source, _), (layout, encoding)): (&(&SourceFile, Compression), (Layout, Encoding))| JsonFile {
        name: source.name.clone(),
        layout,
        encoding,
        flats: flats.clone(),
        tree: tree.clone(),
        keys: grown.keys,
        lenient: whole,
        cell_bytes: options.limits.cell_bytes,
    };
    Ok(Found { files: sources.iter().zip(ways).map(file).collect(), flats: flats.clone() })
}

/// Columns given a role for which JSON text will do.
fn texts_given(options: &Options) -> Vec<&str> {
    let roles = &options.roles;
    let one = [&roles.response, &roles.source].into_iter().flatten();
    let many = [&roles.text, &roles.ignore, &roles.id, &roles.categorical].into_iter().flatten();
    one.chain(many).map(String::as_str).collect()
}

fn see(
    looker: &mut Looker<'_>,
    chunk: &Records,
    file: usize,
    source: &SourceFile,
    layout: Layout,
) -> Result<(), Error> {
    let text = utf8(chunk, &source.name, file)?;
    let (mut line, mut counted) = (chunk.first_line, 0);
    for &(start, end) in &chunk.spans {
        line += memchr::memchr_iter(b'\n', &chunk.bytes[counted..start]).count() as u64;
        counted = start;
        looker.at = Seen { file, line };
        looker.see(&text[start..end]).map_err(|fault| {
            let at = Place::file(&source.name).line(line);
            match fault {
                Ok(fault) => fault.into_error(at),
                Err(e) => {
                    let at = Place { line: Some(line + e.line().saturating_sub(1) as u64), ..at };
                    syntax(&e, at, layout == Layout::Lines)
                }
            }
        })?;
    }
    Ok(())
}

/// The text of some records; errs where it is not UTF-8.
pub(super) fn utf8<'a>(records: &'a Records, file: &str, index: usize) -> Result<&'a str, Error> {
    std::str::from_utf8(&records.bytes).map_err(|e| Error::Encoding {
        at: Box::new(Place::file(file).line(records.line_at(e.valid_up_to()))),
        file: index,
        encoding: "UTF-8".to_owned(),
        next: "JSON must be; convert the file, or mend the line".to_owned(),
    })
}

fn clash_error<'a>(clash: &Clash, name: impl Fn(Seen) -> &'a str) -> Error {
    let first = if clash.first.file == clash.at.file {
        format!("line {}", clash.first.line)
    } else {
        format!("{}, line {},", name(clash.first), clash.first.line)
    };
    let what = format!("{} where {first} holds {}", clash.found, clash.before);
    let at = Place::file(name(clash.at)).line(clash.at.line).column(&clash.path);
    Error::schema(at, what, next_for(&clash.path))
}

/// How a file is written.
fn way(source: &SourceFile, compression: Compression, options: &Options) -> Result<(Layout, Encoding), Error> {
    let text = |encoding| Text::new(Tap::open(source, false)?, &source.name, compression, encoding, &options.limits);
    let mut head = Vec::new();
    let whole = text(Encoding::Utf8)?.fill(&mut head, HEAD)?;
    let encoding = match csv::sniff_encoding(&head, whole) {
        Some(encoding @ (Encoding::Utf16Le | Encoding::Utf16Be)) => encoding,
        _ => Encoding::Utf8,
    };
    if encoding.is_utf16() {
        head.clear();
        text(encoding)?.fill(&mut head, HEAD)?;
    }
    let array = head.trim_ascii_start().first() == Some(&b'[');
    Ok((if array { Layout::Array } else { Layout::Lines }, encoding))
}

/// Whether a text begins like JSON records do.
pub(crate) fn begins_with_value(head: &[u8]) -> bool {
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    matches!(head.trim_ascii_start(), [b'{' | b'[', ..])
}
