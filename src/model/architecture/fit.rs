//! How well a file's tensors fit an architecture.

use crate::error::{Error, Result};
use serde::Serialize;
use std::fmt;

/// A tensor of another shape than the architecture's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Misshapen {
    pub name: String,
    pub expected: Vec<usize>,
    pub found: Vec<usize>,
}

impl fmt::Display for Misshapen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, expected, found } = self;
        write!(f, "`{name}` should be {expected:?}, the file has {found:?}")
    }
}

/// Everything that was found on building an architecture from a file's tensors.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Fit {
    /// Identifier of the architecture.
    pub architecture: &'static str,
    /// Share of the tensors that found their place, 0 to 1; at most a half where the layout itself
    /// is guessed.
    pub confidence: f32,
    /// Number of tensors that found their place.
    pub matched: usize,
    /// Tensors that the file lacks, with the shape they should have.
    pub missing: Vec<String>,
    /// Tensors that have no place, but for what training code is known to leave behind.
    pub unexpected: Vec<String>,
    pub misshapen: Vec<Misshapen>,
    /// Modules of the file beside the network, which are not used.
    pub beside: Vec<String>,
    /// What was inferred and may be wrong, a sentence each.
    pub guessed: Vec<String>,
}

/// How many names an error spells out.
const NAMED: usize = 3;

impl Fit {
    pub(super) fn new(architecture: &'static str) -> Self {
        Self {
            architecture,
            confidence: 0.0,
            matched: 0,
            missing: vec![],
            unexpected: vec![],
            misshapen: vec![],
            beside: vec![],
            guessed: vec![],
        }
    }

    pub(super) fn with_confidence(mut self) -> Self {
        let problems = self.missing.len() + self.misshapen.len() + self.unexpected.len();
        let share = self.matched as f32 / (self.matched + problems).max(1) as f32;
        self.confidence = if self.guessed.is_empty() { share } else { share / 2.0 };
        self
    }

    /// Weights that leave a hole are never used. Tensors too many are an error where the
    /// architecture was recognised, and may then be another's; they are `allowed` where a person
    /// named it. `otherwise` is what to do where nothing of that helps.
    pub(super) fn check(&self, allowed: bool, otherwise: &str) -> Result<()> {
        let misshapen: Vec<_> = self.misshapen.iter().map(ToString::to_string).collect();
        let mut problems = vec![];
        let mut note = |names: &[String], one: &str, more: &str| match names.len() {
            0 => {}
            1 => problems.push(format!("1 tensor {one}: {}", first_few(names))),
            count => problems.push(format!("{count} tensors {more}: {}", first_few(names))),
        };
        note(&self.missing, "is missing", "are missing");
        note(&misshapen, "has another shape", "have another shape");
        if !allowed {
            note(
                &self.unexpected,
                "of the file is not part of it",
                "of the file are not part of it",
            );
        }
        if problems.is_empty() {
            return Ok(());
        }
        let hint = match (self.misshapen.is_empty(), allowed) {
            (false, _) => "check `architecture` and `size` in the model card",
            (true, true) => "check `architecture` in the model card",
            (true, false) => "a model card can name another architecture",
        };
        let what = format!("the weights do not fit {}", self.architecture);
        Err(Error::new(what, problems.join("; ")).hint(format!("{hint}; or {otherwise}")))
    }

    /// Warnings on weights that are used anyway.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.guessed.clone();
        if !self.unexpected.is_empty() {
            warnings.push(format!(
                "tensors that {} does not have are not used: {}",
                self.architecture,
                first_few(&self.unexpected)
            ));
        }
        if !self.beside.is_empty() {
            let beside = first_few(&self.beside);
            warnings.push(format!("modules beside the network are not used: {beside}"));
        }
        warnings
    }
}

fn first_few(names: &[String]) -> String {
    let quoted = |name: &String| match name.contains('`') {
        true => name.clone(),
        false => format!("`{name}`"),
    };
    let named: Vec<_> = names.iter().take(NAMED).map(quoted).collect();
    let more = if names.len() > NAMED { ", …" } else { "" };
    format!("{}{more}", named.join(", "))
}
