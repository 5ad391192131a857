//! Where a JPEG's picture ends in its file.

use std::collections::BTreeMap;

/// How a JPEG's file ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// With its marker; what follows, such as the film of a phone's moving picture, is no part of
    /// it.
    Marked,
    /// In the data of the last scan, whose rest and marker may be missing.
    InLastScan,
    /// Before its last scan.
    Early,
}

const START_OF_SCAN: u8 = 0xda;
const END: u8 = 0xd9;

/// Walks from marker to marker, as in thumbnails and films behind the picture there are others.
pub(super) fn end(bytes: &[u8]) -> End {
    let (mut place, mut end) = (2, End::Early);
    let mut sent = Coefficients::default();
    while let Some(marker) = next_marker(bytes, &mut place) {
        match marker {
            END => return End::Marked,
            // Restarts, and what stands alone.
            0x01 | 0xd0..=0xd8 => {}
            _ => {
                let Some(segment) = segment(bytes, place) else { return End::Early };
                place += segment.len() + 2;
                end = End::Early;
                match marker {
                    0xc0..=0xc2 => sent.begin(segment),
                    START_OF_SCAN => {
                        sent.add(segment);
                        if place < bytes.len() && sent.are_all() {
                            end = End::InLastScan;
                        }
                    }
                    _ => {}
                }
            }
        }
    }
    end
}

/// The content of the segment whose length stands here.
fn segment(bytes: &[u8], place: usize) -> Option<&[u8]> {
    let length = bytes.get(place..place + 2)?;
    let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
    bytes.get(place + 2..place + length.max(2))
}

/// The lowest bit that was sent of every coefficient, by component.
#[derive(Default)]
struct Coefficients {
    lowest: BTreeMap<u8, [u8; 64]>,
}

impl Coefficients {
    const NONE: u8 = 255;

    /// A frame's header names the components.
    fn begin(&mut self, header: &[u8]) {
        let components = header.get(6..).unwrap_or_default().chunks_exact(3);
        self.lowest = components.map(|component| (component[0], [Self::NONE; 64])).collect();
    }

    /// A scan's header says what it sends: of which components, from which coefficient to which,
    /// and down to which bit.
    fn add(&mut self, header: &[u8]) {
        let count = header.first().map_or(0, |count| usize::from(*count));
        let Some(&[first, last, bits]) = header.get(1 + 2 * count..) else { return };
        for component in header[1..].chunks_exact(2).take(count) {
            let sent = usize::from(first.min(63))..=usize::from(last.min(63));
            if let Some(lowest) = self.lowest.get_mut(&component[0]) {
                sent.for_each(|coefficient| lowest[coefficient] = bits & 0xf);
            }
        }
    }

    fn are_all(&self) -> bool {
        !self.lowest.is_empty() && self.lowest.values().flatten().all(|lowest| *lowest == 0)
    }
}

/// The next marker and the offset after it; in a scan's data 0xff is followed by zero.
fn next_marker(bytes: &[u8], place: &mut usize) -> Option<u8> {
    loop {
        let rest = bytes.get(*place..)?;
        let start = rest.iter().position(|byte| *byte == 0xff)?;
        let code = rest[start..].iter().position(|byte| *byte != 0xff)?;
        *place += start + code + 1;
        match rest[start + code] {
            0 => {}
            marker => return Some(marker),
        }
    }
}

/// The file with what a decoder reads of a scan that ends too early, and its end marker.
pub(super) fn ended(bytes: &[u8], filler: &[u8]) -> Vec<u8> {
    // A lone 0xff at the end would make a marker of what follows.
    let whole = bytes.strip_suffix(&[0xff]).unwrap_or(bytes);
    [whole, filler, &[0xff, END]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
        let length = (content.len() as u16 + 2).to_be_bytes();
        [&[0xff, marker], &length[..], content].concat()
    }

    #[test]
    fn ends_are_found_behind_thumbnails_and_before_films() {
        let thumbnail = segment(0xe1, &[0xff, 0xd8, 0xff, 0xda, 0, 2, 1, 0xff, 0xd9]);
        let frame = segment(0xc0, &[8, 0, 8, 0, 8, 1, 1, 0x11, 0]);
        let scan = segment(START_OF_SCAN, &[1, 1, 0, 0, 63, 0]);
        let scan = [scan, vec![9, 0xff, 0, 9, 0xff, 0xd0, 7]].concat();
        let open = [&[0xff, 0xd8], &thumbnail[..], &frame, &scan].concat();
        let whole = [&open[..], &[0xff, 0xff, END]].concat();
        let film = [&whole[..], &[0, 0xff, START_OF_SCAN, 0, 4, 1, 2, 3]].concat();
        assert_eq!(end(&whole), End::Marked);
        assert_eq!(end(&film), End::Marked);
        assert_eq!(end(&open), End::InLastScan);
        assert_eq!(end(&open[..open.len() - scan.len()]), End::Early);
        assert_eq!(end(&open[..open.len() - scan.len() + 4]), End::Early);
        assert_eq!(end(&[0xff, 0xd8]), End::Early);
        assert_eq!(end(&ended(&open, &[1])), End::Marked);
    }

    #[test]
    fn progressive_scans_must_have_sent_every_bit() {
        let frame = segment(0xc2, &[8, 0, 8, 0, 8, 1, 1, 0x11, 0]);
        let mut bytes = [&[0xff, 0xd8], &frame[..]].concat();
        let scans =
            [([0, 0, 1], false), ([1, 63, 2], false), ([1, 63, 0x20], false), ([0, 0, 0x10], true)];
        for ([first, last, bits], is_last) in scans {
            bytes.extend(segment(START_OF_SCAN, &[1, 1, 0, first, last, bits]));
            bytes.push(7);
            assert_eq!(end(&bytes) == End::InLastScan, is_last);
        }
    }
}
