//! Making profiles: of data, and of other profiles.

use std::{
    path::{Path, PathBuf},
    thread::available_parallelism,
};

use taster_core::{Key, Role, Schema};
use taster_ingest::{Dataset, Encoder, Frame, Options, Piece, Roles};
use taster_provenance::{Signer, VerifyingKey};
use taster_report::write_whole;

use super::{
    LoadedProfile, Profile,
    file::{ProfiledFile, encoded},
    observe::Profiler,
};
use crate::{
    Config, Error, Phase, Progress,
    passes::{Limits, Output, decoded, read, run},
    plan::options,
    scan::random_seed,
    spared::spared,
};

/// What to profile, and how.
pub struct ProfileRequest {
    /// Files, folders and globs that make up the dataset.
    pub inputs: Vec<String>,
    /// Where to write the profile.
    pub out: PathBuf,
    /// A profile whose columns, roles and seed to take over, so that the two can be merged.
    pub like: Option<PathBuf>,
    /// Whether to keep a sample of whole rows.
    pub rows: bool,
    /// Seed of the hashes; drawn at random where left out.
    pub seed: Option<u64>,
    /// Worker threads; 0 for one per core.
    pub threads: usize,
    /// Bytes of data that may be in flight at once.
    pub memory: usize,
    /// Rows in a batch.
    pub batch_rows: usize,
    /// Keys to sign the profile with.
    pub keys: Vec<Box<dyn Signer>>,
    /// Roles of columns and how CSV is read.
    pub config: Config,
}

/// Profiles to be made one.
pub struct MergeRequest {
    /// The profiles.
    pub profiles: Vec<PathBuf>,
    /// Where to write the profile of all.
    pub out: PathBuf,
    /// Keys of which one must have signed every profile; empty to trust them as they are.
    pub trusted: Vec<VerifyingKey>,
    /// Keys to sign it with.
    pub keys: Vec<Box<dyn Signer>>,
}

/// Profiles a dataset and writes the profile.
pub fn profile(request: &ProfileRequest, progress: &dyn Progress) -> Result<Profile, Error> {
    progress.begin(Phase::Plan, None);
    let like = request.like.as_deref().map(LoadedProfile::read).transpose()?;
    let mut options = options(&request.config.dataset)?;
    options.whole_json = true;
    let mut dataset = match &like {
        Some(like) => open_like(&request.inputs, &options, &like.profile)?,
        None => Dataset::open(&request.inputs, &options)?,
    };
    spared(&request.out, &dataset)?;
    let seed = match (&like, request.seed) {
        (Some(like), _) => like.profile.seed,
        (None, Some(seed)) => seed,
        (None, None) => random_seed()?,
    };
    let sampled = like.as_ref().map_or(request.rows, |like| request.rows && like.profile.sample.is_some());
    progress.begin(Phase::Observe, Some(dataset.bytes()));
    let (profile, files) = loop {
        match observed(&dataset, seed, sampled, request, progress) {
            Err(Error::Ingest(error)) if dataset.widen(&error) => {}
            done => break done?,
        }
    };
    if let Some(like) = &like {
        alike(&like.profile, &profile).map_err(|problem| Error::Profiles { problem })?;
    }
    write(&request.out, &encoded(&profile, &files, &request.keys)?)?;
    Ok(profile)
}

/// Opens a dataset in the roles of a profile.
fn open_like(inputs: &[String], options: &Options, profile: &Profile) -> Result<Dataset, Error> {
    let dataset = Dataset::open(inputs, options)?;
    match with_roles(&options.roles, dataset.schema(), profile) {
        Some(roles) => Ok(Dataset::open(inputs, &Options { roles, ..options.clone() })?),
        None => Ok(dataset),
    }
}

/// The roles given, and those of the profile's columns that were inferred otherwise here; `None` where there are none.
pub(crate) fn with_roles(given: &Roles, schema: &Schema, profile: &Profile) -> Option<Roles> {
    let mut roles = given.clone();
    let mut changed = false;
    for column in &schema.columns {
        let Some(theirs) = profile.column(&column.name).map(|c| c.column.role) else { continue };
        if theirs == column.role || column.why.starts_with("given as ") {
            continue;
        }
        changed = true;
        let name = column.name.clone();
        match theirs {
            Role::Label => roles.label = Some(name),
            Role::Source => roles.source = Some(name),
            Role::Time => roles.time = Some(name),
            Role::Response => roles.response = Some(name),
            Role::Id => roles.id.push(name),
            Role::Text => roles.text.push(name),
            Role::Embedding => roles.embedding.push(name),
            Role::Numeric => roles.numeric.push(name),
            Role::Categorical => roles.categorical.push(name),
            Role::Probabilities => roles.probabilities.push(name),
            Role::Ignored => roles.ignore.push(name),
        }
    }
    changed.then_some(roles)
}

/// Reads a dataset once.
fn observed(
    dataset: &Dataset,
    seed: u64,
    sampled: bool,
    request: &ProfileRequest,
    progress: &dyn Progress,
) -> Result<(Profile, Vec<ProfiledFile>), Error> {
    let threads = match request.threads {
        0 => available_parallelism().map_or(1, std::num::NonZero::get),
        n => n,
    };
    let limits = Limits { threads, bytes: request.memory / 2, batch_rows: request.batch_rows.max(1) };
    let encoder = Encoder::new(dataset, Key::new(seed));
    let mut files = Vec::new();
    let take = |profiler: &mut Profiler, frame: Frame| {
        let mut batch = encoder.encode(&frame, &[]);
        if sampled {
            batch.table.row_keys = encoder.content_keys(&batch.table);
        }
        profiler.observe(&batch);
    };
    let profilers = run(
        read(dataset),
        limits,
        progress,
        || Profiler::new(dataset.schema(), seed, sampled),
        |profiler: &mut Profiler, piece: Piece| {
            decoded(piece, limits.batch_rows)?.for_each(|frame| take(profiler, frame));
            Ok(())
        },
        |output| {
            if let Output::FileEnd(end) = output {
                let name = dataset.files()[end.file].name.clone();
                files.push(ProfiledFile { name, bytes: end.bytes, sha256: end.sha256, rows: end.rows });
            }
            Ok(())
        },
    )?;
    let merged = profilers.into_iter().reduce(|mut mine, theirs| {
        mine.merge(theirs);
        mine
    });
    Ok((merged.ok_or(Error::Worker("profiling"))?.finish(), files))
}

/// Makes one profile of several, and writes it.
pub fn merge_profiles(request: &MergeRequest) -> Result<Profile, Error> {
    let read = |path: &Path| -> Result<LoadedProfile, Error> {
        let loaded = LoadedProfile::read(path)?;
        if !request.trusted.is_empty() {
            loaded.verified(&request.trusted)?;
        }
        Ok(loaded)
    };
    let mut paths = request.profiles.iter();
    let first = read(paths.next().ok_or(Error::Profiles { problem: "there are none".into() })?)?;
    let (mut merged, mut files) = (first.profile, first.files);
    for path in paths {
        let next = read(path)?;
        alike(&merged, &next.profile)
            .map_err(|problem| Error::Profiles { problem: format!("{}: {problem}", path.display()) })?;
        let mut profiler = Profiler::resumed(merged);
        profiler.merge(Profiler::resumed(next.profile));
        merged = profiler.finish();
        files.extend(next.files);
    }
    files.sort_by(|a, b| (&a.name, a.sha256).cmp(&(&b.name, b.sha256)));
    write(&request.out, &encoded(&merged, &files, &request.keys)?)?;
    Ok(merged)
}

/// Why two profiles cannot be merged.
fn alike(a: &Profile, b: &Profile) -> Result<(), String> {
    if a.seed != b.seed {
        return Err("its seed is another; profile every part with --like FIRST or with the same --seed".into());
    }
    if a.sample.is_some() != b.sample.is_some() {
        return Err("one has whole rows and the other has not; profile both with --no-rows or both without".into());
    }
    a.rows.checked_add(b.rows).ok_or("together they are more rows than can be counted")?;
    let names = |p: &Profile| p.columns.iter().map(|c| (c.column.name.clone(), c.column.role)).collect::<Vec<_>>();
    let (ours, theirs) = (names(a), names(b));
    let differs = ours.iter().zip(&theirs).find(|(a, b)| a != b);
    match differs {
        _ if ours.len() != theirs.len() => Err(format!("{} columns and {}", ours.len(), theirs.len())),
        Some(((name, role), (other, other_role))) => Err(format!(
            "column {name:?} ({role}) and column {other:?} ({other_role}) are not the same; profile every part with --like \
             FIRST"
        )),
        None => same_encoding(a, b),
    }
}

/// Columns of one role may still be encoded in two ways.
fn same_encoding(a: &Profile, b: &Profile) -> Result<(), String> {
    use super::Sketch;
    use std::mem::discriminant;
    for (i, (mine, theirs)) in a.columns.iter().zip(&b.columns).enumerate() {
        let sketches = matches!(mine.sketch, Sketch::Nothing)
            || matches!(theirs.sketch, Sketch::Nothing)
            || discriminant(&mine.sketch) == discriminant(&theirs.sketch);
        let rows = a.sample.as_ref().zip(b.sample.as_ref());
        let values = rows.is_none_or(|(a, b)| match (&a.table.columns[i], &b.table.columns[i]) {
            (taster_core::Values::Embedding(a), taster_core::Values::Embedding(b)) => a.dim == b.dim,
            (a, b) => discriminant(a) == discriminant(b),
        });
        if !sketches || !values {
            return Err(format!("column {:?} is not encoded alike", mine.column.name));
        }
    }
    Ok(())
}

/// Writes a file whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let problem = |e: std::io::Error| Error::Profile { path: path.display().to_string(), problem: e.to_string() };
    write_whole(path, bytes).map_err(problem)
}
