//! Vectors as numbers: along random directions, in each of which every dimension counts alike.

use taster_core::{Embedding, Key};

/// What the numbers along the first `count` of a key's directions are called, and the numbers, one a vector.
pub fn along(vectors: &Embedding, count: u64, key: Key) -> impl Iterator<Item = (String, Vec<f64>)> + '_ {
    (0..count).map(move |direction| {
        let name = format!("direction {direction}");
        let signs = key.derive(&name);
        let sign = |i: usize| if signs.of(&i.to_le_bytes()) & 1 == 0 { 1.0 } else { -1.0 };
        let signs: Vec<f64> = (0..vectors.dim).map(sign).collect();
        let dot = |vector: &[f32]| vector.iter().zip(&signs).map(|(&x, s)| f64::from(x) * s).sum();
        (name, vectors.values.chunks_exact(vectors.dim).map(dot).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dimension_counts_alike_and_a_direction_does_not_depend_on_how_many_there_are() {
        let vectors = Embedding { dim: 3, values: vec![1.0, 2.0, 4.0, 0.0, 0.0, 0.0] };
        let some: Vec<_> = along(&vectors, 2, Key::new(1)).collect();
        let more: Vec<_> = along(&vectors, 16, Key::new(1)).collect();
        assert_eq!(some, more[..2]);
        assert!(more.iter().all(|(_, v)| v[0].abs() % 2.0 == 1.0 && v[0].abs() <= 7.0 && v[1] == 0.0), "{more:?}");
        assert!(more.iter().any(|(_, v)| v[0] != more[0].1[0]), "directions differ");
    }
}
