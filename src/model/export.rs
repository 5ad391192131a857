//! The next step for a network whose graph can't be built from its tensors: its export to ONNX.

use super::pytorch;
use super::weights::Weights;

/// Lines of Python that export the network of a file, one after the other.
pub fn to_onnx(weights: &Weights) -> String {
    let file = weights.file.file_name().map_or("network".into(), |name| name.to_string_lossy());
    let folder = weights.file.parent().map_or(".".into(), |folder| folder.to_string_lossy());
    let folder = if folder.is_empty() { ".".into() } else { folder };
    let stem = crate::file::stem(&weights.file);
    let architecture = weights.config.as_ref().and_then(|config| config.architecture.as_deref());
    let of_transformers = weights.config.as_ref().is_some_and(|config| config.of_transformers);
    let state = match weights.format {
        "safetensors" => format!("safetensors.torch.load_file({file:?})"),
        _ => format!("torch.load({file:?})"),
    };
    let model = match (weights.format, architecture) {
        (pytorch::SCRIPT, _) => format!("model = torch.jit.load({file:?})"),
        (_, Some(_)) if of_transformers => format!(
            "model = transformers.AutoModelForImageClassification.from_pretrained({folder:?})"
        ),
        (_, Some(name)) => format!("model = timm.create_model({name:?}, checkpoint_path={file:?})"),
        _ => format!("model = …its class…; model.load_state_dict({state})"),
    };
    let [height, width] =
        weights.config.as_ref().and_then(|config| config.size).unwrap_or([224, 224]);
    format!(
        "open it as ONNX, which Python writes: {model}; \
         torch.onnx.export(model.eval(), torch.rand(1, 3, {height}, {width}), \"{stem}.onnx\", dynamo=False)"
    )
}
