//! Inside a layer: the channels that contribute most to the class, their activations and gradients.

use crate::explorer::context::Context;
use crate::explorer::paint::textures::{Key as TextureKey, Of};
use crate::explorer::paint::theme;
use crate::explorer::state::zoom::UNIT;
use egui::{Color32, RichText, ScrollArea, Sense, Ui, vec2};
use hyaline::attribution::Sign;
use hyaline::display::{ColourMap, Norm, Scale};
use hyaline::engine::job::{Channel, Job};
use hyaline::engine::{OpenModel, State};
use image::{Rgba, RgbaImage};
use ndarray::Array2;
use std::any::Any;
use std::sync::Arc;

/// Room that the channels take, points.
pub const HEIGHT: f32 = 210.0;
/// Side of a channel's picture, points.
const SIDE: f32 = 64.0;

/// The channels of the chosen layer.
pub fn layer_view(ui: &mut Ui, cx: &mut Context, model: &OpenModel) {
    ui.separator();
    let Some(node) = cx.document.layer_of(&model.value) else { return };
    let name = &model.value.graph.node(node).name;
    let state = cx.lookup().layer_job(model).and_then(|job| cx.results.get(&job.query()));
    let Some(State::Done(channels)) = state else {
        let text = match state {
            Some(State::Failed(why)) => why,
            _ if cx.document.picture().is_none() => "Open a picture to look into it".into(),
            _ => format!("Looking into {name}"),
        };
        ui.weak(text);
        return;
    };
    ui.label(format!("{name}: channels that contribute most to the class (activation × gradient)"));
    let activations = channels.iter().map(|channel| &channel.activation);
    let gradients = channels.iter().map(|channel| &channel.gradient);
    let whole = Norm { ends: hyaline::display::Ends::Percentile(100.0), ..Norm::default() };
    let scales = [whole.scale(activations, Sign::Positive), whole.scale(gradients, Sign::Signed)];
    ScrollArea::horizontal().id_salt("channels").show(ui, |ui| {
        ui.horizontal_top(|ui| {
            for place in 0..channels.len() {
                ui.vertical(|ui| channel_ui(ui, cx, &channels, place, scales));
            }
        });
    });
}

fn channel_ui(
    ui: &mut Ui,
    cx: &mut Context,
    channels: &Arc<Vec<Channel>>,
    place: usize,
    scales: [Scale; 2],
) {
    let channel = &channels[place];
    ui.label(RichText::new(format!("{}", channel.index)).small());
    for (gradient, name) in [(false, "activation"), (true, "gradient")] {
        let (values, scale) = match gradient {
            false => (&channel.activation, scales[0]),
            true => (&channel.gradient, scales[1]),
        };
        let (rect, response) = ui.allocate_exact_size(vec2(SIDE, SIDE), Sense::hover());
        let text = format!("{name} of channel {}", channel.index);
        crate::explorer::paint::cell::label(&response, text.clone());
        response.on_hover_text(format!("{text}, contribution {:.4}", channel.contribution));
        let layer = Arc::as_ptr(channels) as usize;
        let key = TextureKey { of: Of::Channel { layer, place, gradient }, smooth: false };
        let owner: Arc<dyn Any + Send + Sync> = channels.clone();
        let image = || Some(Arc::new(colored(values, scale)));
        ui.painter().rect_filled(rect, 0.0, theme::canvas(ui.visuals()));
        if let Some(texture) = cx.frame.textures.get(ui.ctx(), key, Some(owner), image) {
            ui.painter().image(texture, rect, UNIT, Color32::WHITE);
        }
    }
    ui.label(RichText::new(hyaline::text::number(channel.contribution)).small());
}

/// A plane in the usual colours of its kind of values.
fn colored(values: &Array2<f32>, scale: Scale) -> RgbaImage {
    let colours = if scale.centred { ColourMap::BlueRed } else { ColourMap::Inferno };
    let (height, width) = values.dim();
    RgbaImage::from_fn(width as u32, height as u32, |x, y| {
        let [r, g, b] = colours.colour(scale.place(values[[y as usize, x as usize]]));
        Rgba([r, g, b, 255])
    })
}
