"""Networks for the benches: the shapes of well-known ones with weights of our own making.

    python networks.py mobilenet-v2 224 out.onnx

The weights are random (He's distribution, a fixed seed), so the same command gives the same file: such a network knows
nothing, but costs to the operation what a trained one does. No weight is denormal, and none makes its activations so:
numbers that are not normal cost many times as much and would falsify every figure.
"""

import argparse
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
SEED = 20_261_121

SMALLEST_WEIGHT = 1e-6
"""Smaller ones become 0."""


class Graph:
    """Nodes and weights in the order in which they are added."""

    def __init__(self):
        self.random = np.random.default_rng(SEED)
        self.nodes = []
        self.weights = []

    def add(self, operator, inputs, **attributes):
        """A node with one output, which is returned."""
        output = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], name=output, **attributes))
        return output

    def weight(self, name, values):
        """A constant, by its name."""
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def he(self, dims, gain):
        """Random weights that keep the variance of what they multiply, up to the gain of what follows."""
        spread = np.sqrt(gain / np.prod(dims[1:]))
        values = self.random.normal(0.0, spread, dims).astype(np.float32)
        values[np.abs(values) < SMALLEST_WEIGHT] = 0.0
        return values

    def model(self, name, inputs, outputs):
        """Checked, shapes included."""
        graph = helper.make_graph(self.nodes, name, inputs, outputs, self.weights)
        model = helper.make_model(
            graph, producer_name="weir", opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8
        )
        onnx.checker.check_model(model, full_check=True)
        return model


def mobilenet_v2(size):
    """MobileNetV2 of width 1 (Sandler et al. 2018), batch normalisation folded into the convolutions, logits of 1000
    classes for an image of `size` x `size`."""
    graph = Graph()
    zero = graph.weight("zero", np.float32(0.0))
    six = graph.weight("six", np.float32(6.0))

    def convolution(x, channels_in, channels_out, kernel=1, stride=1, groups=1, clip=True):
        number = len(graph.nodes)
        dims = (channels_out, channels_in // groups, kernel, kernel)
        weight = graph.weight(f"weight_{number}", graph.he(dims, 2.0 if clip else 1.0))
        bias = graph.random.normal(0.0, 0.1, channels_out).astype(np.float32)
        x = graph.add(
            "Conv",
            [x, weight, graph.weight(f"bias_{number}", bias)],
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[kernel // 2] * 4,
            group=groups,
        )
        return graph.add("Clip", [x, zero, six]) if clip else x

    x = convolution("image", 3, 32, kernel=3, stride=2)
    channels = 32
    rows = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    for expansion, channels_out, repeats, first_stride in rows:
        for repeat in range(repeats):
            stride = first_stride if repeat == 0 else 1
            before, wide = x, channels * expansion
            if expansion > 1:
                x = convolution(x, channels, wide)
            x = convolution(x, wide, wide, kernel=3, stride=stride, groups=wide)
            x = convolution(x, wide, channels_out, clip=False)
            if stride == 1 and channels == channels_out:
                x = graph.add("Add", [before, x])
            channels = channels_out
    x = convolution(x, channels, 1280)
    x = graph.add("Flatten", [graph.add("GlobalAveragePool", [x])], axis=1)
    classifier = graph.weight("classifier", graph.he((1000, 1280), 1.0))
    bias = graph.weight("classifier_bias", np.zeros(1000, np.float32))
    graph.nodes.append(helper.make_node("Gemm", [x, classifier, bias], ["class"], name="class", transB=1))
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, size, size])
    logits = helper.make_tensor_value_info("class", TensorProto.FLOAT, [1, 1000])
    return graph.model(f"mobilenet-v2-{size}", [image], [logits])


NETWORKS = {"mobilenet-v2": mobilenet_v2}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=NETWORKS)
    parser.add_argument("size", type=int, help="pixels of an edge of the square input")
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    partial = options.out.with_name(f"{options.out.name}.partial")
    onnx.save(NETWORKS[options.network](options.size), partial)
    partial.replace(options.out)


if __name__ == "__main__":
    main()
