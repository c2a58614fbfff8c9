//! Depthwise convolutions of images whose pixels hold their channels side by side.

use core::arch::wasm32::{f32x4_add, f32x4_mul, v128, v128_load, v128_store};

use tract_onnx::tract_hir::tract_core::{
    internal::inventory,
    tract_linalg::{
        isa::{Arch, IsaReq, LEVEL_BOOST},
        routines::{Func, Routine, RoutineFactory},
    },
};

use super::{run::TAPS, tile::LANES};

inventory::submit! {
    Routine {
        func: Func::DepthwiseC,
        arch: Some(Arch::Wasm32Simd128),
        isa: IsaReq::ANY,
        boost: 2 * LEVEL_BOOST,
        round_trip: false,
        factory: RoutineFactory::DepthwiseCF32 { name: "weir_depthwise_c_f32", run: pixels },
    }
}

/// What a pixel is made of.
#[derive(Clone, Copy)]
struct Filter<'a> {
    /// Factors: a row of channels for each tap.
    kernel: *const f32,
    /// From a row of the kernel to the next.
    stride: usize,
    /// Which row of the kernel a tap uses.
    rows: &'a [usize],
    /// Where a tap reads, from the pixel's own place.
    offsets: &'a [isize],
    bias: *const f32,
}

/// tract's `DepthwiseCF32`.
#[expect(clippy::too_many_arguments, reason = "as tract calls it")]
unsafe fn pixels(
    input: *const f32,
    output: *mut f32,
    kernel: *const f32,
    rows: &[usize],
    offsets: &[isize],
    bias: *const f32,
    channels: usize,
    stride: usize,
    count: usize,
    input_stride: isize,
    output_stride: isize,
) {
    let filter = Filter {
        kernel,
        stride,
        rows,
        offsets,
        bias,
    };
    for at in 0..count.cast_signed() {
        // SAFETY: the contract of tract's type: every pixel of the run is there.
        unsafe {
            let (input, output) = (
                input.offset(at * input_stride),
                output.offset(at * output_stride),
            );
            let mut channel = 0;
            while channel + 4 * LANES <= channels {
                block::<4>(filter, input, output, channel);
                channel += 4 * LANES;
            }
            while channel + LANES <= channels {
                block::<1>(filter, input, output, channel);
                channel += LANES;
            }
            for channel in channel..channels {
                single(filter, input, output, channel);
            }
        }
    }
}

/// `N` vectors of channels of a pixel.
#[inline(always)]
unsafe fn block<const N: usize>(
    filter: Filter<'_>,
    input: *const f32,
    output: *mut f32,
    channel: usize,
) {
    // SAFETY: the caller says that the channels are there.
    unsafe {
        let vectors = |from: *const f32| -> [v128; N] {
            core::array::from_fn(|at| v128_load(from.add(at * LANES).cast()))
        };
        let add = |mut sums: [v128; N], row: usize, offset: isize| {
            let read = vectors(input.offset(offset).add(channel));
            let factors = vectors(filter.kernel.add(row * filter.stride + channel));
            for (at, sum) in sums.iter_mut().enumerate() {
                *sum = f32x4_add(*sum, f32x4_mul(read[at], factors[at]));
            }
            sums
        };
        let mut sums = vectors(filter.bias.add(channel));
        let (rows, last_rows) = filter.rows.as_chunks::<TAPS>();
        let (offsets, last_offsets) = filter.offsets.as_chunks::<TAPS>();
        for (rows, offsets) in rows.iter().zip(offsets) {
            for (row, offset) in rows.iter().zip(offsets) {
                sums = add(sums, *row, *offset);
            }
        }
        for (row, offset) in last_rows.iter().zip(last_offsets) {
            sums = add(sums, *row, *offset);
        }
        for (at, sum) in sums.into_iter().enumerate() {
            v128_store(output.add(channel + at * LANES).cast(), sum);
        }
    }
}

/// One channel of a pixel.
unsafe fn single(filter: Filter<'_>, input: *const f32, output: *mut f32, channel: usize) {
    // SAFETY: the caller says that the channel is there.
    unsafe {
        let mut sum = filter.bias.add(channel).read();
        for (row, offset) in filter.rows.iter().zip(filter.offsets) {
            let factor = filter.kernel.add(row * filter.stride + channel).read();
            sum += factor * input.offset(*offset).add(channel).read();
        }
        output.add(channel).write(sum);
    }
}
