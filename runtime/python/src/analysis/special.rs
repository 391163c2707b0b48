//! Names and paths that are asked for at every step, as numbers.

use super::names::{Names, PathId, Symbol};

/// Modules that objects from outside have under their own names.
const SHARP_NAMES: [&str; 8] = [
    "builtins",
    "ctypes",
    "importlib",
    "marshal",
    "os",
    "posix",
    "subprocess",
    "sys",
];
/// Stands for a path that was made from `__file__` and from names that are written down.
const BESIDE: &str = "<beside>";

pub(super) struct Special {
    pub dataclass_fields: Symbol,
    /// Stands for the name that a lookup takes when it is computed.
    pub unknown_getter: Symbol,
    pub prepare: Symbol,
    pub starts_with: Symbol,
    /// Names of a module that say where its imports come from.
    pub module_names: [Symbol; 3],
    /// Attributes of a path that are paths above it.
    pub above: [Symbol; 2],
    /// Attributes through which what an object has can change unseen.
    pub tables: [Symbol; 3],
    pub sharp: [Symbol; 8],
    pub file: PathId,
    pub beside: PathId,
    pub search_path: Option<PathId>,
}

impl Special {
    pub(super) fn of(names: &mut Names) -> Self {
        let file = names.symbol("__file__");
        let beside = names.exact(BESIDE);
        Self {
            unknown_getter: names.exact("?"),
            dataclass_fields: names.symbol("__dataclass_fields__"),
            prepare: names.symbol("__prepare__"),
            starts_with: names.symbol("startswith"),
            module_names: ["__name__", "__package__", "__path__"].map(|name| names.symbol(name)),
            above: ["parent", "parents"].map(|name| names.symbol(name)),
            tables: ["__dict__", "__set__", "__setstate__"].map(|name| names.symbol(name)),
            sharp: SHARP_NAMES.map(|name| names.symbol(name)),
            file: names.root(file),
            beside: names.root(beside),
            search_path: names.dotted("sys.path"),
        }
    }
}
