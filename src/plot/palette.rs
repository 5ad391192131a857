//! Colours of series: Okabe and Ito's palette, which colour-blind people can tell apart.

/// On dark ground.
pub const ON_DARK: [[u8; 3]; 7] = [
    [86, 180, 233],
    [230, 159, 0],
    [0, 190, 140],
    [240, 228, 66],
    [204, 121, 167],
    [225, 105, 40],
    [150, 150, 150],
];

/// On light ground, darker.
pub const ON_LIGHT: [[u8; 3]; 7] = [
    [0, 114, 178],
    [200, 120, 0],
    [0, 135, 98],
    [150, 135, 0],
    [180, 80, 140],
    [190, 70, 0],
    [100, 100, 100],
];

/// The colour of a series: after the seven of a palette come the same, half way to `far`; they repeat
/// after fourteen.
pub fn of_series(series: usize, palette: &[[u8; 3]; 7], far: u8) -> [u8; 3] {
    let colour = palette[series % palette.len()];
    match (series / palette.len()) % 2 {
        0 => colour,
        _ => colour.map(|value| value.midpoint(far)),
    }
}

/// A colour on paper, as `#rrggbb`.
pub fn on_white(series: usize) -> String {
    let [r, g, b] = of_series(series, &ON_LIGHT, 0);
    format!("#{r:02x}{g:02x}{b:02x}")
}
