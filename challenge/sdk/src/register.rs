//! [`register_challenge!`](crate::register_challenge): from a [`Challenge`](crate::Challenge) to a
//! module's exports.

/// Emits the exports of the guest ABI for a [`Challenge`](crate::Challenge), on WebAssembly only.
///
/// `register_challenge!(Type)` makes the challenge with `Type::default()` at each call;
/// `register_challenge!(Type, INIT)` keeps a static that the constant expression `INIT` initialises.
#[macro_export]
macro_rules! register_challenge {
    ($challenge:ty) => {
        $crate::register_challenge!(@emit $challenge, <$challenge as ::core::default::Default>::default());
    };
    ($challenge:ty, $init:expr) => {
        #[cfg(target_arch = "wasm32")]
        static ASSAY_CHALLENGE: $challenge = $init;
        $crate::register_challenge!(@emit $challenge, ASSAY_CHALLENGE);
    };
    (@emit $challenge:ty, $instance:expr) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            use $crate::{Challenge, WasmHost, abi::codec, guest};

            const HOST: WasmHost = WasmHost;

            #[unsafe(no_mangle)]
            extern "C" fn alloc(size: i32) -> i32 {
                guest::alloc(size)
            }

            #[unsafe(no_mangle)]
            extern "C" fn allocate(size: i32, _align: i32) -> i32 {
                guest::alloc(size)
            }

            #[unsafe(no_mangle)]
            extern "C" fn evaluate(pointer: i32, len: i32) -> i64 {
                match guest::decode(pointer, len, codec::EVALUATION_INPUT_LIMIT_BYTES) {
                    Some(input) => guest::encode(&Challenge::evaluate(&$instance, &HOST, input)),
                    None => 0,
                }
            }

            #[unsafe(no_mangle)]
            extern "C" fn validate(pointer: i32, len: i32) -> i32 {
                match guest::decode(pointer, len, codec::EVALUATION_INPUT_LIMIT_BYTES) {
                    Some(input) => i32::from(Challenge::validate(&$instance, &HOST, input)),
                    None => 0,
                }
            }

            #[unsafe(no_mangle)]
            extern "C" fn assay_validate(pointer: i32, len: i32) -> i64 {
                match guest::decode(pointer, len, codec::EVALUATION_INPUT_LIMIT_BYTES) {
                    Some(input) => guest::encode(&Challenge::validate_with_reason(&$instance, &HOST, input)),
                    None => 0,
                }
            }

            #[unsafe(no_mangle)]
            extern "C" fn get_name() -> i32 {
                guest::text(Challenge::name(&$instance))
            }

            #[unsafe(no_mangle)]
            extern "C" fn get_version() -> i32 {
                guest::text(Challenge::version(&$instance))
            }

            #[unsafe(no_mangle)]
            extern "C" fn generate_task(pointer: i32, len: i32) -> i64 {
                match guest::input(pointer, len) {
                    Some(params) => guest::output(&Challenge::generate_task(&$instance, &HOST, params)),
                    None => 0,
                }
            }

            #[unsafe(no_mangle)]
            extern "C" fn setup_environment(pointer: i32, len: i32) -> i32 {
                let config = guest::input(pointer, len).unwrap_or_default();
                i32::from(Challenge::setup_environment(&$instance, &HOST, config))
            }

            #[unsafe(no_mangle)]
            extern "C" fn get_tasks() -> i64 {
                guest::output(&Challenge::tasks(&$instance, &HOST))
            }

            #[unsafe(no_mangle)]
            extern "C" fn configure(pointer: i32, len: i32) -> i32 {
                Challenge::configure(&$instance, &HOST, guest::input(pointer, len).unwrap_or_default());
                1
            }

            #[unsafe(no_mangle)]
            extern "C" fn get_routes() -> i64 {
                guest::encode(&Challenge::routes(&$instance))
            }

            #[unsafe(no_mangle)]
            extern "C" fn handle_route(pointer: i32, len: i32) -> i64 {
                match guest::decode(pointer, len, codec::ROUTE_REQUEST_LIMIT_BYTES) {
                    Some(request) => guest::encode(&Challenge::handle_route(&$instance, &HOST, request)),
                    None => 0,
                }
            }

            #[unsafe(no_mangle)]
            extern "C" fn get_weights() -> i64 {
                guest::encode(&Challenge::get_weights(&$instance, &HOST))
            }

            #[unsafe(no_mangle)]
            extern "C" fn validate_storage_write(
                key_pointer: i32,
                key_len: i32,
                value_pointer: i32,
                value_len: i32,
            ) -> i32 {
                let key = guest::input(key_pointer, key_len).unwrap_or_default();
                let value = guest::input(value_pointer, value_len).unwrap_or_default();
                i32::from(Challenge::validate_storage_write(&$instance, &HOST, key, value))
            }

            #[unsafe(no_mangle)]
            extern "C" fn sync() -> i64 {
                match Challenge::sync(&$instance, &HOST) {
                    Some(result) => guest::encode(&result),
                    None => 0,
                }
            }

            #[unsafe(no_mangle)]
            extern "C" fn aggregate(pointer: i32, len: i32) -> i64 {
                guest::decode(pointer, len, codec::EVALUATION_INPUT_LIMIT_BYTES)
                    .and_then(|input| Challenge::aggregate(&$instance, &HOST, input))
                    .map_or(0, |result| guest::encode(&result))
            }

            #[unsafe(no_mangle)]
            extern "C" fn get_dedup_flags() -> i32 {
                Challenge::get_dedup_flags(&$instance)
            }

            #[unsafe(no_mangle)]
            extern "C" fn background_tick() {
                Challenge::background_tick(&$instance, &HOST);
            }
        };
    };
}
