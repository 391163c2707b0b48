//! `getattr(logging, name)`: a level of logging, as long as it is used as one.
//!
//! `logging` has modules and functions as attributes too, so the result stands for all of them: it is
//! followed like a module, and calling it or reading its attributes is what the lookup was spared.

use super::calls::{Arguments, Call};
use super::engine::Engine;
use super::names::{PathId, Symbol};
use super::value::{Atom, Value};
use crate::policy::id;
use rustpython_parser::text_size::TextRange;

/// Stands for whatever `logging` has under a name that is only known at run time.
pub(super) const LEVEL: &str = "<level>";
/// Functions that take a level, and do nothing with anything else.
const TAKERS: [&str; 8] = [
    "basicConfig",
    "disable",
    "getLevelName",
    "int",
    "isEnabledFor",
    "log",
    "setLevel",
    "str",
];

/// Libraries whose functions take levels under that name and keep nothing else there.
const LIBRARIES: [&str; 3] = ["logging", "rich", "structlog"];

impl Engine<'_, '_> {
    /// The level that a lookup by a computed name gives, if that is what it looks for.
    pub(super) fn level(&mut self, object: &Value) -> Option<Value> {
        let is_logging = !object.is_unknown()
            && matches!(object.atoms(), [Atom::Path(path)] if &*self.names.path_text(*path) == "logging");
        if !is_logging {
            return None;
        }
        self.has_levels = true;
        let level = self.names.exact(LEVEL);
        Some(Value::of(Atom::Path(self.names.root(level))).or_unknown())
    }

    pub(super) fn is_level(&self, path: PathId) -> bool {
        self.has_levels && self.names.last(path) == LEVEL
    }

    /// An attribute of a level: it may be any module that `logging` leads to.
    pub(super) fn level_attribute(
        &mut self,
        is_direct: bool,
        name: Symbol,
        range: TextRange,
    ) -> Value {
        if is_direct {
            self.report_path(id::DYNAMIC_ATTRIBUTE, range, "the name is computed");
        }
        let modules: Vec<&str> = self
            .catalogue
            .aliases
            .range("logging.".to_owned()..)
            .take_while(|(alias, _)| alias.starts_with("logging."))
            .map(|(_, target)| target.as_str())
            .collect();
        let modules: Value = modules
            .into_iter()
            .filter_map(|module| self.names.dotted(module))
            .map(Atom::Path)
            .collect();
        self.attribute(&modules, name, range)
    }

    /// Levels that are given where levels belong go no further.
    pub(super) fn take_levels(
        &self,
        callee: &Value,
        method: Option<Symbol>,
        arguments: &mut Arguments,
    ) {
        if !self.has_levels {
            return;
        }
        let is_own = callee
            .atoms()
            .iter()
            .any(|atom| !matches!(atom, Atom::Path(_)));
        let takes = |name: &str| TAKERS.contains(&name);
        let is_taker = method.is_some_and(|method| takes(self.names.text(method)))
            || matches!(callee.atoms(), [Atom::Path(path)] if takes(self.names.last(*path)));
        if is_own {
            return;
        }
        // Records are made with whatever they are given.
        let makes_record = |name: &str| name == "LogRecord" || name.starts_with("make");
        let knows_levels = !callee.is_unknown()
            && !method.is_some_and(|method| makes_record(self.names.text(method)))
            && !callee.atoms().iter().any(
                |atom| matches!(atom, Atom::Path(path) if makes_record(self.names.last(*path))),
            )
            && callee.atoms().iter().all(|atom| {
                matches!(atom, Atom::Path(path) if LIBRARIES.contains(&self.names.root_of(*path)))
            });
        let drop = |value: &mut Value| {
            value.retain(|atom| !matches!(atom, Atom::Path(path) if self.is_level(*path)));
        };
        if is_taker {
            arguments.positional.iter_mut().for_each(drop);
        }
        for (name, value) in &mut arguments.named {
            if is_taker || knows_levels && self.names.text(*name) == "level" {
                drop(value);
            }
        }
    }

    /// Calls of a level.
    pub(super) fn check_level_call(&mut self, callee: &Value, call: &Call) {
        if callee
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Path(path) if self.is_level(*path)))
        {
            self.report_path(id::DYNAMIC_ATTRIBUTE, call.range, "the name is computed");
        }
    }
}
