//! Sums over vectors.

/// Numbers added up side by side.
const LANES: usize = 16;

/// The inner product, in a fixed order of lanes.
pub fn dot(a: &[f32], b: &[f32]) -> f64 {
    let mut lanes = [0.0_f32; LANES];
    let (a_whole, b_whole) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let rest: f32 = a_whole.remainder().iter().zip(b_whole.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a_whole.zip(b_whole) {
        lanes.iter_mut().zip(x.iter().zip(y)).for_each(|(lane, (x, y))| *lane += x * y);
    }
    lanes.iter().map(|&lane| f64::from(lane)).sum::<f64>() + f64::from(rest)
}

/// Adds a multiple of one vector to another.
pub fn add_scaled(to: &mut [f32], vector: &[f32], by: f32) {
    to.iter_mut().zip(vector).for_each(|(t, v)| *t += by * v);
}

/// Gives a vector length one, and returns what its length was.
pub fn unit(vector: &mut [f32]) -> f64 {
    let length = dot(vector, vector).sqrt();
    let by = if length > 0.0 { (1.0 / length) as f32 } else { 0.0 };
    for v in vector.iter_mut() {
        *v *= by;
    }
    length
}
