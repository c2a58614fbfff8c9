"""ONNX Runtime on one thread, as fast as Python can ask it: inputs are made and bound before the clock starts.

Reads the inputs (f32, one after the other; `--count` of them) from its standard input, then one order a line:
`run N` prints the nanoseconds of N inferences, `output I` prints the first output of the input I. With `--int8` the
model is quantised first by ONNX Runtime's own tool, calibrated with these inputs.
"""

import argparse
import json
import math
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import onnxruntime


def quantised(model, inputs, folder):
    """The path of the model quantised; calibrated with the inputs, which have a batch of 1."""
    # Not through its package, which wants PyTorch.
    sys.path.insert(0, str(Path(__file__).parents[3] / "models" / "training"))
    from onnxruntime_int8 import quantize

    packed = Path(folder) / "int8.onnx"
    quantize(Path(model), np.concatenate(inputs), packed)
    return str(packed)


def session(model):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--dims", required=True, help="of the input, with commas")
    parser.add_argument("--count", type=int, required=True, help="inputs that are given")
    parser.add_argument("--int8", action="store_true")
    options = parser.parse_args()
    dims = [int(size) for size in options.dims.split(",")]
    data = sys.stdin.buffer.read(4 * math.prod(dims) * options.count)
    inputs = np.frombuffer(data, dtype="<f4").reshape([options.count, *dims])
    inputs = [np.ascontiguousarray(tensor) for tensor in inputs]
    model = options.model
    name = session(model).get_inputs()[0].name
    with tempfile.TemporaryDirectory() as folder:
        if options.int8:
            model = quantised(model, inputs, folder)
        running = session(model)
    feeds = [{name: tensor} for tensor in inputs]
    outputs = [running.get_outputs()[0].name]
    print("ready", flush=True)
    for order in sys.stdin.buffer:
        word, number = order.split()
        number = int(number)
        if word == b"run":
            start = time.perf_counter_ns()
            for call in range(number):
                running.run(outputs, feeds[call % len(feeds)])
            print(time.perf_counter_ns() - start, flush=True)
        else:
            print(json.dumps(running.run(outputs, feeds[number])[0].ravel().tolist()), flush=True)


if __name__ == "__main__":
    main()
