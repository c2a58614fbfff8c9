//! Graphs on the host, for guests that reach them through `wasi_ephemeral_nn`.
