//! ISO 8601 dates and timestamps; other orders of day and month are ambiguous, so they stay text.

/// Days since 1970-01-01 of `YYYY-MM-DD`.
pub(crate) fn date(cell: &[u8]) -> Option<i32> {
    if cell.len() != 10 || cell[4] != b'-' || cell[7] != b'-' {
        return None;
    }
    let (year, month, day) = (digits(&cell[..4])?, digits(&cell[5..7])?, digits(&cell[8..])?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        _ => return None,
    };
    ((1..=longest).contains(&day)).then(|| days(year, month, day) as i32)
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar, counting years from March so that the leap day is last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let in_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + in_year - 719_468
}

/// Microseconds since 1970-01-01T00:00 of `YYYY-MM-DD[T ]hh:mm[:ss[.ffffff]]`, and whether a zone was given, in which
/// case they are counted in UTC.
pub(crate) fn timestamp(cell: &[u8]) -> Option<(i64, bool)> {
    if cell.len() < 16 || !matches!(cell[10], b'T' | b't' | b' ') {
        return None;
    }
    let day = date(&cell[..10])?;
    let (clock, zone) = split_zone(&cell[11..]);
    let micros = i64::from(day) * 86_400_000_000 + time(clock)?;
    match zone {
        None => Some((micros, false)),
        Some(zone) => Some((micros - offset(zone)?, true)),
    }
}

fn split_zone(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    match text.iter().position(|b| matches!(b, b'Z' | b'z' | b'+' | b'-')) {
        Some(at) => (text[..at].trim_ascii_end(), Some(&text[at..])),
        None => (text, None),
    }
}

fn time(text: &[u8]) -> Option<i64> {
    let (hour, minute) = (digits(text.get(..2)?)?, digits(text.get(3..5)?)?);
    if text[2] != b':' || hour > 23 || minute > 59 {
        return None;
    }
    let (second, fraction) = match &text[5..] {
        [] => (0, 0),
        [b':', a, b] => (digits(&[*a, *b])?, 0),
        [b':', a, b, b'.', fraction @ ..] if (1..=6).contains(&fraction.len()) => {
            (digits(&[*a, *b])?, digits(fraction)? * 10_i64.pow(6 - fraction.len() as u32))
        }
        _ => return None,
    };
    (second < 60).then_some(((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction)
}

/// Microseconds a zone such as `Z`, `+02:00` or `-0530` is ahead of UTC.
fn offset(zone: &[u8]) -> Option<i64> {
    let (hours, minutes) = match &zone[1..] {
        [] if zone[0].eq_ignore_ascii_case(&b'Z') => return Some(0),
        [a, b] => (digits(&[*a, *b])?, 0),
        [a, b, c, d] | [a, b, b':', c, d] => (digits(&[*a, *b])?, digits(&[*c, *d])?),
        _ => return None,
    };
    let size = (hours * 60 + minutes) * 60_000_000;
    match zone[0] {
        b'+' if hours < 24 && minutes < 60 => Some(size),
        b'-' if hours < 24 && minutes < 60 => Some(-size),
        _ => None,
    }
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |value, b| b.is_ascii_digit().then(|| value * 10 + i64::from(b - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(date(b"1970-01-01"), Some(0));
        assert_eq!(date(b"2000-02-29"), Some(11_016));
        assert_eq!(date(b"1969-12-31"), Some(-1));
        assert_eq!(date(b"0001-01-01"), Some(-719_162));
        for bad in ["2023-02-29", "1900-02-29", "2024-13-01", "2024-00-10", "2024-1-01", "01/02/2024", "2024-01-32"] {
            assert_eq!(date(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn timestamps() {
        assert_eq!(timestamp(b"1970-01-01T00:00:01"), Some((1_000_000, false)));
        assert_eq!(timestamp(b"1970-01-01 00:01"), Some((60_000_000, false)));
        assert_eq!(timestamp(b"1970-01-01T02:00:00.5+02:00"), Some((500_000, true)));
        assert_eq!(timestamp(b"1970-01-01T00:00:00Z"), Some((0, true)));
        for bad in ["1970-01-01T24:00:00", "1970-01-01T00:60", "1970-01-01T00:00:00+99:00", "1970-01-01 00:00:00X"] {
            assert_eq!(timestamp(bad.as_bytes()), None, "{bad}");
        }
    }
}
