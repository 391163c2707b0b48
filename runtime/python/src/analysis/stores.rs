//! What is written into attributes, modules and the search path.

use rustpython_parser::text_size::TextRange;

use super::attributes::FIELD_NAMES;
use super::dependencies::Cell as Kept;
use super::engine::Engine;
use super::names::Symbol;
use super::value::{Atom, Value};
use crate::fold::Const;
use crate::policy::{Decision, id};

impl Engine<'_, '_> {
    pub(super) fn set_attribute(
        &mut self,
        object: &Value,
        key: &Value,
        value: &Value,
        range: TextRange,
    ) {
        if key.says_nothing() {
            return;
        }
        match self.keys(key) {
            Some(keys) => {
                for key in keys {
                    let name = self.names.symbol(&key);
                    self.attribute(object, name, range);
                    self.store_on(object, name, value);
                    self.check_stored(object, name, value, range);
                }
            }
            None => {
                let is_grave = object.atoms().iter().any(|atom| match *atom {
                    Atom::Path(path) => self.names.is_static(path),
                    Atom::Local(_) | Atom::Function(_) => true,
                    _ => false,
                });
                if is_grave {
                    self.report_path(id::DYNAMIC_ATTRIBUTE, range, "the name is computed");
                }
                if !self.is_harmless_key(key) {
                    self.note_dynamic_store();
                }
                let carried = self.carried(value);
                self.escape(&carried);
            }
        }
    }

    /// Notes that an attribute was set by a name that is not written down.
    pub(super) fn note_dynamic_store(&mut self) {
        if !self.has_dynamic_stores {
            self.has_dynamic_stores = true;
            self.dependencies.changed(Kept::DynamicStores);
        }
    }

    /// Stores `object.name = value`.
    pub(super) fn store_on(&mut self, object: &Value, name: Symbol, value: &Value) {
        // What becomes the search path was looked at, and stays the search path.
        if self.names.text(name) == "path" && self.is_sys(object) {
            return;
        }
        for atom in object.atoms().to_vec() {
            match atom {
                Atom::Local(file) => {
                    if let Some(scope) = self.scopes.modules.get(file.index()).copied() {
                        self.bind_in(scope, name, value);
                    }
                }
                Atom::Path(path) => {
                    let member = self.member(path, name);
                    let mut overlay = self.overlays.remove(&member).unwrap_or_default();
                    if self.absorb(&mut overlay, value) {
                        self.dependencies.changed(Kept::Overlay(member));
                        if self.escaped.atoms().contains(&atom) {
                            self.forget_escaped_member(name);
                        }
                    }
                    self.overlays.insert(member, overlay);
                    // Whoever made the object may call what it finds there.
                    let callables = self.callables_of(value);
                    self.escape(&callables);
                }
                _ => {}
            }
        }
        // The object may be somebody else's, who calls what it finds there.
        let callables = self.callables_of(value);
        let modules = self.modules_of(&callables);
        self.escape(&modules);
        self.store_attribute(name, value);
        self.call_setters(name, value);
    }

    /// The functions and classes of a value, with what they lead to.
    fn callables_of(&self, value: &Value) -> Value {
        let is_callable =
            |atom: &&Atom| matches!(atom, Atom::Function(_) | Atom::Class(_) | Atom::Crowd);
        let callables: Value = value.atoms().iter().filter(is_callable).copied().collect();
        self.carried(&callables)
    }

    fn is_sys(&self, object: &Value) -> bool {
        let is_it = |atom: &Atom| matches!(atom, Atom::Path(path) if &*self.names.path_text(*path) == "sys");
        !object.has_no_atoms() && object.atoms().iter().all(is_it)
    }

    /// Setters of properties are called with what is stored.
    fn call_setters(&mut self, name: Symbol, value: &Value) {
        let carried = self.carried(value);
        if carried.has_no_atoms() {
            return;
        }
        for atom in self.stored(name).atoms() {
            let Atom::Function(id) = atom else { continue };
            let Some(function) = self.scopes.functions.get(id.index()) else {
                continue;
            };
            if function.is_setter
                && let Some((_, parameter)) = function.parameters.get(1).copied()
            {
                let scope = function.scope;
                self.bind_in(scope, parameter, value);
            }
        }
    }

    pub(super) fn check_stored(
        &mut self,
        object: &Value,
        name: Symbol,
        value: &Value,
        range: TextRange,
    ) {
        let text = self.names.text(name);
        if text.starts_with("__") && text.ends_with("__") {
            let carried = self.carried(value);
            self.check_handed_over(&carried, range);
            self.escape(&carried);
        }
        let is_search_path = object
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Path(path) if &*self.names.path_text(*path) == "sys"));
        let is_field = |atom: &Atom| match *atom {
            Atom::Path(path) => FIELD_NAMES
                .iter()
                .any(|known| known.strip_suffix(".name") == Some(&*self.names.path_text(path))),
            _ => false,
        };
        if self.names.text(name) == "name" && object.atoms().iter().any(is_field) {
            self.report_path(id::GADGET, range, "the name of a field is replaced");
        }
        if matches!(
            self.names.text(name),
            "__annotations__" | "__dataclass_fields__" | "__dataclass_params__"
        ) {
            let subject = format!("`{}` is replaced", self.names.text(name));
            self.report_path(id::GADGET, range, &subject);
        }
        if self.names.text(name) == "__class__"
            && object.atoms().iter().any(|atom| match *atom {
                Atom::Path(path) => self.is_module(path),
                Atom::Local(_) | Atom::Function(_) | Atom::Class(_) => true,
                _ => false,
            })
        {
            let subject = format!("`{}` is replaced", self.names.text(name));
            self.report_path(id::GADGET, range, &subject);
        }
        if is_search_path && self.names.text(name) == "path" && !self.is_search_entry(value) {
            self.report_path(id::SEARCH_PATH, range, "`sys.path`");
        }
    }

    /// Keys under which something is stored that other code takes for more than data.
    pub(super) fn check_stored_key(&mut self, key: &Value, range: TextRange) {
        let mut found = None;
        for atom in key.atoms() {
            match self.const_of(*atom).and_then(Const::as_str) {
                Some(
                    text @ ("__annotations__" | "__dataclass_fields__" | "__dataclass_params__"),
                ) => found = Some((id::GADGET, format!("`{text}` that is not written as such"))),
                Some("PY_SAX_PARSER") => {
                    found = Some((id::DYNAMIC_IMPORT, "`PY_SAX_PARSER`".to_owned()));
                }
                _ => {}
            }
        }
        if let Some((rule, subject)) = found {
            self.report_path(rule, range, &subject);
        }
    }

    /// Where the programs are found that the standard library itself starts.
    pub(super) fn check_environment(&mut self, object: &Value, key: &Value, range: TextRange) {
        let is_environment = object.atoms().iter().any(|atom| {
            matches!(atom, Atom::Path(path)
                if matches!(&*self.names.path_text(*path), "os" | "os.environ" | "os.environb"))
        });
        let is_path = || self.texts(key).iter().any(|key| key == "PATH");
        if is_environment && is_path() && self.policy.entry("subprocess") != Some(Decision::Allowed)
        {
            self.report_path(id::PROCESS, range, "changes where programs are found");
        }
    }

    /// Binds a name that `import *` brings.
    pub(super) fn bind_unwritten(&mut self, name: Symbol, value: &Value) {
        if self.scopes.add_binding(self.scope, name) {
            self.dependencies.all_changed();
        }
        self.bind(name, value);
    }
}
