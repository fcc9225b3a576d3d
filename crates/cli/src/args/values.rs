//! Parsers of flag values. Each error says what is allowed and what is nearest.

use std::{
    path::{Path, PathBuf},
    str::FromStr,
};

use taster_core::Severity;
use taster_pipeline::Level;

/// The name most like the one given, as `; did you mean ...?`, or nothing where none is like it.
pub fn nearest<'a>(given: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(name, given), name))
        .filter(|(similarity, _)| *similarity > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or(String::new(), |(_, name)| format!("; did you mean `{name}`?"))
}

/// The manifest of a report, given as its folder or as the manifest itself.
pub fn manifest_of(report: &Path) -> PathBuf {
    if report.is_dir() { report.join("manifest.json") } else { report.to_owned() }
}

/// `outlier=warn`
pub fn detector_level(text: &str) -> Result<(String, Level), String> {
    let levels = [Level::Off, Level::Allow, Level::Warn, Level::Deny];
    let (id, level) = detector_and(text, "off, allow, warn or deny")?;
    levels.into_iter().find(|l| l.name() == level).map(|level| (id, level)).ok_or_else(|| {
        format!(
            "no level is called `{level}`; levels are off, allow, warn and deny{}",
            nearest(level, levels.map(Level::name))
        )
    })
}

/// `outlier=0.9`
pub fn detector_threshold(text: &str) -> Result<(String, f64), String> {
    let (id, score) = detector_and(text, "a score between 0 and 1")?;
    Ok((id, share(score)?))
}

fn detector_and<'a>(text: &'a str, what: &str) -> Result<(String, &'a str), String> {
    let (id, value) = text.split_once('=').ok_or_else(|| format!("write it as DETECTOR={what}"))?;
    let ids = || taster_detect::ALL.iter().map(|entry| entry.about.id);
    if ids().any(|known| known == id) {
        return Ok((id.to_owned(), value));
    }
    Err(format!("no detector is called `{id}`{} (`taster detectors` lists them)", nearest(id, ids())))
}

/// `train.csv:17`
pub fn file_row(text: &str) -> Result<(String, u64), String> {
    let split = text.rsplit_once(':').and_then(|(file, row)| Some((file.to_owned(), row.parse().ok()?)));
    split.filter(|(file, _)| !file.is_empty()).ok_or_else(|| "write it as FILE:ROW; rows count from 0".to_owned())
}

/// A number strictly between 0 and 1.
pub fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(v) if v > 0.0 && v < 1.0 => Ok(v),
        _ => Err("it must be a number between 0 and 1".into()),
    }
}

/// `info`, `monitor`, `important` or `critical`.
pub fn severity(text: &str) -> Result<Severity, String> {
    let all = [Severity::Info, Severity::Monitor, Severity::Important, Severity::Critical];
    all.into_iter().find(|s| s.name() == text).ok_or_else(|| {
        format!("severities are info, monitor, important and critical{}", nearest(text, all.map(Severity::name)))
    })
}

/// One character; `tab` and `\t` for a tab.
pub fn character(text: &str) -> Result<char, String> {
    match text {
        "tab" | "\\t" => Ok('\t'),
        _ => char::from_str(text).map_err(|_| "it must be one character, or `tab`".into()),
    }
}

/// One character, or `none`.
pub fn quote(text: &str) -> Result<String, String> {
    if text == "none" || text.chars().count() == 1 {
        Ok(text.into())
    } else {
        Err("it must be one character, or `none`".into())
    }
}

/// A time as RFC 3339 writes it, in seconds since 1970.
pub fn instant(text: &str) -> Result<u64, String> {
    let time: Result<jiff::Timestamp, _> = text.parse();
    let seconds = time.ok().and_then(|time| u64::try_from(time.as_second()).ok());
    seconds.ok_or_else(|| "write a time such as 2026-01-31T00:00:00Z".to_owned())
}

/// A size: a number with B, kB, MB, GB, TB (powers of 1000) or KiB, MiB, GiB, TiB (powers of 1024).
pub fn bytes(text: &str) -> Result<usize, String> {
    let wrong = || "write a size such as 512MiB, 2GiB or 4GB".to_owned();
    let split = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "k" | "kib" => 1024.0,
        "m" | "mib" => 1024.0 * 1024.0,
        "g" | "gib" => 1024.0 * 1024.0 * 1024.0,
        "t" | "tib" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "tb" => 1e12,
        _ => return Err(wrong()),
    };
    let size = number.parse::<f64>().map_err(|_| wrong())? * factor;
    let least = 1024.0 * 1024.0;
    if size < least { Err("at least 1MiB is needed".into()) } else { Ok(size as usize) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_units() {
        assert_eq!(bytes("1GiB"), Ok(1 << 30));
        assert_eq!(bytes("2g"), Ok(2 << 30));
        assert_eq!(bytes("0.5 GiB"), Ok(1 << 29));
        assert_eq!(bytes("100MB"), Ok(100_000_000));
        assert!(bytes("1 parsec").is_err());
        assert!(bytes("1KiB").is_err());
        assert!(bytes("").is_err());
    }

    #[test]
    fn detectors_are_known_by_name() {
        assert_eq!(detector_level("outlier=warn"), Ok(("outlier".into(), Level::Warn)));
        assert!(detector_level("outlyer=warn").unwrap_err().contains("did you mean `outlier`?"));
        assert!(detector_level("outlier=worn").unwrap_err().contains("did you mean `warn`?"));
        assert!(detector_level("outlier").unwrap_err().contains("DETECTOR="));
        assert!(detector_threshold("outlier=1.5").is_err());
        assert!(detector_threshold("outlier=NaN").is_err());
    }

    #[test]
    fn a_separator_is_one_character() {
        assert_eq!(character("tab"), Ok('\t'));
        assert_eq!(character(";"), Ok(';'));
        assert!(character(";;").is_err());
    }
}
