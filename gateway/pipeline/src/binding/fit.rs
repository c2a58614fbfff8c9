use super::Layout;

/// One size of a model's input; none = it varies.
pub(crate) type Dim = Option<u32>;

/// A model's input as samples of channels make it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Laid {
    /// The sizes, none of them varying any more.
    pub(crate) dims: Vec<u32>,
    /// In which order the elements lie.
    pub(crate) order: Layout,
}

/// Lays `samples` of `channels` values each into a model's input; none where they do not fill it exactly.
///
/// Sizes of 1 may stand anywhere; a first size of 1 or −1 is the batch. `[n]` takes the samples one after the other
/// (channel after channel where the layout says so).
pub(crate) fn lay(
    dims: &[Dim],
    layout: Option<Layout>,
    channels: usize,
    samples: usize,
) -> Option<Laid> {
    let channels = u32::try_from(channels).ok()?;
    let samples = u32::try_from(samples).ok()?;
    let with_batch = has_batch(dims)
        .then(|| body(dims, 1, layout, channels, samples))
        .flatten();
    with_batch.or_else(|| body(dims, 0, layout, channels, samples))
}

/// Whether the first size is that of a batch.
pub(crate) fn has_batch(dims: &[Dim]) -> bool {
    dims.len() > 1 && matches!(dims[0], None | Some(1))
}

fn body(
    dims: &[Dim],
    start: usize,
    layout: Option<Layout>,
    channels: u32,
    samples: u32,
) -> Option<Laid> {
    let whole: Vec<usize> = (start..dims.len()).collect();
    let squeezed: Vec<usize> = whole
        .iter()
        .copied()
        .filter(|axis| dims[*axis] != Some(1))
        .collect();
    place(dims, &whole, layout, channels, samples)
        .or_else(|| place(dims, &squeezed, layout, channels, samples))
}

fn place(
    dims: &[Dim],
    axes: &[usize],
    layout: Option<Layout>,
    channels: u32,
    samples: u32,
) -> Option<Laid> {
    let fits = |axis: usize, size: u32| dims[axis].is_none_or(|dim| dim == size);
    let resolve = |sizes: &[(usize, u32)], order| {
        let size = |axis: usize| {
            sizes
                .iter()
                .find(|(other, _)| *other == axis)
                .map(|(_, size)| *size)
        };
        let dims = (0..dims.len())
            .map(|axis| size(axis).unwrap_or(1))
            .collect();
        Laid { dims, order }
    };
    match *axes {
        [] => (channels == 1 && samples == 1).then(|| resolve(&[], Layout::ChannelsFirst)),
        [axis] => {
            let squeezed_from_more = dims.len() > axes.len() + usize::from(has_batch(dims));
            let count = channels.checked_mul(samples)?;
            let flat = channels == 1 || samples == 1 || !squeezed_from_more;
            (flat && fits(axis, count))
                .then(|| resolve(&[(axis, count)], layout.unwrap_or(Layout::ChannelsLast)))
        }
        [first, second] => orders(layout).iter().copied().find_map(|order| {
            let (one, other) = match order {
                Layout::ChannelsFirst => (channels, samples),
                Layout::ChannelsLast => (samples, channels),
            };
            (fits(first, one) && fits(second, other))
                .then(|| resolve(&[(first, one), (second, other)], order))
        }),
        _ => None,
    }
}

pub(super) fn orders(layout: Option<Layout>) -> &'static [Layout] {
    match layout {
        None => &[Layout::ChannelsFirst, Layout::ChannelsLast],
        Some(Layout::ChannelsFirst) => &[Layout::ChannelsFirst],
        Some(Layout::ChannelsLast) => &[Layout::ChannelsLast],
    }
}

/// The number of elements of a tensor.
pub(crate) fn elements(dims: &[u32]) -> usize {
    let sizes = dims
        .iter()
        .map(|dim| usize::try_from(*dim).unwrap_or(usize::MAX));
    sizes.fold(1, usize::saturating_mul)
}

/// The number of elements, where no size varies but the batch's.
pub(crate) fn fixed_elements(dims: &[Dim]) -> Option<usize> {
    let start = usize::from(has_batch(dims));
    let sizes: Option<Vec<u32>> = dims[start..].iter().copied().collect();
    sizes.map(|sizes| elements(&sizes))
}

/// The sizes of a tensor whose value has the sizes `found`; sizes of 1 may be left out or added.
pub(crate) fn match_dims(dims: &[Dim], found: &[u32], out: &mut Vec<u32>) -> bool {
    out.clear();
    let fits = |(dim, found): (&Dim, &u32)| dim.is_none_or(|dim| dim == *found);
    if dims.len() == found.len() && dims.iter().zip(found).all(fits) {
        out.extend_from_slice(found);
        return true;
    }
    let batch = has_batch(dims);
    let mut found = found.iter().filter(|size| **size != 1);
    for (axis, dim) in dims.iter().enumerate() {
        let size = match dim {
            Some(1) => Some(1),
            None if axis == 0 && batch => Some(1),
            None => Some(found.next().copied().unwrap_or(1)),
            Some(dim) => found.next().copied().filter(|found| found == dim),
        };
        let Some(size) = size else { return false };
        out.push(size);
    }
    found.next().is_none()
}

/// The sizes of a tensor that `count` elements fill; at most one size besides the batch may vary.
pub(crate) fn flat_dims(dims: &[Dim], count: usize, out: &mut Vec<u32>) -> bool {
    out.clear();
    out.extend(dims.iter().map(|dim| dim.unwrap_or(1)));
    let start = usize::from(has_batch(dims));
    let mut varying = (start..dims.len()).filter(|axis| dims[*axis].is_none());
    let per = elements(out);
    match (varying.next(), varying.next()) {
        (None, _) => count == per,
        (Some(axis), None) if per > 0 && count > 0 && count.is_multiple_of(per) => {
            out[axis] = u32::try_from(count / per).unwrap_or(u32::MAX);
            true
        }
        (Some(_), _) => false,
    }
}

/// The sizes in words: `1×3×128`.
pub(crate) fn words(dims: &[Dim]) -> String {
    let words: Vec<String> = dims
        .iter()
        .map(|dim| dim.map_or_else(|| "n".to_owned(), |dim| dim.to_string()))
        .collect();
    if words.is_empty() {
        "1".to_owned()
    } else {
        words.join("×")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sizes, layout, channels, samples, and the sizes that come out.
    type Case = (
        &'static [i32],
        Option<Layout>,
        usize,
        usize,
        Option<&'static [u32]>,
    );

    const FIRST: Option<Layout> = Some(Layout::ChannelsFirst);
    const LAST: Option<Layout> = Some(Layout::ChannelsLast);

    fn dims(sizes: &[i32]) -> Vec<Dim> {
        sizes.iter().map(|size| u32::try_from(*size).ok()).collect()
    }

    #[test]
    fn samples_fill_inputs_in_the_order_of_the_layout() {
        let cases: [Case; 15] = [
            (&[1, 3, 128], FIRST, 3, 128, Some(&[1, 3, 128])),
            (&[1, 3, 128], None, 3, 128, Some(&[1, 3, 128])),
            (&[1, 3, 128], LAST, 3, 128, None),
            (&[1, 128, 3], None, 3, 128, Some(&[1, 128, 3])),
            (&[-1, 3, -1], FIRST, 3, 128, Some(&[1, 3, 128])),
            (&[3, 128], None, 3, 128, Some(&[3, 128])),
            (&[-1, 3], LAST, 3, 128, Some(&[128, 3])),
            (&[1, 384], None, 3, 128, Some(&[1, 384])),
            (&[1, 128], None, 1, 128, Some(&[1, 128])),
            (&[1, 1, 128], None, 1, 128, Some(&[1, 1, 128])),
            (&[1, 1, -1], None, 3, 128, None),
            (&[1, 1, 3, 128], FIRST, 3, 128, Some(&[1, 1, 3, 128])),
            (&[8], None, 8, 1, Some(&[8])),
            (&[], None, 1, 1, Some(&[])),
            (&[1, 3, 256], FIRST, 3, 128, None),
        ];
        for (sizes, layout, channels, samples, expected) in cases {
            let laid = lay(&dims(sizes), layout, channels, samples);
            assert_eq!(
                laid.as_ref().map(|laid| laid.dims.as_slice()),
                expected,
                "{sizes:?}"
            );
        }
    }

    #[test]
    fn sizes_of_one_may_be_left_out() {
        let mut out = Vec::new();
        assert!(match_dims(&dims(&[1, 3, 128]), &[3, 128], &mut out));
        assert_eq!(out, [1, 3, 128]);
        assert!(match_dims(&dims(&[-1, 3, -1]), &[3, 7], &mut out));
        assert_eq!(out, [1, 3, 7]);
        assert!(match_dims(&dims(&[2, 2]), &[1, 2, 2], &mut out));
        assert!(match_dims(&dims(&[1]), &[], &mut out));
        assert!(!match_dims(&dims(&[1, 3, 128]), &[128, 3], &mut out));
        assert!(!match_dims(&dims(&[1, 3, 128]), &[384], &mut out));
        assert!(!match_dims(&dims(&[3]), &[3, 3], &mut out));
    }

    #[test]
    fn a_count_fills_at_most_one_varying_size() {
        let mut out = Vec::new();
        assert!(flat_dims(&dims(&[-1, 3, -1]), 12, &mut out));
        assert_eq!(out, [1, 3, 4]);
        assert!(!flat_dims(&dims(&[-1, 3, -1]), 13, &mut out));
        assert!(!flat_dims(&dims(&[-1, 3, -1]), 0, &mut out));
        assert!(flat_dims(&dims(&[2, 2]), 4, &mut out));
        assert!(!flat_dims(&dims(&[1, -1, -1]), 4, &mut out));
    }
}
