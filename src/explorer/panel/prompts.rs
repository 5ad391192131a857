//! What asks for something and goes once it is said.

use crate::explorer::command::palette::Palette;
use crate::explorer::panel::pair_chooser::PairChooser;
use crate::explorer::panel::path_prompt::PathPrompt;
use crate::explorer::panel::problem::ProblemPanel;

/// What asks for something and goes once it is said.
#[derive(Default)]
pub struct Prompts {
    pub palette: Palette,
    pub pair: PairChooser,
    pub path: PathPrompt,
    pub problem: ProblemPanel,
}
