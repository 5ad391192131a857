//! Random numbers: one user seed, one stream per (method, model, picture), drawn on the host so
//! that every device sees the same noise and masks.

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// The random stream of one (method, model, picture).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RandomStream {
    seed: u64,
    stream: u64,
}

impl RandomStream {
    /// Models and pictures are identified by the SHA-256 of their files.
    pub fn new(seed: u64, method: &str, model: &str, picture: &str) -> Self {
        let digest = Sha256::digest(format!("{method}\n{model}\n{picture}"));
        let stream = u64::from_le_bytes(digest[..8].try_into().expect("8 bytes"));
        Self { seed, stream }
    }

    /// A generator at the start of the stream.
    pub fn generator(self) -> ChaCha8Rng {
        let mut generator = ChaCha8Rng::seed_from_u64(self.seed);
        generator.set_stream(self.stream);
        generator
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::RngExt;

    #[test]
    fn a_stream_is_repeatable_and_its_own() {
        let draw = |seed, method, model, picture| {
            RandomStream::new(seed, method, model, picture).generator().random::<u64>()
        };
        let first = draw(1, "rise", "m", "p");
        assert_eq!(first, draw(1, "rise", "m", "p"));
        let others = [
            draw(2, "rise", "m", "p"),
            draw(1, "lime", "m", "p"),
            draw(1, "rise", "n", "p"),
            draw(1, "rise", "m", "q"),
        ];
        assert!(others.iter().all(|other| *other != first));
    }
}
