//! The explorer's job without a display: the same maps, as files and pictures.

use super::arguments::{DeviceArgument, OutputArgument};
use super::curves::Curves;
use super::explain;
use super::figure::MakeFigure;
use super::plan::{Case, Plan, Selection};
use super::terminal::{print, say};
use crate::attribution::{Attribution, DEFAULT_METHODS, Target};
use crate::display::{Appearance, ColourMap, Norm, Overlay, PairEnds, blend};
use crate::error::{Error, Result};
use crate::example;
use crate::file;
use crate::input_file;
use crate::model::Model;
use crate::picture::{Picture, to_rgb};
use crate::session::Session;
use image::RgbImage;
use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const OUT: &str = "hyaline-output";

/// Says that there is no display, and does with the files what the window would: explains every
/// picture on every network and writes the overlays into a folder that it names. As in the
/// window, the maps of one method on one picture share a scale.
///
/// # Errors
/// As for `hyaline explain`.
pub fn without_display(files: &[PathBuf], device: DeviceArgument, why: &str) -> Result<ExitCode> {
    if files.is_empty() {
        say(&format!("no window can be opened here ({why}); explaining the example instead"));
        return explain_example(device, Path::new(OUT));
    }
    if let Some(path) = files.iter().find(|path| input_file::is_of_window(path)) {
        let why = "sessions, studies and recipes need the window";
        return Err(Error::new(format!("cannot open {}", path.display()), why)
            .hint("`hyaline figure`, `hyaline study` and `hyaline train` take them"));
    }
    let (model, rest): (Vec<_>, Vec<_>) = files
        .iter()
        .flat_map(|path| input_file::files_of(path))
        .partition(|path| Model::is_model_file(path));
    let (image, unknown): (Vec<_>, Vec<_>) =
        rest.into_iter().partition(|path| Picture::is_picture_file(path));
    if let Some(path) = unknown.first() {
        let why = "it is neither a network nor a picture by its name";
        return Err(Error::new(format!("cannot open {}", path.display()), why));
    }
    if model.is_empty() || image.is_empty() {
        say(&format!("no window can be opened here ({why})"));
        print(NOTHING_TO_DO)?;
        return Ok(ExitCode::SUCCESS);
    }
    let plan = Plan::new(&selection(model, image, device, Path::new(OUT)), |_| Ok(()))?;
    say(&format!("no window can be opened here ({why}); writing pictures instead"));
    let code = write_overlays(&plan)?;
    let folder = std::path::absolute(OUT).unwrap_or_else(|_| OUT.into());
    print(&format!("Wrote overlays, maps and explain.json to {}\n", folder.display()))?;
    Ok(code)
}

/// Explains the example as the window would: overlays, curves and a figure, and says where they are.
fn explain_example(device: DeviceArgument, out: &Path) -> Result<ExitCode> {
    let files = example::unpack(&out.join("example"))?;
    let folder = std::path::absolute(out).unwrap_or_else(|_| out.into());
    let (models, pictures): (Vec<_>, Vec<_>) =
        files.into_iter().partition(|path| Model::is_model_file(path));
    let selection = selection(models, pictures, device, &out.join("overlays"));
    let steps: [&dyn Fn() -> Result<ExitCode>; 3] = [
        &|| write_overlays(&Plan::new(&selection, |_| Ok(()))?),
        &|| Curves::usual(Selection { out: out.join("curves"), ..selection.clone() }).run(),
        &|| {
            let path = out.join("example.toml");
            file::write(&path, SESSION.as_bytes())?;
            // Each map over its own end: the robust network's are too weak to be seen over the other's.
            let shown = Appearance { pair_ends: PairEnds::Own, ..Appearance::of_example() };
            let session = Session { shown, ..Session::read(&path)? };
            session.write(&path)?;
            MakeFigure::usual(path, out.join("figure"), device).run()
        },
    ];
    for step in steps {
        let code = step()?;
        if code != ExitCode::SUCCESS {
            say(&format!("not finished; what was done is in {}", folder.display()));
            return Ok(code);
        }
    }
    print(&format!("\nIn {}:\n  {EXPLAINED}", folder.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// What `hyaline explain` would be told, by its defaults and with the methods of a new window.
fn selection(
    model: Vec<PathBuf>,
    image: Vec<PathBuf>,
    device: DeviceArgument,
    out: &Path,
) -> Selection {
    Selection {
        model,
        image,
        preset: vec![],
        no_cache: false,
        method: DEFAULT_METHODS.map(String::from).to_vec(),
        out: out.to_path_buf(),
        target: Target::Top1,
        layer: None,
        set: vec![],
        seed: 0,
        output: OutputArgument::default(),
        device,
    }
}

fn write_overlays(plan: &Plan) -> Result<ExitCode> {
    let mut rows = Rows::default();
    let code = explain::run(plan, |model, case, attribution| {
        let folder = plan.folder(model, &case.picture.path);
        let picture = to_rgb(&case.subject.pixels);
        write_png(&folder.join("picture.png"), &picture)?;
        rows.add(folder, picture, case, attribution);
        Ok(())
    })?;
    rows.write()?;
    Ok(code)
}

/// The example as a session, beside its folder.
const SESSION: &str = r#"hyaline-session = 2
pair = [0, 1]
[[networks]]
path = "example/vanilla.toml"
[[networks]]
path = "example/robust.toml"
[[pictures]]
path = "example/ship.png"
[[methods]]
id = "gradient"
[[methods]]
id = "integrated-gradients"
[[methods]]
id = "grad-cam"
[figure]
curves = "picture"
comparison = "difference"
"#;

const EXPLAINED: &str = "\
  example/     two ResNet-20 for CIFAR-10, one trained as usual and one against attacks, and 5 pictures
  overlays/    which pixels speak for the class that each network sees, by three methods; both networks
               over one scale, on which the robust one's gradients are weak
  curves/      the class's probability while the strongest pixels are deleted or inserted
  figure.png   both networks beside each other on the ship, each map over its own end, and how they
               differ: the robust one's gradient follows the ship, the other's is scattered
Now with your own files: hyaline net.toml cat.png, or hyaline explain --help
";

const NOTHING_TO_DO: &str = "\
Name networks and pictures to explain them without a window:
  hyaline net.toml cat.png
or see `hyaline explain --help`. `hyaline example` writes two networks and pictures to try.
";

/// Maps that share a scale: those of one method on one picture.
#[derive(Default)]
struct Rows(BTreeMap<(PathBuf, &'static str), Vec<Panel>>);

struct Panel {
    folder: PathBuf,
    picture: RgbImage,
    attribution: Attribution,
}

impl Rows {
    fn add(&mut self, folder: PathBuf, picture: RgbImage, case: &Case, attribution: &Attribution) {
        let row = (case.picture.path.clone(), attribution.method.id);
        let panel = Panel { folder, picture, attribution: attribution.clone() };
        self.0.entry(row).or_default().push(panel);
    }

    fn write(&self) -> Result<()> {
        let norm = Norm::default();
        for ((_, id), panels) in &self.0 {
            let sign = norm.sign(panels[0].attribution.method);
            let maps: Vec<_> =
                panels.iter().map(|panel| norm.reduce(&panel.attribution.map, sign)).collect();
            let overlay = Overlay::new(ColourMap::for_sign(sign), norm.scale(&maps, sign));
            for (panel, map) in panels.iter().zip(&maps) {
                let file = panel.folder.join(format!("{id}.png"));
                write_png(&file, &blend(&panel.picture, map, &overlay))?;
            }
        }
        Ok(())
    }
}

fn write_png(path: &Path, image: &RgbImage) -> Result<()> {
    let mut bytes = Cursor::new(Vec::new());
    image
        .write_to(&mut bytes, image::ImageFormat::Png)
        .map_err(|e| Error::new(format!("cannot write {}", path.display()), e))?;
    super::output::write(path, bytes.get_ref())
}
