//! Hugging Face's files beside weights: `config.json` of timm and of
//! transformers, and `preprocessor_config.json`.

use crate::error::{Error, Result};
use crate::picture::Filter;
use serde_json::Value;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// What the files say; the rest is inferred.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Config {
    /// The network's name, as timm spells it, or its class in transformers.
    pub architecture: Option<String>,
    /// Whether it is of transformers rather than timm.
    pub of_transformers: bool,
    /// Height and width of its pictures.
    pub size: Option<[usize; 2]>,
    pub mean: Option<Vec<f32>>,
    pub std: Option<Vec<f32>>,
    pub resize: Option<Filter>,
    /// Side of the centre crop over the short side of the resized picture.
    pub crop: Option<f32>,
    /// Names of the classes, by index.
    pub labels: Option<Vec<String>>,
    /// What of the network is not as its tensors would have it.
    pub unusual: Option<String>,
}

/// Kinds of networks in transformers and their usual activations. Others than these are refused.
const ACTIVATIONS: [(&str, &str); 3] =
    [("resnet", "relu"), ("convnext", "gelu"), ("mobilenet_v2", "relu6")];
/// What changes numbers and not tensors, and its usual value.
const SWITCHES: [(&str, &str, bool); 2] =
    [("resnet", "downsample_in_bottleneck", false), ("mobilenet_v2", "tf_padding", true)];

/// Longer files are not configurations.
const LONGEST: u64 = 16 << 20;

impl Config {
    /// The configuration of weights that are named as those of a repository are.
    ///
    /// # Errors
    /// When it is not JSON.
    pub fn beside(weights: &Path) -> Result<Option<Self>> {
        let name = weights.file_name().and_then(|name| name.to_str()).unwrap_or("");
        let stem = name.split(['.', '-']).next().unwrap_or("");
        let folder = weights.parent().unwrap_or(Path::new(""));
        if !["model", "pytorch_model", "open_clip_pytorch_model", "open_clip_model"].contains(&stem)
        {
            return Ok(None);
        }
        let Some(config) = json(&folder.join("config.json"))? else { return Ok(None) };
        let pictures = json(&folder.join("preprocessor_config.json"))?.unwrap_or(Value::Null);
        Ok(Self::of_timm(&config).or_else(|| Self::of_transformers(&config, &pictures)))
    }

    fn of_timm(config: &Value) -> Option<Self> {
        let architecture = config.get("architecture")?.as_str()?.to_string();
        let said = config.get("pretrained_cfg").unwrap_or(config);
        let size = said.get("input_size").and_then(Value::as_array);
        let size = size.and_then(|size| Some([natural(size.get(1)?)?, natural(size.get(2)?)?]));
        let names = said.get("label_names").or(config.get("label_names"));
        Some(Self {
            architecture: Some(architecture),
            of_transformers: false,
            size,
            mean: said.get("mean").and_then(numbers),
            std: said.get("std").and_then(numbers),
            resize: said.get("interpolation").and_then(Value::as_str).and_then(filter),
            crop: said.get("crop_pct").and_then(number),
            labels: names.and_then(|names| described(names, config, said)),
            unusual: None,
        })
    }

    fn of_transformers(config: &Value, pictures: &Value) -> Option<Self> {
        let class = config.get("architectures").and_then(|classes| classes.get(0)?.as_str());
        let kind = || config.get("model_type").and_then(Value::as_str);
        let architecture = class.or_else(kind)?.to_string();
        let normalises = pictures.get("do_normalize").is_none_or(|said| said == &Value::Bool(true));
        // Other factors than 1/255 leave pixels that are not of 0 to 1.
        let factor = pictures.get("rescale_factor").and_then(number).unwrap_or(1.0 / 255.0);
        let is_usual = normalises && (factor * 255.0 - 1.0).abs() < 1e-3;
        let values = |key: &str| pictures.get(key).and_then(numbers).filter(|_| is_usual);
        let (size, crop) = size_and_crop(config, pictures);
        Some(Self {
            architecture: Some(architecture),
            of_transformers: true,
            size,
            mean: values("image_mean"),
            std: values("image_std"),
            resize: pictures.get("resample").and_then(natural).and_then(pillow_filter),
            crop,
            labels: config.get("id2label").and_then(by_index),
            unusual: unusual(config),
        })
    }
}

/// A line of the configuration that tensors don't determine and that is not the usual one.
fn unusual(config: &Value) -> Option<String> {
    let kind = config.get("model_type")?.as_str()?;
    let activation = config.get("hidden_act").and_then(Value::as_str);
    let usual = ACTIVATIONS.iter().find(|(of, _)| *of == kind).map(|(_, usual)| *usual);
    if let (Some(activation), Some(usual)) = (activation, usual)
        && activation != usual
    {
        return Some(format!("hidden_act is {activation}, not {usual}"));
    }
    let switch = SWITCHES.iter().find(|(of, key, usual)| {
        let said = config.get(*key).and_then(Value::as_bool);
        *of == kind && said.is_some_and(|said| said != *usual)
    });
    switch.map(|(_, key, usual)| format!("{key} is {}", !usual))
}

/// A side, or the same twice.
fn sides(value: &Value) -> Option<[usize; 2]> {
    let side = |key: &str| value.get(key).and_then(natural);
    let both = || Some([side("height")?, side("width")?]);
    let list = || Some([natural(value.get(0)?)?, natural(value.get(1)?)?]);
    let one = || natural(value).or(side("shortest_edge")).map(|side| [side; 2]);
    both().or_else(list).or_else(one)
}

fn size_and_crop(config: &Value, pictures: &Value) -> (Option<[usize; 2]>, Option<f32>) {
    let of_network = config.get("image_size").and_then(sides);
    let resized = pictures.get("size").and_then(sides);
    let crops = pictures.get("do_center_crop") == Some(&Value::Bool(true));
    let cropped = pictures.get("crop_size").and_then(sides).filter(|_| crops);
    let share = pictures.get("crop_pct").and_then(number);
    let by_side = cropped.zip(resized).map(|(crop, resized)| crop[0] as f32 / resized[0] as f32);
    // Pictures of 384 and more are not cropped by those who say a share.
    let share = share.filter(|_| resized.is_some_and(|size| size[0] < 384));
    (cropped.or(resized).or(of_network), share.or(by_side).or(resized.map(|_| 1.0)))
}

/// The names of classes, or their descriptions where there are any.
fn described(names: &Value, config: &Value, said: &Value) -> Option<Vec<String>> {
    let descriptions = said.get("label_descriptions").or(config.get("label_descriptions"));
    let name = |name: &Value| {
        let name = name.as_str()?;
        let description = descriptions.and_then(|all| all.get(name)?.as_str());
        Some(description.unwrap_or(name).to_string())
    };
    names.as_array()?.iter().map(name).collect()
}

/// Names under the index of their class. `LABEL_0` and its like are none.
fn by_index(labels: &Value) -> Option<Vec<String>> {
    let labels = labels.as_object()?;
    let name = |class: usize| labels.get(&class.to_string())?.as_str().map(str::to_string);
    let names: Vec<String> = (0..labels.len()).map(name).collect::<Option<_>>()?;
    (!names.is_empty() && !names.iter().all(|name| name.starts_with("LABEL_"))).then_some(names)
}

fn natural(value: &Value) -> Option<usize> {
    value.as_u64().and_then(|value| usize::try_from(value).ok())
}

fn number(value: &Value) -> Option<f32> {
    value.as_f64().map(|value| value as f32)
}

fn numbers(value: &Value) -> Option<Vec<f32>> {
    value.as_array()?.iter().map(number).collect()
}

fn filter(name: &str) -> Option<Filter> {
    match name {
        "nearest" => Some(Filter::Nearest),
        "bilinear" => Some(Filter::Bilinear),
        "bicubic" => Some(Filter::Bicubic),
        "lanczos" => Some(Filter::Lanczos),
        _ => None,
    }
}

/// By Pillow's numbers.
fn pillow_filter(number: usize) -> Option<Filter> {
    ["nearest", "lanczos", "bilinear", "bicubic"].get(number).copied().and_then(filter)
}

/// A JSON file, if it is there.
///
/// # Errors
/// When it can't be read, is too long, or is not JSON.
pub fn json(path: &Path) -> Result<Option<Value>> {
    let what = |e: &dyn std::fmt::Display| Error::new(format!("cannot read {}", path.display()), e);
    if !path.is_file() {
        return Ok(None);
    }
    let mut text = String::new();
    let file = File::open(path).map_err(|e| what(&e))?;
    file.take(LONGEST).read_to_string(&mut text).map_err(|e| what(&e))?;
    serde_json::from_str(&text).map(Some).map_err(|e| what(&e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn timm_says_how_pictures_are_taken() {
        let config = json!({
            "architecture": "tf_efficientnet_b0.ns_jft_in1k",
            "label_names": ["n1", "n2"],
            "label_descriptions": {"n1": "tench"},
            "pretrained_cfg": {
                "input_size": [3, 256, 320], "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5],
                "interpolation": "bicubic", "crop_pct": 0.9,
            },
        });
        let config = Config::of_timm(&config).unwrap();
        assert_eq!(config.size, Some([256, 320]));
        assert_eq!((config.resize, config.crop), (Some(Filter::Bicubic), Some(0.9)));
        assert_eq!(config.labels.unwrap(), ["tench", "n2"]);
        assert_eq!(Config::of_timm(&json!({"model_type": "resnet"})), None);
    }

    #[test]
    fn transformers_says_it_in_two_files() {
        let config = json!({
            "architectures": ["ResNetForImageClassification"],
            "id2label": {"1": "dog", "0": "cat"}, "image_size": 224,
        });
        let read = |pictures: &Value| Config::of_transformers(&config, pictures).unwrap();
        let cropped = read(&json!({
            "size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224},
            "do_center_crop": true, "resample": 3, "image_mean": [0.1], "image_std": [0.2],
        }));
        assert_eq!((cropped.size, cropped.crop), (Some([224; 2]), Some(0.875)));
        assert_eq!((cropped.mean, cropped.std), (Some(vec![0.1]), Some(vec![0.2])));
        assert_eq!(
            (cropped.resize, cropped.labels.unwrap()[1].as_str()),
            (Some(Filter::Bicubic), "dog")
        );
        let share = read(&json!({"size": {"shortest_edge": 224}, "crop_pct": 0.8}));
        assert_eq!((share.size, share.crop), (Some([224; 2]), Some(0.8)));
        let plain = read(&json!({"size": 96, "do_normalize": false, "image_mean": [0.1]}));
        assert_eq!((plain.size, plain.crop, plain.mean), (Some([96; 2]), Some(1.0), None));
        assert_eq!(read(&Value::Null).size, Some([224; 2]));
    }

    #[test]
    fn what_tensors_do_not_tell_is_noticed() {
        assert_eq!(unusual(&json!({"model_type": "resnet", "hidden_act": "relu"})), None);
        let other = unusual(&json!({"model_type": "convnext", "hidden_act": "silu"}));
        assert_eq!(other.unwrap(), "hidden_act is silu, not gelu");
        let strided = json!({"model_type": "resnet", "downsample_in_bottleneck": true});
        assert_eq!(unusual(&strided).unwrap(), "downsample_in_bottleneck is true");
    }

    #[test]
    fn numbered_labels_are_no_names() {
        assert_eq!(by_index(&json!({"0": "LABEL_0", "1": "LABEL_1"})), None);
        assert_eq!(by_index(&json!({"0": "cat", "2": "dog"})), None);
    }
}
