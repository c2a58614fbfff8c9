//! The matrix product: what tract asks of a kernel, done tile by tile.

use core::arch::wasm32::{
    f32x4_add, f32x4_gt, f32x4_mul, f32x4_pmax, f32x4_pmin, f32x4_splat, f32x4_sub, v128,
    v128_bitselect,
};

use tract_onnx::{
    prelude::DatumType,
    tract_hir::tract_core::{
        internal::inventory,
        tract_linalg::{
            Scaler,
            isa::Arch,
            mmm::{DynKernel, FusedKerSpec, MatMatMul, OutputStoreKer},
            mmm_routines::MmmRoutine,
            pack::PackedFormat,
        },
    },
};

use super::tile::{self, LANES, Place, Tile, map, splat, splats, vectors};

/// Where panels are aligned: a vector is then never split between two lines of the cache.
const ALIGN: usize = 16;

pub(super) const BROAD: &str = "weir_f32_4x12";
pub(super) const NARROW: &str = "weir_f32_4x8";

inventory::submit! { MmmRoutine { make: || kernel::<4, 3, 12>(BROAD) } }
inventory::submit! { MmmRoutine { make: || kernel::<4, 2, 8>(NARROW) } }

fn kernel<const MR: usize, const NV: usize, const NR: usize>(name: &str) -> Box<dyn MatMatMul> {
    const { assert!(NR == NV * LANES) };
    let packed = |width| PackedFormat::new(DatumType::F32, width, ALIGN);
    let mut kernel = DynKernel::<MR, NR, f32>::new(name, run::<MR, NV>, packed(MR), packed(NR));
    kernel.arch = Some(Arch::Wasm32Simd128);
    kernel.row_major_store = true;
    kernel.mmm()
}

/// Does to one tile what the list says, and returns 0.
///
/// Minimum and maximum keep the tile's value where the two compare as neither less nor greater: a value that is no
/// number stays one.
///
/// # Safety
/// The list's pointers are readable, and those of its stores writable, at the size of the tile.
unsafe fn run<const MR: usize, const NV: usize>(list: &[FusedKerSpec<f32>]) -> isize {
    use FusedKerSpec as Do;
    let mut tile: Tile<MR, NV> = splat(0.0);
    for item in list {
        // SAFETY: what the caller says of the list.
        tile = unsafe {
            match *item {
                Do::Done => break,
                Do::Clear => splat(0.0),
                Do::AddMatMul { k, pa, pb, .. } => tile::multiply(tile, k, pa.cast(), pb.cast()),
                Do::PerRowAdd(rows) => by_row(tile, rows, sum),
                Do::ScalarMin(value) => by_scalar(tile, value, smaller),
                Do::ScalarMax(value) => by_scalar(tile, value, larger),
                Do::AddUnicast(from) => add(tile, tile::load(place(from))),
                Do::Store(to) => {
                    tile::store(tile, place(to));
                    tile
                }
                Do::LoadTile(..)
                | Do::ScalarAdd(_)
                | Do::ScalarMul(_)
                | Do::ScalarSub(_)
                | Do::ScalarSubF(_)
                | Do::LeakyRelu(_)
                | Do::PerRowMin(_)
                | Do::PerRowMax(_)
                | Do::PerRowMul(_)
                | Do::PerRowSub(_)
                | Do::PerRowSubF(_)
                | Do::PerColMin(_)
                | Do::PerColMax(_)
                | Do::PerColAdd(_)
                | Do::PerColMul(_)
                | Do::PerColSub(_)
                | Do::PerColSubF(_)
                | Do::QScale(..)
                | Do::RoundingShiftRight(..)
                | Do::ShiftLeft(_)
                | Do::AddRowColProducts(..) => {
                    let mut kept = tile;
                    seldom(&mut kept, item);
                    kept
                }
            }
        };
    }
    0
}

/// What few models need, kept out of the way of the rest. It is given a copy, so that the tile itself has no address.
#[inline(never)]
unsafe fn seldom<const MR: usize, const NV: usize>(
    kept: &mut Tile<MR, NV>,
    item: &FusedKerSpec<f32>,
) {
    use FusedKerSpec as Do;
    let tile = *kept;
    // SAFETY: what the caller says of the list.
    *kept = unsafe {
        match *item {
            Do::Done | Do::Clear | Do::AddMatMul { .. } | Do::Store(_) => tile,
            Do::LoadTile(_, rows) => tile::load(Place {
                first: rows.cast_mut().cast(),
                row_bytes: row_bytes::<NV>(),
                column_bytes: 4,
            }),
            Do::ScalarMin(value) => by_scalar(tile, value, smaller),
            Do::ScalarMax(value) => by_scalar(tile, value, larger),
            Do::ScalarAdd(value) => by_scalar(tile, value, sum),
            Do::ScalarMul(value) => by_scalar(tile, value, times),
            Do::ScalarSub(value) => by_scalar(tile, value, less_flipped),
            Do::ScalarSubF(value) => by_scalar(tile, value, less),
            Do::LeakyRelu(slope) => by_scalar(tile, slope, leaky),
            Do::PerRowMin(rows) => by_row(tile, rows, smaller),
            Do::PerRowMax(rows) => by_row(tile, rows, larger),
            Do::PerRowAdd(rows) => by_row(tile, rows, sum),
            Do::PerRowMul(rows) => by_row(tile, rows, times),
            Do::PerRowSub(rows) => by_row(tile, rows, less_flipped),
            Do::PerRowSubF(rows) => by_row(tile, rows, less),
            Do::PerColMin(columns) => by_column(tile, columns, smaller),
            Do::PerColMax(columns) => by_column(tile, columns, larger),
            Do::PerColAdd(columns) => by_column(tile, columns, sum),
            Do::PerColMul(columns) => by_column(tile, columns, times),
            Do::PerColSub(columns) => by_column(tile, columns, less_flipped),
            Do::PerColSubF(columns) => by_column(tile, columns, less),
            Do::QScale(shift, policy, factor) => {
                let scale = Scaler::from_fuse_params(shift, policy, factor).scale;
                by_scalar(tile, scale, times)
            }
            Do::RoundingShiftRight(shift, _) => by_scalar(tile, 1.0 / power_of_two(shift), times),
            Do::ShiftLeft(shift) => by_scalar(tile, power_of_two(shift), times),
            Do::AddUnicast(from) => add(tile, tile::load(place(from))),
            Do::AddRowColProducts(rows, columns) => {
                tile::multiply(tile, 1, rows.cast(), columns.cast())
            }
        }
    };
}

#[inline(always)]
fn add<const MR: usize, const NV: usize>(tile: Tile<MR, NV>, other: Tile<MR, NV>) -> Tile<MR, NV> {
    map(tile, |row, at, value| f32x4_add(value, other[row][at]))
}

fn place(store: OutputStoreKer) -> Place {
    Place {
        first: store.ptr,
        row_bytes: store.row_byte_stride,
        column_bytes: store.col_byte_stride,
    }
}

/// Bytes of a row of a tile that lies in one piece.
fn row_bytes<const NV: usize>() -> isize {
    (NV * size_of::<v128>()).cast_signed()
}

fn power_of_two(exponent: usize) -> f32 {
    i32::try_from(exponent).map_or(f32::INFINITY, |exponent| 2_f32.powi(exponent))
}

#[inline(always)]
fn by_scalar<const MR: usize, const NV: usize>(
    tile: Tile<MR, NV>,
    value: f32,
    operation: impl Fn(v128, v128) -> v128,
) -> Tile<MR, NV> {
    let value = f32x4_splat(value);
    map(tile, |_, _, old| operation(old, value))
}

#[inline(always)]
unsafe fn by_row<const MR: usize, const NV: usize>(
    tile: Tile<MR, NV>,
    rows: *const f32,
    operation: impl Fn(v128, v128) -> v128,
) -> Tile<MR, NV> {
    // SAFETY: the caller says that a value for each row is readable.
    let rows = unsafe { splats::<MR>(rows) };
    map(tile, |row, _, old| operation(old, rows[row]))
}

#[inline(always)]
unsafe fn by_column<const MR: usize, const NV: usize>(
    tile: Tile<MR, NV>,
    columns: *const f32,
    operation: impl Fn(v128, v128) -> v128,
) -> Tile<MR, NV> {
    // SAFETY: the caller says that a value for each column is readable.
    let columns = unsafe { vectors::<NV>(columns.cast()) };
    map(tile, |_, at, old| operation(old, columns[at]))
}

#[inline(always)]
fn smaller(old: v128, value: v128) -> v128 {
    f32x4_pmin(old, value)
}

#[inline(always)]
fn larger(old: v128, value: v128) -> v128 {
    f32x4_pmax(old, value)
}

#[inline(always)]
fn sum(old: v128, value: v128) -> v128 {
    f32x4_add(old, value)
}

#[inline(always)]
fn times(old: v128, value: v128) -> v128 {
    f32x4_mul(old, value)
}

#[inline(always)]
fn less(old: v128, value: v128) -> v128 {
    f32x4_sub(old, value)
}

#[inline(always)]
fn less_flipped(old: v128, value: v128) -> v128 {
    f32x4_sub(value, old)
}

fn leaky(old: v128, slope: v128) -> v128 {
    let positive = f32x4_gt(old, f32x4_splat(0.0));
    v128_bitselect(old, f32x4_mul(slope, old), positive)
}
