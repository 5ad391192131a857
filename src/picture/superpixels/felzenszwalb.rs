//! Felzenszwalb's segmentation: regions grow along the cheapest edges of the pixel grid.

use super::{blurred, in_reading_order, rgb, squared_distance};
use ndarray::{Array2, Array3};

/// Felzenszwalb, Huttenlocher 2004, Efficient Graph-Based Image Segmentation, over the eight
/// neighbours of every pixel and its channels' Euclidean distance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Felzenszwalb {
    /// The paper's k for pixels of 0 to 255: larger makes larger segments.
    pub scale: f64,
    /// Deviation of the blur before, in pixels.
    pub sigma: f64,
    /// Segments below this many pixels join a neighbour.
    pub min_size: usize,
}

impl Default for Felzenszwalb {
    fn default() -> Self {
        Self { scale: 1.0, sigma: 0.8, min_size: 20 }
    }
}

impl Felzenszwalb {
    /// Labels of a picture. Edges of equal cost are taken right, down, down-right, up-right, each
    /// in reading order, where scikit-image leaves their order open.
    pub fn segment(&self, pixels: &Array3<f32>) -> Array2<usize> {
        // A grey pixel has one channel here, not three alike: distances are of what there is.
        let channels = pixels.dim().0;
        let image =
            rgb(pixels).mapv(|rgb| [0, 1, 2].map(|c| if c < channels { rgb[c] } else { 0.0 }));
        let image = blurred(image, self.sigma);
        let edges = edges(&image);
        let mut forest = Forest::new(image.len());
        for edge in &edges {
            let (a, b) = (forest.root(edge.from), forest.root(edge.to));
            if a != b
                && edge.cost < forest.tolerance(a, self.scale).min(forest.tolerance(b, self.scale))
            {
                let joined = forest.join(a, b);
                forest.inner[joined] = edge.cost;
            }
        }
        for edge in &edges {
            let (a, b) = (forest.root(edge.from), forest.root(edge.to));
            if a != b && forest.size[a].min(forest.size[b]) < self.min_size {
                forest.join(a, b);
            }
        }
        let roots = (0..image.len()).map(|pixel| forest.root(pixel)).collect();
        let labels = Array2::from_shape_vec(image.dim(), roots).expect("a label for every pixel");
        in_reading_order(labels)
    }
}

struct Edge {
    cost: f64,
    from: usize,
    to: usize,
}

/// Every pair of neighbours, the cheapest first.
fn edges(image: &Array2<[f64; 3]>) -> Vec<Edge> {
    let (height, width) = image.dim();
    let mut edges = Vec::with_capacity(4 * image.len());
    // Where the pair's first pixel lies, and where the second lies from it.
    for (rows, columns, down, right) in [
        (0..height, 0..width - 1, 0, 1),
        (0..height - 1, 0..width, 1, 0),
        (0..height - 1, 0..width - 1, 1, 1),
        (0..height - 1, 1..width, 1, -1),
    ] {
        for y in rows {
            for x in columns.clone() {
                let other = (y + down, x.wrapping_add_signed(right));
                let cost = squared_distance(image[(y, x)], image[other]).sqrt();
                edges.push(Edge { cost, from: y * width + x, to: other.0 * width + other.1 });
            }
        }
    }
    edges.sort_by(|a, b| a.cost.total_cmp(&b.cost));
    edges
}

/// Segments as trees of pixels.
struct Forest {
    parent: Vec<usize>,
    /// Pixels of the segment, at its root.
    size: Vec<usize>,
    /// The dearest edge inside the segment, at its root.
    inner: Vec<f64>,
}

impl Forest {
    fn new(pixels: usize) -> Self {
        Self { parent: (0..pixels).collect(), size: vec![1; pixels], inner: vec![0.0; pixels] }
    }

    fn root(&mut self, pixel: usize) -> usize {
        let mut root = pixel;
        while self.parent[root] != root {
            // Paths are halved on the way.
            self.parent[root] = self.parent[self.parent[root]];
            root = self.parent[root];
        }
        root
    }

    /// What an edge may cost to leave the segment with this root, rounded to f32 as in
    /// scikit-image.
    fn tolerance(&self, root: usize, scale: f64) -> f64 {
        f64::from((self.inner[root] + scale / 255.0 / self.size[root] as f64) as f32)
    }

    /// Joins two roots' segments; gives the root of both.
    fn join(&mut self, a: usize, b: usize) -> usize {
        let (root, other) = (a.min(b), a.max(b));
        self.parent[other] = root;
        self.size[root] += self.size[other];
        root
    }
}
