//! ONNX models looked into, and packed into int8 networks for microcontrollers.
