/// How numbers are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Digits {
    /// The byte that groups digits by three, if any.
    pub group: Option<u8>,
    /// The byte before the fraction.
    pub decimal: u8,
}

impl Digits {
    /// `1234.5`
    pub(crate) const PLAIN: Self = Self { group: None, decimal: b'.' };
    /// `1,234.5`
    pub(crate) const COMMA_GROUPED: Self = Self { group: Some(b','), decimal: b'.' };
    /// `1.234,5`
    pub(crate) const COMMA_DECIMAL: Self = Self { group: Some(b'.'), decimal: b',' };

    /// A whole number that fits 64 bits.
    pub(crate) fn int(self, cell: &[u8]) -> Option<i64> {
        if self.group.is_some_and(|g| cell.contains(&g)) { plain_int(&self.plain(cell)?) } else { plain_int(cell) }
    }

    /// A number; also `inf`, `nan` and exponents.
    pub(crate) fn float(self, cell: &[u8]) -> Option<f64> {
        if self == Self::PLAIN || cell.iter().all(|&b| b != self.decimal && Some(b) != self.group) {
            return fast_float2::parse(cell).ok();
        }
        fast_float2::parse(self.plain(cell)?).ok()
    }

    /// The number without groups and with a point; `None` if the groups are not of three digits.
    fn plain(self, cell: &[u8]) -> Option<Vec<u8>> {
        let point = cell.iter().position(|&b| b == self.decimal).unwrap_or(cell.len());
        let (whole, fraction) = cell.split_at(point);
        let mut out = Vec::with_capacity(cell.len());
        match self.group {
            Some(group) if whole.contains(&group) => {
                let sign = usize::from(matches!(whole.first(), Some(b'+' | b'-')));
                out.extend_from_slice(&whole[..sign]);
                for (i, part) in whole[sign..].split(|&b| b == group).enumerate() {
                    let length_fits = if i == 0 { (1..=3).contains(&part.len()) } else { part.len() == 3 };
                    if !length_fits || !part.iter().all(u8::is_ascii_digit) {
                        return None;
                    }
                    out.extend_from_slice(part);
                }
            }
            _ => out.extend_from_slice(whole),
        }
        if let Some((_, digits)) = fraction.split_first() {
            out.push(b'.');
            out.extend_from_slice(digits);
        }
        Some(out)
    }
}

fn plain_int(cell: &[u8]) -> Option<i64> {
    let (negative, digits) = match cell {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, cell),
    };
    if digits.is_empty() {
        return None;
    }
    let mut value: i64 = 0;
    // Eighteen digits always fit; beyond that each step is checked.
    for (i, byte) in digits.iter().enumerate() {
        let digit = i64::from(byte.wrapping_sub(b'0'));
        if digit > 9 {
            return None;
        }
        value = if i < 18 { value * 10 - digit } else { value.checked_mul(10)?.checked_sub(digit)? };
    }
    if negative { Some(value) } else { value.checked_neg() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers() {
        let plain = |s: &str| Digits::PLAIN.int(s.as_bytes());
        assert_eq!(plain("0"), Some(0));
        assert_eq!(plain("-12"), Some(-12));
        assert_eq!(plain("+7"), Some(7));
        assert_eq!(plain("9223372036854775807"), Some(i64::MAX));
        assert_eq!(plain("-9223372036854775808"), Some(i64::MIN));
        for bad in ["9223372036854775808", "", "-", "1.0", "1 2", "１"] {
            assert_eq!(plain(bad), None, "{bad}");
        }
    }

    #[test]
    fn grouped_numbers() {
        assert_eq!(Digits::COMMA_GROUPED.int(b"-1,234,567"), Some(-1_234_567));
        assert_eq!(Digits::COMMA_GROUPED.float(b"1,234.5"), Some(1234.5));
        assert_eq!(Digits::COMMA_DECIMAL.float(b"1.234,5"), Some(1234.5));
        assert_eq!(Digits::COMMA_DECIMAL.float(b"0,25"), Some(0.25));
        for bad in ["1,23", "12,34", ",123", "1,2345", "1,,234"] {
            assert_eq!(Digits::COMMA_GROUPED.float(bad.as_bytes()), None, "{bad}");
        }
    }
}
