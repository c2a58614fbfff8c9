use std::path::PathBuf;

use guest_abi::ManifestError;
use weir_engine::SignatureError;
use weir_profile::{Class, GuestName, ProfileName};

use crate::ReadError;

/// Why a guest is not admitted. The words say what to do where it is not plain.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each message says what its fields are")]
pub enum AdmitError {
    /// No folder has it.
    #[error("there is no guest {guest}: {guest}.wasm was looked for in {searched}")]
    NotFound { guest: GuestName, searched: String },
    /// The file is there, but cannot be read.
    #[error("guest {guest}: {}", path.display())]
    Unreadable {
        guest: GuestName,
        path: PathBuf,
        #[source]
        cause: ReadError,
    },
    /// More bytes than the profile allows.
    #[error(
        "guest {guest} has {bytes} bytes, profile {profile} allows {bytes_max} (module_kib_max)"
    )]
    ModuleTooLarge {
        guest: GuestName,
        bytes: u64,
        bytes_max: usize,
        profile: ProfileName,
    },
    /// WebAssembly text.
    #[error(
        "guest {guest} is in the WebAssembly text format; convert it: wasm-tools parse {guest}.wat -o {guest}.wasm"
    )]
    Text { guest: GuestName },
    /// Something else.
    #[error("guest {guest} is not a WebAssembly module: it begins with {begins}")]
    NotWasm { guest: GuestName, begins: String },
    /// A component.
    #[error(
        "guest {guest} is a component; Weir runs core modules: build for wasm32-unknown-unknown or wasm32v1-none"
    )]
    Component { guest: GuestName },
    /// The end is missing.
    #[error("guest {guest} is cut off after {bytes} bytes; copy or build it again")]
    Truncated { guest: GuestName, bytes: usize },
    /// Not valid.
    #[error("guest {guest} is not a valid module for class {class}")]
    Invalid {
        guest: GuestName,
        class: Class,
        #[source]
        cause: wasmparser::Error,
    },
    /// A feature that the class has not.
    #[error(
        "guest {guest} uses {feature}, which class {class} does not allow; build it without, or choose another profile"
    )]
    FeatureNotAllowed {
        guest: GuestName,
        feature: String,
        class: Class,
    },
    /// A feature that the manifest does not list.
    #[error("guest {guest} uses {feature}, which its manifest does not list among its features")]
    FeatureNotListed {
        guest: GuestName,
        feature: &'static str,
    },
    /// More functions, globals, locals … than allowed.
    #[error("guest {guest} has {count} {things}, {who} allows {count_max}")]
    TooMany {
        guest: GuestName,
        things: &'static str,
        count: u64,
        count_max: u64,
        who: String,
    },
    /// An import that Weir does not offer.
    #[error(
        "guest {guest} imports {module}.{name}, which Weir does not offer: a guest has no system interface, clock or network"
    )]
    Import {
        guest: GuestName,
        module: String,
        name: String,
    },
    /// An nn import without an nn backend.
    #[error(
        "guest {guest} imports {module}.{name}, but profile {profile} grants no nn backend: choose another profile, or set nn_backend = \"tract\" in it"
    )]
    NnNotGranted {
        guest: GuestName,
        module: &'static str,
        name: String,
        profile: ProfileName,
    },
    /// An import of another type.
    #[error("guest {guest} imports {import} as {found}; it is {expected}")]
    ImportType {
        guest: GuestName,
        import: String,
        expected: String,
        found: String,
    },
    /// An export that every guest must have.
    #[error("guest {guest} does not export {export}; guests are built with the crate weir-guest")]
    ExportMissing {
        guest: GuestName,
        export: &'static str,
    },
    /// An export of another type.
    #[error("guest {guest} exports {export} as {found}; it must be {expected}")]
    ExportType {
        guest: GuestName,
        export: &'static str,
        expected: String,
        found: String,
    },
    /// No memory, an imported one, or one that is not exported.
    #[error("guest {guest} must have one memory of its own, exported as \"memory\"")]
    Memory { guest: GuestName },
    /// A memory that may grow without end, in the class microcontroller.
    #[error(
        "guest {guest} states no maximum for its memory; class {class} needs one: link with --max-memory=<bytes>"
    )]
    MemoryUnbounded { guest: GuestName, class: Class },
    /// More memory than the profile allows.
    #[error(
        "guest {guest} asks for {asked_kib} KiB of memory, profile {profile} allows {allowed_kib} KiB (guest_memory_kib_max)"
    )]
    MemoryTooLarge {
        guest: GuestName,
        asked_kib: u64,
        allowed_kib: u64,
        profile: ProfileName,
    },
    /// A larger table than the profile allows.
    #[error(
        "guest {guest} asks for a table of {elements} elements, profile {profile} allows {elements_max} (table_elements_max)"
    )]
    TableTooLarge {
        guest: GuestName,
        elements: u64,
        elements_max: u32,
        profile: ProfileName,
    },
    /// A data or element segment that does not lie in the memory or table.
    #[error(
        "guest {guest} puts {len} bytes or elements at {start} of its {part_of}, which has {room} when it starts"
    )]
    SegmentOutside {
        guest: GuestName,
        part_of: &'static str,
        start: u64,
        len: u64,
        room: u64,
    },
    /// A start function.
    #[error(
        "guest {guest} has a start function: code that runs before it can be held to a deadline; export _initialize"
    )]
    Start { guest: GuestName },
    /// No manifest.
    #[error(
        "guest {guest} has no section weir.manifest: it is not a guest of Weir, or a tool has stripped it"
    )]
    ManifestMissing { guest: GuestName },
    /// More than one manifest.
    #[error("guest {guest} has more than one section weir.manifest")]
    ManifestTwice { guest: GuestName },
    /// A manifest of another format.
    #[error("guest {guest} has a manifest that cannot be read")]
    Manifest {
        guest: GuestName,
        #[source]
        cause: ManifestError,
    },
    /// Another name than the file's.
    #[error(
        "guest {guest} says in its manifest that it is {stated:?}; name the file {stated}.wasm"
    )]
    ManifestName { guest: GuestName, stated: String },
    /// Another ABI.
    #[error(
        "guest {guest} was built for ABI {major}, this build of Weir speaks ABI {}",
        guest_abi::ABI_MAJOR
    )]
    Abi { guest: GuestName, major: i32 },
    /// The manifest contradicts itself or the module.
    #[error("guest {guest} contradicts itself: {contradiction}")]
    Contradiction {
        guest: GuestName,
        contradiction: String,
    },
    /// Tensors or state pairs that do not fit together.
    #[error("guest {guest} states tensors that do not fit together")]
    Signature {
        guest: GuestName,
        #[source]
        cause: Box<SignatureError>,
    },
}

impl AdmitError {
    /// The stable code used in logs and health.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "guest_not_found",
            Self::Unreadable { .. } => "guest_unreadable",
            Self::ModuleTooLarge { .. } => "guest_module_too_large",
            Self::Text { .. } => "guest_text_format",
            Self::NotWasm { .. } => "guest_not_wasm",
            Self::Component { .. } => "guest_component",
            Self::Truncated { .. } => "guest_truncated",
            Self::Invalid { .. } => "guest_invalid",
            Self::FeatureNotAllowed { .. } => "guest_feature_not_allowed",
            Self::FeatureNotListed { .. } => "guest_feature_not_listed",
            Self::TooMany { .. } => "guest_too_many",
            Self::Import { .. } => "guest_import",
            Self::NnNotGranted { .. } => "guest_nn_not_granted",
            Self::ImportType { .. } => "guest_import_type",
            Self::ExportMissing { .. } => "guest_export_missing",
            Self::ExportType { .. } => "guest_export_type",
            Self::Memory { .. } => "guest_memory",
            Self::MemoryUnbounded { .. } => "guest_memory_unbounded",
            Self::MemoryTooLarge { .. } => "guest_memory_too_large",
            Self::TableTooLarge { .. } => "guest_table_too_large",
            Self::SegmentOutside { .. } => "guest_segment_outside",
            Self::Start { .. } => "guest_start_function",
            Self::ManifestMissing { .. } => "guest_manifest_missing",
            Self::ManifestTwice { .. } => "guest_manifest_twice",
            Self::Manifest { .. } => "guest_manifest_unreadable",
            Self::ManifestName { .. } => "guest_manifest_name",
            Self::Abi { .. } => "guest_abi",
            Self::Contradiction { .. } => "guest_contradiction",
            Self::Signature { .. } => "guest_signature",
        }
    }
}
