//! Models and pictures that are open, and methods with their values.

use crate::attribution::Method;
use crate::model::Model;
use crate::parameter::Values;
use crate::picture::Picture;
use std::sync::Arc;

/// Something open, known by a number that is never used twice.
#[derive(Debug)]
pub struct Opened<T> {
    pub id: u64,
    pub value: T,
}

pub type OpenModel = Arc<Opened<Model>>;
pub type OpenPicture = Arc<Opened<Picture>>;

/// One method of the registry with its values.
#[derive(Clone)]
pub struct MethodChoice {
    pub method: &'static dyn Method,
    pub shown: bool,
    pub values: Values,
}
