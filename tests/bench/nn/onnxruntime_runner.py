"""ONNX Runtime on one thread, as fast as Python can ask it: the input is made before the clock starts.

    onnxruntime_runner.py MODEL DIMS DTYPE

Reads the input's bytes from its standard input, then one order a line: seconds. It infers until they are over, and prints
the milliseconds of each inference, and in a second line the last output.
"""

import json
import math
import sys
import time

import numpy as np
import onnxruntime

CALLS_MIN = 3


def main():
    model, dims, dtype = sys.argv[1:]
    dims, dtype = [int(size) for size in dims.split(",")], np.dtype(dtype)
    data = sys.stdin.buffer.read(dtype.itemsize * math.prod(dims))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: np.frombuffer(data, dtype).reshape(dims).copy()}
    names = [session.get_outputs()[0].name]
    print("ready", flush=True)
    for order in sys.stdin.buffer:
        end = time.perf_counter() + float(order)
        calls = []
        while len(calls) < CALLS_MIN or time.perf_counter() < end:
            start = time.perf_counter_ns()
            output = session.run(names, feed)
            calls.append((time.perf_counter_ns() - start) / 1e6)
        print(json.dumps(calls))
        print(json.dumps(output[0].ravel().tolist()), flush=True)


if __name__ == "__main__":
    main()
