//! What tells a secret or a card number from what only looks like one.

/// Bits per character below which a string is a word or a placeholder.
const ENTROPY: f64 = 3.0;

/// Whether a key looks drawn at random: enough different characters, digits among letters.
pub fn is_random(key: &str) -> bool {
    let mixed = key.bytes().any(|b| b.is_ascii_digit()) && key.bytes().any(|b| b.is_ascii_alphabetic());
    let placeholder = ["EXAMPLE", "XXXX", "1234567", "0000"].iter().any(|p| key.to_ascii_uppercase().contains(p));
    mixed && !placeholder && entropy(key.as_bytes()) >= ENTROPY
}

/// Whether what is assigned in `name = value` looks drawn at random.
pub fn is_random_value(assignment: &str) -> bool {
    let value = assignment.split_once([':', '=']).map_or("", |(_, value)| value);
    let value = value.trim_matches([' ', '\t', '\'', '"']);
    let both_cases = value.bytes().any(|b| b.is_ascii_lowercase()) && value.bytes().any(|b| b.is_ascii_uppercase());
    let hexadecimal = value.len() >= 32 && value.bytes().all(|b| b.is_ascii_hexdigit());
    is_random(value) && (both_cases || hexadecimal)
}

/// Whether a number has the length of a card's and its check digit (ISO/IEC 7812-1, Luhn).
pub fn is_card(number: &str) -> bool {
    let digits: Vec<u32> = number.chars().filter_map(|c| c.to_digit(10)).collect();
    let issued = match digits.as_slice() {
        [3, 4 | 7, ..] => digits.len() == 15,
        [4, ..] => matches!(digits.len(), 13 | 16 | 19),
        [5, 1..=5, ..] | [2, 2..=7, ..] | [6, 0, 1, 1, ..] | [6, 5, ..] => digits.len() == 16,
        _ => false,
    };
    let same = digits.windows(2).all(|pair| pair[0] == pair[1]);
    issued && !same && luhn(&digits)
}

fn luhn(digits: &[u32]) -> bool {
    let doubled = |d: u32| if d > 4 { 2 * d - 9 } else { 2 * d };
    let sum: u32 = digits.iter().rev().enumerate().map(|(i, &d)| if i % 2 == 1 { doubled(d) } else { d }).sum();
    sum.is_multiple_of(10)
}

/// Shannon's entropy of the bytes, in bits per byte.
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for &b in bytes {
        counts[usize::from(b)] += 1;
    }
    let share = |&n: &u32| f64::from(n) / bytes.len() as f64;
    counts.iter().filter(|n| **n > 0).map(share).map(|p| -p * p.log2()).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cards_have_a_check_digit() {
        assert!(is_card("4111-1111-1111-1111") && is_card("378282246310005"));
        assert!(!is_card("4111-1111-1111-1112") && !is_card("4111 1111") && !is_card("9111111111111111"));
    }

    #[test]
    fn random_is_told_from_words() {
        assert!(is_random("AKIAQ3EGRIZT5KXW7PLB") && !is_random("AKIAIOSFODNN7EXAMPLE"));
        assert!(is_random_value("password: 'hR7x0Qe2LmZp9sVt'") && !is_random_value("password=changeme_please_now"));
        assert!((entropy(b"abcd") - 2.0).abs() < 1e-12);
    }
}
