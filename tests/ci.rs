use std::{fs, process::Command};

use crate::support::{Room, Run, TASTER, fixture, run};

/// Runs the script of the action as the hosting service would.
fn action(room: &Room, data: &str, args: &str) -> Run {
    let script = format!("{}/../../ci/action.sh", env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new("bash");
    command.arg(script).current_dir(room.path("."));
    command.env("INPUT_TASTER", TASTER).env("INPUT_DATA", data).env("INPUT_ARGS", args).env("INPUT_OUT", "report");
    command.env("GITHUB_STEP_SUMMARY", room.path("summary.md")).env("GITHUB_OUTPUT", room.path("outputs"));
    run(&mut command)
}

fn read(room: &Room, name: &str) -> String {
    fs::read_to_string(room.path(name)).unwrap()
}

#[test]
fn the_action_ends_with_the_verdict_and_tells_it() {
    let room = Room::new();
    let failed = action(&room, &fixture("loans/poisoned.csv"), "--label\napproved\n--seed\n1\n");
    assert_eq!(failed.status, 1, "{}", failed.stderr);
    let told = "verdict=failed\nreport=report\nsarif=report/results.sarif\njunit=report.junit.xml\n";
    assert_eq!(read(&room, "outputs"), told);
    assert!(room.path("report/results.sarif").exists());
    let junit = read(&room, "report.junit.xml");
    assert!(junit.contains("<testcase classname=\"taster\" name=\"label-flip\">\n<failure type="), "{junit}");
    assert!(junit.contains("name=\"shift\">\n<skipped"), "{junit}");
    assert!(!junit.contains("name=\"outlier\">\n<failure"), "{junit}");

    let passed = action(&room, &format!("  {}\n\n", fixture("loans/loans.csv")), "--label\napproved\n--seed\n1");
    assert_eq!(passed.status, 0, "{}", passed.stderr);
    assert!(read(&room, "report.junit.xml").contains(" failures=\"0\" "));
    // The summary is appended to; what other steps wrote stays.
    let summary = read(&room, "summary.md");
    assert!(summary.starts_with("## taster: failed\n") && summary.matches("## taster: ").count() == 2, "{summary}");
}

#[test]
fn the_action_runs_nothing_that_its_inputs_hold() {
    let room = Room::new();
    let run = action(&room, "$(touch ran).csv\n; touch ran\n", "");
    assert_eq!(run.status, 2, "{}", run.stdout);
    assert!(!room.path("ran").exists());
    assert!(read(&room, "outputs").starts_with("verdict=incomplete\n"));
}
