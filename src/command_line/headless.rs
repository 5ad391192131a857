//! The explorer's job without a display: the same maps and curves, as files.

use super::plan::{Plan, Selection};
use super::{DeviceArgument, explain, print};
use crate::attribution::{DEFAULT_METHODS, Target};
use crate::error::{Error, Result};
use crate::figure::{ColorMap, Norm, Overlay, blend};
use crate::model::Model;
use crate::picture::{Picture, to_rgb};
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const OUT: &str = "hyaline-output";

/// Says that there is no display, and does with the files what the window would: explains every
/// picture on every network and writes the overlays into a folder that it names.
///
/// # Errors
/// As for `hyaline explain`.
pub fn without_display(files: &[PathBuf], device: DeviceArgument, why: &str) -> Result<ExitCode> {
    eprintln!("hyaline: no window can be opened here ({why})");
    let (model, rest): (Vec<_>, Vec<_>) =
        files.iter().cloned().partition(|path| Model::is_model_file(path));
    let (image, unknown): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|path| Picture::is_picture_file(path));
    if let Some(path) = unknown.first() {
        return Err(Error::new(
            format!("cannot open {}", path.display()),
            "it is neither a network nor a picture by its name",
        ));
    }
    if model.is_empty() || image.is_empty() {
        print(
            "Name networks and pictures to explain them without a window:\n  hyaline net.toml cat.png\nor see `hyaline explain --help`.\n",
        )?;
        return Ok(ExitCode::SUCCESS);
    }
    let selection = Selection {
        model,
        image,
        method: DEFAULT_METHODS.map(String::from).to_vec(),
        out: PathBuf::from(OUT),
        target: Target::Top1,
        layer: None,
        set: vec![],
        seed: 0,
        device,
    };
    let plan = Plan::new(&selection)?;
    let code = explain::run(&plan, |model, subject, attribution| {
        let norm = Norm::default();
        let sign = norm.sign(attribution.method);
        let map = norm.reduce(&attribution.map, sign);
        let overlay = Overlay {
            color_map: ColorMap::for_sign(sign),
            scale: norm.scale([&map], sign),
            opacity: 0.6,
            threshold: 0.0,
            fade: false,
            smooth: true,
        };
        let picture = to_rgb(&subject.pixels);
        let folder = plan.folder(model, &subject.picture.path);
        write_png(
            &folder.join(format!("{}.png", attribution.method.id)),
            &blend(&picture, &map, &overlay),
        )?;
        write_png(&folder.join("picture.png"), &picture)
    })?;
    let folder = std::path::absolute(OUT).unwrap_or_else(|_| OUT.into());
    print(&format!("Wrote overlays, maps and explain.json to {}\n", folder.display()))?;
    Ok(code)
}

fn write_png(path: &Path, image: &image::RgbImage) -> Result<()> {
    let mut bytes = Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, image::ImageFormat::Png)
        .map_err(|e| Error::new(format!("cannot write {}", path.display()), e))?;
    super::output::write(path, bytes.get_ref())
}
