//! What is known of functions from outside: lookups by name, loaders, functions that run text.

use std::rc::Rc;

use rustpython_parser::ast::{Expr, Keyword};
use rustpython_parser::text_size::TextRange;

use super::annotations::{has_call, parse_expression};
use super::calls::{Call, UNKNOWN_GETTER};
use super::engine::{CAPITALS, Engine};
use super::names::{PathId, Symbol};
use super::value::{Atom, Value};
use crate::fold::{self, Const};
use crate::policy::id;

/// Loaders of PyYAML that build nothing but plain data.
const SAFE_YAML_LOADERS: [&str; 4] = [
    "yaml.SafeLoader",
    "yaml.CSafeLoader",
    "yaml.BaseLoader",
    "yaml.CBaseLoader",
];
/// Elements of a constant sequence that a lookup in steps follows.
const MAX_STEPS: usize = 32;

impl Engine<'_, '_> {
    /// What calling a path from outside gives.
    pub(super) fn call_path(&mut self, path: PathId, call: &Call) -> Value {
        let text = self.names.path_text(path);
        let argument = |index: usize| call.arguments.positional.get(index).cloned();
        match text.as_str() {
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
                        let name = self.names.exact(&key);
                        self.attribute(&object, name, call.range);
                    }
                }
                Value::default()
            }
            "builtins.hasattr"
            | "builtins.isinstance"
            | "builtins.issubclass"
            | "builtins.callable"
            | "builtins.len"
            | "builtins.print"
            | "builtins.id"
            | "builtins.hash"
            | "builtins.repr" => Value::unknown(),
            "builtins.vars" | "builtins.dir" => self.call_vars(&text, call),
            "builtins.type" => self.call_type(call),
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
                let elements = self.iterated(&all);
                let result = self.call_external(path, call);
                result.joined(&elements).joined(&all)
            }
            "functools.wraps" | "functools.update_wrapper" => self.call_wraps(path, call),
            "builtins.__import__" | "importlib.import_module" => self.call_import(path, call),
            _ => self.call_external(path, call),
        }
    }

    /// Any other function from outside.
    fn call_external(&mut self, path: PathId, call: &Call) -> Value {
        let text = self.names.path_text(path);
        if self.catalogue.string_code.contains(&text) {
            self.run_texts(call);
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
        let is_table = object
            .atoms()
            .iter()
            .any(|atom| self.is_table_owner(*atom, object));
        if is_table && text == "builtins.vars" {
            self.report_path(id::NAMESPACE, call.range, "`vars` of a module or class");
        }
        Value::unknown()
    }

    /// `type(x)`: the types of functions and code are ways to make them.
    fn call_type(&mut self, call: &Call) -> Value {
        let [object] = call.arguments.positional.as_slice() else {
            return self.call_unknown(call);
        };
        let mut result = self.escaped.clone().or_unknown();
        for atom in object.atoms().to_vec() {
            let made = match atom {
                Atom::Function(_) => "types.FunctionType",
                Atom::Local(_) => "types.ModuleType",
                Atom::Path(path) if self.names.is_static(path) => continue,
                Atom::Path(path) => {
                    result.add(Atom::Path(path));
                    continue;
                }
                _ => continue,
            };
            if let Some(path) = self.names.dotted(made) {
                result.add(Atom::Path(path));
            }
        }
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
                        let name = self.names.exact(&key);
                        getters.add(Atom::Getter(name));
                        // Forbidden attributes are so on whatever it will be used.
                        for segment in key.split('.') {
                            let segment = self.names.exact(segment);
                            self.attribute(&Value::unknown(), segment, call.range);
                        }
                    }
                }
                None => {
                    let unknown = self.names.exact(UNKNOWN_GETTER);
                    getters.add(Atom::Getter(unknown));
                    self.report_path(id::DYNAMIC_LOOKUP, call.range, "the name is computed");
                }
            }
        }
        if call.arguments.has_rest {
            let unknown = self.names.exact(UNKNOWN_GETTER);
            getters.add(Atom::Getter(unknown));
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
            matches!(atom, Atom::Path(path) if self.names.path_text(*path) == "builtins.getattr")
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
        let wrapped = call
            .arguments
            .positional
            .get(usize::from(is_update))
            .cloned()
            .unwrap_or_default();
        if wrapped.atoms().iter().any(|atom| match *atom {
            Atom::Path(path) => self.is_module(path),
            Atom::Local(_) => true,
            _ => false,
        }) {
            self.report_path(id::NAMESPACE, call.range, "copies what a module holds");
        }
        for (name, value) in &call.arguments.named {
            if self.names.text(*name) != "assigned" {
                continue;
            }
            let keys = self.iterated(value);
            let found = self.lookup_attribute(&wrapped, &keys, call.range);
            for key in self.texts(&keys) {
                let name = self.names.symbol(&key);
                self.store_attribute(name, &found);
            }
        }
        self.call_external(path, call)
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

    // Stores

    fn set_attribute(&mut self, object: &Value, key: &Value, value: &Value, range: TextRange) {
        match self.keys(key) {
            Some(keys) => {
                for key in keys {
                    let name = self.names.exact(&key);
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
                if !self.is_harmless_key(key) && !self.has_dynamic_stores {
                    self.has_dynamic_stores = true;
                    self.is_changed = true;
                }
                let carried = self.carried(value);
                self.escape(&carried);
            }
        }
    }

    /// Stores `object.name = value`.
    pub(super) fn store_on(&mut self, object: &Value, name: Symbol, value: &Value) {
        for atom in object.atoms().to_vec() {
            match atom {
                Atom::Local(file) => {
                    if let Some(scope) = self.scopes.modules.get(file.index()).copied() {
                        self.bind_in(scope, name, value);
                    }
                }
                Atom::Path(path) => {
                    let member = self.member(path, name);
                    self.is_changed |= self.overlays.entry(member).or_default().join(value);
                }
                _ => {}
            }
        }
        self.store_attribute(name, value);
        self.call_setters(name, value);
    }

    /// Setters of properties are called with what is stored.
    fn call_setters(&mut self, name: Symbol, value: &Value) {
        let carried = self.carried(value);
        if carried.has_no_atoms() {
            return;
        }
        for atom in self.heap.get(&name).cloned().unwrap_or_default().atoms() {
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
        let is_search_path = object
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Path(path) if self.names.path_text(*path) == "sys"));
        if is_search_path && self.names.text(name) == "path" && !self.is_beside_file(value) {
            self.report_path(id::SEARCH_PATH, range, "`sys.path`");
        }
    }

    /// `sys.path += [...]`
    pub(super) fn check_search_path(&mut self, target: &Value, value: &Value, range: TextRange) {
        if self.is_search_path(target) && !self.is_beside_file(value) {
            self.report_path(id::SEARCH_PATH, range, "`sys.path`");
        }
    }

    fn is_search_path(&self, value: &Value) -> bool {
        value.atoms().iter().any(
            |atom| matches!(atom, Atom::Path(path) if self.names.path_text(*path) == "sys.path"),
        )
    }

    /// Whether a path was made from `__file__`.
    fn is_beside_file(&self, value: &Value) -> bool {
        self.carried(value).atoms().iter().any(
            |atom| matches!(atom, Atom::Path(path) if self.names.path_text(*path) == "__file__"),
        )
    }

    /// Binds a name that `import *` brings.
    pub(super) fn bind_unwritten(&mut self, name: Symbol, value: &Value) {
        self.scopes.add_binding(self.scope, name);
        self.bind(name, value);
    }

    // Findings about calls

    /// What a call makes harmless of its function.
    pub(super) fn exemption(&self, keywords: &[Keyword]) -> Option<&'static str> {
        let is_true = |keyword: &Keyword| {
            keyword
                .arg
                .as_ref()
                .is_some_and(|name| name.as_str() == "weights_only")
                && matches!(&keyword.value, Expr::Constant(constant) if constant.value == true.into())
        };
        keywords.iter().any(is_true).then_some("torch.load")
    }

    /// Findings that depend on how a function is called.
    pub(super) fn check_call(&mut self, callee: &Value, call: &Call) {
        for atom in callee.atoms().to_vec() {
            let Atom::Path(path) = atom else { continue };
            let text = self.names.path_text(path);
            match text.as_str() {
                "types.FunctionType" | "types.LambdaType" => {
                    self.report_path(id::CODE_OBJECT, call.range, "`types.FunctionType`");
                }
                "numpy.load" => {
                    let allowed = call.arguments.positional.get(2).cloned();
                    if allowed.is_some_and(|allowed| !self.is_false(&allowed))
                        || call.arguments.has_rest
                    {
                        self.report_path(
                            id::DESERIALISATION,
                            call.range,
                            "`numpy.load` with pickles",
                        );
                    }
                }
                "yaml.load" | "yaml.load_all" => {
                    let name = self.names.symbol("Loader");
                    let loader = call
                        .arguments
                        .get(1, Some(name))
                        .cloned()
                        .unwrap_or_default();
                    if !self.is_safe_loader(&loader) {
                        let subject = format!("`{text}` without a safe loader");
                        self.report_path(id::DESERIALISATION, call.range, &subject);
                    }
                }
                "xml.sax.make_parser" if !call.arguments.all().has_no_atoms() => {
                    self.report_path(
                        id::DYNAMIC_IMPORT,
                        call.range,
                        "`xml.sax.make_parser` by name",
                    );
                }
                "builtins.open" | "os.open" | "io.open" | "pathlib.Path" | "io.FileIO" => {
                    let all = call.arguments.all();
                    let is_memory = |text: &String| {
                        matches!(text.as_str(), "/dev/mem" | "/dev/kmem" | "/dev/port")
                            || (text.starts_with("/proc/") && text.ends_with("/mem"))
                    };
                    if self.texts(&all).iter().any(is_memory) {
                        self.report_path(
                            id::NATIVE_CODE,
                            call.range,
                            "opens the memory of a process",
                        );
                    }
                }
                _ => {}
            }
        }
        self.check_remote_code(call);
        self.check_method(call);
    }

    /// `trust_remote_code=True` runs code that comes with a model.
    fn check_remote_code(&mut self, call: &Call) {
        let name = self.names.symbol("trust_remote_code");
        let given = call
            .arguments
            .named
            .iter()
            .find(|(given, _)| *given == name);
        let is_unpacked = self
            .texts(&call.arguments.rest_names)
            .iter()
            .any(|text| text == "trust_remote_code");
        if is_unpacked || given.is_some_and(|(_, value)| !self.is_false(value)) {
            self.report_path(id::CODE_EXECUTION, call.range, "`trust_remote_code`");
        }
        let name = self.names.symbol("allow_pickle");
        let given = call
            .arguments
            .named
            .iter()
            .find(|(given, _)| *given == name);
        if given.is_some_and(|(_, value)| !self.is_false(value)) {
            self.report_path(id::DESERIALISATION, call.range, "pickles are allowed");
        }
    }

    fn check_method(&mut self, call: &Call) {
        let Some((object, method)) = call.method else {
            return;
        };
        match self.names.text(method) {
            "format" | "format_map" | "vformat" => {
                let mut templates = self.texts(object);
                templates.extend(
                    call.arguments
                        .positional
                        .iter()
                        .flat_map(|value| self.texts(value)),
                );
                self.check_templates(&templates, call.range);
                self.read_templates(&templates, call);
            }
            "get_field" => {
                let fields = call
                    .arguments
                    .positional
                    .iter()
                    .flat_map(|value| self.texts(value));
                let fields: Vec<String> = fields.map(|field| format!("{{{field}}}")).collect();
                self.check_templates(&fields, call.range);
            }
            "eval" | "query" => self.check_expression_text(object, call),
            "insert" | "append" | "extend"
                if self.is_search_path(object) && !self.is_beside_file(&call.arguments.all()) =>
            {
                self.report_path(id::SEARCH_PATH, call.range, "`sys.path`");
            }
            _ => {}
        }
    }

    /// Replacement fields of a format string read attributes and elements.
    fn check_templates(&mut self, templates: &[String], range: TextRange) {
        for template in templates {
            for field in template.split('{').skip(1) {
                let field = field.split(['}', '!', ':']).next().unwrap_or_default();
                let names: Vec<&str> = field.split(['.', '[', ']']).skip(1).collect();
                let found = names
                    .iter()
                    .find(|name| self.policy.attribute(name).is_some());
                if let Some(rule) = found.and_then(|name| self.policy.attribute(name)) {
                    let subject = format!("`{field}` in a text");
                    self.report(Some(range), rule, &subject);
                }
            }
        }
    }

    /// Follows the attributes that replacement fields read: what they give goes to `__format__`.
    fn read_templates(&mut self, templates: &[String], call: &Call) {
        let given = call.arguments.all();
        if self.carried(&given).has_no_atoms() {
            return;
        }
        for template in templates {
            for field in template.split('{').skip(1) {
                let field = field.split(['}', '!', ':', '[']).next().unwrap_or_default();
                let mut value = given.clone();
                for name in field.split('.').skip(1) {
                    let name = self.names.exact(name);
                    value = self.attribute(&value, name, call.range);
                }
            }
        }
    }

    /// `DataFrame.eval` and `.query` can call functions through `@` and reach into objects.
    fn check_expression_text(&mut self, object: &Value, call: &Call) {
        let Some(text) = call.arguments.positional.first() else {
            return;
        };
        let is_frame = object
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Path(path) if self.names.root_of(*path) == "pandas"));
        for text in self.texts(text) {
            let calls_through = text.match_indices('@').any(|(at, mark)| {
                let rest = text.get(at + mark.len()..).unwrap_or_default();
                let name = rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
                name.starts_with(['.', '(', '['])
            });
            if calls_through || text.contains("__") {
                self.report_path(
                    id::CODE_EXECUTION,
                    call.range,
                    "an expression that reaches into objects",
                );
            }
        }
        let is_known = !text.is_unknown()
            && text
                .atoms()
                .iter()
                .all(|atom| matches!(atom, Atom::Const(_) | Atom::Prefix(_)));
        if is_frame && !is_known {
            self.report_path(
                id::CODE_EXECUTION,
                call.range,
                "an expression that is computed",
            );
        }
    }

    /// Functions that look up or build, handed to code that can't be followed.
    pub(super) fn check_handed_over(&mut self, carried: &Value, range: TextRange) {
        for atom in carried.atoms() {
            let Atom::Path(path) = *atom else { continue };
            let text = self.names.path_text(path);
            if self.catalogue.guarded.contains(&text) {
                let shown = text.strip_prefix("builtins.").unwrap_or(&text);
                let subject = format!("`{shown}` is handed to other code");
                self.report_path(id::DYNAMIC_ATTRIBUTE, range, &subject);
            }
        }
    }

    /// Strings that the called function evaluates.
    fn run_texts(&mut self, call: &Call) {
        let all = call.arguments.all();
        let elements = self.elements(&all);
        for text in self.texts(&all.joined(&elements)) {
            let Some(expression) = self.parsed_text(text) else {
                continue;
            };
            let before = self.is_quoted;
            self.is_quoted = Some(before.unwrap_or(call.range));
            if has_call(&expression) {
                self.report_path(
                    id::CODE_EXECUTION,
                    call.range,
                    "a text that calls functions",
                );
            }
            self.expression(&expression);
            self.is_quoted = before;
        }
    }

    fn parsed_text(&mut self, text: String) -> Option<Rc<Expr>> {
        if let Some(parsed) = self.texts.get(&text) {
            return Some(Rc::clone(parsed));
        }
        let parsed = Rc::new(parse_expression(&text)?);
        self.texts.insert(text, Rc::clone(&parsed));
        Some(parsed)
    }

    fn is_false(&self, value: &Value) -> bool {
        self.constants(value)
            .is_some_and(|all| all.iter().all(|one| *one == Const::Bool(false)))
    }

    fn is_safe_loader(&self, loader: &Value) -> bool {
        !loader.is_unknown()
            && !loader.has_no_atoms()
            && loader.atoms().iter().all(|atom| {
                matches!(atom, Atom::Path(path)
                    if SAFE_YAML_LOADERS.contains(&self.names.path_text(*path).as_str()))
            })
    }
}
