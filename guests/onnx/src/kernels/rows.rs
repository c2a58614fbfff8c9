//! Convolutions that are computed row by row, straight from the image: depthwise ones, and those of few channels.

use tract_onnx::tract_hir::tract_core::{
    internal::inventory,
    tract_linalg::{
        isa::{Arch, IsaReq, LEVEL_BOOST},
        routines::{Func, Routine, RoutineFactory},
    },
};

use super::run::{Filter, Run, compute};

inventory::submit! {
    Routine {
        func: Func::DepthwiseW,
        arch: Some(Arch::Wasm32Simd128),
        isa: IsaReq::ANY,
        boost: 2 * LEVEL_BOOST,
        round_trip: false,
        factory: RoutineFactory::DepthwiseWF32 { name: "weir_depthwise_w_f32", run: one_channel },
    }
}

inventory::submit! {
    Routine {
        func: Func::ConvW4,
        arch: Some(Arch::Wasm32Simd128),
        isa: IsaReq::ANY,
        boost: 0,
        round_trip: false,
        factory: RoutineFactory::ConvW4F32 { name: "weir_conv_w4_f32", run: four_channels },
    }
}

/// tract's `DepthwiseWF32`.
unsafe fn one_channel(
    input: *const f32,
    output: *mut f32,
    taps: &[f32],
    offsets: &[isize],
    bias: f32,
    points: usize,
    stride: isize,
) {
    let run = Run {
        input,
        output,
        points,
        stride,
        channel_stride: 0,
    };
    // SAFETY: the contract of tract's type is that of `compute` with one channel.
    unsafe { compute(run, Filter { taps, offsets }, [bias]) }
}

/// tract's `ConvW4F32`.
#[expect(clippy::too_many_arguments, reason = "as tract calls it")]
unsafe fn four_channels(
    input: *const f32,
    output: *mut f32,
    taps: &[f32],
    offsets: &[isize],
    bias: &[f32; 4],
    points: usize,
    stride: isize,
    channel_stride: isize,
) {
    let run = Run {
        input,
        output,
        points,
        stride,
        channel_stride,
    };
    // SAFETY: the contract of tract's type is that of `compute` with four channels.
    unsafe { compute(run, Filter { taps, offsets }, *bias) }
}
