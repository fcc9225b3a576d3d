//! A scan, from request to report folder.

use std::{collections::BTreeMap, path::PathBuf, thread::available_parallelism};

use taster_core::{
    DatasetRecord, DetectorRecord, DetectorStatus, Digest, Evidence, Key, Sample, Scan, Severity, Tool,
    crosswalk::{self, Subject},
};
use taster_ingest::{Encoder, SourceFile};
use taster_provenance::{
    Cleaned, Context, Envelope, Manifest, QuarantineTree, RowBlocks, Signer, TestResult, VerifyingKey,
    canonical_sha256, export::Description, sha256_of_file,
};
use taster_report::{Folder, QuarantineWriter, RuleDoc, ScoresWriter};

use crate::{
    Config, Error, Level, LoadedProfile, LogRequest, Phase, Progress,
    clean::{Relabel, Source, write_clean},
    declared::declared_findings,
    findings::{failure_finding, note_finding, observed_finding, too_short},
    lineage::Ancestry,
    logged::{append_to_log, check_log},
    model::{Judge, fit},
    observe::{Observed, observe},
    passes::Limits,
    plan::{Course, Plan, Planned, options, plan_detectors},
    policy,
    profile::Known,
    program::Program,
    quarantine::{Lists, quarantine},
    reviewed::Child,
    score::{Pass, Scored},
    signature::{self, Signature},
    spared::spared,
    stamps::{Stamps, same_file},
    waivers::waive,
};

/// What to scan, and how.
pub struct Request {
    /// Files, folders and globs that make up the dataset.
    pub inputs: Vec<String>,
    /// Files, folders and globs that make up the trusted reference; empty for none.
    pub reference: Vec<String>,
    /// Keys of which one must have signed the profile that is the reference; empty to trust it as it is.
    pub reference_keys: Vec<VerifyingKey>,
    /// The report folder.
    pub out: PathBuf,
    /// Whether to write every row's scores.
    pub scores: bool,
    /// Where to write the dataset without the quarantined rows.
    pub clean: Option<PathBuf>,
    /// Seed of every keyed hash and random draw; drawn at random where left out.
    pub seed: Option<u64>,
    /// Worker threads; 0 for one per core.
    pub threads: usize,
    /// Bytes of data that may be in flight at once.
    pub memory: usize,
    /// Rows in a batch.
    pub batch_rows: usize,
    /// Keys to sign the manifest with; none leaves it unsigned.
    pub keys: Vec<Box<dyn Signer>>,
    /// What the publisher says of the files.
    pub description: Option<Description>,
    /// The manifest of the dataset that this one was made from.
    pub parent: Option<PathBuf>,
    /// The decisions on rows of the parent that were applied.
    pub decisions: Option<PathBuf>,
    /// The manifest that the reference must be the data of.
    pub reference_manifest: Option<PathBuf>,
    /// The transparency log to append the manifest to.
    pub log: Option<LogRequest>,
    /// Roles, detectors, policy.
    pub config: Config,
}

/// What a scan ended with.
pub struct Outcome {
    /// Everything it found out.
    pub scan: Scan,
    /// Where the report folder is.
    pub out: PathBuf,
    /// Files in the report folder, by name.
    pub files: Vec<String>,
    /// Ids of the keys that signed the manifest.
    pub signed_by: Vec<String>,
    /// Index of the manifest in the transparency log, where there is one.
    pub logged: Option<u64>,
    /// Why `dataset.sig` was not written although the manifest was signed.
    pub dataset_unsigned: Option<String>,
}

/// Scans a dataset and writes the report folder, whole or not at all.
pub fn scan(request: &Request, progress: &dyn Progress) -> Result<Outcome, Error> {
    let threads = match request.threads {
        0 => available_parallelism().map_or(1, std::num::NonZero::get),
        n => n,
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|e| Error::Spool(std::io::Error::other(e)))?;
    // Whatever is fitted in parallel uses as many threads as the passes.
    pool.install(|| Scanning::new(request, progress, threads)?.run())
}

/// A scan under way.
struct Scanning<'a> {
    request: &'a Request,
    progress: &'a dyn Progress,
    folder: Folder,
    started: String,
    seed: u64,
    key: Key,
    limits: Limits,
    ancestry: Ancestry,
    program: Program,
}

impl<'a> Scanning<'a> {
    fn new(request: &'a Request, progress: &'a dyn Progress, threads: usize) -> Result<Self, Error> {
        let seed = request.seed.map_or_else(random_seed, Ok)?;
        let folder = Folder::create(&request.out)?;
        check_log(request)?;
        Ok(Self {
            ancestry: Ancestry::read(request)?,
            program: Program::hash(),
            request,
            progress,
            folder,
            started: now(),
            seed,
            key: Key::new(seed),
            limits: Limits { threads, bytes: request.memory / 2, batch_rows: request.batch_rows.max(1) },
        })
    }

    fn run(mut self) -> Result<Outcome, Error> {
        self.progress.begin(Phase::Plan, None);
        let mut plan = Plan::new(self.request)?;
        if let Some(clean) = &self.request.clean {
            std::iter::once(&plan.dataset).chain(&plan.reference).try_for_each(|read| spared(clean, read))?;
        }
        let reference = self.observe_reference(&mut plan)?;
        let reference_record = reference.as_ref().map(|r| r.record.clone());
        let reference_record = reference_record.or_else(|| plan.profile.as_ref().map(LoadedProfile::record));
        let stamps = Stamps::of(&plan.dataset);
        let mut observed = self.observe(&mut plan)?;
        self.ancestry.descend(&Child {
            inputs: &self.request.inputs,
            options: &options(&self.request.config.dataset)?,
            record: &observed.record,
            limits: self.limits,
        })?;
        self.progress.begin(Phase::Fit, None);
        let known = self.known(&plan, reference, &observed.sample)?;
        let halves = known.rows.as_ref().map(|rows| rows.halves(self.key.derive("halves of the reference")));
        let evidence = Evidence {
            schema: plan.dataset.schema(),
            sample: &observed.sample,
            files: &observed.record.files,
            reference: known.rows.as_ref(),
            trusted: halves.as_ref().map(|[fitted, _]| fitted),
            margins: known.margins.as_ref(),
            key: self.key,
        };
        let calibration = halves.as_ref().map(|[_, calibrating]| calibrating);
        let states = std::mem::take(&mut observed.states);
        let judges = fit(states, &plan.detectors, evidence, calibration, &self.request.config);
        self.check_cancelled()?;
        let (judges, mut failures) = sound(judges);
        let pass = Pass {
            dataset: &plan.dataset,
            schema: plan.dataset.schema(),
            key: self.key,
            limits: self.limits,
            progress: self.progress,
            record: &observed.record,
        };
        self.progress.begin(Phase::Score, Some(plan.dataset.bytes()));
        let kept = observed.kept.take();
        let scored = pass.score(&judges, kept, self.scores_writer(&judges)?, self.folder.path(".suspects"))?;
        stamps.check(&plan.dataset)?;
        failures.extend(scored.failures.iter().map(|(&id, why)| (id, why.clone())));
        self.progress.begin(Phase::Report, None);
        let lists = self.quarantine(&plan, &judges, &scored, &observed.record)?;
        scored.close()?;
        let source = Source {
            dataset: &plan.dataset,
            limits: self.limits,
            progress: self.progress,
            rows: observed.record.rows,
            same: &|file, sha256| same_file(&observed.record, file, sha256),
        };
        let clean = self.request.clean.as_ref();
        let clean = clean.map(|path| write_clean(path, &source, &lists.positions, &Relabel::none()));
        let cleaned = clean.transpose()?;
        let scan = self.told(&plan, &judges, &failures, &lists, observed.record, reference_record);
        self.write(scan, observed.row_blocks, &lists, cleaned, plan.dataset.files())
    }

    fn observe_reference(&self, plan: &mut Plan) -> Result<Option<Observed>, Error> {
        let Some(reference) = &mut plan.reference else { return Ok(None) };
        self.progress.begin(Phase::Reference, Some(reference.bytes()));
        let schema = plan.dataset.schema().clone();
        let observed = loop {
            match observe(reference, &schema, &[], self.key, self.limits, 0, self.progress) {
                Err(Error::Ingest(error)) if reference.widen(&error) => {}
                done => break done,
            }
        };
        observed.map(Some).map_err(|e| if let Error::Ingest(e) = e { Error::Reference(e) } else { e })
    }

    /// The reference, by its rows or by its profile.
    fn known(&self, plan: &Plan, reference: Option<Observed>, sample: &Sample) -> Result<Known, Error> {
        match &plan.profile {
            Some(loaded) => {
                let encoder = Encoder::new(&plan.dataset, self.key);
                Known::of(&loaded.profile, plan.dataset.schema(), sample, &encoder)
            }
            None => Ok(Known { rows: reference.map(|r| r.sample), margins: None }),
        }
    }

    /// Reads the dataset for the first time, anew with wider types each time a value does not fit those inferred.
    fn observe(&self, plan: &mut Plan) -> Result<Observed, Error> {
        self.progress.begin(Phase::Observe, Some(plan.dataset.bytes()));
        loop {
            let (dataset, detectors) = (&plan.dataset, &plan.detectors);
            let most = self.request.memory / 2;
            match observe(dataset, dataset.schema(), detectors, self.key, self.limits, most, self.progress) {
                Err(Error::Ingest(error)) if plan.dataset.widen(&error) => {
                    let has_reference = plan.has_reference();
                    plan.detectors = plan_detectors(&self.request.config, plan.dataset.schema(), has_reference)?;
                }
                done => return done,
            }
        }
    }

    fn scores_writer(&self, judges: &[Judge]) -> Result<Option<ScoresWriter>, Error> {
        let ids: Vec<String> = judges.iter().map(|j| j.id.to_owned()).collect();
        let wanted = self.request.scores.then(|| ScoresWriter::create(&self.folder.path("scores.parquet"), &ids));
        Ok(wanted.transpose()?)
    }

    fn quarantine(
        &self,
        plan: &Plan,
        judges: &[Judge],
        scored: &Scored,
        record: &DatasetRecord,
    ) -> Result<Lists, Error> {
        let names = record.files.iter().map(|f| f.name.clone()).collect();
        let writer = QuarantineWriter::create(&self.folder.path("quarantine.parquet"), names)?;
        let shares = |id: &str| {
            let planned = plan.detectors.iter().find(|p| p.id() == id);
            planned.and_then(|p| p.config.max_share).unwrap_or(self.request.config.policy.max_share)
        };
        quarantine(judges, scored, record, shares, writer)
    }

    /// Everything that was found out, put together.
    fn told(
        &self,
        plan: &Plan,
        judges: &[Judge],
        failures: &BTreeMap<&'static str, String>,
        lists: &Lists,
        dataset: DatasetRecord,
        reference: Option<DatasetRecord>,
    ) -> Scan {
        let mut findings = Vec::new();
        for (j, judge) in judges.iter().enumerate() {
            findings.extend(lists.findings[j].clone());
            findings.extend(judge.observations.iter().map(|o| observed_finding(judge.id, o)));
        }
        findings.extend(plan.dataset.notes().iter().enumerate().map(|(i, note)| note_finding(i, note)));
        findings.extend(failures.iter().map(|(id, why)| failure_finding(id, why)));
        findings.extend(too_short(&dataset));
        findings.extend(declared_findings(&self.request.config.sources, self.request.description.as_ref(), &dataset));
        findings.extend(self.ancestry.findings(reference.as_ref()));
        for finding in &mut findings {
            let planned = plan.detectors.iter().find(|p| p.id() == finding.detector);
            finding.tags = crosswalk::tags(Subject::Detector, &finding.detector).to_vec();
            if planned.is_some_and(|p| p.level() == Level::Allow) {
                finding.severity = Severity::Info;
                finding.risk = None;
            }
        }
        let remarks = waive(&mut findings, &self.request.config.waivers, &dataset, &self.started);
        findings.extend(remarks);
        findings.sort_by_key(|f| std::cmp::Reverse(f.severity));
        let planned = |id: &str| plan.detectors.iter().find(|p| p.id() == id);
        let level = |id: &str| planned(id).map_or_else(|| policy::pipeline_level(id), Planned::level);
        let failed: Vec<String> = failures.keys().map(|&id| id.to_owned()).collect();
        let (verdict, verdict_reason) = policy::verdict(&findings, level, self.request.config.policy.fail_on, &failed);
        let config = serde_json::to_value(self.request.config.effective()).unwrap_or_default();
        Scan {
            tool: Tool { name: "taster".into(), version: env!("CARGO_PKG_VERSION").into() },
            started: self.started.clone(),
            finished: now(),
            seed: self.seed,
            config_sha256: canonical_sha256(&config),
            config,
            dataset,
            reference,
            detectors: plan.detectors.iter().map(|p| detector_record(p, judges, failures, lists)).collect(),
            findings,
            verdict,
            verdict_reason,
            quarantined_rows: lists.positions.len() as u64,
        }
    }

    /// Writes and signs the report, and puts it in place.
    fn write(
        self,
        scan: Scan,
        row_blocks: Vec<RowBlocks>,
        lists: &Lists,
        cleaned: Option<Cleaned>,
        files: &[SourceFile],
    ) -> Result<Outcome, Error> {
        self.check_cancelled()?;
        let docs: Vec<RuleDoc> = taster_detect::ALL
            .iter()
            .map(|e| RuleDoc { id: e.about.id.into(), finds: e.about.finds.into(), readme: e.about.readme.into() })
            .collect();
        self.folder.write("findings.json", taster_report::findings_json(&scan))?;
        self.folder.write("results.sarif", taster_report::sarif(&scan, &docs))?;
        let signers: Vec<&dyn Signer> = self.request.keys.iter().map(AsRef::as_ref).collect();
        let signed_by: Vec<String> = signers.iter().map(|key| key.verifying_key().keyid()).collect();
        self.folder.write("report.html", taster_report::html(&scan, &lists.shown, &docs, &signed_by))?;
        let mut names = vec!["findings.json", "quarantine.parquet", "report.html", "results.sarif"];
        if self.request.scores {
            names.push("scores.parquet");
        }
        let dataset_unsigned = match signature::sign_dataset(self.request, files, &scan.dataset)? {
            Signature::Made(bundle) => {
                self.folder.write("dataset.sig", bundle.to_json())?;
                names.push("dataset.sig");
                None
            }
            Signature::NotAsked => None,
            Signature::Impossible(why) => Some(why),
        };
        self.folder.write("test-result.json", self.test_result(&scan, &signers)?.to_json())?;
        names.push("test-result.json");
        let digest = |name: &str| Ok((name.to_owned(), sha256_of_file(&self.folder.path(name))?.0));
        let digests: Result<BTreeMap<String, Digest>, Error> = names.iter().map(|n| digest(n)).collect();
        let context = Context {
            reference_manifest: self.ancestry.reference(),
            lineage: self.ancestry.lineage(),
            program: self.program.sha256(),
            quarantine: Some(QuarantineTree::new(&lists.positions).record()),
            cleaned,
        };
        let envelope = Manifest::new(&scan, row_blocks, digests?).with(context).to_envelope(&signers)?;
        self.folder.write("manifest.json", envelope.to_json())?;
        names.push("manifest.json");
        let proof = append_to_log(self.request, &envelope)?;
        if let Some(proof) = &proof {
            self.folder.write("manifest.tlog-proof", proof.to_string())?;
            names.push("manifest.tlog-proof");
        }
        let out = self.folder.publish()?;
        Ok(Outcome {
            scan,
            out,
            files: names.into_iter().map(str::to_owned).collect(),
            signed_by,
            logged: proof.map(|proof| proof.index()),
            dataset_unsigned,
        })
    }

    /// The verdict for tools that know nothing of data. Everything that can fail a dataset is a test.
    fn test_result(&self, scan: &Scan, signers: &[&dyn Signer]) -> Result<Envelope, Error> {
        let detector = |id: &str| scan.detectors.iter().find(|d| d.id == id);
        let ran = scan.detectors.iter().filter(|d| matches!(d.status, DetectorStatus::Ran | DetectorStatus::Failed));
        let others = scan.findings.iter().map(|f| f.detector.clone()).filter(|id| detector(id).is_none());
        let mut ids: Vec<String> = ran.map(|d| d.id.clone()).chain(others).collect();
        ids.sort();
        ids.dedup();
        let failed = scan.detectors.iter().filter(|d| d.status == DetectorStatus::Failed).map(|d| d.id.clone());
        let level = |id: &str| match detector(id).map(|d| d.level.as_str()) {
            None => policy::pipeline_level(id),
            Some("deny") => Level::Deny,
            Some("warn") => Level::Warn,
            Some(_) => Level::Allow,
        };
        let fail_on = self.request.config.policy.fail_on;
        let tests = policy::standings(ids.into_iter(), &scan.findings, level, fail_on, &failed.collect::<Vec<_>>());
        let subjects = taster_provenance::subjects(&scan.dataset);
        Ok(TestResult::new(scan.verdict, scan.config_sha256, &tests).to_envelope(subjects, signers)?)
    }

    fn check_cancelled(&self) -> Result<(), Error> {
        if self.progress.cancelled() { Err(Error::Cancelled) } else { Ok(()) }
    }
}

type Judged = (Vec<Judge>, BTreeMap<&'static str, String>);

/// Tells judges from failures.
fn sound(judges: Vec<(&'static str, Result<Judge, String>)>) -> Judged {
    let mut failures = BTreeMap::new();
    let sound = judges.into_iter().filter_map(|(id, judge)| judge.map_err(|why| failures.insert(id, why)).ok());
    (sound.collect(), failures)
}

fn detector_record(
    planned: &Planned,
    judges: &[Judge],
    failures: &BTreeMap<&'static str, String>,
    lists: &Lists,
) -> DetectorRecord {
    let judge = judges.iter().position(|j| j.id == planned.id());
    let (status, why) = match (&planned.course, failures.get(planned.id())) {
        (_, Some(why)) => (DetectorStatus::Failed, why.clone()),
        (Course::Off, _) => (DetectorStatus::Off, "turned off by the configuration".into()),
        (Course::NotApplicable(why), _) => (DetectorStatus::NotApplicable, why.clone()),
        (Course::Run(_), _) => (DetectorStatus::Ran, String::new()),
    };
    DetectorRecord {
        id: planned.id().into(),
        status,
        why,
        level: planned.level().name().into(),
        parameters: planned.parameters(),
        claims: judge.map(|j| judges[j].threshold.claims.clone()).unwrap_or_default(),
        threshold: judge.and_then(|j| judges[j].threshold.at),
        quarantined: judge.map_or(0, |j| lists.quarantined[j]),
    }
}

fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A seed that an attacker could not have known, small enough for every JSON reader.
pub(crate) fn random_seed() -> Result<u64, Error> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|e| Error::Seed(e.to_string()))?;
    Ok(u64::from_le_bytes(bytes) >> 11)
}
