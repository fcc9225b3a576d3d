//! Prints how fast a dataset is read, decoded and encoded on one core: `throughput FILE...`.

use std::time::{Duration, Instant};

use taster_core::Key;
use taster_ingest::{Dataset, Encoder, Event, Options};

#[allow(clippy::print_stdout)] // printing is what it is for
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let inputs: Vec<String> = std::env::args().skip(1).collect();
    let start = Instant::now();
    let dataset = Dataset::open(&inputs, &Options::default())?;
    let opened = start.elapsed();
    let encoder = Encoder::new(&dataset, Key::new(7));
    let (mut read, mut decoded, mut encoded) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    let (mut rows, mut text) = (0, 0);
    let mut pieces = dataset.pieces();
    loop {
        let start = Instant::now();
        let Some(event) = pieces.next() else { break };
        read += start.elapsed();
        let Event::Piece(piece) = event? else { continue };
        text += piece.bytes() / 2;
        let start = Instant::now();
        let frames = piece.decode()?;
        decoded += start.elapsed();
        let start = Instant::now();
        for frame in frames.into_iter().flat_map(|f| f.split(16_384)) {
            rows += encoder.encode(&frame, &[]).table.len;
        }
        encoded += start.elapsed();
    }
    let rate = |bytes: u64, time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
    println!("{rows} rows, {} stored MB, opened in {opened:.1?}", dataset.bytes() / 1_000_000);
    println!("read, hash and split {read:.2?}: {:.0} stored MB/s", rate(dataset.bytes(), read));
    println!("decode {decoded:.2?}: {:.0} MB/s", rate(text as u64, decoded));
    println!("encode {encoded:.2?}: {:.1} million rows/s", rows as f64 / 1e6 / encoded.as_secs_f64());
    Ok(())
}
