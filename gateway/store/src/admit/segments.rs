//! Where data and element segments come to lie. A module whose segments lie outside of its memory or table is valid and
//! fails when it is instantiated; engines in C have got that wrong, so no such module reaches one.

use wasmparser::{ConstExpr, DataKind, ElementItems, ElementKind, Operator, Parser, Payload};
use weir_profile::GuestName;

use super::AdmitError;

/// The sizes that segments must lie in: bytes of memory at the start, elements of each table.
pub(super) struct Places {
    pub(super) memory_bytes: u64,
    pub(super) table_elements: Vec<u64>,
}

/// A segment: what it is part of, where it begins, and how long it is.
struct Segment {
    part_of: &'static str,
    start: u64,
    len: u64,
    room: u64,
}

/// Checks the active segments of a valid module.
pub(super) fn check(guest: &GuestName, wasm: &[u8], places: &Places) -> Result<(), AdmitError> {
    for payload in Parser::new(0).parse_all(wasm) {
        // A valid module has been parsed before.
        let Ok(payload) = payload else { break };
        if let Some(segment) = outside(&payload, places) {
            let Segment {
                part_of,
                start,
                len,
                room,
            } = segment;
            return Err(AdmitError::SegmentOutside {
                guest: guest.clone(),
                part_of,
                start,
                len,
                room,
            });
        }
    }
    Ok(())
}

/// The first segment of a section that does not lie in its place.
fn outside(payload: &Payload<'_>, places: &Places) -> Option<Segment> {
    let beyond = |segment: &Segment| segment.start + segment.len > segment.room;
    if let Payload::DataSection(section) = payload {
        let segments = section.clone().into_iter().flatten();
        segments
            .filter_map(|data| {
                let DataKind::Active { offset_expr, .. } = &data.kind else {
                    return None;
                };
                Some(Segment {
                    part_of: "memory",
                    start: constant(offset_expr)?,
                    len: number(data.data.len()),
                    room: places.memory_bytes,
                })
            })
            .find(beyond)
    } else if let Payload::ElementSection(section) = payload {
        let segments = section.clone().into_iter().flatten();
        segments
            .filter_map(|element| {
                let ElementKind::Active {
                    table_index,
                    offset_expr,
                } = &element.kind
                else {
                    return None;
                };
                let table = usize::try_from(table_index.unwrap_or(0)).ok()?;
                Some(Segment {
                    part_of: "table",
                    start: constant(offset_expr)?,
                    len: count(&element.items),
                    room: places.table_elements.get(table).copied().unwrap_or(0),
                })
            })
            .find(beyond)
    } else {
        None
    }
}

/// The value of an offset. No class allows another expression than a constant: a guest imports no globals.
fn constant(offset: &ConstExpr<'_>) -> Option<u64> {
    let Operator::I32Const { value } = offset.get_operators_reader().read().ok()? else {
        return None;
    };
    Some(u64::from(value.cast_unsigned()))
}

fn count(items: &ElementItems<'_>) -> u64 {
    match items {
        ElementItems::Functions(functions) => functions.count().into(),
        ElementItems::Expressions(_, expressions) => expressions.count().into(),
    }
}

fn number(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}
