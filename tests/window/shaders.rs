//! The shaders are valid, and the overlay on the GPU is the overlay on the CPU.

use crate::explorer::{CellPaint, OverlayRenderer};
use crate::support;
use hyaline::display::{ColourMap, LEVELS, Overlay, Scale, Style, blend};
use image::{RgbImage, RgbaImage};
use ndarray::Array2;
use std::sync::Arc;
use wgpu::util::DeviceExt;

#[test]
fn every_shader_is_valid() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/shaders");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let source = std::fs::read_to_string(&path).unwrap();
        let module = naga::front::wgsl::parse_str(&source)
            .unwrap_or_else(|e| panic!("{}: {}", path.display(), e.emit_to_string(&source)));
        let flags = naga::valid::ValidationFlags::all();
        let capabilities = naga::valid::Capabilities::empty();
        naga::valid::Validator::new(flags, capabilities)
            .validate(&module)
            .unwrap_or_else(|e| panic!("{}: {e:?}", path.display()));
        count += 1;
    }
    assert!(count > 0);
}

/// A device for the shader alone.
fn gpu() -> Option<(wgpu::Device, wgpu::Queue)> {
    if !support::can_paint() {
        return None;
    }
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapter = pollster::block_on(instance.request_adapter(&Default::default())).unwrap();
    Some(pollster::block_on(adapter.request_device(&Default::default())).unwrap())
}

/// Runs the shader over a whole target and reads it back.
fn render(
    (device, queue): &(wgpu::Device, wgpu::Queue),
    picture: &RgbImage,
    map: &Array2<f32>,
    overlay: Overlay,
    format: wgpu::TextureFormat,
) -> RgbImage {
    let (width, height) = picture.dimensions();
    assert_eq!(width * 4 % 256, 0, "rows of a read-back buffer are aligned");
    let mut renderer = OverlayRenderer::new(device, queue, format);
    let paint = CellPaint {
        cell: 1,
        picture: Arc::new(RgbaImage::from_fn(width, height, |x, y| {
            let [r, g, b] = picture.get_pixel(x, y).0;
            image::Rgba([r, g, b, 255])
        })),
        map: Arc::new(map.clone()),
        overlay,
        rect: egui::Rect::NOTHING,
    };
    let pixels = [width as f32, height as f32];
    renderer.prepare(device, queue, &paint, [-1.0, 1.0, 1.0, -1.0], pixels);
    let target = device.create_texture(&wgpu::TextureDescriptor {
        label: None,
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::RENDER_ATTACHMENT | wgpu::TextureUsages::COPY_SRC,
        view_formats: &[],
    });
    let buffer = device.create_buffer_init(&wgpu::util::BufferInitDescriptor {
        label: None,
        contents: &vec![0; (width * height * 4) as usize],
        usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
    });
    let view = target.create_view(&Default::default());
    let mut encoder = device.create_command_encoder(&Default::default());
    {
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &view,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations {
                    load: wgpu::LoadOp::Clear(wgpu::Color::BLACK),
                    store: wgpu::StoreOp::Store,
                },
            })],
            ..Default::default()
        });
        renderer.paint(&mut pass, 1);
    }
    let layout = wgpu::TexelCopyBufferLayout {
        offset: 0,
        bytes_per_row: Some(width * 4),
        rows_per_image: None,
    };
    encoder.copy_texture_to_buffer(
        target.as_image_copy(),
        wgpu::TexelCopyBufferInfo { buffer: &buffer, layout },
        target.size(),
    );
    queue.submit([encoder.finish()]);
    buffer.slice(..).map_async(wgpu::MapMode::Read, |result| result.unwrap());
    device.poll(wgpu::PollType::wait_indefinitely()).unwrap();
    let bytes = buffer.slice(..).get_mapped_range().unwrap().to_vec();
    RgbImage::from_fn(width, height, |x, y| {
        let at = ((y * width + x) * 4) as usize;
        image::Rgb([bytes[at], bytes[at + 1], bytes[at + 2]])
    })
}

fn assert_same(found: &RgbImage, expected: &RgbImage, what: &str) {
    for (x, y, pixel) in found.enumerate_pixels() {
        let expected = expected.get_pixel(x, y).0;
        let worst = (0..3).map(|c| pixel.0[c].abs_diff(expected[c])).max().unwrap();
        assert!(worst <= 1, "{what} at ({x}, {y}): {:?} for {expected:?}", pixel.0);
    }
}

/// A picture of gradients and a smooth map with both signs.
fn example(map_size: (usize, usize)) -> (RgbImage, Array2<f32>) {
    let picture = RgbImage::from_fn(64, 48, |x, y| {
        image::Rgb([(x * 4) as u8, (y * 5) as u8, ((x * y) % 256) as u8])
    });
    let map = Array2::from_shape_fn(map_size, |(y, x)| {
        ((y as f32) * 0.9).sin() + ((x as f32) * 0.37).cos() * 0.8
    });
    (picture, map)
}

const PLAIN: Overlay = Overlay {
    colour_map: ColourMap::Viridis,
    scale: Scale { low: -1.5, high: 1.5, centred: true },
    style: Style::Heatmap,
    opacity: 1.0,
    threshold: 0.0,
    fade: false,
    smooth: false,
    grey: false,
};

const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

#[test]
fn every_colour_of_every_map_is_the_same_on_the_gpu() {
    let Some(gpu) = gpu() else { return };
    let picture = RgbImage::new(256, 1);
    let last = (LEVELS - 1) as f32;
    let map = Array2::from_shape_fn((1, LEVELS), |(_, x)| x as f32 / last);
    for colour_map in ColourMap::ALL {
        let scale = Scale { low: 0.0, high: 1.0, centred: false };
        let found = render(&gpu, &picture, &map, Overlay { colour_map, scale, ..PLAIN }, FORMAT);
        for (level, color) in colour_map.table().iter().enumerate() {
            assert_eq!(
                found.get_pixel(level as u32, 0).0,
                *color,
                "{} at {level}",
                colour_map.name()
            );
        }
    }
}

#[test]
fn blending_on_the_gpu_is_blending_on_the_cpu() {
    let Some(gpu) = gpu() else { return };
    for map_size in [(48, 64), (7, 5)] {
        let (picture, map) = example(map_size);
        for smooth in [false, true] {
            // Enlarging differs in what lies between pixels; the picture itself is drawn 1:1.
            for (opacity, threshold, fade) in
                [(1.0, 0.0, false), (0.6, 0.0, false), (0.8, 0.35, false), (0.9, 0.1, true)]
            {
                for style in Style::ALL {
                    let grey = style == Style::Contours;
                    let overlay =
                        Overlay { style, opacity, threshold, fade, smooth, grey, ..PLAIN };
                    let found = render(&gpu, &picture, &map, overlay, FORMAT);
                    assert_same_but_at_steps(&found, &picture, &map, overlay);
                }
            }
        }
    }
}

/// A threshold and the 256 colours are steps: there, float noise may fall on either side, so a
/// pixel may also be what it would be for a value a hair above or below.
fn assert_same_but_at_steps(
    found: &RgbImage,
    picture: &RgbImage,
    map: &Array2<f32>,
    overlay: Overlay,
) {
    let near = [0.0, 1e-5, -1e-5].map(|hair| blend(picture, &map.mapv(|v| v + hair), &overlay));
    for (x, y, pixel) in found.enumerate_pixels() {
        let same = |image: &RgbImage| {
            let expected = image.get_pixel(x, y).0;
            (0..3).all(|c| pixel.0[c].abs_diff(expected[c]) <= 1)
        };
        assert!(
            near.iter().any(same),
            "{overlay:?} at ({x}, {y}): {:?} for {:?}",
            pixel.0,
            near[0].get_pixel(x, y).0
        );
    }
}

#[test]
fn a_linear_target_shows_the_same_colours() {
    let Some(gpu) = gpu() else { return };
    let (picture, map) = example((48, 64));
    let plain = render(&gpu, &picture, &map, PLAIN, FORMAT);
    let linear = render(&gpu, &picture, &map, PLAIN, wgpu::TextureFormat::Rgba8UnormSrgb);
    assert_same(&linear, &plain, "sRGB target");
}
