//! Kernels that replace tract's own where those are slow in a sandbox.
//!
//! tract finds them by what they are registered as, before a model is prepared. All arithmetic is plain: products and
//! sums are rounded one by one, and the same bits come out of every engine.

#![expect(unsafe_code, reason = "tract hands over pointers")]
#![expect(
    clippy::inline_always,
    reason = "vectors that are passed to a function that is not inlined go through memory"
)]

mod pixels;
mod product;
mod rows;
mod run;
mod tile;

use tract_onnx::{
    prelude::DatumType,
    tract_hir::tract_core::{
        internal::inventory,
        tract_linalg::{isa::Arch, mmm::Query, mmm_tiers::MmmTier},
    },
};

inventory::submit! {
    MmmTier {
        arch: Some(Arch::Wasm32Simd128),
        precedence: 2,
        name: "weir",
        applies: |_| true,
        preferred: |_, sums, query, _| preferred(sums, query),
    }
}

/// The kernel for a matrix product: the broad tile is a twelfth faster for each column, and wastes more of them at the
/// end of a row. None where tract's own shall do it: products with a vector, and those whose
/// number of columns is not known before they are computed.
fn preferred(sums: DatumType, query: &Query) -> Option<&'static str> {
    let columns = query.n.filter(|columns| *columns > 1)?;
    if sums != DatumType::F32 {
        return None;
    }
    let (broad, narrow) = (columns.next_multiple_of(12), columns.next_multiple_of(8));
    let broad_is_faster = broad.saturating_mul(12) <= narrow.saturating_mul(13);
    Some(if broad_is_faster {
        product::BROAD
    } else {
        product::NARROW
    })
}
