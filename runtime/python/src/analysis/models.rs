//! What is known of functions from outside: lookups by name, loaders, functions that run text.

use super::calls::Call;
use super::engine::{CAPITALS, Engine, TYPE};
use super::names::PathId;
use super::value::{Atom, Value};
use crate::fold::{self, Const};
use crate::policy::id;

/// Elements of a constant sequence that a lookup in steps follows.
const MAX_STEPS: usize = 32;

impl Engine<'_, '_> {
    /// What calling a path from outside gives.
    pub(super) fn call_path(&mut self, path: PathId, call: &Call) -> Value {
        if self.is_plain(path) {
            return self.call_external(path, call);
        }
        let text = self.names.path_text(path);
        let argument = |index: usize| call.arguments.positional.get(index).cloned();
        match &*text {
            "builtins.getattr"
            | "builtins.object.__getattribute__"
            | "builtins.type.__getattribute__" => {
                let object = argument(0).unwrap_or_else(|| call.arguments.rest.clone());
                let key = argument(1).unwrap_or_else(Value::unknown);
                let found = self.lookup_attribute(&object, &key, call.range);
                let default = argument(2).unwrap_or_default();
                found.joined(&default)
            }
            "builtins.setattr" => {
                let object = argument(0).unwrap_or_default();
                let key = argument(1).unwrap_or_else(Value::unknown);
                let value = argument(2).unwrap_or_default();
                self.set_attribute(&object, &key, &value, call.range);
                Value::default()
            }
            "builtins.delattr" => {
                let object = argument(0).unwrap_or_default();
                if let Some(keys) = argument(1).and_then(|key| self.keys(&key)) {
                    for key in keys {
                        let name = self.names.symbol(&key);
                        self.attribute(&object, name, call.range);
                    }
                }
                Value::default()
            }
            "builtins.isinstance" | "builtins.issubclass" => {
                self.hand_to_protocols(call.arguments.all());
                Value::unknown()
            }
            // Only methods of the objects themselves are called.
            "builtins.hasattr" | "builtins.callable" | "builtins.len" | "builtins.print"
            | "builtins.id" | "builtins.hash" | "builtins.repr" => {
                self.hand_to_protocols(&call.arguments.all().without_paths());
                Value::unknown()
            }
            "builtins.vars" | "builtins.dir" => self.call_vars(&text, call),
            "builtins.type" => self.call_type(call),
            "builtins.super" => {
                let objects = self.call_super();
                self.call_external(path, call).joined(&objects)
            }
            "builtins.map" => self.call_map(path, call),
            "operator.attrgetter" | "operator.methodcaller" => self.call_getter_maker(&text, call),
            "functools.reduce" => self.call_reduce(path, call),
            "builtins.sorted" | "builtins.list" | "builtins.tuple" | "builtins.set"
            | "builtins.frozenset" | "builtins.reversed" | "builtins.iter"
            | "builtins.enumerate" | "builtins.filter" | "builtins.zip" | "itertools.chain"
            | "itertools.islice" | "collections.deque" => self.call_container(call),
            "builtins.dict" | "collections.OrderedDict" | "collections.defaultdict" => {
                self.call_dict(call)
            }
            "builtins.next" | "builtins.min" | "builtins.max" => {
                let all = call.arguments.all();
                let elements = self.iterated(all);
                let result = self.call_external(path, call);
                result.joined(&elements).joined(all)
            }
            "functools.wraps" | "functools.update_wrapper" => self.call_wraps(path, call),
            "builtins.__import__" | "importlib.import_module" => self.call_import(path, call),
            _ if text.ends_with(".__setattr__") => {
                let object = argument(0).unwrap_or_default();
                let key = argument(1).unwrap_or_else(Value::unknown);
                let value = argument(2).unwrap_or_default();
                self.set_attribute(&object, &key, &value, call.range);
                Value::default()
            }
            _ => self.call_external(path, call),
        }
    }

    /// Whether nothing in particular is known of a function from outside.
    fn is_plain(&mut self, path: PathId) -> bool {
        if let Some(known) = self.plain.get(&path) {
            return *known;
        }
        let root = self.names.root_of(path);
        let is_plain = !matches!(
            root,
            "builtins" | "operator" | "functools" | "importlib" | "itertools" | "collections"
        );
        self.plain.insert(path, is_plain);
        is_plain
    }

    /// Any other function from outside.
    fn call_external(&mut self, path: PathId, call: &Call) -> Value {
        let text = self.names.path_text(path);
        if self.catalogue.string_code.contains(&*text) {
            self.run_texts(call);
        }
        let is_search_path = |value: &Value| self.is_search_path(value);
        if text.starts_with("builtins.list.")
            && call.arguments.positional.iter().any(is_search_path)
        {
            self.report_path(id::SEARCH_PATH, call.range, "`sys.path`");
        }
        let mut result = self.called(path);
        // A class that is built, or a function that returns, gives more than what it was given.
        let handed = self.call_unknown(call);
        for atom in handed.atoms() {
            result.add(*atom);
        }
        if let Some((object, method)) = call.method
            && self.names.text(method) == "upper"
            && !object
                .atoms()
                .iter()
                .any(|atom| matches!(atom, Atom::Path(path) if self.names.is_static(*path)))
        {
            let capitals = self.names.exact(CAPITALS);
            return Value::of(Atom::Path(self.names.root(capitals)));
        }
        result
    }

    /// `list(x)`, `sorted(x)` and others hold what `x` holds.
    fn call_container(&mut self, call: &Call) -> Value {
        let given: Value = call
            .arguments
            .positional
            .iter()
            .fold(Value::default(), |all, value| all.joined(value));
        let elements = self.iterated(&given).joined(&call.arguments.rest);
        let calls_back = !call.arguments.named.is_empty() || call.arguments.positional.len() > 1;
        let handed = if calls_back {
            self.call_unknown(call)
        } else {
            Value::default()
        };
        let holder = self.holder(call.place.0, call.place.1.saturating_add(30));
        self.put(holder, &elements);
        self.change(&Value::of(Atom::Holder(holder)));
        let mut result = Value::of(Atom::Holder(holder));
        for atom in handed.atoms() {
            result.add(*atom);
        }
        result
    }

    /// `dict(pairs, key=value)`
    fn call_dict(&mut self, call: &Call) -> Value {
        let holder = self.holder(call.place.0, call.place.1.saturating_add(31));
        for given in &call.arguments.positional {
            let keys = self.iterated(given);
            let inner = self.elements(&keys);
            let values = self.elements(given).joined(&inner).joined(given);
            self.put_key(holder, &keys.joined(&inner));
            self.put(holder, &values);
        }
        for (name, value) in &call.arguments.named {
            let key = Const::text(self.names.text(*name).to_owned()).map(|key| self.constant(key));
            self.put_key(holder, &key.map_or_else(Value::unknown, Value::of));
            self.put(holder, value);
        }
        self.put_key(holder, &call.arguments.rest_names);
        self.put(holder, &call.arguments.rest);
        let handed = self.call_unknown(call);
        let mut result = Value::of(Atom::Holder(holder));
        self.change(&result);
        for atom in handed.atoms() {
            result.add(*atom);
        }
        result
    }

    fn call_vars(&mut self, text: &str, call: &Call) -> Value {
        let Some(object) = call.arguments.positional.first() else {
            if text == "builtins.vars" {
                self.report_path(id::NAMESPACE, call.range, "`vars()` of a scope");
            }
            return Value::unknown();
        };
        self.note_dynamic_store();
        let is_module = |atom: Atom| matches!(atom, Atom::Path(path) if self.is_module(path));
        let is_table = object
            .atoms()
            .iter()
            .any(|atom| self.is_table_owner(*atom, object))
            || object.is_unknown() && self.with_escaped(object).any(is_module);
        if is_table && text == "builtins.vars" {
            self.report_path(id::NAMESPACE, call.range, "`vars` of a module or class");
        }
        Value::unknown()
    }

    /// `type(x)`: the types of functions and code are ways to make them.
    fn call_type(&mut self, call: &Call) -> Value {
        let [object] = call.arguments.positional.as_slice() else {
            let made = match call.arguments.positional.as_slice() {
                [_, bases, ..] => self.class_of_type(bases, call.range),
                _ => Value::default(),
            };
            return self.call_unknown(call).joined(&made);
        };
        let mut result = Value::unknown();
        for atom in object.atoms().to_vec() {
            if let Atom::Path(path) = atom
                && !self.names.is_static(path)
            {
                result.add(atom);
            }
        }
        let marker = self.names.exact(TYPE);
        result.add(Atom::Path(self.names.root(marker)));
        result
    }

    /// `map(chr, [101, 118])`
    fn call_map(&mut self, path: PathId, call: &Call) -> Value {
        if let [function, items] = call.arguments.positional.as_slice()
            && let [Atom::Path(function)] = function.atoms()
            && let Some([source]) = self.constants(items).as_deref()
            && let Some(items) = fold::iterate(source)
        {
            let function = self.names.path_text(*function);
            let mapped: Option<Vec<Const>> = items
                .into_iter()
                .map(|item| fold::call(&function, &[item], &[]))
                .collect();
            if let Some(mapped) = mapped.and_then(Const::list) {
                return Value::of(self.constant(mapped));
            }
        }
        self.call_external(path, call)
    }

    fn call_getter_maker(&mut self, text: &str, call: &Call) -> Value {
        let is_method = text == "operator.methodcaller";
        let keys = if is_method {
            call.arguments.positional.get(..1)
        } else {
            None
        };
        let keys = keys.unwrap_or(&call.arguments.positional);
        let mut getters = Value::default();
        for key in keys {
            match self.keys(key) {
                Some(keys) => {
                    for key in keys {
                        let name = self.names.symbol(&key);
                        getters.add(Atom::Getter(name));
                        // Forbidden attributes are so on whatever it will be used.
                        for segment in key.split('.') {
                            let segment = self.names.symbol(segment);
                            self.attribute(&Value::unknown(), segment, call.range);
                        }
                    }
                }
                None => {
                    getters.add(Atom::Getter(self.special.unknown_getter));
                    self.report_path(id::DYNAMIC_LOOKUP, call.range, "the name is computed");
                }
            }
        }
        if call.arguments.has_rest {
            getters.add(Atom::Getter(self.special.unknown_getter));
            self.report_path(id::DYNAMIC_LOOKUP, call.range, "the name is computed");
        }
        getters
    }

    /// `reduce(getattr, ["a", "b"], object)`
    fn call_reduce(&mut self, path: PathId, call: &Call) -> Value {
        let [function, steps, start @ ..] = call.arguments.positional.as_slice() else {
            return self.call_external(path, call);
        };
        let is_lookup = function.atoms().iter().any(|atom| {
            matches!(atom, Atom::Path(path) if &*self.names.path_text(*path) == "builtins.getattr")
        });
        if !is_lookup {
            return self.call_external(path, call);
        }
        let mut object = start
            .first()
            .cloned()
            .unwrap_or_else(|| self.elements(steps));
        let keys = self.constants(steps).and_then(|all| match all.as_slice() {
            [one] => fold::iterate(one),
            _ => None,
        });
        match keys {
            Some(keys) if keys.len() <= MAX_STEPS => {
                for key in keys {
                    let key = Value::of(self.constant(key));
                    object = self.lookup_attribute(&object, &key, call.range);
                }
                object
            }
            _ => {
                object = self.lookup_attribute(&object, &Value::unknown(), call.range);
                object
            }
        }
    }

    /// `functools.wraps(x)` copies attributes of `x`, all that its `__dict__` has among them.
    fn call_wraps(&mut self, path: PathId, call: &Call) -> Value {
        let is_update = self.names.last(path) == "update_wrapper";
        let by_name = self.names.symbol("wrapped");
        let named = call
            .arguments
            .named
            .iter()
            .find(|(name, _)| *name == by_name);
        let named = named.map(|(_, value)| value.clone()).unwrap_or_default();
        let wrapped = call
            .arguments
            .positional
            .get(usize::from(is_update))
            .cloned()
            .unwrap_or_default()
            .joined(&named);
        if wrapped.atoms().iter().any(|atom| match *atom {
            Atom::Path(path) => self.is_module(path),
            Atom::Local(_) => true,
            _ => false,
        }) {
            self.report_path(id::NAMESPACE, call.range, "copies what a module holds");
        }
        for (position, by_name) in [(1, "assigned"), (2, "updated")] {
            let by_name = self.names.symbol(by_name);
            let position = position + usize::from(is_update);
            let Some(keys) = call.arguments.get(position, Some(by_name)) else {
                continue;
            };
            let is_empty = self
                .constants(keys)
                .is_some_and(|all| all.iter().all(|one| fold::truth(one) == Some(false)));
            if is_empty {
                continue;
            }
            let keys = self.iterated(keys);
            if position == 2 + usize::from(is_update) && !self.is_dictionary_name(&keys) {
                self.report_path(id::GADGET, call.range, "updates more than `__dict__`");
            }
            let found = self.lookup_attribute(&wrapped, &keys, call.range);
            for key in self.texts(&keys) {
                let name = self.names.symbol(&key);
                self.store_attribute(name, &found);
            }
        }
        self.call_external(path, call)
    }

    fn is_dictionary_name(&self, keys: &Value) -> bool {
        self.keys(keys)
            .is_some_and(|keys| keys.iter().all(|key| key == "__dict__"))
    }

    fn call_import(&mut self, path: PathId, call: &Call) -> Value {
        let name = self.names.symbol("name");
        let Some(keys) = call
            .arguments
            .get(0, Some(name))
            .and_then(|key| self.keys(key))
        else {
            self.report_path(id::DYNAMIC_IMPORT, call.range, "the name is computed");
            return self.call_external(path, call);
        };
        let mut found = Value::default();
        for key in keys {
            let module = self.module(&key, call.range);
            found.join(&module);
        }
        found
    }
}
