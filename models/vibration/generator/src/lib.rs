//! A physics-based generator of pump vibration: training data and demo pumps from one source.
