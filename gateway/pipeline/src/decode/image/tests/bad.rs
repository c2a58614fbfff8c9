use proptest::prelude::*;

use super::{
    made::{chunk, jpeg_header, png_header},
    *,
};

fn code(payload: &[u8]) -> &'static str {
    take(&mut intake(OPTIONS, &[1, 16, 24, 3]), payload)
        .err()
        .unwrap_or("")
}

#[test]
fn what_is_no_jpeg_and_no_png_is_refused() {
    for payload in [
        &b""[..],
        b"GIF89a\x01\x00\x01\x00",
        b"text",
        b"\x89PNG\r\n",
        b"\xff\xd8",
        b"RIFF....WEBPVP8 ",
        b"{\"ax\":1}",
    ] {
        assert_eq!(code(payload), "payload_not_image", "{payload:?}");
    }
}

#[test]
fn sizes_are_checked_before_anything_is_decoded() {
    for (width, height) in [
        (30_000, 30_000),
        (u32::MAX, u32::MAX),
        (101, 100),
        (16_385, 1),
        (1, 16_385),
    ] {
        assert_eq!(
            code(&png_header(width, height)),
            "image_too_large",
            "{width} × {height}"
        );
    }
    for (width, height) in [
        (30_000, 30_000),
        (u16::MAX, u16::MAX),
        (101, 100),
        (16_385, 1),
    ] {
        for kind in [0xc0, 0xc1, 0xc2] {
            let header = jpeg_header(kind, 8, width, height, 3);
            assert_eq!(code(&header), "image_too_large", "{width} × {height}");
        }
    }
    for header in [
        png_header(0, 10),
        jpeg_header(0xc0, 8, 10, 0, 3),
        jpeg_header(0xc0, 8, 0, 10, 1),
    ] {
        assert_eq!(code(&header), "image_damaged");
    }
}

#[test]
fn animations_and_colours_that_no_model_means_are_refused() {
    let animated = Made::gradient(24, 16).animated(2).png();
    assert_eq!(code(&animated), "image_animated");
    assert_eq!(code(include_bytes!("cmyk.jpg")), "image_color");
    for kind in [0xc3, 0xc5, 0xc9, 0xca, 0xcf] {
        assert_eq!(
            code(&jpeg_header(kind, 8, 8, 8, 3)),
            "image_unsupported",
            "{kind:x}"
        );
    }
    assert_eq!(code(&jpeg_header(0xc1, 12, 8, 8, 3)), "image_unsupported");
    assert_eq!(code(&jpeg_header(0xc0, 8, 8, 8, 2)), "image_damaged");
}

#[test]
fn a_truncated_image_is_never_a_result() {
    let progressive = include_bytes!("progressive.jpg").to_vec();
    for whole in [
        Made::gradient(24, 16).png(),
        Made::gradient(24, 16).jpeg(),
        progressive,
    ] {
        assert_eq!(code(&whole), "");
        for length in 0..whole.len() {
            let code = code(&whole[..length]);
            let expected = if length < 8 {
                "payload_not_image"
            } else {
                "image_damaged"
            };
            assert!(
                code == expected || (length < 8 && code == "image_damaged"),
                "{length}: {code:?}"
            );
        }
    }
}

#[test]
fn an_image_that_lies_about_its_size_is_damaged() {
    let png = Made::gradient(24, 16).png();
    let taller = [png_header(24, 40), png[33..].to_vec()].concat();
    assert_eq!(code(&taller), "image_damaged");
    let progressive = include_bytes!("progressive.jpg").to_vec();
    for (jpeg, kind) in [(Made::gradient(24, 16).jpeg(), 0xc0), (progressive, 0xc2)] {
        let frame = place(&jpeg, kind);
        for height in [33_u16, 64, 400] {
            let mut taller = jpeg.clone();
            taller[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
            assert_eq!(code(&taller), "image_damaged", "{kind:x} {height}");
        }
        let twice = [&jpeg[..frame], &jpeg[frame..frame + 19], &jpeg[frame..]].concat();
        assert_eq!(code(&twice), "image_damaged", "two frames");
    }
}

#[test]
fn an_end_marker_does_not_make_half_an_image_whole() {
    let jpeg = Made::gradient(24, 16).jpeg();
    let data = place(&jpeg, 0xda) + 14;
    for end in data..jpeg.len() - 6 {
        let patched = [&jpeg[..end], &[0xff, 0xd9]].concat();
        assert_eq!(code(&patched), "image_damaged", "{end} of {}", jpeg.len());
    }
}

/// Where a JPEG's marker is.
fn place(jpeg: &[u8], marker: u8) -> usize {
    jpeg.windows(2)
        .position(|pair| pair == [0xff, marker])
        .unwrap()
}

#[test]
fn a_progressive_image_cannot_ask_for_endless_passes() {
    let jpeg = include_bytes!("progressive.jpg");
    let scan = place(jpeg, 0xda);
    let pass = &jpeg[scan..scan + 14];
    let many = [&jpeg[..scan], &pass.repeat(41), &[0xff, 0xd9]].concat();
    assert_eq!(code(&many), "image_unsupported");
}

#[test]
fn data_that_goes_on_behind_the_image_is_not_kept() {
    let mut bomb = Vec::new();
    let mut encoder = png::Encoder::new(&mut bomb, 20_000, 1_000);
    encoder.set_color(png::ColorType::Grayscale);
    let rows = vec![0; 20_000_000];
    let mut writer = encoder.write_header().unwrap();
    writer.write_image_data(&rows).unwrap();
    writer.finish().unwrap();
    let text = [&b"Comment\0\0"[..], &[0x78, 0x9c], &[0; 100]].concat();
    let header = [png_header(10, 10), chunk(b"zTXt", &text)].concat();
    let lying = [&header[..], &bomb[33..]].concat();
    let (_, bytes) = take(&mut intake(OPTIONS, &[1, 10, 10, 3]), &lying).unwrap();
    assert_eq!(bytes, [0; 300]);
}

fn valid() -> impl Strategy<Value = Vec<u8>> {
    prop::sample::select(vec![
        Made::gradient(24, 16).png(),
        Made::gradient(24, 16).jpeg(),
        Made::gray(24, 16, &[7; 384]).jpeg(),
        include_bytes!("progressive.jpg").to_vec(),
        include_bytes!("cmyk.jpg").to_vec(),
        Made::of(4, 1, png::ColorType::Indexed, &[1, 0, 1, 1])
            .palette(&[0, 0, 255, 9, 9, 9])
            .png(),
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn damage_is_a_reject_or_an_image_of_the_right_size(mut payload in valid(), damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6), swap in any::<bool>()) {
        for (place, byte) in damage {
            let place = place.index(payload.len());
            if swap { payload.insert(place, byte); } else { payload[place] = byte; }
        }
        if let Ok((dims, bytes)) = take(&mut intake(OPTIONS, &[1, 5, 7, 3]), &payload) {
            prop_assert_eq!(dims, [1, 5, 7, 3]);
            prop_assert_eq!(bytes.len(), 105);
        }
    }

    #[test]
    fn arbitrary_bytes_behind_a_good_start_never_panic(start in prop::sample::select(vec![png_header(9, 9), jpeg_header(0xc0, 8, 9, 9, 3), jpeg_header(0xc2, 8, 9, 9, 1), vec![0xff, 0xd8, 0xff]]), rest in prop::collection::vec(any::<u8>(), 0..200)) {
        let payload = [start, rest].concat();
        let _unused = code(&payload);
    }
}
