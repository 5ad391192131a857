// Lays a colour-mapped attribution over its picture.
//
// The map arrives as it is: colours, threshold and opacity are applied here, so that moving a
// slider costs no upload. `figure::blend` does the same on the CPU; a test holds the two together.

struct Uniforms {
    // Left, top, right, bottom in normalised device coordinates.
    rect: vec4<f32>,
    // Values at the two ends of the colours.
    low: f32,
    high: f32,
    // Of the map over the picture, 0 to 1.
    opacity: f32,
    // Weaker places are left out, 0 to 1.
    threshold: f32,
    // Row of the colour table.
    color_map: u32,
    // Bits: zero is in the middle; weak places fade; enlarge smoothly; the target wants linear light.
    flags: u32,
    padding: vec2<u32>,
};

const CENTRED: u32 = 1u;
const FADE: u32 = 2u;
const SMOOTH: u32 = 4u;
const LINEAR_TARGET: u32 = 8u;
const LAST_LEVEL: f32 = 255.0;

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var picture: texture_2d<f32>;
@group(0) @binding(2) var attribution: texture_2d<f32>;
@group(0) @binding(3) var color_maps: texture_2d<f32>;

struct Corner {
    @builtin(position) position: vec4<f32>,
    // Place in the picture, 0 to 1.
    @location(0) at: vec2<f32>,
};

// Corners of a triangle strip.
@vertex
fn vertex(@builtin(vertex_index) index: u32) -> Corner {
    let at = vec2<f32>(f32(index & 1u), f32(index >> 1u));
    var corner: Corner;
    corner.position = vec4<f32>(mix(uniforms.rect.xy, uniforms.rect.zw, at), 0.0, 1.0);
    corner.at = at;
    return corner;
}

fn is_set(flag: u32) -> bool {
    return (uniforms.flags & flag) != 0u;
}

// A texture at a place: its nearest cell, or bilinear with half-pixel centres and clamped edges.
fn sample(image: texture_2d<f32>, at: vec2<f32>) -> vec4<f32> {
    let size = vec2<i32>(textureDimensions(image));
    let last = size - vec2<i32>(1);
    if !is_set(SMOOTH) {
        let cell = clamp(vec2<i32>(floor(at * vec2<f32>(size))), vec2<i32>(0), last);
        return textureLoad(image, cell, 0);
    }
    let between = clamp(at * vec2<f32>(size) - 0.5, vec2<f32>(0.0), vec2<f32>(last));
    let before = vec2<i32>(floor(between));
    let after = min(before + vec2<i32>(1), last);
    let share = between - vec2<f32>(before);
    let upper = mix(textureLoad(image, before, 0), textureLoad(image, vec2<i32>(after.x, before.y), 0), share.x);
    let lower = mix(textureLoad(image, vec2<i32>(before.x, after.y), 0), textureLoad(image, after, 0), share.x);
    return mix(upper, lower, share.y);
}

fn to_linear(color: vec3<f32>) -> vec3<f32> {
    let low = color / 12.92;
    let high = pow((color + 0.055) / 1.055, vec3<f32>(2.4));
    return select(high, low, color <= vec3<f32>(0.04045));
}

@fragment
fn fragment(corner: Corner) -> @location(0) vec4<f32> {
    let below = sample(picture, corner.at).rgb;
    let value = sample(attribution, corner.at).r;
    let place = clamp((value - uniforms.low) / (uniforms.high - uniforms.low), 0.0, 1.0);
    let strength = select(place, abs(2.0 * place - 1.0), is_set(CENTRED));
    let level = i32(floor(place * LAST_LEVEL + 0.5));
    let color = textureLoad(color_maps, vec2<i32>(level, i32(uniforms.color_map)), 0).rgb;
    let shown = select(0.0, uniforms.opacity, strength >= uniforms.threshold);
    let alpha = shown * select(1.0, strength, is_set(FADE));
    let mixed = mix(below, color, alpha);
    return vec4<f32>(select(mixed, to_linear(mixed), is_set(LINEAR_TARGET)), 1.0);
}
