/// Makes a guest of a type that implements [`Guest`](crate::Guest): every export of the ABI and the
/// manifest's section.
///
/// - `export!(Name)`: a unit struct that needs no model.
/// - `export!(Name, model)`: a type that implements [`Load`](crate::Load); adds `load_model`.
/// - `…, open`: adds `weir_open`.
/// - `…, heap_bytes = 16_384`: for a guest without `std`: all its allocations come out of a heap of
///   this size, and a panic traps without a word.
///
/// A manifest that admission would refuse does not compile. Outside of WebAssembly nothing else is
/// made, so that a guest's own tests run on the developer's machine.
#[macro_export]
macro_rules! export {
    ($guest:ident $(, heap_bytes = $heap_bytes:expr)? $(,)?) => {
        $crate::export!(@guest $guest, ::core::option::Option::Some($guest), {} $(, $heap_bytes)?);
    };
    ($guest:ident, open $(, heap_bytes = $heap_bytes:expr)? $(,)?) => {
        $crate::export!(@guest $guest, ::core::option::Option::Some($guest), { open } $(, $heap_bytes)?);
    };
    ($guest:ident, model $(, heap_bytes = $heap_bytes:expr)? $(,)?) => {
        $crate::export!(@guest $guest, ::core::option::Option::None, { model } $(, $heap_bytes)?);
    };
    ($guest:ident, model, open $(, heap_bytes = $heap_bytes:expr)? $(,)?) => {
        $crate::export!(@guest $guest, ::core::option::Option::None, { model open } $(, $heap_bytes)?);
    };

    (@guest $guest:ident, $ready:expr, { $($part:ident)* } $(, $heap_bytes:expr)?) => {
        const _: () = $crate::macros::assert_sound(&<$guest as $crate::Guest>::MANIFEST);

        #[cfg(target_arch = "wasm32")]
        const _: () = {
            static INSTANCE: $crate::macros::Instance<$guest> = $crate::macros::Instance::new($ready);

            const MANIFEST: $crate::ManifestSpec = <$guest as $crate::Guest>::MANIFEST;

            #[used]
            #[unsafe(link_section = "weir.manifest")]
            static SECTION: [u8; MANIFEST.len()] = MANIFEST.encode();

            #[unsafe(no_mangle)]
            extern "C" fn weir_abi() -> i32 {
                MANIFEST.abi
            }

            #[unsafe(no_mangle)]
            extern "C" fn weir_buffer(slot: i32, len: i32) -> i32 {
                INSTANCE.buffer(slot, len)
            }

            #[unsafe(no_mangle)]
            extern "C" fn predict(inputs: i32, n_inputs: i32, outputs: i32, n_outputs: i32) -> i32 {
                INSTANCE.predict(inputs, n_inputs, outputs, n_outputs)
            }

            #[unsafe(no_mangle)]
            extern "C" fn weir_error() -> i32 {
                INSTANCE.error()
            }

            $($crate::export!(@$part);)*
        };

        $($crate::export!(@heap $heap_bytes);)?
    };

    (@model) => {
        #[unsafe(no_mangle)]
        extern "C" fn load_model(address: i32, len: i32) -> i32 {
            INSTANCE.load_model(address, len)
        }
    };

    (@open) => {
        #[unsafe(no_mangle)]
        extern "C" fn weir_open() -> i32 {
            INSTANCE.open()
        }
    };

    (@heap $bytes:expr) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use ::core::mem::MaybeUninit;

            #[global_allocator]
            static HEAP: $crate::macros::WasmArenaTalc = {
                static mut ARENA: [MaybeUninit<u8>; $bytes] = [MaybeUninit::uninit(); $bytes];
                // SAFETY: nothing but the allocator names the arena.
                unsafe { $crate::macros::new_wasm_arena_allocator(&raw mut ARENA) }
            };

            #[panic_handler]
            fn panic(_: &::core::panic::PanicInfo<'_>) -> ! {
                ::core::arch::wasm32::unreachable()
            }
        };
    };
}

/// Instead of `heap_bytes`, for a guest without `std` whose model decides how much it needs: its
/// allocations come out of what the first pages have left, then out of pages that are added one by
/// one up to the stated maximum. A panic traps without a word.
#[macro_export]
macro_rules! growing_heap {
    () => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            #[global_allocator]
            static HEAP: $crate::macros::GrowingHeap = $crate::macros::growing_heap();

            #[panic_handler]
            fn panic(_: &::core::panic::PanicInfo<'_>) -> ! {
                ::core::arch::wasm32::unreachable()
            }
        };
    };
}
