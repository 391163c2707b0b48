//! The challenge modules of this workspace, compiled to WebAssembly by the build script.
