"""The same job in Python, as a careful user writes it: paho-mqtt 2 and ONNX Runtime on one thread.

Its promise is Weir's and the echo's: a message is acknowledged once the broker has confirmed its result, in the order
of arrival. It has no sandbox, no limits, no checks of the payload beyond its length, and no health.
"""

import argparse
import json
import signal
import socket
import time
import tomllib
from collections import deque
from pathlib import Path

import numpy as np
import onnxruntime
import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

# More than any window that the bench keeps in flight.
RECEIVE_MAX = 1000


class Gateway:
    def __init__(self, options):
        self.options = options
        session = onnxruntime.SessionOptions()
        session.intra_op_num_threads = 1
        session.inter_op_num_threads = 1
        folder = Path(options.model)
        card = tomllib.loads((folder / "model.toml").read_text())
        self.mean = np.asarray(card["inputs"][0]["mean"], dtype="<f4")
        self.std = np.asarray(card["inputs"][0]["std"], dtype="<f4")
        self.labels = card["labels"]
        self.version = f"{card['name']}@{card['version']}"
        self.session = onnxruntime.InferenceSession(
            str(folder / card["file"]), session, providers=["CPUExecutionProvider"]
        )
        self.input = self.session.get_inputs()[0].name
        self.outputs = [output.name for output in self.session.get_outputs()]
        self.waiting = deque()  # [mid of the message, mid of its result, whether that is confirmed]
        self.by_result = {}
        self.client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2,
            client_id="bench-python",
            protocol=mqtt.MQTTv5,
            manual_ack=True,
        )
        self.client.max_inflight_messages_set(RECEIVE_MAX)
        self.client.on_socket_open = self.on_socket_open
        self.client.on_connect = self.on_connect
        self.client.on_message = self.on_message
        self.client.on_publish = self.on_publish

    def run(self):
        properties = Properties(PacketTypes.CONNECT)
        properties.ReceiveMaximum = RECEIVE_MAX
        self.client.connect("127.0.0.1", self.options.port, properties=properties)
        self.client.loop_forever()

    def on_socket_open(self, client, userdata, sock):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def on_connect(self, client, userdata, flags, reason, properties):
        self.waiting.clear()
        self.by_result.clear()
        client.subscribe(self.options.input, qos=1)

    def on_message(self, client, userdata, message):
        start = time.perf_counter()
        device = message.topic.split("/")[1]
        bands = np.frombuffer(message.payload, dtype="<f4")
        tensor = ((bands - self.mean) / self.std).reshape(1, -1)
        outputs = self.session.run(self.outputs, {self.input: tensor})
        logits = outputs[0].ravel()
        shares = np.exp(logits - logits.max())
        shares /= shares.sum()
        best = int(shares.argmax())
        result = {
            "v": 1,
            "time": time.time(),
            "device": device,
            "label": self.labels[best],
            "confidence": float(shares[best]),
            "outputs": [
                {"name": name, "shape": list(output.shape), "data": output.ravel().tolist()}
                for name, output in zip(self.outputs, outputs)
            ],
            "model_version": self.version,
            "latency_ms": (time.perf_counter() - start) * 1000,
        }
        info = client.publish(f"{self.options.output}/{device}", json.dumps(result), qos=1)
        entry = [message.mid, info.mid, False]
        self.waiting.append(entry)
        self.by_result[info.mid] = entry

    def on_publish(self, client, userdata, mid, reason, properties):
        entry = self.by_result.pop(mid, None)
        if entry is None:
            return
        entry[2] = not reason.is_failure
        while self.waiting and self.waiting[0][2]:
            client.ack(self.waiting.popleft()[0], 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="the broker's port, on loopback")
    parser.add_argument("--input", required=True, help="the filter; its second segment is the device")
    parser.add_argument("--output", required=True, help="the topic under which results go")
    parser.add_argument("--model", required=True, help="the folder of the model")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    Gateway(options).run()


if __name__ == "__main__":
    main()
