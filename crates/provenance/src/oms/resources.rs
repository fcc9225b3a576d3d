use sha2::{Digest as _, Sha256};
use taster_core::Digest;

use super::{
    Method, Serialization,
    walk::{Found, SINGLE},
};
use crate::{
    Error,
    many::{Part, sha256_of_parts},
};

/// A file, or a shard of one, and its digest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resource {
    /// The file's path below the root, and for a shard `:START:END` after it.
    pub name: String,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
}

/// A file's path and the bytes a resource covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    pub file: &'a Found,
    /// None for the whole file.
    pub range: Option<(u64, u64)>,
}

impl<'a> Piece<'a> {
    pub fn name(&self) -> String {
        match self.range {
            None => self.file.name.clone(),
            Some((start, end)) => format!("{}:{start}:{end}", self.file.name),
        }
    }

    fn part(&self) -> Part<'a> {
        let (start, end) = self.range.map_or((0, None), |(start, end)| (start, Some(end)));
        Part { path: &self.file.path, start, end }
    }
}

/// The pieces of these files. An empty file has no shard.
pub(super) fn pieces<'a>(files: &[&'a Found], method: Method) -> Vec<Piece<'a>> {
    match method {
        Method::Files => files.iter().map(|file| Piece { file, range: None }).collect(),
        Method::Shards(size) => files.iter().flat_map(|file| shards(file, size)).collect(),
    }
}

fn shards(file: &Found, size: u64) -> impl Iterator<Item = Piece<'_>> {
    let starts = (0..file.bytes.div_ceil(size)).map(move |i| i * size);
    starts.map(move |start| Piece { file, range: Some((start, start.saturating_add(size).min(file.bytes))) })
}

/// Hashes every piece, in parallel; in the order of the pieces.
pub(super) fn hash(pieces: &[Piece<'_>]) -> Vec<Result<Resource, Error>> {
    let parts: Vec<_> = pieces.iter().map(Piece::part).collect();
    let resource = |(piece, sha256): (&Piece<'_>, Result<_, _>)| Ok(Resource { name: piece.name(), sha256: sha256? });
    pieces.iter().zip(sha256_of_parts(&parts)).map(resource).collect()
}

/// SHA-256 over the digests, in order: what stands for the whole.
pub(super) fn root_digest(resources: &[Resource]) -> Digest {
    let mut hash = Sha256::new();
    for resource in resources {
        hash.update(resource.sha256.0);
    }
    Digest(hash.finalize().into())
}

/// The file a resource is of.
pub(super) fn file_of<'a>(name: &'a str, serialization: &Serialization) -> Option<&'a str> {
    match serialization.method {
        Method::Files => Some(name),
        Method::Shards(_) => shard_of(name).map(|(file, _)| file),
    }
}

/// The file and the bytes that a shard is of. A file's name may hold colons, so only the last two are looked at.
pub(super) fn shard_of(name: &str) -> Option<(&str, (u64, u64))> {
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    let (rest, end) = name.rsplit_once(':')?;
    let (file, start) = rest.rsplit_once(':')?;
    Some((file, (number(start)?, number(end)?)))
}

/// Whether this is a path that a walk could give: relative, without `.` and `..`.
pub(super) fn is_plain(file: &str) -> bool {
    file == SINGLE || (!file.is_empty() && file.split('/').all(|part| !matches!(part, "" | "." | "..")))
}
