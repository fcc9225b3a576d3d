use super::*;

fn manifest(predicate: &str) -> String {
    let statement = format!(r#"{{"_type":"https://in-toto.io/Statement/v1","predicateType":"{predicate}"}}"#);
    format!(r#"{{"payload":"{}","payloadType":"x","signatures":[]}}"#, STANDARD.encode(statement))
}

fn report(out: &Path, findings: &str) -> Result<PathBuf, Error> {
    let folder = Folder::create(out)?;
    folder.write("manifest.json", manifest("https://taster.dev/attestation/dataset-scan/v0.1"))?;
    folder.write("findings.json", findings)?;
    folder.publish()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn refusal(out: &Path) -> String {
    Folder::create(out).unwrap_err().to_string()
}

#[test]
fn a_report_appears_whole_and_a_later_one_replaces_it() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("deep/er/report");
    report(&out, "first").unwrap();
    assert_eq!(names(&out), ["findings.json", "manifest.json"]);
    report(&out, "second").unwrap();
    assert_eq!(fs::read_to_string(out.join("findings.json")).unwrap(), "second");
    assert_eq!(names(out.parent().unwrap()), ["report"], "nothing is left beside it");
}

#[test]
fn a_dropped_report_leaves_nothing_and_the_old_one_alone() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("report");
    report(&out, "first").unwrap();
    let folder = Folder::create(&out).unwrap();
    folder.write("findings.json", "half").unwrap();
    drop(folder);
    assert_eq!(names(home.path()), ["report"]);
    assert_eq!(fs::read_to_string(out.join("findings.json")).unwrap(), "first");
}

#[test]
fn an_empty_folder_is_used() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("report");
    fs::create_dir(&out).unwrap();
    report(&out, "x").unwrap();
    assert_eq!(names(&out), ["findings.json", "manifest.json"]);
}

#[test]
fn what_taster_did_not_write_is_never_replaced() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("report");
    report(&out, "x").unwrap();
    fs::write(out.join("thesis\u{202E}.docx"), "years of work").unwrap();
    let message = refusal(&out);
    assert!(message.contains("thesis⟨U+202E⟩.docx") && message.contains("choose another --out"), "{message}");

    let other = home.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("manifest.json"), r#"{"name":"a browser extension"}"#).unwrap();
    assert!(refusal(&other).contains("no manifest.json of taster"));
    fs::write(other.join("manifest.json"), manifest("https://slsa.dev/provenance/v1")).unwrap();
    assert!(refusal(&other).contains("no manifest.json of taster"));

    let file = home.path().join("file");
    fs::write(&file, "").unwrap();
    assert!(refusal(&file).contains("it is a file"));
    assert!(refusal(Path::new("/")).contains("does not name a folder"));
    assert!(refusal(&file.join("report")).starts_with("cannot"), "a parent that is a file");
    assert_eq!(names(home.path()), ["file", "other", "report"]);
}

#[test]
fn a_folder_named_like_one_of_our_files_is_foreign() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("report");
    report(&out, "x").unwrap();
    fs::create_dir(out.join("scores.parquet")).unwrap();
    assert!(refusal(&out).contains("scores.parquet"));
}

#[test]
fn what_came_in_between_is_not_replaced() {
    let home = tempfile::tempdir().unwrap();
    let out = home.path().join("report");
    let folder = Folder::create(&out).unwrap();
    fs::create_dir(&out).unwrap();
    fs::write(out.join("notes.txt"), "mine").unwrap();
    assert!(folder.publish().unwrap_err().to_string().contains("notes.txt"));
    assert_eq!(names(home.path()), ["report"]);
}

#[cfg(unix)]
#[test]
fn a_link_keeps_pointing_at_the_report() {
    let home = tempfile::tempdir().unwrap();
    let (real, link) = (home.path().join("real"), home.path().join("link"));
    fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    report(&link, "x").unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(names(&real), ["findings.json", "manifest.json"]);
    fs::remove_dir_all(&real).unwrap();
    assert!(refusal(&link).contains("link to nowhere"));
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_cannot_be_written_is_refused_at_once() {
    assert!(refusal(Path::new("/proc/report")).starts_with("cannot write in the folder /proc"));
    assert!(refusal(Path::new("/dev/shm")).contains("mount point"));
}
