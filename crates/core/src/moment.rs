/// A time in seconds since 1970 as a date and time of day (days to dates as in Hinnant 2013).
pub fn moment(seconds: f64) -> String {
    let whole = seconds.floor() as i64;
    let (days, rest) = (whole.div_euclid(86_400) + 719_468, whole.rem_euclid(86_400));
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let (day, month) = (of_year - (153 * shifted + 2) / 5 + 1, if shifted < 10 { shifted + 3 } else { shifted - 9 });
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let date = format!("{year:04}-{month:02}-{day:02}");
    if rest == 0 { date } else { format!("{date} {:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60) }
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn times_are_shown_as_dates() {
        assert_eq!(moment(0.0), "1970-01-01");
        assert_eq!(moment(951_782_400.0 + 3661.0), "2000-02-29 01:01:01");
        assert_eq!(moment(-86_400.0), "1969-12-31");
    }
}
