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

/// A colour on paper, as `#rrggbb`; they repeat after seven.
pub fn on_white(series: usize) -> String {
    let [r, g, b] = ON_LIGHT[series % ON_LIGHT.len()];
    format!("#{r:02x}{g:02x}{b:02x}")
}
