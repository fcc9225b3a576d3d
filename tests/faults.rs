use std::{
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::support::{Draw, Room, Run, TASTER, mixed, names};

/// The input is there and nothing else: no report, no draft of one, no temporary file.
#[track_caller]
fn left_behind(room: &Room, expected: &[&str]) {
    assert_eq!(room.names(), expected);
}

// --- what is broken ---

#[test]
fn truncated_parquet() {
    let room = Room::new();
    room.parquet("data.parquet", mixed(5000, 1));
    let whole = fs::read(room.path("data.parquet")).unwrap();
    for keep in [whole.len() / 2, whole.len() - 3, 6, 1] {
        room.write("data.parquet", &whole[..keep]);
        room.run(&["scan", "data.parquet", "--label", "y"]).refused(&["data.parquet"]);
        left_behind(&room, &["data.parquet"]);
    }
}

#[test]
fn clobbered_pages() {
    let room = Room::new();
    room.parquet("data.parquet", mixed(20_000, 1));
    let whole = fs::read(room.path("data.parquet")).unwrap();
    for part in 0..10 {
        let at = 4 + whole.len() * part / 10;
        let mut bytes = whole.clone();
        let end = whole.len().min(at + 400);
        bytes[at..end].fill(0xff);
        room.write("data.parquet", &bytes);
        let run = room.run(&["scan", "data.parquet", "--label", "y", "--out", "report"]);
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
        match run.status {
            // What is stored uncompressed and without a checksum is read as other numbers: nobody can know.
            0 | 1 if part > 0 => fs::remove_dir_all(room.path("report")).unwrap(),
            _ => run.refused(&["data.parquet"]),
        }
        left_behind(&room, &["data.parquet"]);
    }
}

#[test]
fn single_flipped_bytes_never_panic_or_hang() {
    let room = Room::new();
    room.parquet("data.parquet", mixed(800, 1));
    let whole = fs::read(room.path("data.parquet")).unwrap();
    let mut draw = Draw::new(1);
    for _ in 0..40 {
        let mut bytes = whole.clone();
        bytes[(draw.uniform() * whole.len() as f64) as usize] ^= 1 << (draw.bits() % 8);
        room.write("data.parquet", &bytes);
        let run = room.run(&["scan", "data.parquet", "--label", "y", "--out", "report"]);
        // A flipped bit in a number is another number, which nobody can know; all else is refused.
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
        match run.status {
            0 | 1 => fs::remove_dir_all(room.path("report")).unwrap(),
            _ => run.refused(&["data.parquet"]),
        }
        left_behind(&room, &["data.parquet"]);
    }
}

#[test]
fn a_file_that_is_not_what_its_name_says() {
    let room = Room::new();
    room.write("data.parquet", "a,b\n1,2\n");
    room.run(&["scan", "data.parquet"]).refused(&["data.parquet"]);
    room.write("data.csv.gz", b"\x1f\x8b\x08\x00 and then nothing that inflates");
    room.run(&["scan", "data.csv.gz"]).refused(&["data.csv.gz"]);
    room.run(&["scan", "nowhere.parquet"]).refused(&["nowhere.parquet"]);
    room.run(&["scan", "*.parquot"]).refused(&["*.parquot"]);
    left_behind(&room, &["data.csv.gz", "data.parquet"]);
}

#[test]
fn one_broken_file_among_sound_ones() {
    let room = Room::new();
    fs::create_dir(room.path("data")).unwrap();
    for part in 0..4 {
        room.parquet(&format!("data/{part}.parquet"), mixed(500, part));
    }
    let whole = fs::read(room.path("data/2.parquet")).unwrap();
    room.write("data/2.parquet", &whole[..whole.len() / 2]);
    room.run(&["scan", "data", "--label", "y"]).refused(&["2.parquet"]);
    left_behind(&room, &["data"]);
}

// --- what is too large ---

/// A CSV of this many columns and 20 rows.
fn wide_csv(room: &Room, columns: usize) {
    let mut out = BufWriter::new(File::create(room.path("wide.csv")).unwrap());
    let mut draw = Draw::new(1);
    let header: Vec<String> = (0..columns).map(|i| format!("c{i}")).collect();
    writeln!(out, "{}", header.join(",")).unwrap();
    for _ in 0..20 {
        let row: Vec<String> = header.iter().map(|_| (draw.bits() % 1000).to_string()).collect();
        writeln!(out, "{}", row.join(",")).unwrap();
    }
}

#[test]
fn fifty_thousand_columns() {
    let room = Room::new();
    wide_csv(&room, 50_000);
    let run = room.run(&["scan", "wide.csv", "--out", "report"]);
    assert!(run.status < 2, "{}", run.stderr);
    assert_ne!(room.json("report/findings.json")["verdict"], "passed", "20 rows say little of 50,000 columns");
    assert!(run.stdout.contains("20 rows are too few"), "{}", run.stdout);
}

#[test]
fn more_columns_than_anyone_has() {
    let room = Room::new();
    wide_csv(&room, 120_000);
    room.run(&["scan", "wide.csv"]).refused(&["wide.csv", "columns"]);
    left_behind(&room, &["wide.csv"]);
}

#[test]
fn a_cell_of_200_megabytes() {
    let room = Room::new();
    let mut out = BufWriter::new(File::create(room.path("data.csv")).unwrap());
    out.write_all(b"a,b\n1,x\n2,\"").unwrap();
    for _ in 0..200 {
        out.write_all(&vec![b'x'; 1_000_000]).unwrap();
    }
    out.write_all(b"\"\n3,y\n").unwrap();
    drop(out);
    room.run(&["scan", "data.csv"]).refused(&["data.csv", "line"]);
    left_behind(&room, &["data.csv"]);
}

#[test]
fn a_compressed_file_that_grows_without_end() {
    let room = Room::new();
    let mut gzip =
        Command::new("gzip").args(["-c", "-9"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = gzip.stdin.take().unwrap();
    let feed = std::thread::spawn(move || {
        stdin.write_all(b"a,b\n").unwrap();
        for _ in 0..300 {
            stdin.write_all(&vec![b'0'; 1_000_000]).unwrap();
        }
    });
    let mut bomb = Vec::new();
    gzip.stdout.take().unwrap().read_to_end(&mut bomb).unwrap();
    feed.join().unwrap();
    gzip.wait().unwrap();
    room.write("bomb.csv.gz", bomb);
    room.run(&["scan", "bomb.csv.gz"]).refused(&["bomb.csv.gz"]);
    left_behind(&room, &["bomb.csv.gz"]);
}

// --- what changes, fills up or is stopped while taster works ---

/// A CSV that takes a while to read: numbers and a label.
fn long_csv(room: &Room) -> PathBuf {
    let path = room.path("data.csv");
    let mut out = BufWriter::new(File::create(&path).unwrap());
    let mut draw = Draw::new(1);
    writeln!(out, "a,b,c,d,e,f,y").unwrap();
    for _ in 0..400_000 {
        let [a, b, c, d, e, f] = std::array::from_fn(|_| draw.bits() % 100_000);
        writeln!(out, "{a},{b},{c},{d},{e},{f},{}", (a + b) / 100_000).unwrap();
    }
    path
}

/// What makes a scan read `data.csv` twice, and what does not.
const MEMORIES: [&str; 2] = ["1MiB", "1GiB"];

/// Starts a scan of `data.csv` and gives the process once it has announced the phase.
fn scan_until(room: &Room, phase: &str, memory: &str) -> (Child, BufReader<std::process::ChildStderr>) {
    let mut child = Command::new(TASTER)
        .args(["scan", "data.csv", "--label", "y", "--threads", "1", "--progress", "always", "--out", "report"])
        .args(["--clean", "clean.csv", "--memory", memory])
        .current_dir(room.path(""))
        .env_remove("TASTER_SIGNING_KEY")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while line.trim() != phase {
        line.clear();
        assert_ne!(stderr.read_line(&mut line).unwrap(), 0, "the scan ended before {phase}");
    }
    (child, stderr)
}

fn end(mut child: Child, mut stderr: impl Read) -> Run {
    let mut said = String::new();
    stderr.read_to_string(&mut said).unwrap();
    let mut stdout = String::new();
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    Run { status: child.wait().unwrap().code().unwrap_or(-1), stdout, stderr: said }
}

#[test]
fn a_file_that_changes_after_the_first_read() {
    for memory in MEMORIES {
        let room = Room::new();
        let path = long_csv(&room);
        let (child, stderr) = scan_until(&room, "fitting", memory);
        let mut file = OpenOptions::new().write(true).open(path).unwrap();
        file.seek(SeekFrom::End(-2)).unwrap();
        file.write_all(b"7").unwrap();
        drop(file);
        end(child, stderr).refused(&["data.csv", "changed"]);
        left_behind(&room, &["data.csv"]);
    }
}

#[test]
fn a_file_that_is_replaced_after_the_first_read() {
    for memory in MEMORIES {
        let room = Room::new();
        long_csv(&room);
        let (child, stderr) = scan_until(&room, "fitting", memory);
        room.write("new.csv", "a,b,c,d,e,f,y\n1,2,3,4,5,6,0\n");
        fs::rename(room.path("new.csv"), room.path("data.csv")).unwrap();
        end(child, stderr).refused(&["data.csv", "changed"]);
        left_behind(&room, &["data.csv"]);
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_scan_leaves_nothing_behind() {
    for phase in ["observing", "fitting", "scoring"] {
        let room = Room::new();
        long_csv(&room);
        let (child, stderr) = scan_until(&room, phase, "1GiB");
        let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        end(child, stderr).refused(&["interrupted"]);
        left_behind(&room, &["data.csv"]);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk() {
    let room = Room::new();
    room.parquet("data.parquet", mixed(20_000, 1));
    let Some(disk) = SmallDisk::mount(room.path("disk")) else {
        eprintln!("skipped: only root can mount the small file system this needs");
        return;
    };
    let scan = ["scan", "data.parquet", "--label", "y", "--scores"];
    room.run(&[&scan[..], &["--out", "disk/report"]].concat()).refused(&["space"]);
    assert_eq!(names(disk.path()), [""; 0]);
    room.run(&[&scan[..], &["--clean", "disk/clean.parquet", "--out", "report"]].concat()).refused(&["space"]);
    assert_eq!(names(disk.path()), [""; 0]);
    drop(disk);
    left_behind(&room, &["data.parquet", "disk"]);
}

/// A file system of 64 KiB in memory, for as long as it lives.
#[cfg(target_os = "linux")]
struct SmallDisk(PathBuf);

#[cfg(target_os = "linux")]
impl SmallDisk {
    fn mount(at: PathBuf) -> Option<Self> {
        fs::create_dir(&at).unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(&at).output();
        mounted.is_ok_and(|run| run.status.success()).then_some(Self(at))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_report_that_cannot_be_written_is_known_before_the_work() {
    let room = Room::new();
    room.parquet("data.parquet", mixed(200, 1));
    room.write("file", "");
    room.run(&["scan", "data.parquet", "--out", "file"]).refused(&["file"]);
    room.run(&["scan", "data.parquet", "--out", "file/report"]).refused(&["file"]);
    left_behind(&room, &["data.parquet", "file"]);
}

#[test]
fn data_is_never_written_over() {
    let room = Room::new();
    for (name, seed) in [("data.parquet", 1), ("then.parquet", 2)] {
        room.parquet(name, mixed(300, seed));
    }
    let scan = ["scan", "data.parquet", "--label", "y", "--seed", "1"];
    assert!(room.run(&scan).status < 2);
    room.expect(0, &["review", "taster-report", "data.parquet", "--finish"]);
    let before = ["data.parquet", "then.parquet"].map(|name| fs::read(room.path(name)).unwrap());
    for over in ["data.parquet", "./then.parquet"] {
        room.run(&[&scan[..], &["--reference", "then.parquet", "--out", "new", "--clean", over]].concat())
            .refused(&[over.trim_start_matches("./"), "overwritten"]);
    }
    room.run(&["profile", "data.parquet", "--label", "y", "--out", "data.parquet"]).refused(&["overwritten"]);
    let apply = ["apply", "taster-report", "data.parquet", "--decisions", "decisions.json", "--out", "data.parquet"];
    room.run(&apply).refused(&["overwritten"]);
    assert_eq!(["data.parquet", "then.parquet"].map(|name| fs::read(room.path(name)).unwrap()), before);
}
