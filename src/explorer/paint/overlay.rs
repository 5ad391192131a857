//! Drawing maps over pictures on the GPU, with `shaders/overlay.wgsl`.

use egui_wgpu::wgpu::{self, util::DeviceExt};
use egui_wgpu::{CallbackResources, CallbackTrait, ScreenDescriptor};
use hyaline::display::{ColourMap, LEVELS, Overlay, Style};
use image::RgbaImage;
use ndarray::Array2;
use std::collections::HashMap;
use std::sync::Arc;

/// What one cell of the grid shows.
#[derive(Clone)]
pub struct CellPaint {
    /// Which textures to use: one value for each cell on screen.
    pub cell: u64,
    pub picture: Arc<RgbaImage>,
    pub map: Arc<Array2<f32>>,
    pub overlay: Overlay,
    pub rect: egui::Rect,
}

#[repr(C)]
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
struct Uniforms {
    rect: [f32; 4],
    low: f32,
    high: f32,
    opacity: f32,
    threshold: f32,
    pixel: [f32; 2],
    colour_map: u32,
    padding: u32,
}

const CENTRED: u32 = 1;
const FADE: u32 = 2;
const SMOOTH: u32 = 4;
const LINEAR_TARGET: u32 = 8;
const GREY: u32 = 16;
const MASK: u32 = 32;
const CONTOURS: u32 = 64;

/// The pipelines and the textures of the cells on screen.
pub struct OverlayRenderer {
    shader: wgpu::ShaderModule,
    bindings: wgpu::BindGroupLayout,
    layout: wgpu::PipelineLayout,
    /// By the flags they were made with.
    pipelines: HashMap<u32, wgpu::RenderPipeline>,
    colour_maps: wgpu::TextureView,
    target: wgpu::TextureFormat,
    cells: HashMap<u64, CellTextures>,
}

/// Textures of one cell, and what they were made from.
struct CellTextures {
    picture: Arc<RgbaImage>,
    map: Arc<Array2<f32>>,
    uniforms: wgpu::Buffer,
    bindings: wgpu::BindGroup,
    flags: u32,
    /// Cells that were not drawn in a frame are dropped.
    drawn: bool,
}

impl OverlayRenderer {
    /// For a colour target.
    pub fn new(device: &wgpu::Device, queue: &wgpu::Queue, target: wgpu::TextureFormat) -> Self {
        let shader =
            device.create_shader_module(wgpu::include_wgsl!("../../../shaders/overlay.wgsl"));
        let texture = wgpu::BindingType::Texture {
            sample_type: wgpu::TextureSampleType::Float { filterable: false },
            view_dimension: wgpu::TextureViewDimension::D2,
            multisampled: false,
        };
        let uniforms = wgpu::BindingType::Buffer {
            ty: wgpu::BufferBindingType::Uniform,
            has_dynamic_offset: false,
            min_binding_size: None,
        };
        let entries = [uniforms, texture, texture, texture];
        let entries: Vec<_> = (0..).zip(entries).map(|(binding, ty)| entry(binding, ty)).collect();
        let bindings = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: Some("overlay"),
            entries: &entries,
        });
        let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: Some("overlay"),
            bind_group_layouts: &[Some(&bindings)],
            ..Default::default()
        });
        let rows = ColourMap::ALL.iter().flat_map(|map| map.table());
        let colours: Vec<u8> = rows.flat_map(|[r, g, b]| [*r, *g, *b, 255]).collect();
        let size = [LEVELS as u32, ColourMap::ALL.len() as u32];
        let format = wgpu::TextureFormat::Rgba8Unorm;
        let colour_maps = upload(device, queue, "color maps", size, format, &colours);
        let (pipelines, cells) = (HashMap::new(), HashMap::new());
        Self { shader, bindings, layout, pipelines, colour_maps, target, cells }
    }

    fn pipeline(&self, device: &wgpu::Device, flags: u32) -> wgpu::RenderPipeline {
        let constants = [("FLAGS", f64::from(flags))];
        device.create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some("overlay"),
            layout: Some(&self.layout),
            vertex: wgpu::VertexState {
                module: &self.shader,
                entry_point: Some("vertex"),
                compilation_options: Default::default(),
                buffers: &[],
            },
            primitive: wgpu::PrimitiveState {
                topology: wgpu::PrimitiveTopology::TriangleStrip,
                ..Default::default()
            },
            depth_stencil: None,
            multisample: Default::default(),
            fragment: Some(wgpu::FragmentState {
                module: &self.shader,
                entry_point: Some("fragment"),
                compilation_options: wgpu::PipelineCompilationOptions {
                    constants: &constants,
                    ..Default::default()
                },
                targets: &[Some(self.target.into())],
            }),
            multiview_mask: None,
            cache: None,
        })
    }

    /// Makes ready what `paint` shows in a rectangle (left, top, right, bottom in normalised device
    /// coordinates) of so many pixels; uploads only what changed.
    pub fn prepare(
        &mut self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        paint: &CellPaint,
        rect: [f32; 4],
        pixels: [f32; 2],
    ) {
        let current = self.cells.get(&paint.cell).is_some_and(|cell| {
            Arc::ptr_eq(&cell.picture, &paint.picture) && Arc::ptr_eq(&cell.map, &paint.map)
        });
        if !current {
            let textures = self.textures(device, queue, paint);
            self.cells.insert(paint.cell, textures);
        }
        let flags = self.flags(&paint.overlay);
        if !self.pipelines.contains_key(&flags) {
            self.pipelines.insert(flags, self.pipeline(device, flags));
        }
        let uniforms = uniforms(&paint.overlay, rect, pixels);
        let cell = self.cells.get_mut(&paint.cell).expect("just inserted");
        (cell.drawn, cell.flags) = (true, flags);
        queue.write_buffer(&cell.uniforms, 0, bytemuck::bytes_of(&uniforms));
    }

    /// Draws a prepared cell over the whole target.
    pub fn paint(&self, pass: &mut wgpu::RenderPass<'_>, cell: u64) {
        if let Some(cell) = self.cells.get(&cell)
            && let Some(pipeline) = self.pipelines.get(&cell.flags)
        {
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, &cell.bindings, &[]);
            pass.draw(0..4, 0..1);
        }
    }

    /// Frees the textures of cells that were not drawn since the last call.
    pub fn forget_hidden(&mut self) {
        self.cells.retain(|_, cell| std::mem::take(&mut cell.drawn));
    }

    fn flags(&self, overlay: &Overlay) -> u32 {
        let flag = |set: bool, bit: u32| if set { bit } else { 0 };
        flag(overlay.scale.centred, CENTRED)
            | flag(overlay.fade, FADE)
            | flag(overlay.smooth, SMOOTH)
            | flag(self.target.is_srgb(), LINEAR_TARGET)
            | flag(overlay.grey, GREY)
            | flag(overlay.style == Style::Mask, MASK)
            | flag(overlay.style == Style::Contours, CONTOURS)
    }

    fn textures(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        paint: &CellPaint,
    ) -> CellTextures {
        let (width, height) = paint.picture.dimensions();
        let format = wgpu::TextureFormat::Rgba8Unorm;
        let picture = upload(device, queue, "picture", [width, height], format, &paint.picture);
        let (rows, columns) = paint.map.dim();
        let values: Vec<f32> = paint.map.iter().copied().collect();
        let format = wgpu::TextureFormat::R32Float;
        let size = [columns as u32, rows as u32];
        let map = upload(device, queue, "attribution", size, format, bytemuck::cast_slice(&values));
        let uniforms = device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("overlay uniforms"),
            size: size_of::<Uniforms>() as u64,
            usage: wgpu::BufferUsages::UNIFORM | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let entry = |binding, resource| wgpu::BindGroupEntry { binding, resource };
        let bindings = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("overlay"),
            layout: &self.bindings,
            entries: &[
                entry(0, uniforms.as_entire_binding()),
                entry(1, wgpu::BindingResource::TextureView(&picture)),
                entry(2, wgpu::BindingResource::TextureView(&map)),
                entry(3, wgpu::BindingResource::TextureView(&self.colour_maps)),
            ],
        });
        CellTextures {
            picture: paint.picture.clone(),
            map: paint.map.clone(),
            uniforms,
            bindings,
            flags: 0,
            drawn: true,
        }
    }
}

fn entry(binding: u32, ty: wgpu::BindingType) -> wgpu::BindGroupLayoutEntry {
    let visibility = wgpu::ShaderStages::VERTEX_FRAGMENT;
    wgpu::BindGroupLayoutEntry { binding, visibility, ty, count: None }
}

fn uniforms(overlay: &Overlay, rect: [f32; 4], pixels: [f32; 2]) -> Uniforms {
    Uniforms {
        rect,
        low: overlay.scale.low,
        high: overlay.scale.high,
        opacity: overlay.opacity,
        threshold: overlay.threshold,
        pixel: pixels.map(|side| 1.0 / side.max(1.0)),
        colour_map: overlay.colour_map as u32,
        padding: 0,
    }
}

impl CallbackTrait for CellPaint {
    fn prepare(
        &self,
        device: &wgpu::Device,
        queue: &wgpu::Queue,
        screen: &ScreenDescriptor,
        _: &mut wgpu::CommandEncoder,
        resources: &mut CallbackResources,
    ) -> Vec<wgpu::CommandBuffer> {
        let [width, height] =
            screen.size_in_pixels.map(|side| side as f32 / screen.pixels_per_point);
        let x = |points: f32| 2.0 * points / width - 1.0;
        let y = |points: f32| 1.0 - 2.0 * points / height;
        let rect =
            [x(self.rect.left()), y(self.rect.top()), x(self.rect.right()), y(self.rect.bottom())];
        let pixels = self.rect.size() * screen.pixels_per_point;
        if let Some(renderer) = resources.get_mut::<OverlayRenderer>() {
            renderer.prepare(device, queue, self, rect, pixels.into());
        }
        Vec::new()
    }

    /// The rectangle may reach beyond the window, which a viewport can't: the whole window is the
    /// viewport, and the corners are computed.
    fn paint(
        &self,
        info: egui::PaintCallbackInfo,
        pass: &mut wgpu::RenderPass<'static>,
        resources: &CallbackResources,
    ) {
        let [width, height] = info.screen_size_px.map(|side| side as f32);
        pass.set_viewport(0.0, 0.0, width, height, 0.0, 1.0);
        if let Some(renderer) = resources.get::<OverlayRenderer>() {
            renderer.paint(pass, self.cell);
        }
    }
}

fn upload(
    device: &wgpu::Device,
    queue: &wgpu::Queue,
    label: &str,
    [width, height]: [u32; 2],
    format: wgpu::TextureFormat,
    bytes: &[u8],
) -> wgpu::TextureView {
    let descriptor = wgpu::TextureDescriptor {
        label: Some(label),
        size: wgpu::Extent3d { width, height, depth_or_array_layers: 1 },
        mip_level_count: 1,
        sample_count: 1,
        dimension: wgpu::TextureDimension::D2,
        format,
        usage: wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        view_formats: &[],
    };
    let order = wgpu::util::TextureDataOrder::LayerMajor;
    let texture = device.create_texture_with_data(queue, &descriptor, order, bytes);
    texture.create_view(&Default::default())
}
