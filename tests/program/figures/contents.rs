//! Maps that nobody computed, for figures of any size.
#![allow(dead_code)]

use hyaline::attribution::{self, Attribution};
use hyaline::engine::{CellIndex, ClassChoice, ExplainedClass, Standing};
use hyaline::figure::{FigureContents, NetworkFacts, PictureFacts, Shown, View};
use hyaline::model::{NamedClass, OutputKind, Prediction};
use hyaline::parameter::Values;
use hyaline::picture::{Filter, Preprocessing};
use hyaline::score::{Curve, Curves, Protocol};
use image::RgbImage;
use ndarray::Array3;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Networks, pictures and methods by name, with smooth maps of so many pixels a side.
pub fn contents(
    networks: &[&str],
    pictures: &[&str],
    methods: &[&str],
    side: usize,
) -> FigureContents {
    let methods: Vec<_> = methods
        .iter()
        .map(|id| {
            let method = attribution::method(id).unwrap();
            (method, Values::defaults(method.description().parameters))
        })
        .collect();
    let mut maps = BTreeMap::new();
    for picture in 0..pictures.len() {
        for network in 0..networks.len() {
            for (index, (method, values)) in methods.iter().enumerate() {
                let at = CellIndex::clean(picture, network, index);
                let attribution = Attribution {
                    method: method.description(),
                    map: Arc::new(map(at, side)),
                    target: 3,
                    values: values.clone(),
                    seconds: 0.25,
                    samples: None,
                    diagnostics: BTreeMap::new(),
                    warnings: vec![],
                    cached: false,
                };
                let curves = Some(Arc::new(curves(at)));
                maps.insert(at, Shown { attribution: Arc::new(attribution), curves });
            }
        }
    }
    FigureContents {
        networks: networks.iter().map(|name| network(name, side)).collect(),
        pictures: pictures
            .iter()
            .map(|name| PictureFacts {
                name: (*name).to_string(),
                path: format!("/home/someone/pictures/{name}.png").into(),
                sha256: "11".repeat(32),
            })
            .collect(),
        methods,
        views: pictures
            .iter()
            .enumerate()
            .map(|(picture, _)| {
                (0..networks.len()).map(|network| Some(view([picture, network], side))).collect()
            })
            .collect(),
        maps,
        selected: 0,
        pair: (networks.len() > 1).then_some([0, 1]),
        class: ClassChoice::Top1,
        seed: 7,
        device: "CPU (2 cores)".into(),
    }
}

fn network(name: &str, side: usize) -> NetworkFacts {
    NetworkFacts {
        name: name.into(),
        architecture: "resnet".into(),
        path: "/home/someone/networks/net.toml".into(),
        weights: "/home/someone/networks/net.safetensors".into(),
        sha256: "22".repeat(32),
        training: None,
        input: Preprocessing {
            channels: 3,
            size: [side, side],
            mean: vec![0.5; 3],
            std: vec![0.25; 3],
            resize: Filter::Bicubic,
            crop: 1.0,
        },
        outputs: OutputKind::Softmax,
    }
}

fn map(CellIndex { picture, model: network, method, .. }: CellIndex, side: usize) -> Array3<f32> {
    let phase = (picture + 2 * network + 3 * method) as f32;
    Array3::from_shape_fn((3, side, side), |(c, y, x)| {
        let (x, y) = (x as f32 / side as f32, y as f32 / side as f32);
        (9.0 * x + phase).sin() * (7.0 * y + c as f32).cos() / (1.0 + phase)
    })
}

fn view([picture, network]: [usize; 2], side: usize) -> View {
    let value = |a: u32, b: u32| ((a * 255 / side as u32 + 40 * b) % 256) as u8;
    let image = RgbImage::from_fn(side as u32, side as u32, |x, y| {
        image::Rgb([value(x, picture as u32), value(y, 1), value(x + y, 2) / 2])
    });
    let probability = Some(0.9 / (1.0 + network as f32));
    let class = Prediction { class: 3, label: "cat".into(), logit: 2.0, probability };
    let named = NamedClass { index: 3, classes: 10, name: "cat".into(), wnid: None };
    let explained = ExplainedClass { class: named, standing: Standing::Top1 };
    View { image, class, explained, boxes: vec![[0.25, 0.25, 0.5, 0.4]] }
}

fn curves(CellIndex { picture, model: network, method, .. }: CellIndex) -> Curves {
    let fractions: Vec<f32> = (0..=28u8).map(|step| f32::from(step) / 28.0).collect();
    let speed = 1.0 + (picture + network + method) as f32;
    let insertion: Vec<f32> = fractions.iter().map(|x| 0.9 - 0.8 * (-speed * x).exp()).collect();
    let deletion: Vec<f32> = insertion.iter().map(|score| 1.0 - score).collect();
    let curve = |scores: Vec<f32>| Curve { auc: hyaline::score::area(&fractions, &scores), scores };
    let (insertion, deletion) = (curve(insertion), curve(deletion));
    Curves { fractions: fractions.clone(), deletion, insertion, protocol: Protocol::rise([28, 28]) }
}
