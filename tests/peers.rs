use std::{
    io::{Write, stderr},
    path::Path,
    process::Command,
};

use crate::support::TASTER;

/// Runs a script that checks what taster writes with tools that are not ours, from PyPI. Where PyPI is out of reach the
/// script says so and ends well; what it says is printed past the harness, which hides what a test prints that passes.
#[track_caller]
fn agree(script: &str) {
    agree_by("python3", script, &[TASTER]);
}

#[track_caller]
fn agree_by(program: &str, script: &str, args: &[&str]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts").join(script);
    let Ok(done) = Command::new(program).arg(path).args(args).output() else {
        return say(&format!("{script}: skipped: there is no {program} here"));
    };
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{script}\n{out}\n{err}");
    assert!(!err.contains("Traceback") || out.contains("skipped: "), "{script}\n{err}");
    say(&format!("{script}: {}", out.trim().replace('\n', "; ")));
}

fn say(text: &str) {
    stderr().write_all(format!("{text}\n").as_bytes()).unwrap();
}

/// OpenSSF Model Signing, each way round.
#[test]
fn model_signing_agrees() {
    agree("check_oms.py");
}

/// The signatures and statements of a scan.
#[test]
fn securesystemslib_and_in_toto_agree() {
    agree("check_dsse.py");
}

#[test]
fn mlcroissant_and_cyclonedx_agree() {
    agree("check_exports.py");
}

/// The transparency log.
#[test]
fn proofbundle_agrees() {
    agree("check_log.py");
}

/// SARIF, JUnit and the Markdown summary.
#[test]
fn readers_of_ci_services_agree() {
    agree("check_reports.py");
}

/// The action, the GitLab template and the pre-commit hook, as far as they run without their services.
#[test]
fn ci_services_agree() {
    agree("check_ci.py");
}

/// The report's page in a browser: `NODE_PATH` has to lead to playwright-core and axe-core.
#[test]
fn chromium_agrees() {
    agree_by("node", "check_report_html.mjs", &["--taster", TASTER]);
}
