//! A study's annotations, and which of its networks' classes they are of.

use super::definition::{Definition, ListedPicture, TargetRule};
use crate::error::Result;
use crate::file::sha256;
use crate::model::Model;
use crate::picture::annotation::{Annotation, Annotations, ClassMatch, Region};
use std::path::Path;

/// Why there are no regions of a picture.
pub const NONE: &str = "the picture has no annotation";

/// What was drawn in the pictures of a study.
pub struct Annotated {
    annotations: Annotations,
    /// By network.
    classes: Vec<ClassMatch>,
    /// Numbers of classes are the networks'.
    by_number: bool,
}

impl Annotated {
    /// Opens the annotations that a study names.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn open(
        definition: &Definition,
        listed: &[ListedPicture],
        models: &[Model],
    ) -> Result<Option<Self>> {
        let Some(path) = &definition.pictures.annotations else { return Ok(None) };
        let annotations = Annotations::open(path)?;
        let classes: Vec<_> =
            models.iter().map(|model| annotations.classes_of(model.labels.lookup())).collect();
        // Where the labels are explained, no name says them, and no list does, numbers must.
        let by_number = definition.target == TargetRule::Label
            && listed.iter().any(|picture| picture.label.is_none())
            && !classes.iter().any(ClassMatch::is_known);
        Ok(Some(Self { annotations, classes, by_number }))
    }

    /// What identifies them: everything they say, and of which of the networks' classes.
    pub fn identity(&self) -> String {
        let mut lines: Vec<_> = self.annotations.iter().map(|one| format!("{one:?}")).collect();
        let mut classes: Vec<_> = self.classes.iter().map(|one| format!("{one:?}")).collect();
        classes.sort();
        classes.dedup();
        lines.extend(classes);
        lines.push(self.by_number.to_string());
        sha256(lines.join("\n").as_bytes())
    }

    /// What people should know: what was skipped, and, where regions are scored, which of them count.
    pub fn notes(&self, models: &[Model], are_scored: bool) -> Vec<String> {
        let of_network = |(classes, model): (&ClassMatch, &Model)| {
            let counted = match (classes.is_known(), self.by_number) {
                (true, _) => "regions of the explained class count",
                (false, true) => "as labels are explained, their numbers are taken for its classes",
                (false, false) => "all regions count, whatever their class",
            };
            classes.summary(&model.name).map(|summary| format!("{summary}: {counted}"))
        };
        let of_networks = self.classes.iter().zip(models).filter(|_| are_scored);
        let skipped = self.annotations.warnings().into_iter();
        skipped.chain(of_networks.filter_map(of_network)).collect()
    }

    /// A picture's label: the class of its first region, by its name among the first network's classes, or
    /// by its number where no name is one of these.
    pub fn label(&self, picture: &Path) -> Option<usize> {
        let class = |region: &Region| match self.classes.first() {
            Some(of_network) if of_network.is_known() => of_network.class_of(region),
            _ => region.class,
        };
        self.annotations.of_picture(picture)?.regions.iter().find_map(class)
    }

    /// What was drawn in a picture around objects of a network's class.
    ///
    /// # Errors
    /// In words, when nothing was.
    pub fn of(&self, picture: &Path, model: usize, class: usize) -> Result<Annotation, String> {
        let annotation = self.annotations.of_picture(picture).ok_or(NONE)?;
        let counted = self.classes[model].regions_of(annotation, class, self.by_number);
        match counted.regions.is_empty() && !annotation.regions.is_empty() {
            true => Err("no annotated object is of the explained class".into()),
            false => Ok(counted),
        }
    }
}
