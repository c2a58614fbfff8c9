//! Descriptions as hosts write them, and as nobody should.

use nn_graph::{Boxes, Finish, Fit, Graph, GraphError, GraphTensor, Image, Layout, Prepare};

const F32: u8 = 1;
const U8: u8 = 2;

fn tensor(name: &str, dtype: u8, dims: &[u32]) -> GraphTensor {
    GraphTensor {
        name: name.to_owned(),
        dtype,
        dims: dims.to_vec(),
    }
}

fn detector() -> Graph {
    Graph {
        name: "drone".to_owned(),
        inputs: vec![tensor("images", F32, &[1, 3, 320, 320])],
        outputs: vec![tensor("output0", F32, &[1, 4 + 3, 2100])],
        prepare: Prepare::Image(Image {
            pixels_max: 640 * 480,
            layout: Layout::ChannelsFirst,
            fit: Fit::Letterbox,
            mean: vec![],
            std: vec![255.0],
        }),
        finish: Finish::Boxes(Boxes {
            boxes_max: 100,
            candidates_max: 300,
            confidence_min: 0.25,
            iou_max: 0.5,
        }),
    }
}

#[test]
fn what_is_written_is_read() {
    let graph = detector();
    let bytes = graph.encode().unwrap();
    assert_eq!(Graph::decode(&bytes), Ok(graph));
    for len in 0..bytes.len() {
        assert_eq!(Graph::decode(&bytes[..len]), Err(GraphError::Bytes));
    }
    let longer = [bytes, vec![0]].concat();
    assert_eq!(Graph::decode(&longer), Err(GraphError::Bytes));
}

#[test]
fn a_detector_takes_images_and_gives_boxes() {
    let graph = detector();
    let inputs = graph.guest_inputs();
    assert_eq!(inputs[0].dims, [1, -1, -1, 3]);
    assert_eq!((inputs[0].dtype, inputs[0].len_max), (U8, 640 * 480 * 3));
    let outputs = graph.guest_outputs();
    assert_eq!(outputs[0].dims, [-1, 6]);
    assert_eq!((outputs[0].dtype, outputs[0].len_max), (F32, 2400));
}

#[test]
fn a_graph_as_it_is_keeps_its_tensors() {
    let mut graph = detector();
    (graph.prepare, graph.finish) = (Prepare::AsIs, Finish::AsIs);
    let inputs = graph.guest_inputs();
    assert_eq!(inputs[0].dims, [1, 3, 320, 320]);
    assert_eq!(inputs[0].len_max, 3 * 320 * 320 * 4);
    assert_eq!(graph.guest_outputs()[0].dims, [1, 7, 2100]);
}

#[test]
fn what_does_not_fit_together_is_refused() {
    type Change = fn(&mut Graph);
    let image = |graph: &mut Graph, change: fn(&mut Image)| {
        if let Prepare::Image(image) = &mut graph.prepare {
            change(image);
        }
    };
    let cases: [(Change, GraphError); 10] = [
        (|graph| graph.inputs.clear(), GraphError::Count),
        (|graph| graph.name.clear(), GraphError::Name),
        (|graph| graph.inputs[0].dtype = 99, GraphError::Tensor),
        (|graph| graph.inputs[0].dims[2] = 0, GraphError::Tensor),
        (
            |graph| graph.inputs[0].dims[2] = 1 << 31,
            GraphError::Tensor,
        ),
        (|graph| graph.inputs[0].dims[1] = 2, GraphError::Image),
        (|graph| graph.inputs[0].dtype = U8, GraphError::Image),
        (|graph| graph.outputs[0].dims[1] = 4, GraphError::Finish),
        (|graph| graph.prepare = Prepare::AsIs, GraphError::Finish),
        (|graph| graph.outputs[0].dtype = U8, GraphError::Finish),
    ];
    for (at, (change, fault)) in cases.into_iter().enumerate() {
        let mut graph = detector();
        change(&mut graph);
        assert_eq!(graph.encode(), Err(fault), "case {at}");
    }
    let images: [fn(&mut Image); 4] = [
        |image| image.pixels_max = 0,
        |image| image.pixels_max = u32::MAX,
        |image| image.std = vec![0.0],
        |image| image.mean = vec![0.0, f32::NAN, 1.0],
    ];
    for change in images {
        let mut graph = detector();
        image(&mut graph, change);
        assert_eq!(graph.encode(), Err(GraphError::Image));
    }
}
