//! A tile of a matrix product, as vectors of four columns.

use core::arch::wasm32::{
    f32x4_add, f32x4_extract_lane, f32x4_mul, f32x4_splat, i32x4_shuffle, v128, v128_load,
    v128_load32_splat, v128_store,
};

/// `MR` rows of `NV` vectors. It is passed by value, so that it lives in registers.
pub(super) type Tile<const MR: usize, const NV: usize> = [[v128; NV]; MR];

/// Elements of a vector.
pub(super) const LANES: usize = 4;
/// Bytes of an element.
const ELEMENT: isize = 4;

/// Where a tile lies in memory: its first element, and the bytes from row to row and column to column.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) first: *mut u8,
    pub(super) row_bytes: isize,
    pub(super) column_bytes: isize,
}

/// Each of the tile's vectors made anew from its row, its place in the row, and what it is.
#[inline(always)]
pub(super) fn map<const MR: usize, const NV: usize>(
    mut tile: Tile<MR, NV>,
    make: impl Fn(usize, usize, v128) -> v128,
) -> Tile<MR, NV> {
    for (row, vectors) in tile.iter_mut().enumerate() {
        for (at, vector) in vectors.iter_mut().enumerate() {
            *vector = make(row, at, *vector);
        }
    }
    tile
}

/// The same number in each element.
#[inline(always)]
pub(super) fn splat<const MR: usize, const NV: usize>(value: f32) -> Tile<MR, NV> {
    [[f32x4_splat(value); NV]; MR]
}

/// Adds the product of two packed panels: `depth` columns of `MR` values, and `depth` rows of `NV` vectors.
///
/// An engine that can be interrupted looks for it at each turn of a loop, and keeps the sums in memory meanwhile: so one
/// turn is eight steps. A way out between them keeps their order: the compiler would mix them, and need more registers
/// than there are.
///
/// # Safety
/// Both panels are readable at that length.
#[inline(always)]
pub(super) unsafe fn multiply<const MR: usize, const NV: usize>(
    mut tile: Tile<MR, NV>,
    depth: usize,
    mut left: *const v128,
    mut right: *const v128,
) -> Tile<MR, NV> {
    const { assert!(MR == LANES, "a column is a vector") };
    let mut rest = depth;
    macro_rules! step_or_end {
        ($at:literal) => {
            if rest == 0 {
                break;
            }
            rest -= 1;
            // SAFETY: one of the `depth` steps, which the caller says are readable.
            tile = unsafe { step(tile, left.add($at), right.add($at * NV)) };
        };
    }
    loop {
        step_or_end!(0);
        step_or_end!(1);
        step_or_end!(2);
        step_or_end!(3);
        step_or_end!(4);
        step_or_end!(5);
        step_or_end!(6);
        step_or_end!(7);
        left = left.wrapping_add(8);
        right = right.wrapping_add(8 * NV);
    }
    tile
}

/// One column times one row. The column is read as a whole, and each of its values spread from there: an engine may
/// make three operations of reading a value into every lane.
#[inline(always)]
unsafe fn step<const MR: usize, const NV: usize>(
    tile: Tile<MR, NV>,
    left: *const v128,
    right: *const v128,
) -> Tile<MR, NV> {
    // SAFETY: the caller says that `NV` vectors and a column are readable.
    let (row, column) = unsafe { (vectors::<NV>(right), v128_load(left)) };
    let column: [v128; MR] = core::array::from_fn(|at| spread(column, at));
    map(tile, |r, at, sum| {
        f32x4_add(sum, f32x4_mul(column[r], row[at]))
    })
}

/// One lane in every lane. The match is decided when this is compiled: `lane` is the turn of a loop that is written out.
#[inline(always)]
fn spread(from: v128, lane: usize) -> v128 {
    match lane {
        0 => i32x4_shuffle::<0, 0, 0, 0>(from, from),
        1 => i32x4_shuffle::<1, 1, 1, 1>(from, from),
        2 => i32x4_shuffle::<2, 2, 2, 2>(from, from),
        _ => i32x4_shuffle::<3, 3, 3, 3>(from, from),
    }
}

/// `N` vectors that follow each other.
#[inline(always)]
pub(super) unsafe fn vectors<const N: usize>(from: *const v128) -> [v128; N] {
    // SAFETY: the caller says that they are readable.
    core::array::from_fn(|at| unsafe { v128_load(from.add(at)) })
}

/// `N` values that follow each other, each in every lane of a vector.
#[inline(always)]
pub(super) unsafe fn splats<const N: usize>(from: *const f32) -> [v128; N] {
    // SAFETY: the caller says that they are readable.
    core::array::from_fn(|at| unsafe { v128_load32_splat(from.add(at).cast()) })
}

/// The tile as it lies in memory.
///
/// # Safety
/// Every element of the place is readable.
#[inline(always)]
pub(super) unsafe fn load<const MR: usize, const NV: usize>(from: Place) -> Tile<MR, NV> {
    let mut tile = splat(0.0);
    for (row, vectors) in (0..).zip(&mut tile) {
        for (at, vector) in (0..).zip(vectors) {
            // SAFETY: elements of the place.
            *vector = unsafe {
                let first = from
                    .first
                    .offset(row * from.row_bytes + 4 * at * from.column_bytes);
                if from.column_bytes == ELEMENT {
                    v128_load(first.cast())
                } else {
                    let lane =
                        |lane: isize| first.offset(lane * from.column_bytes).cast::<f32>().read();
                    core::arch::wasm32::f32x4(lane(0), lane(1), lane(2), lane(3))
                }
            };
        }
    }
    tile
}

/// Writes the tile where it belongs.
///
/// # Safety
/// Every element of the place is writable.
#[inline(always)]
pub(super) unsafe fn store<const MR: usize, const NV: usize>(tile: Tile<MR, NV>, to: Place) {
    for (row, vectors) in (0..).zip(tile) {
        for (at, vector) in (0..).zip(vectors) {
            // SAFETY: elements of the place.
            unsafe {
                let first = to
                    .first
                    .offset(row * to.row_bytes + 4 * at * to.column_bytes);
                if to.column_bytes == ELEMENT {
                    v128_store(first.cast(), vector);
                } else {
                    let lane = |lane: isize| first.offset(lane * to.column_bytes).cast::<f32>();
                    lane(0).write(f32x4_extract_lane::<0>(vector));
                    lane(1).write(f32x4_extract_lane::<1>(vector));
                    lane(2).write(f32x4_extract_lane::<2>(vector));
                    lane(3).write(f32x4_extract_lane::<3>(vector));
                }
            }
        }
    }
}
