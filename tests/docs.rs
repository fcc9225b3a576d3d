use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use polars::prelude::DataFrame;
use regex::Regex;

use crate::support::{Room, TASTER, mixed, run};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The pages of the guide, and what is beside it, by their path below the root.
fn pages() -> BTreeMap<String, String> {
    let mut files = Vec::new();
    for folder in ["", "benches", "docs", "docs/detectors", "docs/example"] {
        let entries = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
        files.extend(entries.filter(|path| path.extension().is_some_and(|e| e == "md")));
    }
    let name = |path: &Path| path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
    files.iter().map(|path| (name(path), fs::read_to_string(path).unwrap())).collect()
}

/// What a heading can be reached by: lower case, hyphens for spaces, letters and digits only.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

fn anchors(page: &str) -> BTreeSet<String> {
    page.lines().filter(|line| line.starts_with('#')).map(|line| anchor(line.trim_start_matches('#'))).collect()
}

/// Text without code, where a bracket is a bracket.
fn prose(page: &str) -> String {
    let fences = Regex::new(r"(?ms)^```.*?^```").unwrap();
    Regex::new(r"`[^`\n]*`").unwrap().replace_all(&fences.replace_all(page, ""), "`").into_owned()
}

#[test]
fn every_link_leads_somewhere() {
    let link = Regex::new(r"\]\(([^)\s]+)\)").unwrap();
    let mut wrong = Vec::new();
    for (name, text) in pages() {
        for target in link.captures_iter(&prose(&text)).map(|found| found[1].to_owned()) {
            if target.contains("://") || target.starts_with("mailto:") {
                continue;
            }
            let (file, heading) = target.split_once('#').unwrap_or((&target, ""));
            let path = root().join(&name);
            let path = if file.is_empty() { path } else { path.parent().unwrap().join(file) };
            let there =
                path.exists() && (heading.is_empty() || anchors(&fs::read_to_string(&path).unwrap()).contains(heading));
            if !there {
                wrong.push(format!("{name}: {target}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Every page is in the book once, and so is every detector.
#[test]
fn the_book_is_whole() {
    let summary = fs::read_to_string(root().join("docs/SUMMARY.md")).unwrap();
    let link = Regex::new(r"\]\(([^)]+)\)").unwrap();
    let mut listed: Vec<String> = link.captures_iter(&summary).map(|found| format!("docs/{}", &found[1])).collect();
    listed.sort();
    let there: Vec<String> =
        pages().into_keys().filter(|name| name.starts_with("docs/") && !name.ends_with("SUMMARY.md")).collect();
    assert_eq!(listed, there);
    let detectors = Room::new().expect(0, &["detectors"]).stdout;
    let overview = fs::read_to_string(root().join("docs/detectors.md")).unwrap();
    let levels = ["off", "allow", "warn", "deny"];
    for line in detectors.lines() {
        let mut words = line.split_whitespace();
        let (Some(id), Some(level)) = (words.next(), words.next().filter(|level| levels.contains(level))) else {
            continue;
        };
        let page = fs::read_to_string(root().join(format!("docs/detectors/{id}.md"))).unwrap();
        let readme = format!("crates/detect/src/{}/README.md", id.replace('-', "_"));
        assert_eq!(page.trim(), format!("{{{{#include ../../{readme}}}}}"));
        assert!(root().join(&readme).is_file(), "{readme}");
        let told = overview
            .lines()
            .any(|l| l.contains(&format!("(detectors/{id}.md)")) && l.contains(&format!("| {level} |")));
        assert!(told, "docs/detectors.md does not have {id} as {level}");
    }
}

/// Only where mdbook is there: nothing else is needed to read the pages.
#[test]
fn the_book_builds_where_mdbook_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let build =
        Command::new("mdbook").arg("build").arg(root().join("docs")).arg("--dest-dir").arg(folder.path()).output();
    match build {
        Ok(done) => {
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            assert!(folder.path().join("introduction.html").is_file());
        }
        Err(_) => eprintln!("skipped: mdbook is not installed"),
    }
}

/// Files that the commands shown speak of.
fn room() -> Room {
    let room = Room::new();
    let table = |rows, seed| -> DataFrame {
        let mut frame = mixed(rows, seed);
        let label = frame.column("y").unwrap().clone().with_name("income".into());
        frame.with_column(label).unwrap().clone()
    };
    for folder in ["data", "their-data"] {
        fs::create_dir(room.path(folder)).unwrap();
    }
    room.csv("data/train.csv", table(400, 1));
    room.parquet("data/more.parquet", table(400, 2));
    room.parquet("their-data/part.parquet", table(600, 3));
    for (name, seed) in [("raw", 4), ("new", 5), ("accepted", 6), ("train", 7)] {
        room.parquet(&format!("{name}.parquet"), table(1200, seed));
    }
    room
}

/// The commands of a page: those in its blocks of shell that are ours, and those in comments, which prepare for them.
fn commands(page: &str) -> Vec<String> {
    let part = Regex::new(r"(?ms)^```(?:sh|console|)\n(.*?)^```|^<!-- run: (.*?) -->").unwrap();
    let mut commands = Vec::new();
    for found in part.captures_iter(page) {
        if let Some(hidden) = found.get(2) {
            commands.push(hidden.as_str().to_owned());
        } else if let Some(block) = found.get(1) {
            let lines = block.as_str().replace("\\\n", " ");
            let ours = lines.lines().filter(|line| line.starts_with("taster "));
            // What others do with the output is theirs.
            commands.extend(ours.map(|line| line.split(" | ").next().unwrap_or_default().to_owned()));
        }
    }
    commands
}

/// Every page in a folder of its own, from top to bottom: no command is refused. Whether data passes is not the point.
#[test]
fn every_command_shown_runs() {
    let bin = Path::new(TASTER).parent().unwrap().display().to_string();
    let path = format!("{bin}:{}", std::env::var("PATH").unwrap_or_default());
    let mut count = 0;
    for (name, text) in pages() {
        let room = room();
        for mut command in commands(&text) {
            if command.starts_with("taster review ") {
                command.push_str(" --finish"); // here is no terminal; tests/review.rs has one
            }
            let mut shell = Command::new("sh");
            shell.args(["-c", &command]).current_dir(room.path("")).env("PATH", &path);
            for variable in ["TASTER_SIGNING_KEY", "TASTER_SIGNING_PASSPHRASE", "TASTER_LOG_KEY"] {
                shell.env_remove(variable);
            }
            let done = run(&mut shell);
            assert!((0..2).contains(&done.status), "{name}: {command}\n{}\n{}", done.stdout, done.stderr);
            count += 1;
        }
    }
    assert!(count > 50, "only {count} commands were found");
}

/// Commands within sentences, and the examples of `--help`, name only flags that there are.
#[test]
fn every_flag_shown_is_one() {
    let room = Room::new();
    let help = |command: &str| {
        let words: Vec<&str> = command.split_whitespace().collect();
        let run = room.run(&[&words[..], &["--help"]].concat());
        (run.status == 0).then_some(run.stdout)
    };
    let top = help("").unwrap();
    let names: BTreeSet<String> =
        Regex::new(r"(?m)^  ([a-z][a-z-]+)  ").unwrap().captures_iter(&top).map(|f| f[1].to_owned()).collect();
    assert!(names.len() > 10, "{names:?}");
    let inline = Regex::new(r"`taster ([a-z][^`\n]*)`").unwrap();
    let mut shown: Vec<(String, String)> = Vec::new();
    // The example is generated, and escapes what it quotes.
    for (name, text) in pages().into_iter().filter(|(name, _)| !name.starts_with("docs/example/")) {
        shown.extend(inline.captures_iter(&text).map(|found| (name.clone(), found[1].to_owned())));
    }
    for name in &names {
        let text = help(name).unwrap();
        let examples = text.replace("\\\n", " ");
        shown.extend(
            examples
                .lines()
                .filter_map(|l| Some((format!("{name} --help"), l.trim().strip_prefix("taster ")?.to_owned()))),
        );
    }
    let flag = Regex::new(r"(?:^|[\s\[(])(--[a-z][a-z-]*)").unwrap();
    for (place, command) in &shown {
        let mut words = command.split_whitespace();
        let first = words.next().unwrap_or_default();
        assert!(names.contains(first), "{place}: there is no `taster {first}`");
        let deeper =
            words.next().map(|second| format!("{first} {second}")).filter(|_| ["log", "profile"].contains(&first));
        let text = deeper.and_then(|command| help(&command)).or_else(|| help(first)).unwrap();
        for found in flag.captures_iter(command) {
            assert!(text.contains(&found[1]), "{place}: `taster {command}` has no {}", &found[1]);
        }
    }
    assert!(shown.len() > 60, "{}", shown.len());
}
