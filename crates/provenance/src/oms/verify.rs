use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use taster_core::Digest;

use super::{
    Anchors, Bundle, Material, Method,
    resources::{Piece, file_of, hash, pieces},
    sign::hint,
    statement::Signed,
    walk::{Found, SINGLE, Walk, below, walk},
};
use crate::{Check, Error, SignatureCheck, Status, Verification, VerifyingKey};

/// Whose word is taken for a bundle.
#[derive(Clone, Copy, Debug)]
pub enum OmsTrust<'a> {
    /// One of these keys must have signed it, by the `key` method.
    Keys(&'a [VerifyingKey]),
    /// A certificate that these lead to must have signed it, by the `certificate` method.
    Certificates(&'a Anchors),
    /// Nobody's: only digests are checked. A bundle must be well-formed all the same, and so have a signature.
    Unsigned,
}

/// What is let pass that was not signed.
#[derive(Clone, Debug, Default)]
pub struct Leniency {
    /// Paths below the root that are not looked at, beside those the bundle leaves out.
    pub ignore_paths: Vec<String>,
    /// Files that the bundle does not list are no reason to fail.
    pub ignore_unsigned_files: bool,
}

/// Checks a bundle: its signature, and every file below `root`, a folder or one file. Without a root, no file is checked.
///
/// Nothing in the statement is looked at before its signature is verified, and no key or certificate in the bundle is
/// trusted by itself.
///
/// Errs where the bundle or the root cannot be read, or the statement is not of OMS v1.0. Files that differ or cannot be
/// read are no error but in the result, which then does not hold.
pub fn verify(
    path: &Path,
    trust: OmsTrust<'_>,
    root: Option<&Path>,
    leniency: &Leniency,
) -> Result<Verification, Error> {
    if matches!(trust, OmsTrust::Keys([])) {
        return Err(Error::KeyNeeded);
    }
    let bundle = Bundle::read(path)?;
    let signature = check_signature(&bundle, trust);
    let verification =
        |holds, signature, data| Verification { holds, signature, verdict: None, report_files: Vec::new(), data };
    if matches!(signature, SignatureCheck::Invalid { .. }) {
        return Ok(verification(false, signature, Vec::new()));
    }
    let signed = Signed::from_payload(&bundle.envelope.payload)?;
    let data = root.map_or_else(|| Ok(Vec::new()), |root| check_files(&signed, root, path, leniency))?;
    let holds = data.iter().all(|check| check.status == Status::Same);
    Ok(verification(holds, signature, data))
}

fn check_signature(bundle: &Bundle, trust: OmsTrust<'_>) -> SignatureCheck {
    let checked = match trust {
        OmsTrust::Unsigned => return SignatureCheck::Unchecked,
        OmsTrust::Keys(keys) => by_key(bundle, keys),
        OmsTrust::Certificates(anchors) => by_certificate(bundle, anchors),
    };
    checked.unwrap_or_else(|reason| SignatureCheck::Invalid { reason })
}

fn by_key(bundle: &Bundle, keys: &[VerifyingKey]) -> Result<SignatureCheck, String> {
    let Material::PublicKey { hint } = &bundle.material else {
        return Err("it was signed with a certificate, so a key cannot verify it (--certificate can)".into());
    };
    let signers = bundle.envelope.signers(keys);
    let Some(key) = signers.first() else {
        return Err("signed by none of the given keys, or changed since".into());
    };
    if !hint.is_empty() && !hints(key).contains(hint) {
        return Err("it names another key than the one that signed it".into());
    }
    Ok(SignatureCheck::Valid { keyids: vec![key.keyid()] })
}

/// What clients write as the hint: SHA-256 of the key's PEM, or of its SPKI.
fn hints(key: &VerifyingKey) -> Vec<String> {
    key.to_pem().map(|pem| hint(&pem)).into_iter().chain([key.keyid()]).collect()
}

fn by_certificate(bundle: &Bundle, anchors: &Anchors) -> Result<SignatureCheck, String> {
    let (signer, others) = match &bundle.material {
        Material::Certificates(chain) => chain.split_first().ok_or("its certificate chain is empty")?,
        Material::PublicKey { .. } => {
            return Err("it was signed with a key, so a certificate cannot verify it (--key can)".into());
        }
        Material::Keyless => {
            return Err("it was signed by Sigstore's keyless method, which is not verified here".into());
        }
    };
    anchors.check(signer, others)?;
    let key = signer.key().ok_or("the key of its certificate is of a kind that is not verified here")?;
    if bundle.envelope.signers(std::slice::from_ref(&key)).is_empty() {
        return Err("not signed by the key of its certificate, or changed since".into());
    }
    Ok(SignatureCheck::Certified { keyid: key.keyid(), name: signer.name() })
}

type Listed<'a> = BTreeMap<&'a str, BTreeMap<&'a str, Digest>>;

fn check_files(signed: &Signed, root: &Path, bundle: &Path, leniency: &Leniency) -> Result<Vec<Check>, Error> {
    let mut serialization = signed.serialization.clone();
    serialization.ignore_paths.extend(leniency.ignore_paths.iter().cloned());
    serialization.ignore_paths.extend(below(root, bundle));
    let mut walk = walk(root, &serialization)?;
    rename_single(&mut walk, signed, root);
    let listed = listed(signed);
    let mut checks = check_listed(&walk, &listed, signed.serialization.method);
    let problem = |(name, problem): &(String, String)| Check::new(name, Status::Unreadable).with_problem(problem);
    let counts = |name: &str| listed.contains_key(name) || !leniency.ignore_unsigned_files;
    checks.extend(walk.problems.iter().filter(|(name, _)| counts(name)).map(problem));
    let empty_shard = |file: &Found| file.bytes == 0 && signed.serialization.method != Method::Files;
    let added = walk.files.iter().filter(|file| !listed.contains_key(file.name.as_str()) && !empty_shard(file));
    checks.extend(added.filter(|_| !leniency.ignore_unsigned_files).map(|file| Check::new(&file.name, Status::Added)));
    checks.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(checks)
}

/// The one resource of a single file is called `.` by the reference client, and by the file's name in the specification.
fn rename_single(walk: &mut Walk, signed: &Signed, root: &Path) {
    let own = root.file_name().and_then(|name| name.to_str());
    let files: BTreeSet<_> = signed.resources.iter().filter_map(|r| file_of(&r.name, &signed.serialization)).collect();
    if let ([file], Some(own)) = (walk.files.as_mut_slice(), own)
        && file.name == SINGLE
        && files.len() == 1
        && files.contains(own)
    {
        own.clone_into(&mut file.name);
    }
}

/// Digests by file and resource.
fn listed(signed: &Signed) -> Listed<'_> {
    let mut listed = Listed::new();
    for resource in &signed.resources {
        let file = file_of(&resource.name, &signed.serialization).unwrap_or(&resource.name);
        listed.entry(file).or_default().insert(&resource.name, resource.sha256);
    }
    listed
}

fn check_listed(walk: &Walk, listed: &Listed<'_>, method: Method) -> Vec<Check> {
    let known: Vec<&Found> = walk.files.iter().filter(|file| listed.contains_key(file.name.as_str())).collect();
    let pieces = pieces(&known, method);
    let mut found: BTreeMap<&str, Vec<(&Piece<'_>, _)>> = BTreeMap::new();
    for (piece, resource) in pieces.iter().zip(hash(&pieces)) {
        found.entry(piece.file.name.as_str()).or_default().push((piece, resource));
    }
    let unread: BTreeSet<&str> = walk.problems.iter().map(|(name, _)| name.as_str()).collect();
    let there: BTreeSet<&str> = known.iter().map(|file| file.name.as_str()).collect();
    let check = |(file, resources): (&&str, &BTreeMap<&str, Digest>)| match found.get(file) {
        Some(pieces) => Some(compare(file, resources, pieces)),
        None if unread.contains(file) => None,
        // Now empty: without a shard.
        None if there.contains(file) => Some(Check::new(*file, Status::Changed).with_problem("it is empty")),
        None => Some(Check::new(*file, Status::Missing)),
    };
    listed.iter().filter_map(check).collect()
}

fn compare(
    file: &str,
    listed: &BTreeMap<&str, Digest>,
    found: &[(&Piece<'_>, Result<super::Resource, Error>)],
) -> Check {
    let mut changed = Vec::new();
    for (piece, resource) in found {
        match resource {
            Err(e) => return Check::new(file, Status::Unreadable).with_problem(e.to_string()),
            Ok(resource) if listed.get(resource.name.as_str()) == Some(&resource.sha256) => {}
            Ok(_) => changed.push(piece.range),
        }
    }
    match changed.first() {
        None if listed.len() == found.len() => Check::new(file, Status::Same),
        None => Check::new(file, Status::Changed).with_problem("it is shorter than it was"),
        Some(None) => Check::new(file, Status::Changed),
        Some(Some((start, _))) => {
            let problem = format!("from byte {start} on, {} of its shards differ", changed.len());
            Check::new(file, Status::Changed).with_problem(problem)
        }
    }
}
