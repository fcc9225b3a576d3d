use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use polars::prelude::{Column, CsvWriter, DataFrame, ParquetReader, ParquetWriter, SerReader, SerWriter};
use serde_json::Value;
use tempfile::TempDir;

pub const TASTER: &str = env!("CARGO_BIN_EXE_taster");

/// A folder of its own for one test, where the binary runs.
pub struct Room {
    folder: TempDir,
}

/// What one run of the binary came to.
pub struct Run {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Room {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        fs::write(self.path(name), content).unwrap();
        name.to_owned()
    }

    pub fn parquet(&self, name: &str, mut frame: DataFrame) -> String {
        let file = File::create(self.path(name)).unwrap();
        ParquetWriter::new(file).with_row_group_size(Some(4096)).finish(&mut frame).unwrap();
        name.to_owned()
    }

    pub fn csv(&self, name: &str, mut frame: DataFrame) -> String {
        CsvWriter::new(File::create(self.path(name)).unwrap()).finish(&mut frame).unwrap();
        name.to_owned()
    }

    /// The command, ready for more arguments.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(TASTER);
        command.args(args).current_dir(self.folder.path()).stdin(Stdio::null());
        for name in ["TASTER_SIGNING_KEY", "TASTER_SIGNING_PASSPHRASE", "TASTER_LOG_KEY", "NO_COLOR", "CLICOLOR_FORCE"]
        {
            command.env_remove(name);
        }
        command
    }

    pub fn run(&self, args: &[&str]) -> Run {
        run(&mut self.command(args))
    }

    /// Runs it and insists on the exit status.
    pub fn expect(&self, status: i32, args: &[&str]) -> Run {
        let run = self.run(args);
        assert_eq!(run.status, status, "{args:?}\n{}\n{}", run.stdout, run.stderr);
        run
    }

    pub fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.path(name)).unwrap()).unwrap()
    }

    pub fn frame(&self, name: &str) -> DataFrame {
        ParquetReader::new(File::open(self.path(name)).unwrap()).finish().unwrap()
    }

    /// The manifest's statement.
    pub fn statement(&self, report: &str) -> Value {
        serde_json::from_slice(&payload(&self.json(&format!("{report}/manifest.json")))).unwrap()
    }

    /// Names of everything in the folder, hidden files too.
    pub fn names(&self) -> Vec<String> {
        names(self.folder.path())
    }
}

/// Runs a command to its end, which must come within two minutes.
pub fn run(command: &mut Command) -> Run {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let stdout = thread::spawn(collect(child.stdout.take().unwrap()));
    let stderr = thread::spawn(collect(child.stderr.take().unwrap()));
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > Duration::from_secs(120) {
            child.kill().unwrap();
            panic!("{command:?} did not end");
        }
        thread::sleep(Duration::from_millis(2));
    };
    Run { status: status.code().unwrap_or(-1), stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
}

fn collect(mut pipe: impl Read + Send + 'static) -> impl FnOnce() -> String + Send {
    move || {
        let mut bytes = Vec::new();
        pipe.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Compares a text with the file of this name in `tests/snapshots`; `UPDATE_SNAPSHOTS=1` writes it instead.
#[track_caller]
pub fn snapshot(name: &str, text: &str) {
    let path = format!("{}/../../tests/snapshots/{name}.txt", env!("CARGO_MANIFEST_DIR"));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&path, text).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(text == expected, "{name} differs from its snapshot (UPDATE_SNAPSHOTS=1 accepts it):\n{text}");
}

impl Run {
    /// The work could not be done: status 2, one clear message that holds these words, no panic, and no verdict.
    #[track_caller]
    pub fn refused(&self, words: &[&str]) {
        assert_eq!(self.status, 2, "{}\n{}", self.stdout, self.stderr);
        assert!(self.stderr.contains("error: "), "{}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        assert_eq!(self.stdout, "");
        for word in words {
            assert!(self.stderr.contains(word), "{word:?} is not in: {}", self.stderr);
        }
    }
}

pub fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

pub fn fixture(name: &str) -> String {
    format!("{}/../../fixtures/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// The payload of a DSSE envelope.
pub fn payload(envelope: &Value) -> Vec<u8> {
    base64(envelope["payload"].as_str().unwrap())
}

/// RFC 4648, standard alphabet.
fn base64(text: &str) -> Vec<u8> {
    let value = |c: u8| match c {
        b'A'..=b'Z' => u32::from(c - b'A'),
        b'a'..=b'z' => u32::from(c - b'a') + 26,
        b'0'..=b'9' => u32::from(c - b'0') + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u32> = text.bytes().filter(|&c| c != b'=').map(value).collect();
    let mut out = Vec::new();
    for group in digits.chunks(4) {
        let bits = group.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - group.len()));
        out.extend_from_slice(&bits.to_be_bytes()[1..group.len()]);
    }
    out
}

/// Seeded draws; the same on every machine (splitmix64).
pub struct Draw(u64);

impl Draw {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

/// Mixed columns with a label that depends on them, 3 % of the labels flipped, and some copies of one row.
pub fn mixed(rows: usize, seed: u64) -> DataFrame {
    let mut draw = Draw::new(seed);
    let (mut a, mut b, mut c, mut n) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut kind, mut label) = (Vec::new(), Vec::new());
    let copied = (0.25, -0.5, 7.125, 3, "red", "no");
    for _ in 0..rows {
        let (x, y, z, k) = (draw.normal(), draw.normal(), draw.normal() * 10.0, (draw.uniform() * 9.0) as i64);
        let colour = ["red", "green", "blue"][(draw.uniform() * 3.0) as usize];
        let yes = (x + y * 0.5 + f64::from(u8::from(colour == "red")) > 0.3) ^ (draw.uniform() < 0.03);
        let row = if draw.uniform() < 0.01 { copied } else { (x, y, z, k, colour, if yes { "yes" } else { "no" }) };
        a.push(row.0);
        b.push((draw.uniform() > 0.05).then_some(row.1));
        c.push(row.2);
        n.push(row.3);
        kind.push(row.4);
        label.push(row.5);
    }
    frame(vec![
        Column::new("a".into(), a),
        Column::new("b".into(), b),
        Column::new("c".into(), c),
        Column::new("n".into(), n),
        Column::new("kind".into(), kind),
        Column::new("y".into(), label),
    ])
}

pub fn frame(columns: Vec<Column>) -> DataFrame {
    DataFrame::new_infer_height(columns).unwrap()
}

/// The values of a float column, NaN where null.
pub fn floats(frame: &DataFrame, column: &str) -> Vec<f64> {
    let column = frame.column(column).unwrap().cast(&polars::prelude::DataType::Float64).unwrap();
    column.f64().unwrap().iter().map(|v| v.unwrap_or(f64::NAN)).collect()
}

pub fn strings(frame: &DataFrame, column: &str) -> Vec<String> {
    let column = frame.column(column).unwrap().cast(&polars::prelude::DataType::String).unwrap();
    column.str().unwrap().iter().map(|v| v.unwrap_or_default().to_owned()).collect()
}

/// Rows of the quarantine list for one detector.
pub fn quarantined(frame: &DataFrame, detector: &str) -> Vec<usize> {
    let rows = floats(frame, "row").into_iter().map(|row| row as usize);
    rows.zip(strings(frame, "detector")).filter(|(_, d)| d == detector).map(|(row, _)| row).collect()
}
