//! `taster profile`

use std::{fmt::Write as _, process::ExitCode};

use anyhow::anyhow;
use serde_json::{Value, json};
use taster_pipeline::{LoadedProfile, MergeRequest, Profile, ProfileRequest, Sketch, merge_profiles, profile};
use taster_stats::{frequencies::Frequencies, quantiles::Quantiles};

use crate::{
    args::{Format, ProfileArgs, ProfileCommand, ProfileMergeArgs, ProfileShowArgs},
    config_file, output,
    progress::Display,
    secrets,
};

/// Columns and values that are shown to people.
const SHOWN: usize = 200;
const SHOWN_VALUES: usize = 3;

/// Profiles a dataset, or merges or shows profiles.
pub fn run(args: &ProfileArgs) -> anyhow::Result<ExitCode> {
    match &args.command {
        Some(ProfileCommand::Merge(args)) => merge(args),
        Some(ProfileCommand::Show(args)) => show(args),
        None => make(args),
    }
}

fn make(args: &ProfileArgs) -> anyhow::Result<ExitCode> {
    let out = args.out.clone().ok_or_else(|| anyhow!("no file to write to; give one with --out"))?;
    let config = config_file::of_dataset(args.run.config.as_deref(), &args.roles, &args.csv)?;
    let display = Display::new(args.run.progress, args.run.quiet)?;
    let request = ProfileRequest {
        inputs: args.data.clone(),
        out,
        like: args.like.clone(),
        rows: !args.no_rows,
        seed: args.run.seed,
        threads: args.run.threads.map_or(0, usize::from),
        memory: args.run.memory,
        batch_rows: args.run.batch_size as usize,
        keys: secrets::signers(&args.sign.sign, &config.sign.keys, &args.sign.external)?,
        config,
    };
    let result = profile(&request, &display);
    display.end();
    let profile = result?;
    if !args.run.quiet {
        output::result(&output::printable(&format!("{}: {}\n", request.out.display(), told(&profile))))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn merge(args: &ProfileMergeArgs) -> anyhow::Result<ExitCode> {
    let keys = secrets::public_keys(&args.keys)?;
    let request = MergeRequest {
        profiles: args.profiles.clone(),
        out: args.out.clone(),
        trusted: keys,
        keys: secrets::signers(&args.sign.sign, &[], &args.sign.external)?,
    };
    let profile = merge_profiles(&request)?;
    if !args.quiet {
        output::result(&output::printable(&format!("{}: {}\n", args.out.display(), told(&profile))))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show(args: &ProfileShowArgs) -> anyhow::Result<ExitCode> {
    let loaded = LoadedProfile::read(&args.profile)?;
    let keys = secrets::public_keys(&args.keys)?;
    let signers = if keys.is_empty() { Vec::new() } else { loaded.verified(&keys)? };
    let signers: Vec<String> = signers.iter().map(|key| key.keyid()).collect();
    match args.format {
        Format::Text => output::result(&output::printable(&as_text(&loaded, &signers)))?,
        Format::Json => output::json(&as_json(&loaded, &signers))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// One line.
fn told(profile: &Profile) -> String {
    let rows = profile.sample.as_ref().map_or(0, |s| s.table.len);
    format!("{} rows, {} columns, {rows} rows kept", profile.rows, profile.columns.len())
}

fn as_text(loaded: &LoadedProfile, signers: &[String]) -> String {
    let profile = &loaded.profile;
    let mut out = format!("{}\n", told(profile));
    let signed = match (signers, loaded.envelope.signatures.len()) {
        ([], 0) => "not signed".to_owned(),
        ([], n) => format!("{n} signatures, not checked (give --key)"),
        (signers, _) => format!("signed by key {}", signers.join(", ")),
    };
    let _ = writeln!(out, "{signed}");
    for file in &loaded.files {
        let _ = writeln!(out, "of {} ({} rows, sha256 {})", file.name, file.rows, file.sha256);
    }
    let width = profile.columns.iter().map(|c| c.column.name.chars().count()).max().unwrap_or(0).min(30);
    for c in profile.columns.iter().take(SHOWN) {
        let missing = 100.0 * c.missing as f64 / profile.rows.max(1) as f64;
        let of = |sketch: &Sketch| distribution(sketch);
        let _ = writeln!(
            out,
            "  {:width$}  {:11}  {missing:5.1} % missing  {}",
            c.column.name,
            c.column.role,
            of(&c.sketch)
        );
    }
    if profile.columns.len() > SHOWN {
        let _ = writeln!(out, "  and {} further columns (--format json shows all)", profile.columns.len() - SHOWN);
    }
    out
}

fn distribution(sketch: &Sketch) -> String {
    match sketch {
        Sketch::Nothing => String::new(),
        Sketch::Numbers(sketch) => quantiles(sketch),
        Sketch::Texts(sketches) => format!("length {}", sketches.first().map(quantiles).unwrap_or_default()),
        Sketch::Values(Frequencies::Places(_)) => "many values".into(),
        Sketch::Values(Frequencies::Values(values)) => {
            let mut ranked: Vec<(&String, u64)> = values.iter().map(|(value, v)| (value, v.1)).collect();
            ranked.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
            let shown =
                |(value, count): &(&String, u64)| format!("{} ({count})", value.chars().take(30).collect::<String>());
            let shown: Vec<String> = ranked.iter().take(SHOWN_VALUES).map(shown).collect();
            format!("{} values: {}", ranked.len(), shown.join(", "))
        }
    }
}

fn quantiles(sketch: &Quantiles) -> String {
    let at = |share| sketch.quantile(share).map_or_else(|| "—".into(), |x| format!("{x:.4}"));
    format!("from {}, median {}, to {}", at(0.0), at(0.5), at(1.0))
}

fn as_json(loaded: &LoadedProfile, signers: &[String]) -> Value {
    let profile = &loaded.profile;
    let numbers = |sketch: &Quantiles| {
        let at = |share| sketch.quantile(share).filter(|x| x.is_finite());
        json!({ "min": at(0.0), "q05": at(0.05), "q25": at(0.25), "median": at(0.5), "q75": at(0.75), "q95": at(0.95),
                "max": at(1.0) })
    };
    let sketch = |sketch: &Sketch| match sketch {
        Sketch::Nothing => Value::Null,
        Sketch::Numbers(sketch) => numbers(sketch),
        Sketch::Texts(sketches) => {
            sketches.first().map(|length| json!({ "length": numbers(length) })).unwrap_or_default()
        }
        Sketch::Values(Frequencies::Places(_)) => json!({ "values": null }),
        Sketch::Values(Frequencies::Values(values)) => {
            json!({ "values": values.iter().map(|(value, v)| (value.clone(), v.1)).collect::<Vec<_>>() })
        }
    };
    let column = |c: &taster_pipeline::ColumnProfile| {
        json!({
            "name": c.column.name, "kind": c.column.kind.to_string(), "role": c.column.role, "missing": c.missing,
            "distinct": c.distinct.estimate().round(), "distribution": sketch(&c.sketch),
        })
    };
    json!({
        "rows": profile.rows,
        "seed": profile.seed.to_string(),
        "sampled_rows": profile.sample.as_ref().map_or(0, |s| s.table.len),
        "signatures": loaded.envelope.signatures.len(),
        "signed_by": signers,
        "files": loaded.files,
        "columns": profile.columns.iter().map(column).collect::<Vec<_>>(),
    })
}
