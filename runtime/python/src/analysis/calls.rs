//! What calls may give: functions of the package, and what is known of functions from outside.

use std::cell::OnceCell;

use rustpython_parser::ast::{Expr, ExprCall, Keyword};
use rustpython_parser::text_size::TextRange;

use super::dependencies::Cell as Kept;
use super::engine::Engine;
use super::names::{PathId, Symbol};
use super::scopes::{ScopeKind, place};
use super::sharing::is_reading;
use super::value::{Atom, FunctionId, ScopeId, Value};
use super::visit::Parameter;
use crate::fold::{self, Const};

/// The arguments of a call.
#[derive(Default)]
pub(super) struct Arguments {
    /// Values by position, as far as positions are known.
    pub positional: Vec<Value>,
    pub named: Vec<(Symbol, Value)>,
    /// What `*args` and `**kwargs` hold.
    pub rest: Value,
    pub has_rest: bool,
    /// Names that `**kwargs` gives.
    pub rest_names: Value,
    all: OnceCell<Value>,
}

impl Arguments {
    /// All values together.
    pub fn all(&self) -> &Value {
        self.all.get_or_init(|| {
            let named = self.named.iter().map(|(_, value)| value);
            let mut all = self.rest.clone();
            for value in self.positional.iter().chain(named) {
                all.join(value);
            }
            all
        })
    }

    /// The value of a parameter that has a position and a name.
    pub fn get(&self, position: usize, name: Option<Symbol>) -> Option<&Value> {
        let named = self.named.iter().find(|(given, _)| Some(*given) == name);
        self.positional
            .get(position)
            .or(named.map(|(_, value)| value))
    }
}

/// A call, as the models of functions see it.
pub(super) struct Call<'c> {
    pub arguments: &'c Arguments,
    pub range: TextRange,
    /// What makes the call's own containers.
    pub place: (usize, u8),
    /// The object whose method is called, and the method.
    pub method: Option<(&'c Value, Symbol)>,
    /// What code that can't be followed gives for it.
    pub handed: OnceCell<Value>,
}

impl Engine<'_, '_> {
    pub(super) fn call(&mut self, call: &ExprCall) -> Value {
        let ExprCall {
            range,
            func,
            args,
            keywords,
        } = call;
        let before = self.exempt;
        self.exempt = self.exemption(keywords);
        let (object, callee) = match &**func {
            Expr::Attribute(attribute) => {
                let object = self.expression(&attribute.value);
                let name = self.names.written(&attribute.attr);
                let callee = self.attribute(&object, name, attribute.range);
                (Some((object, name)), callee)
            }
            other => (None, self.expression(other)),
        };
        self.exempt = before;
        let mut arguments = self.arguments(args, keywords);
        let method = object.as_ref().map(|(_, name)| *name);
        self.take_levels(&callee, method, &mut arguments);
        let call = Call {
            arguments: &arguments,
            range: *range,
            place: (place(call), 0),
            method: object.as_ref().map(|(object, name)| (object, *name)),
            handed: OnceCell::new(),
        };
        self.note_first_call(&callee, &call);
        self.check_call(&callee, &call);
        if let Some(folded) = self.folded_call(&callee, &call) {
            return folded;
        }
        if let Some(beside) = self.beside_call(&callee, &call) {
            return beside;
        }
        if call
            .method
            .is_some_and(|(object, _)| self.is_search_path(object))
        {
            return Value::unknown();
        }
        self.change_object(&call);
        self.apply(&callee, &call, false)
    }

    /// A decorator applied to what it decorates.
    pub(super) fn decorate(
        &mut self,
        decorator: &Value,
        decorated: &Value,
        place: (usize, u8),
    ) -> Value {
        let arguments = Arguments {
            positional: vec![decorated.clone()],
            ..Arguments::default()
        };
        let call = Call {
            arguments: &arguments,
            range: TextRange::default(),
            place: (place.0, place.1.saturating_add(100)),
            method: None,
            handed: OnceCell::new(),
        };
        self.note_first_call(decorator, &call);
        self.apply(decorator, &call, false)
    }

    fn arguments(&mut self, args: &[Expr], keywords: &[Keyword]) -> Arguments {
        let mut arguments = Arguments::default();
        for argument in args {
            if let Expr::Starred(starred) = argument {
                let value = self.expression(&starred.value);
                let exact = self.constants(&value).and_then(|all| match all.as_slice() {
                    [one] => fold::iterate(one),
                    _ => None,
                });
                match exact {
                    Some(items) if !arguments.has_rest => {
                        for item in items {
                            let item = Value::of(self.constant(item));
                            arguments.positional.push(item);
                        }
                    }
                    _ => {
                        let elements = self.iterated(&value);
                        arguments.rest.join(&elements);
                        arguments.has_rest = true;
                    }
                }
            } else {
                let value = self.expression(argument);
                if arguments.has_rest {
                    arguments.rest.join(&value);
                } else {
                    arguments.positional.push(value);
                }
            }
        }
        for Keyword {
            range: _,
            arg,
            value,
        } in keywords
        {
            let value = self.expression(value);
            match arg {
                Some(name) => {
                    let name = self.names.symbol(name);
                    arguments.named.push((name, value));
                }
                None => {
                    let names = self.iterated(&value);
                    let all = self.elements(&value);
                    if names.is_unknown()
                        || self.keys(&names).is_none() && !self.is_harmless_key(&names)
                    {
                        self.note_dynamic_store();
                    }
                    for name in self.texts(&names) {
                        let name = self.names.symbol(&name);
                        self.store_attribute(name, &all);
                    }
                    arguments.rest_names.join(&names);
                    let elements = self.elements(&value);
                    arguments.rest.join(&elements);
                    arguments.has_rest = true;
                }
            }
        }
        arguments
    }

    /// A call of constants on a constant.
    fn folded_call(&mut self, callee: &Value, call: &Call) -> Option<Value> {
        if call.arguments.has_rest {
            return None;
        }
        let mut positional = Vec::new();
        for value in &call.arguments.positional {
            let [one] = self.constants(value)?.try_into().ok()?;
            positional.push(one);
        }
        let mut named = Vec::new();
        for (name, value) in &call.arguments.named {
            let [one] = self.constants(value)?.try_into().ok()?;
            named.push((self.names.text(*name).to_owned(), one));
        }
        let named: Vec<(&str, Const)> = named
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()))
            .collect();
        if let Some((object, name)) = call.method
            && let Some(objects) = self.constants(object)
        {
            let name = self.names.text(name).to_owned();
            let folded: Option<Vec<Const>> = objects
                .iter()
                .map(|object| fold::method(object, &name, &positional, &named))
                .collect();
            return self.fresh_call(folded?, call);
        }
        if callee.is_unknown() {
            return None;
        }
        let [Atom::Path(path)] = callee.atoms() else {
            return None;
        };
        let folded = fold::call(&self.names.path_text(*path), &positional, &named)?;
        self.fresh_call(vec![folded], call)
    }

    fn fresh_call(&mut self, constants: Vec<Const>, call: &Call) -> Option<Value> {
        let is_flat = !constants.iter().any(Const::holds_changeable);
        is_flat.then(|| self.fresh(constants, call.place.0, call.place.1.saturating_add(40)))
    }

    /// Constants that were made at a place. Containers among them may change later.
    pub(super) fn fresh(&mut self, constants: Vec<Const>, place: usize, part: u8) -> Value {
        let is_container = |constant: &Const| {
            matches!(
                constant,
                Const::List(_) | Const::Dict(_) | Const::Set(_) | Const::ByteArray(_)
            )
        };
        if !constants.iter().any(is_container) {
            return self.constant_values(constants);
        }
        let holder = self.holder(place, part);
        for constant in &constants {
            if let Const::Dict(pairs) = constant {
                for (key, value) in pairs.iter() {
                    let key = Value::of(self.constant(key.clone()));
                    self.put_key(holder, &key);
                    let value = Value::of(self.constant(value.clone()));
                    self.put(holder, &value);
                }
            } else {
                let items = fold::iterate(constant).unwrap_or_default();
                let items = self.constant_values(items);
                self.put(holder, &items);
            }
        }
        if self.is_holder_changed(holder) {
            return Value::of(Atom::Holder(holder)).or_unknown();
        }
        self.constant_values(constants)
            .joined(&Value::of(Atom::Holder(holder)))
    }

    /// Methods of a container may change it, and it may hold their arguments afterwards.
    fn change_object(&mut self, call: &Call) {
        let Some((object, name)) = call.method else {
            return;
        };
        if is_reading(self.names.text(name)) {
            return;
        }
        self.change(object);
        let is_holder = |atom: &Atom| matches!(atom, Atom::Holder(_));
        if !object.atoms().iter().any(is_holder) {
            return;
        }
        let all = call.arguments.all();
        let elements = self.elements(all);
        for atom in object.atoms().to_vec() {
            if let Atom::Holder(holder) = atom {
                self.put(holder, all);
                self.put(holder, &elements);
            }
        }
    }

    /// What calling any of these gives; of containers, what they lead to is called.
    fn apply(&mut self, callee: &Value, call: &Call, is_inside: bool) -> Value {
        let mut result = Value::default();
        let mut is_opaque = callee.is_unknown();
        for atom in callee.atoms().to_vec() {
            match atom {
                Atom::Path(path) => {
                    let value = self.call_path(path, call);
                    result.join(&value);
                }
                Atom::Function(function) => {
                    let value = self.call_function(function, call);
                    result.join(&value);
                }
                Atom::Class(scope) => {
                    let value = self.call_class(scope, call);
                    result.join(&value);
                }
                Atom::Crowd => {
                    let carried = self.carried(call.arguments.all());
                    self.give_to_crowd(&carried, &call.arguments.rest_names);
                    self.dependencies.reads(Kept::Crowd);
                    result.join(&self.crowd.results);
                    result.set_unknown();
                }
                Atom::Getter(name) => {
                    let value = self.call_getter(name, call);
                    result.join(&value);
                }
                Atom::Holder(holder) if !is_inside => {
                    let reach = self.reach_of(holder).clone();
                    if !reach.has_no_atoms() {
                        let value = self.apply(&reach, call, true);
                        result.join(&value);
                    }
                    is_opaque = true;
                }
                Atom::Holder(_) | Atom::Const(_) | Atom::Prefix(_) | Atom::Local(_) => {
                    is_opaque = true
                }
            }
        }
        if is_opaque {
            let value = self.call_unknown(call);
            result.join(&value);
        }
        // A method of a container may give whatever it holds, one by one or together.
        if !is_inside && let Some((object, _)) = call.method {
            let mut held = Value::default();
            for atom in object.atoms() {
                if let Atom::Holder(holder) = atom {
                    held.join(&self.all_held(*holder));
                }
            }
            if !held.has_no_atoms() {
                let holder = self.holder(call.place.0, call.place.1.saturating_add(20));
                self.put(holder, &held);
                self.change(&Value::of(Atom::Holder(holder)));
                result.join(&held);
                result.add(Atom::Holder(holder));
            }
        }
        result
    }

    fn call_function(&mut self, id: FunctionId, call: &Call) -> Value {
        let Some(function) = self.scopes.functions.get_mut(id.index()) else {
            return Value::unknown();
        };
        if !std::mem::replace(&mut function.is_called, true) {
            self.start(id);
        }
        let Some(function) = self.scopes.functions.get(id.index()) else {
            return Value::unknown();
        };
        let (scope, is_generator, is_decorated) =
            (function.scope, function.is_generator, function.is_decorated);
        let is_method = function.is_method;
        let parameters = function.parameters.clone();
        let results = self.results_of(id);
        let is_plain = call.method.is_none();
        let is_bound = is_method
            && call.method.is_some_and(|(object, _)| {
                !object
                    .atoms()
                    .iter()
                    .any(|atom| matches!(atom, Atom::Class(_)))
            });
        // A static method has no first parameter for the object, a class method has one for the class.
        if !is_bound || is_decorated {
            self.bind_parameters(scope, &parameters, call.arguments, 0);
        }
        // A function may have become a method, and a method of a metaclass is called on the class.
        let is_odd = call.method.is_some_and(|(object, _)| {
            !is_method
                && !object
                    .atoms()
                    .iter()
                    .any(|atom| matches!(atom, Atom::Local(_)))
                || is_method
                    && object
                        .atoms()
                        .iter()
                        .any(|atom| matches!(atom, Atom::Class(_)))
        });
        if is_bound || is_odd || (is_method && (is_decorated || is_plain)) {
            self.bind_parameters(scope, &parameters, call.arguments, 1);
            if let (Some((Parameter::Positional, first)), Some((object, _))) =
                (parameters.first(), call.method)
            {
                let object = object.clone().or_unknown();
                self.bind_in(scope, *first, &object);
            }
        }
        if is_generator {
            let holder = self.holder(place_of(id), 4);
            self.put(holder, &results);
            return Value::of(Atom::Holder(holder)).or_unknown();
        }
        results
    }

    /// Hands arguments to parameters, the first to the one at `skipped`.
    fn bind_parameters(
        &mut self,
        scope: ScopeId,
        parameters: &[(Parameter, Symbol)],
        arguments: &Arguments,
        skipped: usize,
    ) {
        let mut given = arguments.positional.iter();
        for (index, (kind, name)) in parameters.iter().enumerate() {
            let value = match kind {
                Parameter::Positional if index < skipped => continue,
                Parameter::Positional | Parameter::KeywordOnly => {
                    let positional = if *kind == Parameter::Positional {
                        given.next()
                    } else {
                        None
                    };
                    let named = arguments.named.iter().find(|(named, _)| named == name);
                    let mut value = positional.cloned().unwrap_or_default();
                    if let Some((_, named)) = named {
                        value.join(named);
                    }
                    value.join(&arguments.rest);
                    value
                }
                Parameter::Rest | Parameter::KeywordRest => {
                    let holder = self.holder_of_parameter(scope, *name);
                    if *kind == Parameter::Rest {
                        given.clone().for_each(|value| self.put(holder, value));
                    } else {
                        for (name, value) in &arguments.named {
                            let key = fold::Const::text(self.names.text(*name).to_owned());
                            let key = key.map(|key| self.constant(key));
                            self.put_key(holder, &key.map_or_else(Value::unknown, Value::of));
                            self.put(holder, value);
                        }
                        self.put_key(holder, &arguments.rest_names);
                    }
                    self.put(holder, &arguments.rest);
                    self.change(&Value::of(Atom::Holder(holder)));
                    Value::of(Atom::Holder(holder))
                }
            };
            self.bind_in(scope, *name, &value);
        }
    }

    /// An instance of a class of the package. Its attributes are known by name, wherever they are.
    fn call_class(&mut self, class: ScopeId, call: &Call) -> Value {
        let constructors = ["__init__", "__new__", "__post_init__"];
        let mut is_built = false;
        let mut made = Value::default();
        for constructor in constructors {
            let name = self.names.symbol(constructor);
            let own = self.variable(class, name);
            let methods = if own.has_no_atoms() {
                self.stored(name)
            } else {
                own
            };
            for atom in methods.atoms().to_vec() {
                if let Atom::Function(function) = atom {
                    is_built = true;
                    let new = Value::unknown();
                    let call = Call {
                        method: Some((&new, name)),
                        handed: OnceCell::new(),
                        ..*call
                    };
                    let result = self.call_function(function, &call);
                    if constructor == "__new__" {
                        made.join(&result);
                    }
                }
            }
        }
        // Data classes and named tuples take their fields in order.
        let fields = self
            .scopes
            .get(class)
            .map(|scope| scope.fields.clone())
            .unwrap_or_default();
        for (field, value) in fields.iter().zip(&call.arguments.positional) {
            self.store_attribute(*field, value);
        }
        for (name, value) in &call.arguments.named {
            self.store_attribute(*name, value);
        }
        let carried = self.carried(call.arguments.all());
        self.dependencies.reads(Kept::Class(class));
        let has_outside_base = self
            .scopes
            .get(class)
            .is_some_and(|scope| scope.has_outside_base);
        if !is_built || has_outside_base {
            self.escape(&carried);
            self.hand_to_protocols(&carried);
        }
        made.join(&self.objects_of(class));
        made.or_unknown()
    }

    /// `operator.attrgetter("a.b")(object)`
    fn call_getter(&mut self, name: Symbol, call: &Call) -> Value {
        let path = self.names.text(name).to_owned();
        let mut value = call.arguments.all().clone();
        if name == self.special.unknown_getter {
            return self.lookup_attribute(&value, &Value::unknown(), call.range);
        }
        for segment in path.split('.') {
            let name = self.names.symbol(segment);
            value = self.attribute(&value, name, call.range);
        }
        value
    }

    /// Code that can't be followed: it may give back what it was given, keep it, or call it.
    pub(super) fn call_unknown(&mut self, call: &Call) -> Value {
        if let Some(known) = call.handed.get() {
            return known.clone();
        }
        let handed = self.hand_over(call);
        call.handed.get_or_init(|| handed).clone()
    }

    fn hand_over(&mut self, call: &Call) -> Value {
        let all = call.arguments.all();
        let carried = self.carried(all);
        self.change_within(all);
        for (name, value) in &call.arguments.named {
            self.store_attribute(*name, value);
            if self.names.text(*name) == "namespace" {
                self.note_dynamic_store();
            }
        }
        self.check_handed_over(&carried, call.range);
        let is_callable =
            |atom: &Atom| matches!(atom, Atom::Function(_) | Atom::Class(_) | Atom::Crowd);
        let (callables, others): (Vec<Atom>, Vec<Atom>) =
            carried.atoms().iter().partition(|atom| is_callable(atom));
        let callables: Value = callables.into_iter().collect();
        let others: Value = others.into_iter().collect();
        // Functions don't come back from there, but may be called from there with whatever gets there.
        self.escape(&callables);
        if !others.has_no_atoms() || call.arguments.has_rest {
            self.give_to_crowd(&others, &call.arguments.rest_names);
        }
        let is_method_of_value = call.method.is_none_or(|(object, _)| {
            !object
                .atoms()
                .iter()
                .any(|atom| matches!(atom, Atom::Path(path) if self.names.is_static(*path)))
        });
        if is_method_of_value {
            self.escape(&others);
        }
        self.keep_in_arguments(all, &others);
        if !others.has_no_atoms() {
            self.dependencies.reads(Kept::EscapedGetters);
            for atom in self.escaped.atoms().to_vec() {
                if let Atom::Getter(name) = atom {
                    self.call_getter(name, call);
                }
            }
        }
        let mut result = Value::unknown();
        if !others.has_no_atoms() {
            let holder = self.holder(call.place.0, call.place.1.saturating_add(10));
            self.put(holder, &others);
            self.change(&Value::of(Atom::Holder(holder)));
            result.add(Atom::Holder(holder));
            result.join(&others);
        }
        result
    }

    /// Calls functions and classes with anything of what was handed over.
    pub(super) fn call_back(&mut self, members: &[Atom], given: &Value, names: &Value) {
        let arguments = Arguments {
            rest: given.clone(),
            has_rest: true,
            rest_names: names.clone(),
            ..Arguments::default()
        };
        for member in members {
            match *member {
                Atom::Class(class) => {
                    let call = Call {
                        arguments: &arguments,
                        range: TextRange::default(),
                        place: (place_of_class(class), 0),
                        method: None,
                        handed: OnceCell::new(),
                    };
                    self.call_class(class, &call);
                }
                Atom::Function(id) => {
                    if let Some(function) = self.scopes.functions.get(id.index()) {
                        let (scope, parameters) = (function.scope, function.parameters.clone());
                        self.bind_parameters(scope, &parameters, &arguments, 0);
                    }
                }
                _ => {}
            }
        }
    }

    /// What a `*args` or `**kwargs` parameter holds.
    pub(super) fn holder_of_parameter(
        &mut self,
        scope: ScopeId,
        name: Symbol,
    ) -> super::value::HolderId {
        self.holder(usize::MAX / 2 + scope.index() * 65_536 + name.index(), 5)
    }

    /// The result of a function from outside that is no more than that.
    pub(super) fn called(&mut self, path: PathId) -> Value {
        let called = self.names.called;
        Value::of(Atom::Path(self.names.child(path, called)))
    }

    /// Notes where a module's own code first may enter the package's functions.
    fn note_first_call(&mut self, callee: &Value, call: &Call) {
        if self.is_inside_function() {
            return;
        }
        let leads_in = |value: &Value| {
            value
                .atoms()
                .iter()
                .any(|atom| matches!(atom, Atom::Function(_) | Atom::Class(_)))
        };
        let carried = self.carried(call.arguments.all());
        if callee.is_unknown() || leads_in(callee) || leads_in(&carried) {
            self.note_first_call_at(call.range.start().to_usize());
        }
    }

    /// Notes that something of the package may be called from here on.
    pub(super) fn note_first_call_at(&mut self, at: usize) {
        if !self.is_inside_function()
            && let Some(first) = self.first_calls.get_mut(self.file.index())
            && at < *first
        {
            *first = at;
            self.dependencies.changed(Kept::FirstCall(self.file));
        }
    }

    fn is_inside_function(&self) -> bool {
        let mut scope = self.scopes.get(self.scope);
        while let Some(inner) = scope {
            if inner.kind == ScopeKind::Function {
                return true;
            }
            scope = inner.parent.and_then(|parent| self.scopes.get(parent));
        }
        false
    }
}

/// Places of containers that no node makes: they lie beyond all addresses of nodes.
fn place_of(id: FunctionId) -> usize {
    usize::MAX - id.index()
}

fn place_of_class(scope: ScopeId) -> usize {
    usize::MAX / 4 + scope.index()
}
