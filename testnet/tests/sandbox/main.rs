//! Guests' programs in the sandbox and in containers: through WebAssembly and natively the same code
//! answers.
#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod containers;
#[allow(dead_code, reason = "each test binary uses its own part")]
#[path = "../../../runtime/sandbox/tests/container/daemon.rs"]
mod daemon;
#[path = "../../../runtime/sandbox/tests/container/image.rs"]
mod image;
mod programs;

use std::sync::Arc;

use assay_challenge_sdk::abi::codec;
use assay_challenge_sdk::{HostError, MemoryHost};
use assay_runtime::{
    CallContext, Engine, EngineConfig, GrantedPrograms, LoadedModule, MemoryStorage,
    SandboxedPrograms,
};
use assay_sandbox::{BackendKind, ContainerConfig, Sandbox, SandboxConfig};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Hands its input to a host function and gives back what that answers.
const GUEST: &str = r#"(module
    (import "NAMESPACE" "FUNCTION" (func $ask (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 80)
    (func (export "alloc") (param i32) (result i32) (i32.const 1024))
    (func (export "ask") (param $at i32) (param $len i32) (result i64)
        (i64.or
            (i64.shl
                (i64.extend_i32_u
                    (call $ask (local.get $at) (local.get $len) (i32.const 131072) (i32.const 4194304)))
                (i64.const 32))
            (i64.const 131072))))"#;

/// The same programs behind a module and behind native code.
struct Both {
    module: Arc<LoadedModule>,
    context: CallContext,
    native: MemoryHost,
}

impl Both {
    fn new(namespace: &str, function: &str, programs: SandboxedPrograms) -> Both {
        let guest = GUEST.replace("NAMESPACE", namespace);
        let guest = guest.replace("FUNCTION", function);
        let engine = Engine::new(EngineConfig::default()).unwrap();
        let module = engine.load(&wat::parse_str(guest).unwrap()).unwrap();
        let mut context = CallContext::new("test");
        context.live = Arc::new(GrantedPrograms::new(Arc::new(programs.clone())));
        Both {
            module,
            context,
            native: MemoryHost::new().with_programs(programs),
        }
    }

    /// What the module gets, which has to be what `native` is: run times aside.
    fn ask<T, E>(
        &self,
        request: &impl Serialize,
        native: Result<T, E>,
        without_time: impl Fn(T) -> T,
    ) -> Result<T, E>
    where
        T: DeserializeOwned + PartialEq + std::fmt::Debug,
        E: DeserializeOwned + PartialEq + std::fmt::Debug,
    {
        let input = codec::encode(request).unwrap();
        let storage = Arc::new(MemoryStorage::default());
        let outcome = self
            .module
            .call_raw("ask", &self.context, storage, Some(&input));
        let bytes = outcome.unwrap().output.bytes.unwrap();
        let answer: Result<T, E> = codec::decode_exact(&bytes, 1 << 22).unwrap();
        let answer = answer.map(&without_time);
        assert_eq!(answer, native.map(&without_time));
        answer
    }
}

/// A sandbox of its own in a directory; in containers if there is a configuration for them.
fn sandbox(state_dir: &std::path::Path, container: Option<ContainerConfig>) -> Sandbox {
    let mut config = SandboxConfig {
        slots: 2,
        state_dir: state_dir.to_owned(),
        helper: env!("CARGO_BIN_EXE_assay-testnet").into(),
        ..SandboxConfig::default()
    };
    if container.is_some() {
        config.backends = vec![BackendKind::Container];
        config.container = container;
    }
    Sandbox::start(&config, Vec::new()).unwrap()
}

/// The error of a program, which is what a module would get.
fn other(error: &HostError) -> ! {
    panic!("{error}")
}
