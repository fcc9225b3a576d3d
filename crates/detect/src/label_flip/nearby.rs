//! What the rows nearest to a row are labelled.

use taster_stats::neighbours::References;

/// Rows that others are compared with.
const ROWS: usize = 4096;
/// How many of the nearest are asked.
const NEAREST: usize = 10;

/// Some rows as points, with their labels.
pub struct Nearby {
    references: References,
    dim: usize,
    labels: Vec<u32>,
}

impl Nearby {
    /// The first rows; their order must have nothing to do with what they are.
    pub fn fit(points: &[f32], dim: usize, labels: &[u32]) -> Self {
        let rows = labels.len().min(ROWS).min(points.len().checked_div(dim).unwrap_or(0));
        Self { references: References::new(&points[..rows * dim], dim.max(1)), dim, labels: labels[..rows].to_vec() }
    }

    /// Labels of the rows nearest to a point, the nearest first. One row at the same place with the same label is taken for
    /// the row itself and left out.
    pub fn labels(&self, point: &[f32], own: u32) -> Vec<u32> {
        if self.labels.is_empty() || point.len() != self.dim {
            return Vec::new();
        }
        let mut distances = Vec::new();
        self.references.squared_distances(point, &mut distances);
        let mut order: Vec<(f32, u32)> = distances.into_iter().zip(self.labels.iter().copied()).collect();
        // Stable, so that of rows equally near the first count.
        order.sort_by(|a, b| a.0.total_cmp(&b.0));
        if let Some(itself) = order.iter().take_while(|near| near.0 == 0.0).position(|near| near.1 == own) {
            order.remove(itself);
        }
        order.into_iter().take(NEAREST).map(|near| near.1).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_answer_and_the_row_itself_does_not() {
        let points: Vec<f32> = (0..40_u8).map(f32::from).collect();
        let labels: Vec<u32> = (0..40).map(|r| u32::from(r >= 20)).collect();
        let nearby = Nearby::fit(&points, 1, &labels);
        assert_eq!(nearby.labels(&[5.0], 0), [0; 10]);
        // Of 14 to 24 without 19 itself, five are of the other label.
        assert_eq!(nearby.labels(&[19.0], 0).iter().sum::<u32>(), 5);
        assert_eq!(nearby.labels(&[19.0], 1)[0], 0);
    }

    #[test]
    fn without_points_nobody_answers() {
        assert!(Nearby::fit(&[], 0, &[0, 1]).labels(&[], 0).is_empty());
    }
}
