use crate::support::{Room, snapshot};

const COMMANDS: [&str; 13] = [
    "scan",
    "verify",
    "sign",
    "profile",
    "keygen",
    "log",
    "export",
    "threat-model",
    "evidence",
    "detectors",
    "explain",
    "completions",
    "man",
];

#[test]
fn help_lists_every_command_and_shows_examples() {
    let room = Room::new();
    let help = room.expect(0, &["--help"]).stdout;
    for command in COMMANDS {
        assert!(help.contains(&format!("\n  {command}")), "{command}");
        assert!(room.expect(0, &[command, "--help"]).stdout.contains(&format!("Usage: taster {command}")));
    }
    assert!(help.contains("Examples:") && help.contains("Exit status:"), "{help}");
    assert!(room.expect(0, &["--version"]).stdout.starts_with("taster 0."));
}

#[test]
fn flags_that_take_a_value_state_their_default() {
    let help = Room::new().expect(0, &["scan", "-h"]).stdout;
    for flag in ["--reference", "--out", "--clean", "--sign", "--fdr", "--fail-on", "--level", "--memory", "--seed"] {
        let at = help.find(&format!("{flag} <")).unwrap_or_else(|| panic!("{flag} is not in the help"));
        let text: String =
            help[at..].split("\n      --").next().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains("[default"), "{text}");
    }
    for heading in ["Columns", "Policy:", "Output:", "CSV", "Running:"] {
        assert!(help.contains(&format!("\n{heading}")), "{heading}");
    }
}

#[test]
fn the_long_help_of_scan() {
    snapshot("scan-help", &Room::new().expect(0, &["scan", "--help"]).stdout);
}

#[test]
fn the_list_of_detectors() {
    snapshot("detectors", &Room::new().expect(0, &["detectors"]).stdout);
}

#[test]
fn every_detector_explains_itself() {
    let room = Room::new();
    let list = room.expect(0, &["detectors"]).stdout;
    let ids: Vec<&str> =
        list.lines().skip(1).take_while(|line| !line.is_empty()).map(|l| l.split(' ').next().unwrap()).collect();
    assert!(ids.len() >= 5, "{ids:?}");
    for id in ids {
        let text = room.expect(0, &["explain", id]).stdout.to_lowercase();
        for heading in ["finds", "why it matters", "how it scores", "blind spots", "parameters", "references"] {
            assert!(text.contains(heading), "{id} does not say: {heading}");
        }
    }
    room.run(&["explain", "label-flop"]).refused(&["did you mean `label-flip`?"]);
}

#[test]
fn completions_for_every_shell() {
    let room = Room::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(room.expect(0, &["completions", shell]).stdout.contains("reference"), "{shell}");
    }
}

#[test]
fn manual_pages_for_every_command() {
    let room = Room::new();
    assert!(room.expect(0, &["man"]).stdout.contains(".TH taster 1"));
    for command in COMMANDS {
        assert!(room.expect(0, &["man", command]).stdout.contains(&format!(".TH taster-{command} 1")), "{command}");
    }
    room.run(&["man", "scam"]).refused(&["did you mean `scan`?"]);
}

#[test]
fn usage_errors_have_status_2() {
    let room = Room::new();
    assert_eq!(room.run(&[]).status, 2);
    assert_eq!(room.run(&["scam"]).status, 2);
    assert_eq!(room.run(&["scan", "--nonsense", "x.csv"]).status, 2);
}
