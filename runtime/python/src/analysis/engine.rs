//! The engine's state, its passes, and what every part of it uses: names, variables, findings.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use rustpython_parser::ast::Expr;
use rustpython_parser::text_size::TextRange;

use super::Module;
use super::names::{ELEMENT, Names, PathId, Symbol};
use super::scopes::{Binding, Body, Scopes};
use super::value::{Atom, ConstId, FileId, FunctionId, HolderId, ScopeId, Value};
use super::visit::Parameter;
use assay_challenge_sdk::abi::PythonVerdict;

use crate::finding::Finding;
use crate::fold::Const;
use crate::policy::{Catalogue, Decision, Policy, Rule, catalogue, id};

/// Passes over a package; straight programs take two or three.
const MAX_PASSES: usize = 40;
/// Expressions evaluated in all, per expression of the package and at least.
const STEPS_PER_NODE: usize = 12;
const MIN_STEPS: usize = 1_000_000;
/// Stands for a name that the program spells out somewhere, in the place of a path.
pub(super) const ATTRIBUTE_NAME: &str = "<attribute>";
/// Stands for a name in capitals.
pub(super) const CAPITALS: &str = "<CAPITALS>";
/// Stands for a name that doesn't begin with an underscore.
pub(super) const PUBLIC: &str = "<public>";
/// Findings kept per file; the rest is alike.
const MAX_FINDINGS: usize = 1_000;

/// What a container may hold.
#[derive(Default)]
pub(super) struct Holder {
    pub contents: Value,
    /// Its keys, which iterating gives, if it is a mapping.
    pub keys: Option<Value>,
    /// Whether it may have changed after it was written down.
    pub is_changed: bool,
}

/// A variable with one known value for the moment: the target of a comprehension that is being unrolled.
pub(super) struct Fixed {
    pub name: Symbol,
    pub value: Value,
}

pub(super) struct Engine<'a, 'q> {
    pub scopes: Scopes<'a>,
    pub names: Names,
    pub policy: &'q Policy,
    pub catalogue: &'static Catalogue,
    /// Annotations in quotes, by the place of the string.
    pub quoted: &'q HashMap<usize, Box<Expr>>,
    /// Files by dotted module name.
    pub files: HashMap<String, FileId>,
    /// Files that are the `__init__.py` of a package.
    pub package_files: BTreeSet<FileId>,
    /// Paths from outside that were imported as modules.
    pub modules: BTreeSet<PathId>,
    /// Texts that were evaluated as code, which stay where they are.
    pub texts: BTreeMap<String, Rc<Expr>>,
    /// Dotted names of the modules by file.
    pub module_names: Vec<String>,

    consts: Vec<Const>,
    const_ids: HashMap<Const, ConstId>,
    holders: Vec<Holder>,
    holder_at: HashMap<(usize, u8), HolderId>,
    /// What attributes of this name may be, whatever object they belong to.
    pub heap: HashMap<Symbol, Value>,
    /// What the package puts into modules and classes from outside, by the path of the attribute.
    pub overlays: HashMap<PathId, Value>,
    /// Whether attributes are set by names that are not written down.
    pub has_dynamic_stores: bool,
    /// Whether something evaluates annotations that are written as text.
    pub has_evaluator: bool,
    /// What was given to code that can't be followed, and may come back from anywhere.
    pub escaped: Value,
    /// Functions and classes among it, which may be called from anywhere.
    pub escaped_callables: Value,
    pub fixed: Vec<Fixed>,
    decisions: HashMap<PathId, Option<Decision>>,

    pub scope: ScopeId,
    pub file: FileId,
    /// Where each module's own code first calls what may lead into the package's functions.
    pub first_calls: Vec<usize>,
    findings: Vec<BTreeSet<Finding>>,
    denials: Vec<BTreeSet<Finding>>,
    pub is_changed: bool,
    steps: usize,
    max_steps: usize,
    /// A path that is fine at this moment, because of how it is called.
    pub exempt: Option<&'static str>,
    /// The string in whose code we are: findings are placed there.
    pub is_quoted: Option<TextRange>,
}

/// Runs the engine over a package.
pub(super) fn run(
    modules: &[Module],
    scopes: Scopes<'_>,
    names: Names,
    quoted: &HashMap<usize, Box<Expr>>,
    policy: &Policy,
) -> Vec<Vec<Finding>> {
    let module_names: Vec<String> = modules
        .iter()
        .map(|module| module_name(&module.path))
        .collect();
    let files = module_names.iter().enumerate();
    let files = files
        .map(|(index, name)| (name.clone(), FileId::of(index)))
        .collect();
    let package_files = modules.iter().enumerate();
    let package_files = package_files.filter(|(_, module)| is_package(&module.path));
    let package_files = package_files.map(|(index, _)| FileId::of(index)).collect();
    let mut engine = Engine {
        scopes,
        names,
        policy,
        catalogue: catalogue(),
        quoted,
        files,
        package_files,
        modules: BTreeSet::new(),
        texts: BTreeMap::new(),
        module_names,
        consts: Vec::new(),
        const_ids: HashMap::new(),
        holders: Vec::new(),
        holder_at: HashMap::new(),
        heap: HashMap::new(),
        overlays: HashMap::new(),
        has_dynamic_stores: false,
        has_evaluator: false,
        escaped: Value::default(),
        escaped_callables: Value::default(),
        fixed: Vec::new(),
        decisions: HashMap::new(),
        scope: ScopeId(0),
        file: FileId(0),
        first_calls: vec![usize::MAX; modules.len()],
        findings: vec![BTreeSet::new(); modules.len()],
        denials: vec![BTreeSet::new(); modules.len()],
        is_changed: false,
        steps: 0,
        max_steps: usize::MAX,
        exempt: None,
        is_quoted: None,
    };
    engine.settle(modules);
    let both = engine.findings.into_iter().zip(engine.denials);
    both.map(|(mut findings, mut denials)| {
        findings.append(&mut denials);
        findings.into_iter().collect()
    })
    .collect()
}

/// `pkg.sub` for `pkg/sub.py`, `pkg` for `pkg/__init__.py`, nothing for the root's `__init__.py`.
fn module_name(path: &str) -> String {
    let stem = path.strip_suffix(".py").unwrap_or(path);
    if stem == "__init__" {
        return String::new();
    }
    let stem = stem.strip_suffix("/__init__").unwrap_or(stem);
    stem.replace('/', ".")
}

fn is_package(path: &str) -> bool {
    path == "__init__.py" || path.ends_with("/__init__.py")
}

impl<'a> Engine<'a, '_> {
    fn settle(&mut self, modules: &'a [Module]) {
        for pass in 0..MAX_PASSES {
            self.is_changed = false;
            self.pass(modules);
            if pass == 0 {
                self.max_steps = (self.steps * STEPS_PER_NODE).max(MIN_STEPS);
            }
            if !self.is_changed || self.steps >= self.max_steps {
                break;
            }
        }
        if self.is_changed {
            let rule = self.catalogue.rule(id::COMPLEXITY);
            self.file = FileId(0);
            self.report(None, rule, "the ways of values through this program");
        }
    }

    fn pass(&mut self, modules: &'a [Module]) {
        for (index, module) in modules.iter().enumerate() {
            self.file = FileId::of(index);
            self.scope = self
                .scopes
                .modules
                .get(index)
                .copied()
                .unwrap_or(ScopeId(0));
            self.statements(&module.body);
        }
        for index in 0..self.scopes.functions.len() {
            self.function_body(FunctionId::of(index));
        }
    }

    fn function_body(&mut self, id: FunctionId) {
        let Some(function) = self.scopes.functions.get(id.index()) else {
            return;
        };
        let (scope, body) = (function.scope, function.body);
        let is_open = !function.is_called || function.is_escaped;
        self.scope = scope;
        self.file = self.scopes.get(scope).map_or(self.file, |scope| scope.file);
        if is_open {
            let gets_name = function.gets_name;
            let parameters = function.parameters.clone();
            for (index, (kind, name)) in parameters.into_iter().enumerate() {
                let value = match gets_name {
                    Some(position) if position == index => self.attribute_name(),
                    // Names of keyword arguments are written down by whoever calls.
                    _ if kind == Parameter::KeywordRest => {
                        let holder = self.holder_of_parameter(scope, name);
                        let key = self.attribute_name();
                        self.put_key(holder, &key);
                        self.put(holder, &Value::unknown());
                        Value::of(Atom::Holder(holder))
                    }
                    _ => Value::unknown(),
                };
                self.bind_in(scope, name, &value);
            }
        }
        match body {
            Body::Statements(body) => self.statements(body),
            Body::Expression(body) => {
                let value = self.expression(body);
                self.returned(&value);
            }
        }
    }

    /// A name that stands in the program as an attribute.
    pub(super) fn attribute_name(&mut self) -> Value {
        let name = self.names.exact(ATTRIBUTE_NAME);
        Value::of(Atom::Path(self.names.root(name)))
    }

    /// Adds to what the function of the current scope may give.
    pub(super) fn returned(&mut self, value: &Value) {
        let function = self.scopes.get(self.scope).and_then(|scope| scope.function);
        let Some(function) = function.and_then(|id| self.scopes.functions.get_mut(id.index()))
        else {
            return;
        };
        self.is_changed |= function.results.join(value);
        if function.is_protocol {
            let carried = self.carried(value);
            self.escape(&carried);
        }
    }

    /// Whether there is work left to be done; deep inside of expressions it may run out.
    pub(super) fn step(&mut self) -> bool {
        self.steps += 1;
        self.steps < self.max_steps
    }

    // Names and variables

    /// What a name that is read here may be.
    pub(super) fn lookup(&mut self, name: Symbol, at: usize) -> Value {
        let fixed = self.fixed.iter().rev().find(|fixed| fixed.name == name);
        if let Some(fixed) = fixed {
            return fixed.value.clone();
        }
        let first_call = self
            .first_calls
            .get(self.file.index())
            .copied()
            .unwrap_or(0);
        let mut from = self.scope;
        let mut value = Value::default();
        loop {
            match self.scopes.resolve(from, name, at, first_call) {
                Binding::Here(scope) => return value.joined(&self.variable(scope, name)),
                Binding::HereOrOutside(scope) => {
                    value.join(&self.variable(scope, name));
                    match self.scopes.outside(scope) {
                        Some(outside) => from = outside,
                        None => return value.joined(&self.builtin(name)),
                    }
                }
                Binding::Builtin => return value.joined(&self.builtin(name)),
            }
        }
    }

    fn variable(&self, scope: ScopeId, name: Symbol) -> Value {
        let scope = self.scopes.get(scope);
        scope
            .and_then(|scope| scope.variables.get(&name))
            .cloned()
            .unwrap_or_default()
    }

    fn builtin(&mut self, name: Symbol) -> Value {
        if self.names.text(name) == "__class__"
            && let Some(class) = self.scopes.class_around(self.scope)
        {
            return Value::of(Atom::Class(class));
        }
        if self.names.text(name) == "__file__" {
            return Value::of(Atom::Path(self.names.root(name)));
        }
        if matches!(
            self.names.text(name),
            "__name__" | "__doc__" | "__package__"
        ) {
            return Value::unknown();
        }
        let text = self.names.text(name);
        let is_known = self.catalogue.builtins.contains(text);
        if !is_known && self.policy.entry(&format!("builtins.{text}")).is_none() {
            // A name that nothing binds may come from a namespace that a metaclass prepared.
            return self.escaped.clone().or_unknown();
        }
        let builtins = self.names.symbol("builtins");
        let builtins = self.names.root(builtins);
        Value::of(Atom::Path(self.names.child(builtins, name)))
    }

    /// Binds a name that is written in the current scope.
    pub(super) fn bind(&mut self, name: Symbol, value: &Value) {
        let scope = self.scopes.target(self.scope, name);
        self.bind_in(scope, name, value);
    }

    pub(super) fn bind_in(&mut self, scope: ScopeId, name: Symbol, value: &Value) {
        let Some(scope) = self.scopes.get_mut(scope) else {
            return;
        };
        let is_class = scope.kind == super::scopes::ScopeKind::Class;
        let variable = scope.variables.entry(name).or_default();
        let is_changed = variable.join(value);
        let is_too_wide = variable.is_too_wide();
        self.is_changed |= is_changed;
        if is_too_wide {
            self.too_wide(name);
        }
        if is_class {
            self.store_attribute(name, value);
        }
    }

    /// Adds to what attributes of this name may be.
    pub(super) fn store_attribute(&mut self, name: Symbol, value: &Value) {
        let attribute = self.heap.entry(name).or_default();
        self.is_changed |= attribute.join(value);
        if attribute.is_too_wide() {
            self.too_wide(name);
        }
    }

    fn too_wide(&mut self, name: Symbol) {
        let rule = self.catalogue.rule(id::COMPLEXITY);
        let subject = format!(
            "`{}` may be too many different things",
            self.names.text(name)
        );
        self.report(None, rule, &subject);
    }

    // Constants and containers

    pub(super) fn constant(&mut self, value: Const) -> Atom {
        if let Some(id) = self.const_ids.get(&value) {
            return Atom::Const(*id);
        }
        let id = ConstId::of(self.consts.len());
        self.consts.push(value.clone());
        self.const_ids.insert(value, id);
        Atom::Const(id)
    }

    pub(super) fn const_of(&self, atom: Atom) -> Option<&Const> {
        match atom {
            Atom::Const(id) => self.consts.get(id.index()),
            _ => None,
        }
    }

    /// The constants that a value may be, if it can't be anything else.
    pub(super) fn constants(&self, value: &Value) -> Option<Vec<Const>> {
        if value.is_unknown() || value.has_no_atoms() {
            return None;
        }
        let mut constants = Vec::new();
        for atom in value.atoms() {
            match self.const_of(*atom) {
                Some(constant) => constants.push(constant.clone()),
                // A container written down beside its constant form.
                None if matches!(atom, Atom::Holder(_)) => {}
                None => return None,
            }
        }
        (!constants.is_empty()).then_some(constants)
    }

    /// The container that the node at this place makes. One node may make several, told apart by `part`.
    pub(super) fn holder(&mut self, place: usize, part: u8) -> HolderId {
        let next = HolderId::of(self.holders.len());
        let id = *self.holder_at.entry((place, part)).or_insert(next);
        if id == next {
            self.holders.push(Holder::default());
        }
        id
    }

    pub(super) fn held(&self, id: HolderId) -> Value {
        self.holders
            .get(id.index())
            .map(|holder| holder.contents.clone())
            .unwrap_or_default()
    }

    /// Contents and keys.
    pub(super) fn all_held(&self, id: HolderId) -> Value {
        let Some(holder) = self.holders.get(id.index()) else {
            return Value::default();
        };
        let mut all = holder.contents.clone();
        holder.keys.iter().for_each(|keys| {
            all.join(keys);
        });
        all
    }

    pub(super) fn put_key(&mut self, id: HolderId, key: &Value) {
        if let Some(holder) = self.holders.get_mut(id.index()) {
            self.is_changed |= holder.keys.get_or_insert_default().join(key);
        }
    }

    pub(super) fn put_key_if_mapping(&mut self, id: HolderId, key: &Value) {
        if self
            .holders
            .get(id.index())
            .is_some_and(|holder| holder.keys.is_some())
        {
            self.put_key(id, key);
        } else {
            self.put(id, key);
        }
    }

    pub(super) fn is_module(&self, path: PathId) -> bool {
        self.is_carrier(path) && self.names.last(path) != "__file__"
    }

    /// What iterating over a value gives: the keys of mappings, the elements of others.
    pub(super) fn iterated(&mut self, value: &Value) -> Value {
        let is_mapping = |atom: &Atom| match atom {
            Atom::Holder(id) => self
                .holders
                .get(id.index())
                .is_some_and(|holder| holder.keys.is_some()),
            _ => false,
        };
        let (mappings, others): (Vec<Atom>, Vec<Atom>) =
            value.atoms().iter().partition(|atom| is_mapping(atom));
        let mut elements = Value::default();
        for atom in &mappings {
            if let Atom::Holder(id) = atom
                && let Some(keys) = self
                    .holders
                    .get(id.index())
                    .and_then(|holder| holder.keys.as_ref())
            {
                elements.join(keys);
            }
        }
        // The constant form of a mapping that is known gives the keys as well.
        let mut others: Value = others.into_iter().collect();
        if value.is_unknown() && mappings.is_empty() {
            others = others.or_unknown();
        }
        if mappings.is_empty() || !others.has_no_atoms() {
            let others = self.elements(&others);
            elements.join(&others);
        }
        elements
    }

    pub(super) fn is_holder_changed(&self, id: HolderId) -> bool {
        self.holders
            .get(id.index())
            .is_some_and(|holder| holder.is_changed)
    }

    pub(super) fn put(&mut self, id: HolderId, value: &Value) {
        if let Some(holder) = self.holders.get_mut(id.index()) {
            self.is_changed |= holder.contents.join(value);
        }
    }

    /// Notes that the containers of a value may hold something else than what was written down.
    pub(super) fn change(&mut self, value: &Value) {
        for atom in value.atoms() {
            if let Atom::Holder(id) = atom
                && let Some(holder) = self.holders.get_mut(id.index())
                && !holder.is_changed
            {
                holder.is_changed = true;
                self.is_changed = true;
            }
        }
    }

    /// What iterating over a value, or taking an element of it, may give.
    pub(super) fn elements(&mut self, value: &Value) -> Value {
        let mut elements = Value::default();
        let mut is_opaque = value.is_unknown();
        for atom in value.atoms() {
            match *atom {
                Atom::Holder(id) => {
                    elements.join(&self.held(id));
                }
                Atom::Const(_) => {
                    let items = self.const_of(*atom).and_then(crate::fold::iterate);
                    for item in items.unwrap_or_default() {
                        let item = self.constant(item);
                        elements.add(item);
                    }
                }
                Atom::Path(path) => {
                    let element = self.names.exact(ELEMENT);
                    elements.add(Atom::Path(self.names.child(path, element)));
                    // Nobody iterates over a module: this is something that has it.
                    if self.is_module(path) {
                        elements.add(*atom);
                    }
                    elements.join(&self.escaped);
                }
                Atom::Prefix(_)
                | Atom::Local(_)
                | Atom::Function(_)
                | Atom::Class(_)
                | Atom::Getter(_) => {
                    is_opaque = true;
                }
            }
        }
        if is_opaque {
            elements.join(&self.escaped);
            elements = elements.or_unknown();
        }
        elements
    }

    /// The alternatives of a value that lead further when handed around, at any depth of containers:
    /// modules, functions, lookups. Constants are left out.
    pub(super) fn carried(&self, value: &Value) -> Value {
        let mut carried = Value::default();
        let mut seen = BTreeSet::new();
        let mut queue: Vec<Atom> = value.atoms().to_vec();
        while let Some(atom) = queue.pop() {
            match atom {
                Atom::Path(path) if !self.is_carrier(path) => {}
                Atom::Const(_) | Atom::Prefix(_) => {}
                Atom::Holder(id) => {
                    if seen.insert(id)
                        && let Some(holder) = self.holders.get(id.index())
                    {
                        queue.extend(holder.contents.atoms());
                        queue.extend(holder.keys.iter().flat_map(|keys| keys.atoms()));
                    }
                }
                // Whoever is given a function may call it.
                Atom::Function(id) => {
                    if carried.add(atom)
                        && let Some(function) = self.scopes.functions.get(id.index())
                    {
                        queue.extend(function.results.atoms());
                    }
                }
                Atom::Path(_) | Atom::Local(_) | Atom::Class(_) | Atom::Getter(_) => {
                    carried.add(atom);
                }
            }
        }
        carried
    }

    /// Whether a path from outside leads further: modules, and functions that look up or build.
    fn is_carrier(&self, path: PathId) -> bool {
        if !self.names.is_static(path) {
            return false;
        }
        if self.names.is_root(path) || self.modules.contains(&path) {
            return true;
        }
        let text = self.names.path_text(path);
        self.catalogue.guarded.contains(&text) || self.catalogue.is_standard_module(&text)
    }

    /// Hands a value to code that can't be followed.
    pub(super) fn escape(&mut self, carried: &Value) {
        for atom in carried.atoms() {
            self.is_changed |= match atom {
                Atom::Function(_) | Atom::Class(_) => self.escaped_callables.add(*atom),
                _ => self.escaped.add(*atom),
            };
        }
    }

    // Decisions and findings

    /// What the policy says about a path: the longest entry decides.
    pub(super) fn decide(&mut self, path: PathId) -> Option<Decision> {
        if let Some(decision) = self.decisions.get(&path) {
            return *decision;
        }
        let own = self.policy.entry(&self.names.path_text(path));
        let decision = match (own, self.names.parent(path)) {
            (Some(own), _) => Some(own),
            // Built-in names are free unless they have an entry of their own; the module isn't.
            (None, Some(parent))
                if self.names.is_root(parent) && self.names.last(parent) == "builtins" =>
            {
                Some(Decision::Allowed)
            }
            (None, Some(parent)) => self.decide(parent),
            (None, None) => None,
        };
        self.decisions.insert(path, decision);
        decision
    }

    /// Reports a path that is used, if it is forbidden and that does not follow from what is above it.
    pub(super) fn check_path(&mut self, path: PathId, range: TextRange) {
        if !self.has_evaluator && self.is_evaluator(path) {
            self.has_evaluator = true;
            self.is_changed = true;
        }
        let Some(Decision::Forbidden(rule)) = self.decide(path) else {
            return;
        };
        let parent = self
            .names
            .parent(path)
            .filter(|parent| self.names.path_text(*parent) != "builtins");
        let above = parent.and_then(|parent| self.decide(parent));
        if above == Some(Decision::Forbidden(rule)) {
            return;
        }
        let text = self.names.path_text(path);
        if self.exempt == Some(text.as_str()) {
            return;
        }
        let shown = text.strip_prefix("builtins.").unwrap_or(&text).to_owned();
        self.report(Some(range), rule, &format!("`{shown}`"));
    }

    fn is_evaluator(&self, path: PathId) -> bool {
        let evaluators = &self.catalogue.evaluators;
        evaluators.contains(&self.names.path_text(path))
            || evaluators.contains(self.names.root_of(path))
    }

    pub(super) fn report(&mut self, range: Option<TextRange>, rule: &'static Rule, subject: &str) {
        // Those that decide have room of their own: no flood of others hides them.
        let is_grave = self.policy.severity(rule) == PythonVerdict::Deny;
        let findings = if is_grave {
            &mut self.denials
        } else {
            &mut self.findings
        };
        let Some(findings) = findings.get_mut(self.file.index()) else {
            return;
        };
        if findings.len() >= MAX_FINDINGS {
            return;
        }
        let message = format!("{}: {subject}", rule.what);
        findings.insert(match self.is_quoted.or(range) {
            Some(range) => Finding::at(range, &rule.id, message),
            None => Finding::whole_file(&rule.id, message),
        });
    }
}
