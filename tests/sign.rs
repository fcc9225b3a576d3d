use std::{fs, process::Command};

use crate::support::{Room, Run, fixture, mixed};

/// A folder with data and a README, and a key.
fn room() -> Room {
    let room = Room::new();
    fs::create_dir_all(room.path("data/part")).unwrap();
    room.parquet("data/part/a.parquet", mixed(1500, 1));
    room.write("data/README.md", "About the data");
    room.expect(0, &["keygen", "--out", "release"]);
    room
}

fn verify(room: &Room, signature: &str, data: &str) -> Run {
    room.run(&["verify", signature, "--key", "release.pub.pem", data])
}

#[test]
fn a_signed_folder_holds_until_it_changes() {
    let room = room();
    for more in [&[][..], &["--shards=1000"]] {
        room.expect(0, &[&["sign", "data", "--key", "release.pem", "--out", "data/dataset.sig"], more].concat());
        let run = verify(&room, "data/dataset.sig", "data");
        assert_eq!((run.status, run.stdout.contains("all 2 files are the same")), (0, true), "{}", run.stdout);
        room.write("data/README.md", "Something else");
        let run = verify(&room, "data/dataset.sig", "data");
        assert_eq!((run.status, run.stdout.contains("README.md: changed")), (1, true), "{}", run.stdout);
        room.write("data/README.md", "About the data");
    }
    room.run(&["verify", "data/dataset.sig", "--key", "release.pub.pem", "data", "data"]).refused(&["one folder"]);
    room.run(&["verify", "data/dataset.sig", "--unsigned", "nowhere"]).refused(&["nowhere"]);
}

#[test]
fn paths_that_are_left_out_do_not_count() {
    let room = room();
    let args = ["sign", "data", "--key", "release.pem", "--ignore-path", "README.md", "--quiet"];
    assert_eq!(room.expect(0, &args).stdout, "");
    room.write("data/README.md", "Something else");
    assert_eq!(verify(&room, "dataset.sig", "data").status, 0);
    room.run(&["sign", "data", "--key", "release.pem", "--ignore-path", "*.md"]).refused(&["*.md", "pattern"]);
}

/// What a scan signs are the files it read; all else beside them is left out by name.
#[test]
fn a_signed_scan_signs_the_dataset_too() {
    let room = room();
    let scan = |data: &str, out: &str| {
        let run = room.run(&["scan", data, "--label", "y", "--sign", "release.pem", "--out", out]);
        assert!(run.status < 2, "{}", run.stderr);
    };
    scan("data", "report");
    assert_eq!(verify(&room, "report/dataset.sig", "data").status, 0);
    room.write("data/README.md", "Something else");
    assert_eq!(verify(&room, "report/dataset.sig", "data").status, 0);
    room.write("data/part/more.csv", "a\n1\n");
    assert_eq!(verify(&room, "report/dataset.sig", "data").status, 1);
    scan("data/part/a.parquet", "single");
    assert_eq!(verify(&room, "single/dataset.sig", "data/part/a.parquet").status, 0);
    assert_eq!(verify(&room, "single/manifest.json", "data/part/a.parquet").status, 0);
}

#[test]
fn keys_the_format_does_not_know_are_said_to_be_so() {
    let room = room();
    room.expect(0, &["keygen", "--out", "ed", "--algorithm", "ed25519"]);
    room.run(&["sign", "data", "--key", "ed.pem"]).refused(&["Ed25519", "p256"]);
    let run = room.run(&["scan", "data", "--label", "y", "--sign", "ed.pem", "--out", "report"]);
    assert!(run.status < 2 && run.stderr.contains("dataset.sig was not written"), "{}", run.stderr);
    assert!(!room.path("report/dataset.sig").exists());
    room.run(&["sign", "data"]).refused(&["--key"]);
}

#[cfg(unix)]
#[test]
fn a_command_can_sign() {
    let room = room();
    let sign = "openssl dgst -sha256 -sign release.pem";
    if Command::new("openssl").arg("version").output().is_err() {
        return eprintln!("skipped: there is no openssl here");
    }
    let external = ["--signer-command", sign, "--signer-key", "release.pub.pem"];
    room.expect(0, &[&["sign", "data"], &external[..]].concat());
    assert_eq!(verify(&room, "dataset.sig", "data").status, 0);
    let run = room.run(&[&["scan", "data", "--label", "y", "--out", "report"], &external[..]].concat());
    assert!(run.status < 2, "{}", run.stderr);
    assert_eq!(verify(&room, "report/manifest.json", "data/part/a.parquet").status, 0);
    room.expect(0, &["keygen", "--out", "other"]);
    let wrong = ["sign", "data", "--signer-command", sign, "--signer-key", "other.pub.pem"];
    room.run(&wrong).refused(&["signer command", "public key"]);
}

#[test]
fn part_of_a_dataset_can_be_verified() {
    let room = room();
    room.parquet("data/part/b.parquet", mixed(100, 2));
    let run = room.run(&["scan", "data", "--label", "y", "--sign", "release.pem", "--out", "report"]);
    assert!(run.status < 2, "{}", run.stderr);
    let part = ["verify", "report/manifest.json", "--key", "release.pub.pem", "data/part/a.parquet"];
    assert!(room.expect(1, &part).stdout.contains("b.parquet: missing"));
    assert!(room.expect(0, &[&part[..], &["--subset"]].concat()).stdout.contains("1 were not given"));
    room.parquet("data/part/a.parquet", mixed(1500, 3));
    let files_only = room.expect(1, &[&part[..], &["--subset", "--files-only"]].concat()).stdout;
    assert!(files_only.contains("a.parquet: changed\n"), "{files_only}");
}

#[test]
fn a_cell_that_is_not_of_its_column_is_named() {
    let room = Room::new();
    let text = fs::read_to_string(fixture("loans/loans.csv")).unwrap();
    room.write("loans.csv", &text);
    room.expect(0, &["scan", "loans.csv", "--label", "approved", "--seed", "1", "--out", "report"]);
    room.write("loans.csv", text.replacen("2024-01-01,45", "gone,45", 1));
    let run = room.expect(1, &["verify", "report/manifest.json", "--unsigned", "loans.csv"]);
    assert!(run.stdout.contains("gone") && run.stdout.contains("applied"), "{}", run.stdout);
}
