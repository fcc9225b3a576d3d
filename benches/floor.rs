//! How far a full scan is from the least that could be done: `cargo bench --bench floor`.
//!
//! Floor = SHA-256 of the files' bytes (one thread per core) plus a streaming read by polars that sums every column
//! (`scripts/floor_polars.py`). Both and the scan run over the same seeded files in the same run: numbers and a label,
//! as Parquet and as CSV.
//!
//! | variable | default | |
//! | --- | --- | --- |
//! | `TASTER_BENCH_ROWS` | 2000000 | rows |
//! | `TASTER_BENCH_FILES` | 1 | files the rows are spread over |
//! | `TASTER_BENCH_DIR` | the system's | where the data is put (about 1.3 GB) |
#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::{
    env,
    fs::{self, File},
    io::{BufWriter, Read, Write},
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    thread,
    time::Instant,
};

use polars::prelude::{Column, DataFrame, ParquetWriter};
use sha2::{Digest, Sha256};

const COLUMNS: usize = 20;
const CHUNK: usize = 250_000;
const RUNS: usize = 3;

fn main() {
    let rows = setting("TASTER_BENCH_ROWS", 2_000_000);
    let files = setting("TASTER_BENCH_FILES", 1);
    let place = env::var_os("TASTER_BENCH_DIR").map_or_else(env::temp_dir, PathBuf::from);
    let folder = tempfile::Builder::new().prefix("taster-floor-").tempdir_in(place).unwrap();
    println!("{rows} rows x {COLUMNS} numbers and a label, {files} file(s), {} core(s)\n", cores());
    println!("| format | MB | SHA-256 s | polars s | floor s | scan s | scan / floor |");
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for format in ["parquet", "csv"] {
        let paths = generate(folder.path(), format, rows, files);
        report(format, &paths, folder.path());
        for path in &paths {
            fs::remove_file(path).unwrap();
        }
    }
}

fn setting(name: &str, default: usize) -> usize {
    env::var(name).map_or(default, |value| value.parse().unwrap_or_else(|_| panic!("{name} is not a number")))
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn report(format: &str, paths: &[PathBuf], folder: &Path) {
    let megabytes = paths.iter().map(|path| fs::metadata(path).unwrap().len()).sum::<u64>() as f64 / 1e6;
    let hashing = median(|| digest_all(paths));
    let reading = polars(paths);
    let scanning = median(|| scan(paths, folder));
    let floor = hashing + reading;
    let ratio = scanning / floor;
    println!("| {format} | {megabytes:.0} | {hashing:.2} | {reading:.2} | {floor:.2} | {scanning:.2} | {ratio:.1} |");
}

fn median(work: impl Fn()) -> f64 {
    let mut seconds: Vec<f64> = (0..RUNS)
        .map(|_| {
            let started = Instant::now();
            work();
            started.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds[RUNS / 2]
}

/// A file cannot be digested by two threads; several files can.
fn digest_all(paths: &[PathBuf]) {
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..cores().min(paths.len()) {
            scope.spawn(|| {
                while let Some(path) = paths.get(next.fetch_add(1, Relaxed)) {
                    digest(path);
                }
            });
        }
    });
}

fn digest(path: &Path) {
    let mut file = File::open(path).unwrap();
    let mut buffer = vec![0; 1 << 20];
    let mut hasher = Sha256::new();
    loop {
        match file.read(&mut buffer).unwrap() {
            0 => break,
            n => hasher.update(&buffer[..n]),
        }
    }
    std::hint::black_box(hasher.finalize());
}

fn polars(paths: &[PathBuf]) -> f64 {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/floor_polars.py");
    let output = Command::new("python3").arg(script).args(paths).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

fn scan(paths: &[PathBuf], folder: &Path) {
    let out = folder.join("report");
    let mut command = Command::new(env!("CARGO_BIN_EXE_taster"));
    command.arg("scan").args(paths).args(["--label", "y", "--seed", "7", "--quiet", "--out"]).arg(out);
    let status = command.status().unwrap();
    assert!(matches!(status.code(), Some(0 | 1)), "the scan ended with {status}");
}

/// Normal numbers, and a label that depends on some of them.
fn generate(folder: &Path, format: &str, rows: usize, files: usize) -> Vec<PathBuf> {
    let mut state = 1;
    (0..files)
        .map(|i| {
            let path = folder.join(format!("part{i:02}.{format}"));
            let share = rows * (i + 1) / files - rows * i / files;
            let file = BufWriter::new(File::create(&path).unwrap());
            if format == "csv" {
                write_csv(file, share, &mut state);
            } else {
                write_parquet(file, share, &mut state);
            }
            path
        })
        .collect()
}

fn write_parquet(file: impl Write, rows: usize, state: &mut u64) {
    let mut writer = None;
    let mut file = Some(file);
    for start in (0..rows).step_by(CHUNK) {
        let (x, y) = draw(CHUNK.min(rows - start), state);
        let mut columns: Vec<Column> =
            x.into_iter().enumerate().map(|(i, values)| Column::new(format!("x{i}").into(), values)).collect();
        columns.push(Column::new("y".into(), y));
        let frame = DataFrame::new_infer_height(columns).unwrap();
        let batched = writer.get_or_insert_with(|| {
            let file = file.take().unwrap();
            ParquetWriter::new(file).batched(frame.schema()).unwrap()
        });
        batched.write_batch(&frame).unwrap();
    }
    writer.unwrap().finish().unwrap();
}

fn write_csv(mut file: impl Write, rows: usize, state: &mut u64) {
    let header: Vec<String> = (0..COLUMNS).map(|i| format!("x{i}")).collect();
    writeln!(file, "{},y", header.join(",")).unwrap();
    for start in (0..rows).step_by(CHUNK) {
        let (x, y) = draw(CHUNK.min(rows - start), state);
        for (row, label) in y.iter().enumerate() {
            for column in &x {
                write!(file, "{},", column[row]).unwrap();
            }
            writeln!(file, "{label}").unwrap();
        }
    }
}

fn draw(rows: usize, state: &mut u64) -> (Vec<Vec<f64>>, Vec<i64>) {
    let x: Vec<Vec<f64>> = (0..COLUMNS).map(|_| (0..rows).map(|_| normal(state)).collect()).collect();
    let y = (0..rows).map(|r| i64::from(x[0][r] + x[1][r] * x[2][r] + 0.3 * normal(state) > 0.0)).collect();
    (x, y)
}

fn normal(state: &mut u64) -> f64 {
    let radius = (-2.0 * (1.0 - uniform(state)).ln()).sqrt();
    radius * (std::f64::consts::TAU * uniform(state)).cos()
}

/// splitmix64
fn uniform(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
}
