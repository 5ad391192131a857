//! XRAI: the regions with the largest integrated gradients, added one after the other.

use crate::attribution::gradient::integrated_gradients::{mean_over, record_completeness};
use crate::attribution::gradient::quadrature::in_spread_order;
use crate::attribution::host_map::to_map;
use crate::attribution::job::Job;
use crate::attribution::method::{Cost, Description, Family, MapShape, Method, Ranking, Sign};
use crate::error::Result;
use crate::graph::Graph;
use crate::parameter::{Kind, Parameter, Values};
use crate::picture::resized_pixels;
use crate::picture::superpixels::{self, Felzenszwalb};
use crate::progress::Flow;
use ndarray::{Array2, Array3, Axis};

pub struct Xrai;

/// Side at which pictures are cut, in pixels: the scales are made for it.
const SIDE: usize = 224;

static DESCRIPTION: Description = Description {
    id: "xrai",
    name: "XRAI",
    family: Family::Region,
    paper: "Kapishnikov, Bolukbasi, Viégas, Terry 2019, XRAI: Better Attributions Through Regions, section 3, in the full form of PAIR's saliency 0.2; other sizes than 224 px are cut after bicubic resizing",
    formula: "value of a pixel = mean over s ∖ grown of max_channel IG_c, s the region that added it; the region of the largest mean is added next",
    shape: MapShape::Plane,
    unit: "logit",
    passes: "2 × steps × (1 forward, 1 backward)",
    ranking: Ranking::Signed,
    sign: Sign::Full,
    parameters: &[
        Parameter {
            id: "steps",
            help: "points on the path from black, and on the path from white",
            unit: "gradients",
            kind: Kind::Integer { default: 100, min: 1, max: 2000 },
            source: "PAIR's saliency 0.2",
        },
        Parameter {
            id: "scales",
            help: "scales of Felzenszwalb's segmentations, whose segments are the regions",
            unit: "",
            kind: Kind::Reals {
                default: &[50.0, 100.0, 150.0, 250.0, 500.0, 1200.0],
                min: 0.0,
                max: 1e5,
            },
            source: "the paper, section 3.1, and PAIR's saliency 0.2",
        },
        Parameter {
            id: "min-size",
            help: "smaller segments join a neighbour, at 224×224 px",
            unit: "px",
            kind: Kind::Integer { default: 150, min: 1, max: 50_000 },
            source: "PAIR's saliency 0.2",
        },
        Parameter {
            id: "dilation",
            help: "how far regions reach beyond their segments",
            unit: "px",
            kind: Kind::Integer { default: 5, min: 0, max: 50 },
            source: "the paper, section 3.1: 5 px",
        },
        Parameter {
            id: "new-pixels",
            help: "regions that would add fewer are left out",
            unit: "px",
            kind: Kind::Integer { default: 50, min: 1, max: 10_000 },
            source: "PAIR's saliency 0.2",
        },
    ],
};

/// Pixels of a region, by their index in reading order.
type Region = Vec<usize>;

impl Method for Xrai {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn cost(&self, values: &Values, _: &Graph) -> Cost {
        let points = 2 * values.integer("steps");
        Cost { forwards: points + 3, backwards: points }
    }

    fn run(&self, job: &mut Job) -> Result<Array3<f32>> {
        let regions = regions(&to_map(job.pixels.clone())?, job.values);
        let least = job.values.integer("new-pixels");
        job.diagnostics.insert("regions", regions.len() as f64);
        let rule = in_spread_order(even(job.values.integer("steps")));
        let black = job.pixels.zeros_like();
        let baselines = [black.clone(), black.add_scalar(1.0)];
        let to_map = |attribution| {
            let strongest =
                to_map(attribution)?.fold_axis(Axis(0), f32::NEG_INFINITY, |a, b| a.max(*b));
            Ok(grown(&strongest, &regions, least).insert_axis(Axis(0)))
        };
        let (attribution, flow) = mean_over(job, &baselines, &rule, &to_map);
        if flow == Flow::Continue {
            record_completeness(job, &baselines, attribution.clone())?;
        }
        to_map(attribution)
    }
}

/// Points from end to end that weigh alike, as PAIR's saliency takes the integral.
fn even(steps: usize) -> Vec<(f64, f64)> {
    let gaps = (steps - 1).max(1) as f64;
    (0..steps).map(|i| (i as f64 / gaps, 1.0 / steps as f64)).collect()
}

/// The segments of every scale, each grown by a disk.
fn regions(pixels: &Array3<f32>, values: &Values) -> Vec<Region> {
    let (_, height, width) = pixels.dim();
    let image = resized_pixels(&stretched(pixels), [SIDE, SIDE]);
    let radius = values.integer("dilation");
    let min_size = values.integer("min-size");
    let of_scale = |scale: &f64| {
        let labels = Felzenszwalb { scale: *scale, sigma: 0.8, min_size }.segment(&image);
        let nearest = |place, size| (2 * place + 1) * SIDE / (2 * size);
        let labels = Array2::from_shape_fn((height, width), |(y, x)| {
            labels[(nearest(y, height), nearest(x, width))]
        });
        dilated(&labels, radius)
    };
    values.reals("scales").iter().flat_map(of_scale).collect()
}

/// The lowest value at −1 and the highest at 1.
fn stretched(pixels: &Array3<f32>) -> Array3<f32> {
    let low = pixels.iter().copied().fold(f32::INFINITY, f32::min);
    let high = pixels.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let range = if high > low { high - low } else { 1.0 };
    pixels.mapv(|value| (value - low) / range * 2.0 - 1.0)
}

/// The pixels within `radius` of every label's pixels, label by label.
fn dilated(labels: &Array2<usize>, radius: usize) -> Vec<Region> {
    let (height, width) = labels.dim();
    let reach = radius as isize;
    let square = (-reach..=reach).flat_map(|down| (-reach..=reach).map(move |right| (down, right)));
    let disk: Vec<_> = square.filter(|(y, x)| y * y + x * x <= reach * reach).collect();
    let mut regions = vec![vec![]; superpixels::count(labels)];
    for y in 0..height {
        for x in 0..width {
            let near = disk
                .iter()
                .map(|(down, right)| (y.wrapping_add_signed(*down), x.wrapping_add_signed(*right)));
            let inside = near.filter(|(y, x)| *y < height && *x < width);
            let mut here: Vec<usize> = inside.map(|place| labels[place]).collect();
            here.sort_unstable();
            here.dedup();
            for label in here {
                regions[label].push(y * width + x);
            }
        }
    }
    regions
}

/// Adds the region whose new pixels have the largest mean, time after time; a pixel's value is that
/// mean when it came in. Regions with fewer than `least` (1 or more) new pixels are left out, and
/// pixels that stay outside all get their own mean.
fn grown(attribution: &Array2<f32>, regions: &[Region], least: usize) -> Array2<f32> {
    let values: Vec<f64> = attribution.iter().map(|value| f64::from(*value)).collect();
    let mut regions_of_pixel = vec![vec![]; values.len()];
    for (index, region) in regions.iter().enumerate() {
        for pixel in region {
            regions_of_pixel[*pixel].push(index);
        }
    }
    // Number and sum of every region's pixels that are not in yet.
    let sum = |region: &Region| region.iter().map(|pixel| values[*pixel]).sum::<f64>();
    let mut new: Vec<_> = regions.iter().map(|region| (region.len(), sum(region))).collect();
    let mut map = Array2::from_elem(attribution.dim(), f64::NEG_INFINITY);
    let pixels = map.as_slice_mut().expect("a new array is in order");
    loop {
        let candidates = new.iter().enumerate().filter(|(_, (count, _))| *count >= least);
        let gains = candidates.map(|(index, (count, sum))| (sum / *count as f64, index));
        let Some((gain, best)) =
            gains.reduce(|best, next| if next.0 > best.0 { next } else { best })
        else {
            break;
        };
        for pixel in &regions[best] {
            if pixels[*pixel] == f64::NEG_INFINITY {
                pixels[*pixel] = gain;
                for index in &regions_of_pixel[*pixel] {
                    new[*index].0 -= 1;
                    new[*index].1 -= values[*pixel];
                }
            }
        }
    }
    let outside = || pixels.iter().zip(&values).filter(|(map, _)| **map == f64::NEG_INFINITY);
    let mean = outside().map(|(_, value)| value).sum::<f64>() / outside().count() as f64;
    map.mapv(|gain| if gain == f64::NEG_INFINITY { mean } else { gain } as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::arr2;
    use safetensors::SafeTensors;

    #[test]
    fn regions_grow_as_in_pairs_saliency() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/numerics/segments/xrai.safetensors");
        let bytes = std::fs::read(path).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let numbers = |name: &str| -> Vec<f32> {
            let data = file.tensor(name).unwrap().data().to_vec();
            data.chunks_exact(4).map(|b| f32::from_le_bytes(b.try_into().unwrap())).collect()
        };
        let labels =
            file.tensor("labels").unwrap().data().iter().map(|l| usize::from(*l)).collect();
        let labels = Array3::from_shape_vec((6, 40, 56), labels).unwrap();
        let attribution = Array3::from_shape_vec((3, 40, 56), numbers("attribution")).unwrap();
        let strongest = attribution.fold_axis(Axis(0), f32::NEG_INFINITY, |a, b| a.max(*b));
        let regions: Vec<Region> =
            labels.outer_iter().flat_map(|labels| dilated(&labels.to_owned(), 5)).collect();
        let map = grown(&strongest, &regions, 50);
        for (found, expected) in map.iter().zip(numbers("map")) {
            assert!((found - expected).abs() < 1e-6, "{found} for {expected}");
        }
    }

    #[test]
    fn a_pixel_stands_for_the_region_that_brought_it_in() {
        let attribution = arr2(&[[4.0, 2.0, 1.0, 0.0, 9.0]]);
        let regions = [vec![0, 1, 2], vec![0, 1], vec![2, 3], vec![3]];
        // 0 and 1 come first (mean 3); then 2 alone would be one new pixel of the first region.
        assert_eq!(grown(&attribution, &regions, 1), arr2(&[[3.0, 3.0, 1.0, 0.0, 9.0]]));
        assert_eq!(grown(&attribution, &regions, 2), arr2(&[[3.0, 3.0, 0.5, 0.5, 9.0]]));
        assert_eq!(grown(&attribution, &[], 1), arr2(&[[3.2; 5]]));
    }

    #[test]
    fn disks_reach_over_borders_of_segments_but_not_of_the_picture() {
        let point = Array2::from_shape_fn((9, 9), |place| usize::from(place == (4, 4)));
        let regions = dilated(&point, 2);
        assert_eq!(regions[1].len(), 13, "a disk of radius 2");
        assert_eq!(regions[0].len(), 81);
        let labels = Array2::from_shape_fn((9, 9), |(_, x)| usize::from(x >= 3));
        assert_eq!(dilated(&labels, 2)[0].len(), 9 * 5);
        assert_eq!(dilated(&labels, 0)[0].len(), 9 * 3);
    }
}
