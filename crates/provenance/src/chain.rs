//! The chain of manifests from a dataset back to what was first received.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
};

use serde::Serialize;
use taster_core::{Digest, Verdict};

use crate::{
    Choice, DecisionsRecord, Envelope, Error, Lineage, Predicate, Relation, SignatureCheck, Statement, Trust,
    verify::check_signature,
};

/// Manifests in the order of their descent, and whether they are one chain without a gap.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Chain {
    /// Whether every signature, every parent and every number holds.
    pub holds: bool,
    /// Parents before children.
    pub links: Vec<Link>,
    /// What is wrong with the chain as a whole.
    pub problems: Vec<String>,
}

/// One manifest of a chain.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// The file.
    pub manifest: PathBuf,
    /// Digest of its statement.
    pub sha256: Digest,
    /// Who signed it.
    pub signature: SignatureCheck,
    /// When the scan was finished, by its own word; absent where the signature does not hold.
    pub finished_on: Option<String>,
    /// The verdict.
    pub verdict: Option<Verdict>,
    /// Rows of the dataset.
    pub rows: u64,
    /// Rows in quarantine.
    pub quarantined: u64,
    /// The dataset before it.
    pub lineage: Option<Lineage>,
    /// Where its sources come from, as far as that was declared.
    pub origins: BTreeMap<String, String>,
    /// Gaps.
    pub problems: Vec<String>,
}

/// Reads manifests, orders them by descent and looks for gaps. Nothing in a manifest is looked at whose signature does not
/// hold.
///
/// Errs where one cannot be read, or no key is given.
pub fn chain(manifests: &[PathBuf], trust: Trust<'_>) -> Result<Chain, Error> {
    if matches!(trust, Trust::Keys([]) | Trust::Quorum([], _)) {
        return Err(Error::KeyNeeded);
    }
    let mut read = BTreeMap::new();
    for path in manifests {
        let (link, scan) = link(path, trust)?;
        read.entry(link.sha256).or_insert((link, scan));
    }
    let order = by_descent(&read);
    let mut links = Vec::new();
    for sha256 in &order {
        let Some((link, scan)) = read.get(sha256) else { continue };
        let mut link = link.clone();
        if let (Some(lineage), Some(scan)) = (&link.lineage, scan) {
            let parent = read.get(&lineage.parent.sha256).and_then(|(_, parent)| parent.as_ref());
            link.problems.extend(parent.map_or_else(
                || vec![format!("a gap: its parent {} is not among the manifests", lineage.parent.sha256)],
                |parent| gaps(lineage, scan, parent),
            ));
        }
        if let SignatureCheck::Invalid { reason } = &link.signature {
            link.problems.push(reason.clone());
        }
        links.push(link);
    }
    let starts = links.iter().filter(|link| link.lineage.is_none()).count();
    let mut problems = Vec::new();
    if starts > 1 {
        problems.push(format!("{starts} of the manifests name no parent, so they are not one chain"));
    }
    let holds = problems.is_empty() && links.iter().all(|link| link.problems.is_empty());
    Ok(Chain { holds, links, problems })
}

fn link(path: &Path, trust: Trust<'_>) -> Result<(Link, Option<Predicate>), Error> {
    let envelope = Envelope::read(path)?;
    let signature = check_signature(&envelope, trust);
    let scan = match signature {
        SignatureCheck::Invalid { .. } => None,
        _ => Some(Statement::from_payload(&envelope.payload)?.predicate),
    };
    let told = scan.as_ref();
    let link = Link {
        manifest: path.to_owned(),
        sha256: envelope.payload_sha256(),
        signature,
        finished_on: told.map(|scan| scan.metadata.scan_finished_on.clone()),
        verdict: told.map(|scan| scan.result.verdict),
        rows: told.map_or(0, |scan| scan.dataset.rows),
        quarantined: told.map_or(0, |scan| scan.result.quarantined_rows),
        lineage: told.and_then(|scan| scan.lineage.clone()),
        origins: told.map(origins).unwrap_or_default(),
        problems: Vec::new(),
    };
    Ok((link, scan))
}

/// What the configuration declares of the sources.
fn origins(scan: &Predicate) -> BTreeMap<String, String> {
    let sources = scan.config.get("sources").and_then(serde_json::Value::as_object);
    let told = |source: &serde_json::Value| {
        let field = |name: &str| source.get(name).and_then(serde_json::Value::as_str).map(str::to_owned);
        let origin = field("origin")?;
        Some(field("retrieved").map_or(origin.clone(), |on| format!("{origin}, retrieved {on}")))
    };
    sources.into_iter().flatten().filter_map(|(name, source)| Some((name.clone(), told(source)?))).collect()
}

/// Those without a parent among them first, then their children, and so on.
fn by_descent(read: &BTreeMap<Digest, (Link, Option<Predicate>)>) -> Vec<Digest> {
    let parent = |sha256: &Digest| read[sha256].0.lineage.as_ref().map(|lineage| lineage.parent.sha256);
    let (mut placed, mut order) = (BTreeSet::new(), Vec::new());
    while order.len() < read.len() {
        let ready = |sha256: &&Digest| {
            !placed.contains(*sha256) && parent(sha256).is_none_or(|p| placed.contains(&p) || !read.contains_key(&p))
        };
        let next: Vec<Digest> = read.keys().filter(ready).copied().collect();
        if next.is_empty() {
            break; // no digest can contain itself
        }
        placed.extend(next.iter().copied());
        order.extend(next);
    }
    order
}

/// What of a lineage the parent does not bear out.
fn gaps(lineage: &Lineage, scan: &Predicate, parent: &Predicate) -> Vec<String> {
    let mut gaps = Vec::new();
    let mut need = |holds: bool, what: &str| {
        if !holds {
            gaps.push(what.to_owned());
        }
    };
    let (rows, before) = (scan.dataset.rows, parent.dataset.rows);
    let removed = &lineage.removed;
    need(removed.of_rows == before, "its parent has another number of rows than it says");
    need(removed.rows == before.saturating_sub(rows), "more or fewer rows are gone than it says");
    let list = parent.report_files.get("quarantine.parquet").copied();
    need(removed.quarantine == list, "the quarantine that was removed is not its parent's");
    let quarantined = parent.result.quarantined_rows;
    match lineage.relation {
        Relation::Same => {
            need(scan.dataset.rows_root == parent.dataset.rows_root, "its rows are not those of its parent");
        }
        Relation::Cleaned => {
            let cleaned = parent.cleaned.as_ref().map(|cleaned| (cleaned.sha256, cleaned.rows));
            let [file] = &scan.dataset.files[..] else {
                return vec!["it is not the one file that its parent's scan wrote".into()];
            };
            need(cleaned == Some((file.sha256, rows)), "it is not the file that its parent's scan wrote");
            need(rows + quarantined == before, "other rows are gone than its parent's quarantine");
        }
        Relation::Reviewed => {
            need(lineage.decisions.is_some(), "it was reviewed, and no decisions are named");
            let count = |of: fn(&DecisionsRecord) -> usize| lineage.decisions.as_ref().map_or(0, of) as u64;
            let (released, removed) = (count(|d| d.released.len()), count(|d| d.removed.len()));
            let left = (before + released).checked_sub(quarantined + removed);
            need(left == Some(rows), "there are more or fewer rows than its review left");
        }
        Relation::Declared => need(false, "a gap: no digest shows that it was made from its parent"),
    }
    gaps
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", if self.holds { "an unbroken chain" } else { "the chain does not hold" })?;
        for link in &self.links {
            write!(f, "{link}")?;
        }
        self.problems.iter().try_for_each(|problem| writeln!(f, "  PROBLEM    {}", problem.escape_debug()))
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.manifest.display().to_string().escape_debug())?;
        writeln!(f, "  digest     {}", self.sha256)?;
        writeln!(f, "  signature  {}", self.signature)?;
        if let (Some(verdict), Some(on)) = (self.verdict, &self.finished_on) {
            let (rows, quarantined) = (self.rows, self.quarantined);
            writeln!(f, "  scan       {verdict} on {}: {rows} rows, {quarantined} quarantined", on.escape_debug())?;
        }
        for (name, origin) in &self.origins {
            writeln!(f, "  source     {}: {}", name.escape_debug(), origin.escape_debug())?;
        }
        if let Some(lineage) = &self.lineage {
            let how = match lineage.relation {
                Relation::Same => "the same rows as",
                Relation::Cleaned => "written by the scan of",
                Relation::Reviewed => "reviewed from",
                Relation::Declared => "said to be from",
            };
            writeln!(f, "  parent     {how} {}: {} rows removed", lineage.parent.sha256, lineage.removed.rows)?;
            for decision in lineage.decisions.iter().flat_map(|decisions| &decisions.released) {
                let (file, by) = (decision.file.escape_debug(), decision.by.escape_debug());
                let why = decision.why.as_deref().map(|why| format!(": {}", why.escape_debug())).unwrap_or_default();
                let how = if decision.decision == Choice::Relabel { "relabelled" } else { "released  " };
                writeln!(f, "  {how} row {} of {file} by {by}{why}", decision.row)?;
            }
        }
        self.problems.iter().try_for_each(|problem| writeln!(f, "  PROBLEM    {}", problem.escape_debug()))
    }
}
