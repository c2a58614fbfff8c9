//! A run of points of a convolution's output, of one channel or four.

use core::arch::wasm32::{
    f32x4, f32x4_add, f32x4_mul, f32x4_splat, i32x4_shuffle, v128, v128_load, v128_load32_splat,
    v128_store,
};

/// Points of a vector.
const LANES: usize = 4;
/// Taps that are written out one after the other: an engine that can be interrupted keeps the sums in memory from one
/// turn of a loop to the next. Filters of three or nine taps are the usual ones.
pub(super) const TAPS: usize = 3;

/// What a point is made of: one place in the input and one factor for each channel, as often as the filter has taps.
#[derive(Clone, Copy)]
pub(super) struct Filter<'a> {
    /// The first channel's factors, then the second's.
    pub(super) taps: &'a [f32],
    /// Where a tap reads, from the point's own place.
    pub(super) offsets: &'a [isize],
}

/// Where a run lies.
#[derive(Clone, Copy)]
pub(super) struct Run {
    pub(super) input: *const f32,
    pub(super) output: *mut f32,
    pub(super) points: usize,
    /// From the place of a point to that of the next, in the input.
    pub(super) stride: isize,
    /// From a channel to the next, in the output.
    pub(super) channel_stride: isize,
}

/// Computes a run of `CHANNELS` channels: for each point, the channel's bias, and each tap's factor times what it
/// reads, in the order of the taps.
///
/// The last vector of a run overlaps the one before: its points are computed twice, to the same bits.
///
/// # Safety
/// Every tap may read at each point, and every point may be written in each channel; input and output are apart.
#[inline(always)]
pub(super) unsafe fn compute<const CHANNELS: usize>(
    run: Run,
    filter: Filter<'_>,
    bias: [f32; CHANNELS],
) {
    // SAFETY: what the caller says; a stride is told apart only once for a run.
    unsafe {
        match run.stride {
            1 => blocks::<CHANNELS>(run, filter, bias, |from| v128_load(from.cast())),
            2 => blocks::<CHANNELS>(run, filter, bias, |from| every_second(from)),
            stride => blocks::<CHANNELS>(run, filter, bias, |from| {
                let at = |lane: isize| from.offset(lane * stride).read();
                f32x4(at(0), at(1), at(2), at(3))
            }),
        }
    }
}

/// Values 0, 2, 4 and 6; nothing beyond is read.
#[inline(always)]
unsafe fn every_second(from: *const f32) -> v128 {
    // SAFETY: the caller says that seven values are readable.
    let (low, high) = unsafe { (v128_load(from.cast()), v128_load(from.add(3).cast())) };
    i32x4_shuffle::<0, 2, 5, 7>(low, high)
}

#[inline(always)]
unsafe fn blocks<const CHANNELS: usize>(
    run: Run,
    filter: Filter<'_>,
    bias: [f32; CHANNELS],
    gather: impl Fn(*const f32) -> v128 + Copy,
) {
    let mut point = 0;
    // SAFETY: each block ends within the run.
    unsafe {
        if CHANNELS == 1 {
            while point + 4 * LANES <= run.points {
                block::<CHANNELS, 4>(run, filter, bias, point, gather);
                point += 4 * LANES;
            }
        }
        while point + 2 * LANES <= run.points {
            block::<CHANNELS, 2>(run, filter, bias, point, gather);
            point += 2 * LANES;
        }
        if point + LANES <= run.points {
            block::<CHANNELS, 1>(run, filter, bias, point, gather);
            point += LANES;
        }
        if point < run.points && run.points >= LANES {
            block::<CHANNELS, 1>(run, filter, bias, run.points - LANES, gather);
        } else {
            single_points(run, filter, bias, point);
        }
    }
}

/// `N` vectors of points in each channel.
#[inline(always)]
unsafe fn block<const CHANNELS: usize, const N: usize>(
    run: Run,
    filter: Filter<'_>,
    bias: [f32; CHANNELS],
    point: usize,
    gather: impl Fn(*const f32) -> v128,
) {
    let taps = filter.offsets.len();
    let mut sums = bias.map(|bias| [f32x4_splat(bias); N]);
    // SAFETY: what the caller says of the run; `taps` factors for each channel.
    unsafe {
        let first = run.input.offset(point.cast_signed() * run.stride);
        let add = |mut sums: [[v128; N]; CHANNELS], factor: *const f32, offset: isize| {
            let place = first.offset(offset);
            let read: [v128; N] = core::array::from_fn(|at| {
                gather(place.offset((at * LANES).cast_signed() * run.stride))
            });
            for (channel, sums) in sums.iter_mut().enumerate() {
                let spread = v128_load32_splat(factor.add(channel * taps).cast());
                for (sum, read) in sums.iter_mut().zip(read) {
                    *sum = f32x4_add(*sum, f32x4_mul(spread, read));
                }
            }
            sums
        };
        let mut factor = filter.taps.as_ptr();
        let (groups, rest) = filter.offsets.as_chunks::<TAPS>();
        for group in groups {
            for (at, offset) in group.iter().enumerate() {
                sums = add(sums, factor.add(at), *offset);
            }
            factor = factor.add(TAPS);
        }
        for (at, offset) in rest.iter().enumerate() {
            sums = add(sums, factor.add(at), *offset);
        }
        let mut channel = run.output.add(point);
        for sums in sums {
            for (at, sum) in sums.into_iter().enumerate() {
                v128_store(channel.add(at * LANES).cast(), sum);
            }
            channel = channel.wrapping_offset(run.channel_stride);
        }
    }
}

/// The points of a run that is shorter than a vector.
#[inline(always)]
unsafe fn single_points<const CHANNELS: usize>(
    run: Run,
    filter: Filter<'_>,
    bias: [f32; CHANNELS],
    from: usize,
) {
    let taps = filter.offsets.len();
    for point in from..run.points {
        // SAFETY: what the caller says of the run; `taps` factors for each channel.
        unsafe {
            let place = run.input.offset(point.cast_signed() * run.stride);
            let mut channel = run.output.add(point);
            for (index, mut sum) in bias.into_iter().enumerate() {
                for (tap, offset) in filter.offsets.iter().enumerate() {
                    let factor = filter.taps.as_ptr().add(index * taps + tap).read();
                    sum += factor * place.offset(*offset).read();
                }
                channel.write(sum);
                channel = channel.wrapping_offset(run.channel_stride);
            }
        }
    }
}
