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
    // Width and height of the target's pixels, in parts of the picture's.
    pixel: vec2<f32>,
    // Row of the colour table.
    colour_map: u32,
};

// Bits, below. Fixed when a pipeline is made, so that nothing runs that is not shown.
override FLAGS: u32 = 0u;

// Zero is in the middle of the scale.
const CENTRED: u32 = 1u;
// Weak places are more transparent.
const FADE: u32 = 2u;
// Enlarge bilinearly.
const SMOOTH: u32 = 4u;
// The target wants linear light.
const LINEAR_TARGET: u32 = 8u;
// The picture has no colours.
const GREY: u32 = 16u;
// The picture alone, darker where the map is weak.
const MASK: u32 = 32u;
// Lines where strength passes from one band to another.
const CONTOURS: u32 = 64u;
const BANDS: f32 = 4.0;
const LAST_LEVEL: f32 = 255.0;

@group(0) @binding(0) var<uniform> uniforms: Uniforms;
@group(0) @binding(1) var picture: texture_2d<f32>;
@group(0) @binding(2) var attribution: texture_2d<f32>;
@group(0) @binding(3) var colour_maps: texture_2d<f32>;

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
    return (FLAGS & flag) != 0u;
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

fn to_linear(colour: vec3<f32>) -> vec3<f32> {
    let low = colour / 12.92;
    let high = pow((colour + 0.055) / 1.055, vec3<f32>(2.4));
    return select(high, low, colour <= vec3<f32>(0.04045));
}

// The place of the map's value between the ends of the scale.
fn place_of(at: vec2<f32>) -> f32 {
    let value = sample(attribution, at).r;
    return clamp((value - uniforms.low) / (uniforms.high - uniforms.low), 0.0, 1.0);
}

fn strength_of(place: f32) -> f32 {
    return select(place, abs(2.0 * place - 1.0), is_set(CENTRED));
}

// The band between contours that a pixel lies in, or the nearest one to it inside the picture.
fn band(at: vec2<f32>) -> f32 {
    let inside = clamp(at, 0.5 * uniforms.pixel, vec2<f32>(1.0) - 0.5 * uniforms.pixel);
    let strength = strength_of(place_of(inside));
    return select(0.0, min(floor(strength * BANDS), BANDS - 1.0), strength >= uniforms.threshold);
}

fn is_contour(at: vec2<f32>) -> bool {
    let along = vec2<f32>(uniforms.pixel.x, 0.0);
    let across = vec2<f32>(0.0, uniforms.pixel.y);
    return band(at - along) != band(at + along) || band(at - across) != band(at + across);
}

@fragment
fn fragment(corner: Corner) -> @location(0) vec4<f32> {
    var below = sample(picture, corner.at).rgb;
    if is_set(GREY) {
        below = vec3<f32>((below.r + below.g + below.b) / 3.0);
    }
    let place = place_of(corner.at);
    let strength = strength_of(place);
    let level = i32(floor(place * LAST_LEVEL + 0.5));
    var over = textureLoad(colour_maps, vec2<i32>(level, i32(uniforms.colour_map)), 0).rgb;
    var presence = select(0.0, select(1.0, strength, is_set(FADE)), strength >= uniforms.threshold);
    if is_set(MASK) {
        over = vec3<f32>(0.0);
        presence = 1.0 - presence;
    }
    if is_set(CONTOURS) {
        presence = select(0.0, 1.0, is_contour(corner.at));
    }
    let mixed = mix(below, over, uniforms.opacity * presence);
    return vec4<f32>(select(mixed, to_linear(mixed), is_set(LINEAR_TARGET)), 1.0);
}
