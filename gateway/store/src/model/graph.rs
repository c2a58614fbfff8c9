use super::{
    GraphUse, ImageInput,
    check::{Fault, fault},
    written::{FitName, GraphTable},
};

/// What a guest is to do around the graph.
pub(super) fn check(table: &GraphTable) -> Result<GraphUse, Fault> {
    if table.softmax && table.boxes.is_some() {
        return fault(
            "graph",
            "states softmax and boxes: boxes are made of scores",
        );
    }
    Ok(GraphUse {
        image: table.image.as_ref().map(|image| ImageInput {
            pixels_max: image.pixels_max,
            fit: match image.fit {
                Some(FitName::Letterbox) => nn_graph::Fit::Letterbox,
                Some(FitName::Stretch) | None => nn_graph::Fit::Stretch,
            },
        }),
        softmax: table.softmax,
        boxes: table.boxes.as_ref().map(|boxes| nn_graph::Boxes {
            boxes_max: boxes.boxes_max,
            candidates_max: boxes.candidates_max,
            confidence_min: boxes.confidence_min,
            iou_max: boxes.iou_max,
        }),
    })
}
