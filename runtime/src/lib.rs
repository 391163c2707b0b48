//! Runs challenge modules: wasmer engine, guest ABI, host functions, limits, Python analysis.
