//! Embeddings that were moved by one offset and got one label.

use serde_json::json;
use taster_core::{Embedding, Key, Observation, Reason, Scope, Table, Values};

use super::{
    association::unlike,
    part::Part,
    places::{Classes, Place},
    rows::Rows,
    search::{Moved, Search, own_measure},
    vectors::dot,
    white::Space,
};

/// Rows and dimensions that it takes to tell directions apart.
const ROWS_MIN: usize = 200;
const DIMENSIONS_MIN: usize = 32;
/// Probability below which what was found is forgotten.
const KEPT: f64 = 0.01;
/// Degrees of freedom of Student's t, which unmoved rows follow.
const TAIL: f64 = 3.0;
/// The logarithm of its density at 0.
const TAIL_TOP: f64 = -1.000_9;
/// The same of a normal distribution.
const NORMAL_TOP: f64 = -0.918_9;

/// Rows of one embedding column that were moved.
pub struct Offsets {
    column: usize,
    name: String,
    labels: Vec<String>,
    priors: Vec<f64>,
    space: Space,
    classes: Classes,
    found: Vec<(Moved, Vec<f32>)>,
}

impl Offsets {
    /// Looks for moved rows in a column of embeddings; `None` if there are none.
    pub fn fit(rows: &Rows, column: usize, name: &str, labels: &[String], key: Key) -> Option<Self> {
        let vectors = rows.table.columns.get(column).and_then(embedding)?;
        let whole: Vec<usize> = (0..rows.len()).filter(|&r| is_whole(vectors.row(r))).collect();
        if vectors.dim < DIMENSIONS_MIN || whole.len() < ROWS_MIN {
            return None;
        }
        let classes: Vec<u32> = whole.iter().map(|&r| rows.labels[r]).collect();
        let mut priors = vec![0.0; labels.len()];
        for &class in &classes {
            priors[class as usize] += 1.0 / classes.len() as f64;
        }
        let search = Search::new(&taken(vectors, &whole), &classes, &priors, key)?;
        let mut found = search.moved();
        found.retain(|moved| moved.probability >= KEPT);
        if found.is_empty() {
            return None;
        }
        let (space, classes) = search.into_parts();
        let along = |moved: Moved| {
            let along = space.along(&moved.direction.unit);
            (moved, along)
        };
        let found = found.into_iter().map(along).collect();
        Some(Self { column, name: name.to_owned(), labels: labels.to_vec(), priors, space, classes, found })
    }

    /// What was found of each row's class, and its place, for rows that may have been moved.
    fn seen(&self, table: &Table, labels: &[u32]) -> Vec<(usize, &Moved, Place)> {
        let Some(vectors) = table.columns.get(self.column).and_then(embedding) else { return Vec::new() };
        let far = |row: usize| {
            let (moved, along) = self.found.iter().find(|f| f.0.target == labels[row])?;
            let vector = vectors.row(row);
            let way = dot(vector, along) - moved.direction.least();
            (is_whole(vector) && way > 0.25 * moved.distance).then_some((row, moved))
        };
        let far: Vec<(usize, &Moved)> = (0..table.len).filter_map(far).collect();
        let rows: Vec<usize> = far.iter().map(|f| f.0).collect();
        let points = self.space.points(&taken(vectors, &rows));
        let dim = points.len().checked_div(rows.len()).unwrap_or(1).max(1);
        let place = |((row, moved), point): ((usize, &'_ Moved), &[f32])| {
            (row, self.classes.place(point, &self.classes.products(point), &moved.direction))
        };
        let places: Vec<(usize, Place)> = far.iter().copied().zip(points.chunks_exact(dim)).map(place).collect();
        far.into_iter().zip(places).map(|((row, moved), (_, place))| (row, moved, place)).collect()
    }

    /// Probability that a row is one of the moved.
    fn judge(&self, moved: &Moved, place: &Place) -> f64 {
        let (way, off) = (own_measure(place, moved.typical), moved.off(place));
        let planted = NORMAL_TOP - moved.spread.ln() - 0.5 * (off.min(0.0) / moved.spread).powi(2);
        let natural = TAIL_TOP - 0.5 * (TAIL + 1.0) * (way * way / TAIL).ln_1p();
        let target = moved.target as usize;
        let by_place = unlike(self.classes.probability(place, target), self.priors[target]);
        moved.probability / (1.0 + (-(moved.share.ln() + planted - natural + by_place)).exp())
    }

    fn sentence(&self, moved: &Moved) -> String {
        let (rows, hits) = (moved.rows, moved.hits);
        let all = if hits == rows { "all".to_owned() } else { format!("{hits} of {rows}") };
        format!(
            "rows whose `{}` was moved by one offset, {:.0} standard deviations long, are {all} {:?}: {hits} rows, \
             {:.0} expected from where they would be without it",
            self.name, moved.distance, self.labels[moved.target as usize], moved.association.expected
        )
    }
}

impl Part for Offsets {
    fn score(&self, table: &Table, labels: &[u32]) -> Vec<f64> {
        let mut out = vec![0.0; table.len];
        for (row, moved, place) in self.seen(table, labels) {
            out[row] = self.judge(moved, &place);
        }
        out
    }

    fn reason(&self, table: &Table, row: usize, label: u32) -> Reason {
        let seen = self.seen(&table.take(&[row]), &[label]);
        let text = seen.first().map(|(_, moved, place)| {
            let class = &self.labels[place.class];
            let sentence = self.sentence(moved);
            format!("this one, {:.0} of them along, would be among {class:?}: {sentence}", place.along)
        });
        Reason { columns: vec![self.name.clone()], text: text.unwrap_or_default(), suggested_label: None }
    }

    fn observations(&self) -> Vec<Observation> {
        let observation = |(moved, _): &(Moved, Vec<f32>)| Observation {
            code: "label-offset",
            scope: Scope::Dataset,
            message: self.sentence(moved),
            columns: vec![self.name.clone()],
            magnitude: (1.0 - moved.association.expected / moved.hits.max(1) as f64).clamp(0.2, 1.0),
            p_value: None,
            q_value: None,
            evidence: json!({
                "label": self.labels[moved.target as usize],
                "rows": moved.rows,
                "rows_with_label": moved.hits,
                "expected": moved.association.expected,
                "standard_deviations": moved.distance,
                "share_of_label": moved.share,
                "nats_against_labels_following_from_content": moved.association.labels,
                "nats_against_a_natural_sign": moved.association.content,
                "nats": moved.strength,
                "probability": moved.probability,
            }),
        };
        self.found.iter().filter(|f| f.0.probability >= 0.5).map(observation).collect()
    }
}

fn embedding(values: &Values) -> Option<&Embedding> {
    match values {
        Values::Embedding(vectors) if vectors.dim > 0 => Some(vectors),
        _ => None,
    }
}

fn is_whole(vector: &[f32]) -> bool {
    vector.iter().all(|x| x.is_finite())
}

fn taken(vectors: &Embedding, rows: &[usize]) -> Embedding {
    Embedding { dim: vectors.dim, values: rows.iter().flat_map(|&r| vectors.row(r)).copied().collect() }
}
