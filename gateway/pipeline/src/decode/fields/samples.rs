use super::slot::Slot;
use crate::{
    Reason, RejectCode,
    binding::{Dim, Layout, match_dims},
};

/// The number of samples that the fields hold, each sample with so many channels.
fn count(fields: &[Slot], channels: usize) -> Result<usize, Reason> {
    if let [field] = fields {
        return count_alone(field, channels);
    }
    let first = fields.first().map(|field| (field, field.vector()));
    let Some((first, length)) = first else {
        return Ok(0);
    };
    for field in fields {
        if field.dims().count() > 1 {
            return Err(field.shape_fault("must be a number or an array of numbers, not of arrays"));
        }
        if field.vector() != length {
            let words = format!("has another number of values than field {}", first.pointer);
            return Err(field.shape_fault(&words));
        }
    }
    Ok(length.unwrap_or(1))
}

fn count_alone(field: &Slot, channels: usize) -> Result<usize, Reason> {
    let mut dims = field.dims();
    let fits = match (dims.next(), dims.next(), dims.next()) {
        (None, ..) => channels == 1,
        (Some(_), None, _) => channels == 1 || field.values.len() == channels,
        (Some(_), Some(values), None) => usize::try_from(values) == Ok(channels),
        (Some(_), Some(_), Some(_)) => false,
    };
    if fits {
        Ok(field.values.len() / channels)
    } else {
        let words = format!("must hold samples of {channels} numbers each");
        Err(field.shape_fault(&words))
    }
}

/// Writes the fields' samples in an order and returns their number.
pub(in crate::decode) fn arrange(
    fields: &[Slot],
    channels: usize,
    order: Layout,
    values: &mut Vec<f64>,
) -> Result<usize, Reason> {
    let count = count(fields, channels)?;
    values.clear();
    match (fields, order) {
        ([field], _) => values.extend_from_slice(&field.values),
        (fields, Layout::ChannelsFirst) => {
            fields
                .iter()
                .for_each(|field| values.extend_from_slice(&field.values));
        }
        (fields, Layout::ChannelsLast) => {
            for sample in 0..count {
                values.extend(fields.iter().filter_map(|field| field.values.get(sample)));
            }
        }
    }
    Ok(count)
}

/// The only field as the whole tensor: its numbers, and `dims` are its sizes.
pub(in crate::decode) fn whole<'s>(
    fields: &'s [Slot],
    dims: &[Dim],
    out: &mut Vec<u32>,
) -> Result<&'s [f64], Reason> {
    let Some(field) = fields.first() else {
        return Ok(&[]);
    };
    let mut found = [0; guest_abi::RANK_MAX];
    let rank = field
        .dims()
        .zip(&mut found)
        .map(|(dim, place)| *place = dim)
        .count();
    if match_dims(dims, &found[..rank], out) {
        return Ok(&field.values);
    }
    let words = format!(
        "field {} has the sizes {:?}, the model takes {}",
        field.pointer,
        &found[..rank],
        crate::binding::words(dims)
    );
    Err(Reason::new(RejectCode::PayloadShape, words))
}
