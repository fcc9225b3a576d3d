//! How unusual the spelling of a text is in its own corpus.

/// Counts of pairs of neighbouring bytes, as a model of what text looks like here.
pub struct Bigrams {
    /// Surprise of the second byte after the first, in nats.
    surprise: Vec<f32>,
}

/// Bytes of a text that are looked at.
const BYTES_MAX: usize = 4096;
const BYTES: usize = 256;

impl Bigrams {
    /// Counts the pairs in some texts. Every pair is counted once more than seen.
    pub fn fit<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut counts = vec![0.5f32; BYTES * BYTES];
        for text in texts {
            pairs(text).for_each(|pair| counts[pair] += 1.0);
        }
        let mut surprise = Vec::with_capacity(counts.len());
        for following in counts.chunks_exact(BYTES) {
            let total: f32 = following.iter().sum();
            surprise.extend(following.iter().map(|c| -(c / total).ln()));
        }
        Self { surprise }
    }

    /// Mean surprise of the text's pairs; 0 for a text without any.
    pub fn surprise(&self, text: &str) -> f64 {
        let (sum, count) = pairs(text).fold((0.0, 0.0), |(s, n), pair| (s + f64::from(self.surprise[pair]), n + 1.0));
        if count > 0.0 { sum / count } else { 0.0 }
    }
}

fn pairs(text: &str) -> impl Iterator<Item = usize> {
    let bytes = &text.as_bytes()[..text.len().min(BYTES_MAX)];
    bytes.windows(2).map(|w| usize::from(w[0]) * BYTES + usize::from(w[1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gibberish_surprises() {
        let model = Bigrams::fit(["the cat sat on the mat"; 50].into_iter());
        assert!(model.surprise("the mat sat on the cat") + 2.0 < model.surprise("xq zjv kkw"));
        assert_eq!(model.surprise("x"), 0.0);
    }
}
