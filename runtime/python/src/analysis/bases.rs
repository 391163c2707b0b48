//! Classes made from classes from outside: what they inherit is known by the path of the base.

use rustpython_parser::text_size::TextRange;

use super::engine::Engine;
use super::names::PathId;
use super::value::{Atom, ScopeId, Value};
use super::visit::Parameter;
use crate::policy::id;

/// Bases that do what their attributes say.
const TELLING_BASES: [&str; 7] = [
    "collections.UserString",
    "string.Formatter",
    "types.ModuleType",
    "functools.cached_property",
    "contextlib.redirect_stdout",
    "contextlib.redirect_stderr",
    "contextlib._RedirectStream",
];

impl Engine<'_, '_> {
    /// Bases that bring more than they say.
    pub(super) fn check_base(&mut self, base: &Value, range: TextRange) {
        for atom in base.atoms().to_vec() {
            if let Atom::Path(path) = atom
                && TELLING_BASES.contains(&&*self.names.path_text(path))
            {
                let subject = format!("a class made from `{}`", self.names.path_text(path));
                self.report_path(id::GADGET, range, &subject);
            }
        }
    }

    /// The classes from outside among bases whose objects have attributes that mean something.
    pub(super) fn outside_bases(&self, bases: &Value) -> Value {
        let mut found = Value::default();
        for atom in bases.atoms() {
            match *atom {
                Atom::Path(path) if self.is_telling(path) => {
                    found.add(*atom);
                }
                Atom::Class(scope) => {
                    if let Some(scope) = self.scopes.get(scope) {
                        found.join(&scope.outside_bases);
                    }
                }
                _ => {}
            }
        }
        found
    }

    fn is_telling(&self, path: PathId) -> bool {
        self.names.is_static(path) && {
            let text = self.names.path_text(path);
            self.names.leads_to_told_apart(&text)
        }
    }

    /// Notes what a class inherits, and that its methods have such objects.
    pub(super) fn inherit(&mut self, class: ScopeId, bases: &Value) {
        let bases = self.outside_bases(bases);
        if bases.has_no_atoms() {
            return;
        }
        let Some(scope) = self.scopes.get_mut(class) else {
            return;
        };
        if !scope.outside_bases.includes(&bases) {
            scope.outside_bases.join(&bases);
            self.dependencies.all_changed();
        }
        let objects = self.objects_of(class).or_unknown();
        let variables = self
            .scopes
            .get(class)
            .map(|scope| scope.variables.values().cloned().collect::<Vec<_>>());
        let members: Value = variables
            .iter()
            .flatten()
            .flat_map(|value| value.atoms().iter().copied())
            .collect();
        for atom in members.atoms() {
            if let Atom::Function(id) = *atom
                && let Some(function) = self.scopes.functions.get(id.index())
                && let Some((Parameter::Positional, first)) = function.parameters.first().copied()
                && function.is_method
            {
                let scope = function.scope;
                self.bind_in(scope, first, &objects);
            }
        }
    }

    /// What the objects of a class are from outside.
    pub(super) fn objects_of(&mut self, class: ScopeId) -> Value {
        let mut objects = Value::default();
        let Some(scope) = self.scopes.get(class) else {
            return objects;
        };
        for atom in scope.outside_bases.atoms().to_vec() {
            if let Atom::Path(path) = atom {
                objects.join(&self.called(path));
            }
        }
        objects
    }

    /// `super()` in a method.
    pub(super) fn call_super(&mut self) -> Value {
        match self.scopes.class_around(self.scope) {
            Some(class) => self.objects_of(class),
            None => Value::default(),
        }
    }

    /// `type(name, bases, namespace)`: the classes from outside that it is made from stand for it.
    pub(super) fn class_of_type(&mut self, bases: &Value, range: TextRange) -> Value {
        let bases = self.elements(bases);
        self.check_base(&bases, range);
        self.outside_bases(&bases)
    }
}
