//! Containers and attributes that somebody else may change: by a method under another name, by a function
//! from outside, under another path of the same class.

use super::dependencies::Cell as Kept;
use super::engine::Engine;
use super::names::Symbol;
use super::value::{Atom, HolderId, Value};

/// Containers within containers that a function from outside is followed into.
const MAX_WITHIN: usize = 64;

impl Engine<'_, '_> {
    /// Notes that containers may have changed, at any depth.
    pub(super) fn change_within(&mut self, value: &Value) {
        self.change(value);
        let mut seen: Vec<HolderId> = self.holders_of(value);
        let mut at = 0;
        while let Some(holder) = seen.get(at).copied()
            && at < MAX_WITHIN
        {
            at += 1;
            let inner = self.holders_within(holder);
            for inner in inner {
                if !seen.contains(&inner) {
                    self.change(&Value::of(Atom::Holder(inner)));
                    seen.push(inner);
                }
            }
        }
    }

    fn holders_of(&self, value: &Value) -> Vec<HolderId> {
        let holders = value.atoms().iter().filter_map(|atom| match atom {
            Atom::Holder(id) => Some(self.found(*id)),
            _ => None,
        });
        holders.collect()
    }

    /// The containers in a container.
    fn holders_within(&self, holder: HolderId) -> Vec<HolderId> {
        self.dependencies.reads(Kept::Holder(holder));
        let Some(holder) = self.holders.get(holder.index()) else {
            return Vec::new();
        };
        let mut within = self.holders_of(&holder.contents);
        if let Some(keys) = &holder.keys {
            within.extend(self.holders_of(keys));
        }
        within
    }

    /// What a function from outside is given may lie in any of the containers that it is given, and modules
    /// in any object.
    pub(super) fn keep_in_arguments(&mut self, given: &Value, others: &Value) {
        if others.has_no_atoms() {
            return;
        }
        for holder in self.holders_of(given) {
            self.put(holder, others);
        }
        let modules = self.modules_of(others);
        self.escape(&modules);
    }

    /// Notes that an attribute of this name holds something that leads further: it may belong to a class
    /// from outside that is known by several paths.
    pub(super) fn note_shared(&mut self, name: Symbol, value: &Value) {
        let leads = |atom: &Atom| match *atom {
            Atom::Path(path) => self.is_module(path),
            Atom::Local(_) | Atom::Getter(_) => true,
            Atom::Holder(holder) => !self.reach_of(holder).has_no_atoms(),
            _ => false,
        };
        if !value.atoms().iter().any(leads) {
            return;
        }
        let modules = self.modules_of(&self.carried(value));
        if modules.has_no_atoms() {
            return;
        }
        let mut shared = self.shared.remove(&name).unwrap_or_default();
        let is_new = self.absorb(&mut shared, &modules);
        self.shared.insert(name, shared);
        if is_new {
            self.dependencies.changed(Kept::Shared(name));
            self.forget_escaped_member(name);
        }
    }

    /// A method that changes its list, set or dictionary, and may be called under another name.
    pub(super) fn note_method(&mut self, holder: HolderId, name: Symbol) {
        if is_changing(self.names.text(name)) {
            self.change(&Value::of(Atom::Holder(holder)));
        }
    }
}

/// Methods that change a container.
pub(super) fn is_changing(method: &str) -> bool {
    method.starts_with("__")
        || matches!(
            method,
            "add"
                | "append"
                | "appendleft"
                | "clear"
                | "difference_update"
                | "discard"
                | "extend"
                | "extendleft"
                | "insert"
                | "intersection_update"
                | "move_to_end"
                | "pop"
                | "popitem"
                | "popleft"
                | "remove"
                | "reverse"
                | "rotate"
                | "setdefault"
                | "sort"
                | "symmetric_difference_update"
                | "update"
        )
}

/// Methods of containers and texts that change nothing.
pub(super) fn is_reading(method: &str) -> bool {
    matches!(
        method,
        "get"
            | "keys"
            | "values"
            | "items"
            | "copy"
            | "count"
            | "index"
            | "join"
            | "split"
            | "format"
            | "startswith"
            | "endswith"
            | "strip"
            | "lstrip"
            | "rstrip"
            | "lower"
            | "upper"
            | "title"
            | "replace"
            | "encode"
            | "decode"
            | "isdisjoint"
            | "issubset"
            | "issuperset"
            | "union"
            | "intersection"
            | "difference"
            | "find"
            | "rfind"
            | "splitlines"
            | "partition"
            | "hex"
    )
}
