use guest_abi::MANIFEST_SECTION;
use wasmparser::{FunctionBody, Parser, Payload};
use weir_profile::GuestName;

use super::{AdmitError, Caps, caps::Things};

/// What is read of a module before it is validated.
pub(super) struct Outline<'w> {
    /// The contents of the manifest section.
    pub(super) manifest: &'w [u8],
}

/// The first bytes of every WebAssembly binary.
const MAGIC: &[u8] = b"\0asm";
/// Version and layer of a core module.
const MODULE: &[u8] = &[1, 0, 0, 0];

/// Tells core modules from everything else that people put in their place.
pub(super) fn kind(guest: &GuestName, bytes: &[u8]) -> Result<(), AdmitError> {
    let guest = guest.clone();
    let header = bytes.get(4..8);
    if bytes.starts_with(MAGIC) {
        return match header {
            Some(MODULE) => Ok(()),
            Some([_, _, 1, 0]) => Err(AdmitError::Component { guest }),
            Some(_) => Err(AdmitError::NotWasm {
                guest,
                begins: "an unknown version of WebAssembly".to_owned(),
            }),
            None => Err(AdmitError::Truncated {
                guest,
                bytes: bytes.len(),
            }),
        };
    }
    if MAGIC.starts_with(bytes) {
        let bytes = bytes.len();
        return Err(AdmitError::Truncated { guest, bytes });
    }
    let text = bytes.trim_ascii_start();
    if text.starts_with(b"(") || text.starts_with(b";;") {
        return Err(AdmitError::Text { guest });
    }
    let begins = bytes.iter().take(8).map(|byte| format!("{byte:02x}"));
    Err(AdmitError::NotWasm {
        guest,
        begins: begins.collect::<Vec<_>>().join(" "),
    })
}

/// Walks through the sections: counts what only the bytes say, and finds the manifest.
pub(super) fn read<'w>(
    guest: &GuestName,
    wasm: &'w [u8],
    caps: &Caps,
) -> Result<Outline<'w>, AdmitError> {
    let broken = |cause: wasmparser::Error| unparsable(guest, wasm, caps, cause);
    let mut manifest = None;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload.map_err(broken)?;
        if let Some(section) = manifest_section(&payload)
            && manifest.replace(section).is_some()
        {
            let guest = guest.clone();
            return Err(AdmitError::ManifestTwice { guest });
        }
        if matches!(payload, Payload::StartSection { .. }) {
            let guest = guest.clone();
            return Err(AdmitError::Start { guest });
        }
        if let Some((things, count)) = counted(&payload).map_err(broken)? {
            caps.check(guest, things, count)?;
        }
    }
    let manifest = manifest.ok_or_else(|| AdmitError::ManifestMissing {
        guest: guest.clone(),
    })?;
    Ok(Outline { manifest })
}

fn manifest_section<'w>(payload: &Payload<'w>) -> Option<&'w [u8]> {
    if let Payload::CustomSection(section) = payload
        && section.name() == MANIFEST_SECTION
    {
        return Some(section.data());
    }
    None
}

/// What a section has many of, and how many.
fn counted(payload: &Payload<'_>) -> wasmparser::Result<Option<(Things, u64)>> {
    Ok(if let Payload::CodeSectionStart { count, .. } = payload {
        Some((Things::Functions, (*count).into()))
    } else if let Payload::CodeSectionEntry(body) = payload {
        Some((Things::Locals, locals(body)?))
    } else if let Payload::GlobalSection(section) = payload {
        Some((Things::Globals, section.count().into()))
    } else if let Payload::DataSection(section) = payload {
        Some((Things::Segments, section.count().into()))
    } else if let Payload::ElementSection(section) = payload {
        Some((Things::Segments, section.count().into()))
    } else {
        None
    })
}

fn locals(body: &FunctionBody<'_>) -> wasmparser::Result<u64> {
    let mut count = 0_u64;
    for group in body.get_locals_reader()? {
        let (locals, _) = group?;
        count += u64::from(locals);
    }
    Ok(count)
}

fn unparsable(guest: &GuestName, wasm: &[u8], caps: &Caps, cause: wasmparser::Error) -> AdmitError {
    let guest = guest.clone();
    if cause.message().starts_with("unexpected end") {
        let bytes = wasm.len();
        return AdmitError::Truncated { guest, bytes };
    }
    let class = caps.class;
    AdmitError::Invalid {
        guest,
        class,
        cause,
    }
}
