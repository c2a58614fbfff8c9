"""Networks for the benches: the shapes of well-known ones with weights of our own making.

    python networks.py mobilenet-v2 224 out.onnx
    python networks.py yolo-nano-int8 320 out.onnx

The weights are random (He's distribution, a fixed seed), so the same command gives the same file: such a network knows
nothing, but costs to the operation what a trained one does. No weight is denormal, and none makes its activations so:
numbers that are not normal cost many times as much and would falsify every figure.
"""

import argparse
import sys
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


class Detector:
    """A network of the shape of YOLOv8-nano in 8-bit integers: backbone, neck and heads for three strides.

    Its activations are all `u8` with one scale and zero point 0, so that the saturation of a convolution's output is
    its ReLU6, and concatenating needs no arithmetic. In place of the original's SiLU, its sums within blocks and its
    distributions of distances, for which ONNX has no integer operators. Weights keep 7 bits: processors without dot
    products of bytes add two products in 16 bits, and would saturate.
    """

    LEVELS_MAX = 63
    SPREAD = 21.0
    SCALES = {"pixel": 1 / 255, "value": 6 / 255, "distance": 16 / 255, "logit": 16 / 255}
    STRIDES = (8, 16, 32)

    def __init__(self, size, width, classes, score):
        self.graph = Graph()
        self.size, self.width, self.classes = size, width, classes
        self.score = score
        self.macs = 0
        self.parameters = 0
        for name, scale in self.SCALES.items():
            self.graph.weight(f"{name}_scale", np.float32(scale))
        self.graph.weight("zero", np.uint8(0))
        self.graph.weight("middle", np.uint8(128))

    def convolution(self, x, channels_out, kernel=1, stride=1, source="value", target="value", gain=2.0, bias=0.0):
        """`x` and what it returns: name, channels, edge in pixels."""
        x, channels, edge = x
        graph, number = self.graph, len(self.graph.nodes)
        dims = (channels_out, channels, kernel, kernel)
        levels = graph.random.normal(0.0, self.SPREAD, dims).round().clip(-self.LEVELS_MAX, self.LEVELS_MAX)
        fan_in = channels * kernel * kernel
        scale = np.sqrt(gain / fan_in) / self.SPREAD * graph.random.uniform(0.9, 1.1, channels_out)
        biases = (graph.random.normal(bias, 0.1, channels_out) / (self.SCALES[source] * scale)).round()
        edge //= stride
        self.macs += channels_out * fan_in * edge * edge
        self.parameters += channels_out * (fan_in + 1)
        inputs = [
            x,
            f"{source}_scale",
            "zero",
            graph.weight(f"weight_{number}", levels.astype(np.int8)),
            graph.weight(f"weight_scale_{number}", scale.astype(np.float32)),
            graph.weight(f"weight_zero_{number}", np.zeros(channels_out, np.int8)),
            f"{target}_scale",
            "middle" if target == "logit" else "zero",
            graph.weight(f"bias_{number}", biases.astype(np.int32)),
        ]
        output = graph.add(
            "QLinearConv",
            inputs,
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[kernel // 2] * 4,
        )
        return output, channels_out, edge

    def joined(self, parts):
        """Concatenated along the channels."""
        name = self.graph.add("Concat", [part[0] for part in parts], axis=1)
        return name, sum(part[1] for part in parts), parts[0][2]

    def block(self, x, channels, repeats):
        """Two 1x1 convolutions and a chain of 3x3 ones, all joined."""
        half = channels // 2
        parts = [self.convolution(x, half), self.convolution(x, half)]
        for _ in range(repeats):
            parts.append(self.convolution(self.convolution(parts[-1], half, 3), half, 3))
        return self.convolution(self.joined(parts), channels)

    def pooled(self, x):
        """Spatial pyramid pooling, quickly: three maxima of 5x5 one after the other."""
        name, channels, edge = self.convolution(x, x[1] // 2)
        parts = [(name, channels, edge)]
        for _ in range(3):
            name = self.graph.add("MaxPool", [name], kernel_shape=[5, 5], strides=[1, 1], pads=[2] * 4)
            parts.append((name, channels, edge))
        return self.convolution(self.joined(parts), x[1])

    def doubled(self, x):
        """Each pixel four times."""
        name = self.graph.add(
            "Resize",
            [x[0], "", "doubles"],
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )
        return name, x[1], x[2] * 2

    def features(self):
        """Backbone and neck: one tensor for each stride."""
        self.graph.weight("doubles", np.array([1, 1, 2, 2], np.float32))
        c1, c2, c3, c4, c5 = (self.width * factor for factor in (1, 2, 4, 8, 16))
        x = self.convolution(("image", 3, self.size), c1, 3, 2, source="pixel", gain=6.0)
        x = self.block(self.convolution(x, c2, 3, 2), c2, 1)
        fine = self.block(self.convolution(x, c3, 3, 2), c3, 2)
        middle = self.block(self.convolution(fine, c4, 3, 2), c4, 2)
        coarse = self.pooled(self.block(self.convolution(middle, c5, 3, 2), c5, 1))
        middle = self.block(self.joined([self.doubled(coarse), middle]), c4, 1)
        fine = self.block(self.joined([self.doubled(middle), fine]), c3, 1)
        middle = self.block(self.joined([self.convolution(fine, c3, 3, 2), middle]), c4, 1)
        coarse = self.block(self.joined([self.convolution(middle, c4, 3, 2), coarse]), c5, 1)
        return fine, middle, coarse

    def head(self, x, channels, outputs, target, bias, gain):
        """Two 3x3 convolutions, then what each pixel says, pixels in a row."""
        x = self.convolution(self.convolution(x, channels, 3), channels, 3)
        name, _, _ = self.convolution(x, outputs, target=target, bias=bias, gain=gain)
        return self.graph.add("Reshape", [name, f"rows_{outputs}"])

    def build(self):
        graph = self.graph
        features = self.features()
        graph.weight("rows_4", np.array([1, 4, -1], np.int64))
        graph.weight(f"rows_{self.classes}", np.array([1, self.classes, -1], np.int64))
        channels = self.width * 4
        distances = [self.head(x, channels, 4, "distance", 2.0, 2.0) for x in features]
        logits = [self.head(x, channels, self.classes, "logit", self.score, 1.0) for x in features]
        distances = graph.add("DequantizeLinear", [graph.add("Concat", distances, axis=2), "distance_scale", "zero"])
        logits = graph.add("DequantizeLinear", [graph.add("Concat", logits, axis=2), "logit_scale", "middle"])
        parts = [*self.boxes(distances), graph.add("Sigmoid", [logits])]
        graph.nodes.append(helper.make_node("Concat", parts, ["candidates"], name="candidates", axis=1))
        image = helper.make_tensor_value_info("image", TensorProto.UINT8, [1, 3, self.size, self.size])
        count = sum((self.size // stride) ** 2 for stride in self.STRIDES)
        candidates = helper.make_tensor_value_info("candidates", TensorProto.FLOAT, [1, 4 + self.classes, count])
        return graph.model(f"yolo-nano-int8-{self.size}", [image], [candidates])

    def boxes(self, distances):
        """Middles and sizes in pixels, of distances from each place to its box's edges in strides."""
        graph, places, strides = self.graph, [], []
        for stride in self.STRIDES:
            edge = self.size // stride
            rows, columns = np.mgrid[0:edge, 0:edge] + 0.5
            places.append(np.stack([columns.ravel(), rows.ravel()]))
            strides.append(np.full(edge * edge, stride))
        graph.weight("places", np.concatenate(places, axis=1)[None].astype(np.float32))
        graph.weight("strides", np.concatenate(strides)[None, None].astype(np.float32))
        graph.weight("half", np.float32(0.5))
        for name, value in [("zeroth", 0), ("second", 2), ("fourth", 4), ("axis", 1)]:
            graph.weight(name, np.array([value], np.int64))
        near = graph.add("Slice", [distances, "zeroth", "second", "axis"])
        far = graph.add("Slice", [distances, "second", "fourth", "axis"])
        middle = graph.add("Add", ["places", graph.add("Mul", [graph.add("Sub", [far, near]), "half"])])
        return [graph.add("Mul", [part, "strides"]) for part in (middle, graph.add("Add", [near, far]))]


def yolo_nano_int8(size, width, classes, score=-3.5):
    """For an image of `size` x `size` in `u8`: 3.0 million parameters with the original's width of 16, 1.0 thousand
    million multiplications for 320 x 320. The scores spread around the logistic function of `score`."""
    detector = Detector(size, width, classes, score)
    model = detector.build()
    print(f"{detector.macs / 1e6:.1f} million multiplications, {detector.parameters} parameters", file=sys.stderr)
    return model


NETWORKS = {
    "mobilenet-v2": lambda options: mobilenet_v2(options.size),
    "yolo-nano-int8": lambda options: yolo_nano_int8(options.size, options.width, options.classes),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=NETWORKS)
    parser.add_argument("size", type=int, help="pixels of an edge of the square input")
    parser.add_argument("out", type=Path)
    parser.add_argument("--width", type=int, default=16, help="channels of the detector's first convolution")
    parser.add_argument("--classes", type=int, default=10, help="classes of the detector: 10, as VisDrone has them")
    options = parser.parse_args()
    partial = options.out.with_name(f"{options.out.name}.partial")
    onnx.save(NETWORKS[options.network](options), partial)
    partial.replace(options.out)


if __name__ == "__main__":
    main()
