use std::{fs, path::PathBuf, sync::Arc};

use anyhow::Result;
use guest_abi::DType;
use nn_graph::{Boxes, Finish, Fit, Graph, GraphTensor, Image, Layout, Prepare};

use crate::image;

/// A network of `networks.py`, with an input for its graph.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) key: &'static str,
    pub(crate) file: PathBuf,
    pub(crate) onnx: Arc<[u8]>,
    pub(crate) input: GraphTensor,
    pub(crate) output: GraphTensor,
    /// The graph's input, the same for everybody.
    pub(crate) values: Arc<[u8]>,
    /// What is made of an image, and of the output.
    prepare: Image,
    finish: Finish,
    /// How far two outputs may be apart, as a share of the greatest.
    pub(crate) tolerance: f32,
}

struct Plan {
    key: &'static str,
    network: &'static str,
    size: u32,
    detects: bool,
}

const PLANS: [Plan; 3] = [
    Plan {
        key: "mobilenet-v2-96",
        network: "mobilenet-v2",
        size: 96,
        detects: false,
    },
    Plan {
        key: "mobilenet-v2-224",
        network: "mobilenet-v2",
        size: 224,
        detects: false,
    },
    Plan {
        key: "yolo-nano-int8",
        network: "yolo-nano-int8",
        size: 320,
        detects: true,
    },
];

const CLASSES: u32 = 1000;
/// Classes of the detector, and of its strides.
const DETECTED: u32 = 10;
const STRIDES: [u32; 3] = [8, 16, 32];

/// What the ImageNet networks take: mean and standard deviation of each colour.
const MEAN: [f32; 3] = [123.675, 116.28, 103.53];
const STD: [f32; 3] = [58.395, 57.12, 57.375];

/// Every network, made where it is missing.
pub(crate) fn all() -> Result<Vec<Network>> {
    PLANS.iter().map(Plan::read).collect()
}

impl Network {
    /// What guest `nn` is told where it hands tensors over as they are.
    pub(crate) fn plain(&self) -> Graph {
        self.graph(Prepare::AsIs, Finish::AsIs)
    }

    /// What it is told where it is given images.
    pub(crate) fn of_images(&self) -> Graph {
        self.graph(Prepare::Image(self.prepare.clone()), self.finish.clone())
    }

    fn graph(&self, prepare: Prepare, finish: Finish) -> Graph {
        Graph {
            name: self.key.to_owned(),
            inputs: vec![self.input.clone()],
            outputs: vec![self.output.clone()],
            prepare,
            finish,
        }
    }
}

impl Plan {
    fn read(&self) -> Result<Network> {
        let file = weir_tests::bench::network(self.network, self.size)?;
        let onnx: Arc<[u8]> = fs::read(&file)?.into();
        let size = self.size;
        let dtype = if self.detects { DType::U8 } else { DType::F32 };
        let output = if self.detects {
            let places = STRIDES.map(|stride| (size / stride).pow(2)).iter().sum();
            tensor("candidates", DType::F32, &[1, 4 + DETECTED, places])
        } else {
            tensor("class", DType::F32, &[1, CLASSES])
        };
        Ok(Network {
            key: self.key,
            file,
            onnx,
            input: tensor("image", dtype, &[1, 3, size, size]),
            output,
            values: image::values(dtype, size)?.into(),
            prepare: self.prepare(),
            finish: self.finish(),
            tolerance: if self.detects { 0.05 } else { 1e-3 },
        })
    }

    fn prepare(&self) -> Image {
        let numbers = |numbers: [f32; 3]| {
            if self.detects {
                Vec::new()
            } else {
                numbers.to_vec()
            }
        };
        Image {
            pixels_max: image::WIDTH * image::HEIGHT,
            layout: Layout::ChannelsFirst,
            fit: if self.detects {
                Fit::Letterbox
            } else {
                Fit::Stretch
            },
            mean: numbers(MEAN),
            std: numbers(STD),
        }
    }

    fn finish(&self) -> Finish {
        if !self.detects {
            return Finish::Softmax;
        }
        Finish::Boxes(Boxes {
            boxes_max: 100,
            candidates_max: 300,
            confidence_min: 0.25,
            iou_max: 0.5,
        })
    }
}

fn tensor(name: &str, dtype: DType, dims: &[u32]) -> GraphTensor {
    GraphTensor {
        name: name.to_owned(),
        dtype: dtype.code(),
        dims: dims.to_vec(),
    }
}
