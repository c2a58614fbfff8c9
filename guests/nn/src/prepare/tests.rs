//! Against the filter as its definition says, in f64, pixel by pixel.

use nn_graph::{Fit, GraphTensor, Image, Layout};
use weir_guest::DType;

use super::{ImagePreparer, Placement, placement::Size, taps::Taps};

/// What rounding may add: half a level of the weights' 14 and the row's 6 bits each, far below one level.
const OFF_MAX: f64 = 0.03;

struct Case {
    image: (u32, u32),
    input: (u32, u32),
    channels: u32,
    layout: Layout,
    fit: Fit,
    mean: Vec<f32>,
    std: Vec<f32>,
}

impl Case {
    fn preparer(&self, dtype: DType) -> ImagePreparer {
        let (height, width) = self.input;
        let dims = match self.layout {
            Layout::ChannelsFirst => [1, self.channels, height, width],
            Layout::ChannelsLast => [1, height, width, self.channels],
        };
        let image = Image {
            pixels_max: 1 << 24,
            layout: self.layout,
            fit: self.fit,
            mean: self.mean.clone(),
            std: self.std.clone(),
        };
        let tensor = GraphTensor {
            name: "image".into(),
            dtype: dtype.code(),
            dims: dims.to_vec(),
        };
        ImagePreparer::new(&image, &tensor).expect("a sound description")
    }

    fn pixels(&self, random: &mut fastrand::Rng) -> Vec<u8> {
        let count = self.image.0 * self.image.1 * self.channels;
        (0..count).map(|_| random.u8(..)).collect()
    }

    fn at(&self, channel: usize, row: usize, column: usize) -> usize {
        let (channels, height, width) =
            (size(self.channels), size(self.input.0), size(self.input.1));
        match self.layout {
            Layout::ChannelsFirst => (channel * height + row) * width + column,
            Layout::ChannelsLast => (row * width + column) * channels + channel,
        }
    }
}

fn size(size: u32) -> usize {
    usize::try_from(size).unwrap()
}

fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

/// One target pixel of a triangle filter: its source pixels and their weights.
fn triangle(place: usize, source: usize, target: usize) -> Vec<(usize, f64)> {
    let ratio = float(source) / float(target);
    let reach = ratio.max(1.0);
    let middle = (float(place) + 0.5) * ratio;
    let weight = |at: usize| (1.0 - (float(at) + 0.5 - middle).abs() / reach).max(0.0);
    let total: f64 = (0..source).map(weight).sum();
    (0..source).map(|at| (at, weight(at) / total)).collect()
}

/// The level of a pixel of the resized image.
fn reference(case: &Case, pixels: &[u8], placement: Placement, spot: (usize, usize, usize)) -> f64 {
    let (channel, row, column) = spot;
    let rows = triangle(row, placement.image.height, placement.fitted.height);
    let columns = triangle(column, placement.image.width, placement.fitted.width);
    let mut level = 0.0;
    for (row, by_row) in rows.iter().filter(|(_, weight)| *weight > 0.0) {
        for (column, by_column) in columns.iter().filter(|(_, weight)| *weight > 0.0) {
            let at = (row * placement.image.width + column) * size(case.channels) + channel;
            level += by_row * by_column * f64::from(pixels[at]);
        }
    }
    level
}

fn check(case: &Case, seed: u64) {
    let pixels = case.pixels(&mut fastrand::Rng::with_seed(seed));
    let (height, width) = case.image;
    let mut floats = case.preparer(DType::F32);
    let values: &[f32] = bytemuck::cast_slice(floats.make(height, width, &pixels).unwrap());
    let mut bytes = case.preparer(DType::U8);
    let levels = bytes.make(height, width, &pixels).unwrap().to_vec();
    let placement = bytes.placement().unwrap();
    let scale = |numbers: &[f32], channel: usize, default: f64| {
        let number = numbers.get(channel.min(numbers.len().saturating_sub(1)));
        number.map_or(default, |number| f64::from(*number))
    };
    for channel in 0..size(case.channels) {
        let mean = scale(&case.mean, channel, 0.0);
        let std = scale(&case.std, channel, 1.0);
        for row in 0..size(case.input.0) {
            for column in 0..size(case.input.1) {
                let inside = row
                    .checked_sub(placement.top)
                    .zip(column.checked_sub(placement.left));
                let inside = inside.filter(|(row, column)| {
                    *row < placement.fitted.height && *column < placement.fitted.width
                });
                let level = inside.map_or(114.0, |(row, column)| {
                    reference(case, &pixels, placement, (channel, row, column))
                });
                let at = case.at(channel, row, column);
                let value = f64::from(values[at]) * std + mean;
                assert!(
                    (value - level).abs() < OFF_MAX,
                    "{value} instead of {level} at {channel} {row} {column}"
                );
                assert!((f64::from(levels[at]) - level).abs() < 0.5 + OFF_MAX);
            }
        }
    }
}

#[test]
fn images_are_resized_as_the_filter_says() {
    let mut random = fastrand::Rng::with_seed(7);
    for seed in 0..60 {
        let mut side = |max: u32| random.u32(1..=max);
        let case = Case {
            image: (side(50), side(50)),
            input: (side(30), side(30)),
            channels: if seed % 3 == 0 { 1 } else { 3 },
            layout: if seed % 2 == 0 {
                Layout::ChannelsFirst
            } else {
                Layout::ChannelsLast
            },
            fit: if seed % 5 < 3 {
                Fit::Letterbox
            } else {
                Fit::Stretch
            },
            mean: Vec::new(),
            std: Vec::new(),
        };
        check(&case, seed);
    }
}

#[test]
fn values_are_normalised_channel_by_channel() {
    for (image, fit) in [((20, 24), Fit::Stretch), ((11, 40), Fit::Letterbox)] {
        let case = Case {
            image,
            input: (20, 24),
            channels: 3,
            layout: Layout::ChannelsFirst,
            fit,
            mean: vec![123.675, 116.28, 103.53],
            std: vec![58.395, 57.12, 57.375],
        };
        check(&case, 5);
    }
}

#[test]
fn an_image_of_the_right_size_stays_as_it_is() {
    let case = Case {
        image: (9, 17),
        input: (9, 17),
        channels: 3,
        layout: Layout::ChannelsFirst,
        fit: Fit::Letterbox,
        mean: Vec::new(),
        std: vec![255.0],
    };
    let pixels = case.pixels(&mut fastrand::Rng::with_seed(3));
    let mut preparer = case.preparer(DType::U8);
    let planes = preparer.make(9, 17, &pixels).unwrap();
    for (at, level) in pixels.iter().enumerate() {
        assert_eq!(planes[at % 3 * 9 * 17 + at / 3], *level);
    }
}

/// The same values, whichever size came before: only the plan is remembered.
#[test]
fn what_came_before_does_not_matter() {
    let case = |image| Case {
        image,
        input: (16, 16),
        channels: 3,
        layout: Layout::ChannelsFirst,
        fit: Fit::Letterbox,
        mean: Vec::new(),
        std: Vec::new(),
    };
    let mut random = fastrand::Rng::with_seed(11);
    let (wide, high) = (case((10, 40)), case((40, 10)));
    let [wide_pixels, high_pixels] = [&wide, &high].map(|case| case.pixels(&mut random));
    let mut used = wide.preparer(DType::F32);
    used.make(10, 40, &wide_pixels).unwrap();
    let after = used.make(40, 10, &high_pixels).unwrap().to_vec();
    let mut fresh = wide.preparer(DType::F32);
    assert_eq!(fresh.make(40, 10, &high_pixels).unwrap(), after);
}

#[test]
fn the_weights_of_a_pixel_add_up_and_lie_inside() {
    let mut random = fastrand::Rng::with_seed(13);
    let extremes = [
        (1, 1),
        (1, 65_536),
        (65_536, 1),
        (65_536, 65_536),
        (65_535, 2),
    ];
    let others = (0..300).map(|_| (random.u32(1..500), random.u32(1..500)));
    for (source, target) in extremes.into_iter().chain(others.collect::<Vec<_>>()) {
        let taps = Taps::new(source, target).unwrap();
        let mut count = 0;
        for tap in taps.iter() {
            let weights: Vec<i32> = tap
                .pairs
                .as_flattened()
                .iter()
                .map(|weight| i32::from(*weight))
                .collect();
            assert_eq!(weights.iter().sum::<i32>(), 1 << 14, "{source} → {target}");
            assert!(weights.iter().all(|weight| *weight >= 0));
            let last = weights.iter().rposition(|weight| *weight > 0).unwrap();
            assert!(tap.start + last < size(source), "{source} → {target}");
            count += 1;
        }
        assert_eq!(count, target);
    }
}

#[test]
fn a_letterboxed_image_keeps_its_proportions_in_the_middle() {
    let placed = |height, width| {
        let image = Size { height, width };
        Placement::new(
            image,
            Size {
                height: 320,
                width: 320,
            },
            Fit::Letterbox,
        )
    };
    let wide = placed(480, 640);
    assert_eq!(
        (wide.fitted, wide.top, wide.left),
        (
            Size {
                height: 240,
                width: 320
            },
            40,
            0
        )
    );
    let high = placed(1000, 10);
    assert_eq!(
        (high.fitted, high.top, high.left),
        (
            Size {
                height: 320,
                width: 3
            },
            0,
            158
        )
    );
    let line = placed(65_536, 1);
    assert_eq!((line.fitted.height, line.fitted.width), (320, 1));
}
