//! Where a picture lies in a network's input: the only code that knows how short sides are resized
//! and centres cropped.

use super::Preprocessing;

/// A picture of `original` size is resized to `resized`; the input shows `size` of that, from
/// `corner` on. All are pixels, height before width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// The upright picture as opened.
    pub original: [usize; 2],
    /// The whole picture after resizing.
    pub resized: [usize; 2],
    /// Row and column of the resized picture where the input begins.
    pub corner: [usize; 2],
    /// The network's input.
    pub size: [usize; 2],
}

impl Placement {
    /// The short side resized, the centre cropped, in torchvision's rounding.
    pub fn new(original: [usize; 2], input: &Preprocessing) -> Self {
        let resized = covering_size(original, input);
        let corner = [0, 1].map(|axis| centred(resized[axis] - input.size[axis]));
        Self { original, resized, corner, size: input.size }
    }

    /// A picture that is the input already.
    pub fn exact(size: [usize; 2]) -> Self {
        Self { original: size, resized: size, corner: [0, 0], size }
    }
}

/// Height and width at which a picture just covers the input enlarged by the crop: one side fits,
/// the other is cut to whole pixels, as torchvision's `Resize` does.
fn covering_size([height, width]: [usize; 2], input: &Preprocessing) -> [usize; 2] {
    let [wanted_h, wanted_w] =
        input.size.map(|side| (side as f32 / input.crop).round().max(1.0) as usize);
    let [h, w] = if wanted_w * height >= wanted_h * width {
        [wanted_w * height / width, wanted_w]
    } else {
        [wanted_h, wanted_h * width / height]
    };
    [h.max(input.size[0]), w.max(input.size[1])]
}

/// Half of what is cut off, rounded to even as in torchvision's `CenterCrop`.
fn centred(surplus: usize) -> usize {
    let half = surplus / 2;
    half + (surplus % 2) * (half % 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Filter;

    fn input(size: [usize; 2], crop: f32) -> Preprocessing {
        let (mean, std) = (vec![0.5; 3], vec![0.5; 3]);
        Preprocessing { channels: 3, size, mean, std, resize: Filter::Bicubic, crop }
    }

    #[test]
    fn sizes_and_places_are_torchvisions() {
        // Height and width after Resize(256), and the corner of CenterCrop(224).
        let sizes = [
            ([375, 500], [256, 341], [16, 58]),
            ([300, 257], [298, 256], [37, 16]),
            ([256, 256], [256, 256], [16, 16]),
        ];
        for (original, resized, corner) in sizes {
            let placement = Placement::new(original, &input([224, 224], 0.875));
            assert_eq!((placement.resized, placement.corner), (resized, corner));
        }
        assert_eq!([117, 74, 75, 1, 3].map(centred), [58, 37, 38, 0, 2]);
    }

    #[test]
    fn a_picture_always_covers_its_input() {
        for original in [[5000, 8], [8, 5000], [33, 31], [223, 224]] {
            let [h, w] = Placement::new(original, &input([224, 112], 1.0)).resized;
            assert!(h >= 224 && w >= 112, "{original:?} gives {h}×{w}");
        }
    }
}
