//! From an image to a graph's input.

mod columns;
mod image;
mod lay;
mod placement;
mod planes;
mod rows;
mod taps;

use alloc::boxed::Box;

use nn_graph::{Graph, Prepare};
use weir_guest::Error;

pub(crate) use image::ImagePreparer;
pub(crate) use placement::Placement;
#[cfg(test)]
pub(crate) use placement::Size;

/// What is done before the graph runs.
#[derive(Debug)]
pub(crate) enum Preparer {
    /// Nothing.
    AsIs,
    /// The graph's input is made of an image.
    Image(Box<ImagePreparer>),
}

impl Preparer {
    pub(crate) fn new(graph: &Graph) -> Result<Self, Error> {
        match &graph.prepare {
            Prepare::AsIs => Ok(Self::AsIs),
            Prepare::Image(image) => {
                let preparer = ImagePreparer::new(image, &graph.inputs[0])?;
                Ok(Self::Image(Box::new(preparer)))
            }
        }
    }

    /// Where the last image lies in the graph's input; none where there are no images.
    pub(crate) fn placement(&self) -> Option<Placement> {
        match self {
            Self::AsIs => None,
            Self::Image(image) => image.placement(),
        }
    }
}

#[cfg(test)]
mod tests;
