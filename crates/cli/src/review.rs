//! `taster review`

use std::{
    env,
    ffi::OsString,
    fs,
    io::{self, IsTerminal},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, bail};
use taster_pipeline::{CasesRequest, Progress as _, cases};
use taster_provenance::Decisions;
use taster_review::{Event, Journal, Review, run as decide, save};

use crate::{
    args::{ProgressWhen, ReviewArgs, manifest_of},
    output,
    progress::Display,
    secrets,
};

/// Goes on with the review, and writes the decisions.
pub fn run(args: &ReviewArgs) -> anyhow::Result<ExitCode> {
    let terminal = io::stdin().is_terminal() && io::stdout().is_terminal();
    if !args.finish && !terminal {
        bail!("a review needs a terminal; with --finish the decisions made so far are written without one");
    }
    // A key that cannot be used must be known before anybody decides.
    let keys = secrets::signers(&args.sign, &[], &args.external)?;
    let by = if args.finish { String::new() } else { reviewer(args)? };
    let display = Display::new(ProgressWhen::Auto, false)?;
    let mut review = read(args, &display)?;
    let path = journal_of(&args.out);
    let begun = path.exists();
    let (mut journal, before) = Journal::open(&path, review.manifest())?;
    if before.is_empty() && args.out.is_file() {
        take_over(&mut review, &mut journal, &args.out).inspect_err(|_| {
            // A journal that nothing was written to is nobody's.
            if !begun {
                let _ = fs::remove_file(&path);
            }
        })?;
    }
    for event in before {
        review.apply(event).map_err(anyhow::Error::msg).context("the journal does not fit the report")?;
    }
    let stop = || display.cancelled();
    let ended = if args.finish { Ok(()) } else { decide(&mut review, &mut journal, &by, &title(args), &stop) };
    save(&review.decisions(), &args.out, &keys)?;
    ended?;
    tell(args, &review);
    Ok(ExitCode::SUCCESS)
}

fn read(args: &ReviewArgs, display: &Display) -> anyhow::Result<Review> {
    let request = CasesRequest { manifest: manifest_of(&args.report_of), data: args.data.clone(), memory: args.memory };
    let cases = cases(&request, display);
    display.end();
    let cases = cases?;
    if cases.cases.is_empty() {
        bail!("no row is quarantined, so there is nothing to review");
    }
    Ok(Review::new(cases))
}

/// Begins with decisions that were made elsewhere, as in report.html.
fn take_over(review: &mut Review, journal: &mut Journal, path: &Path) -> anyhow::Result<()> {
    let (made, _) = Decisions::read(path, &[])?;
    if made.manifest.sha256 != review.manifest() {
        bail!("{} holds decisions on another scan; give --out another name", path.display());
    }
    let event = Event::Decide(made.decisions);
    review.apply(event.clone()).map_err(anyhow::Error::msg).with_context(|| path.display().to_string())?;
    Ok(journal.append(&event)?)
}

fn journal_of(out: &Path) -> PathBuf {
    let mut name: OsString = out.into();
    name.push(".journal");
    name.into()
}

fn reviewer(args: &ReviewArgs) -> anyhow::Result<String> {
    let known = ["EMAIL", "USER", "LOGNAME", "USERNAME"].iter().filter_map(|name| env::var(name).ok());
    let mut named = args.by.clone().into_iter().chain(known).filter(|name| !name.trim().is_empty());
    named.next().context("decisions are made in somebody's name; give it with --by")
}

fn title(args: &ReviewArgs) -> String {
    format!("taster review {}", args.report_of.display())
}

fn tell(args: &ReviewArgs, review: &Review) {
    let count = review.count();
    let out = args.out.display();
    output::note(&format!(
        "wrote {out}: {} to keep, {} to drop, {} to relabel; {} undecided, which would be left out",
        count.keep, count.drop, count.relabel, count.undecided
    ));
    let data = if args.data.is_empty() { "DATA".to_owned() } else { args.data.join(" ") };
    let report = args.report_of.display();
    output::note(&format!("next: taster apply {report} {data} --decisions {out} --out clean.parquet"));
}
