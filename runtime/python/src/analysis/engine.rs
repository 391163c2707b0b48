//! The engine's state, its passes, and what every part of it uses: names, variables, findings.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use rustc_hash::FxHashMap;
use rustpython_parser::ast::{Expr, Ranged};
use rustpython_parser::text_size::TextRange;

use super::dependencies::{Cell as Kept, Dependencies};
use super::memory::{Crowd, Holder};
use super::names::{Names, PathId, Symbol};
use super::scopes::{Binding, Body, ScopeKind, Scopes};
use super::search_path::{Role, Wanted, Written};
use super::special::Special;
use super::steps::Place;
use super::value::{Atom, ConstId, FileId, FunctionId, HolderId, ScopeId, Value};
use super::{Analysed, Module};

use crate::finding::Finding;
use crate::fold::Const;
use crate::policy::{Catalogue, Decision, Policy, Rule, catalogue};

/// Work in all, in alternatives looked at: per expression of the package, and at least.
const WORK_PER_NODE: usize = 60;
const MIN_WORK: usize = 4_000_000;
/// Work that a check of whatever package stops at, as [`crate::Checked`] counts it.
pub const MAX_WORK: usize = 12_000_000;
/// Stands for a name that the program spells out somewhere, in the place of a path.
pub(super) const ATTRIBUTE_NAME: &str = "<attribute>";
/// Stands for all names of a module.
pub(super) const ANY_NAME: &str = "*";
/// Stands for the type of something.
pub(super) const TYPE: &str = "<type>";
/// Stands for a name in capitals.
pub(super) const CAPITALS: &str = "<CAPITALS>";
/// Stands for a name that doesn't begin with an underscore.
pub(super) const PUBLIC: &str = "<public>";
/// A variable with one known value for the moment: the target of a comprehension that is being unrolled, or
/// a name that a condition says something about.
pub(super) struct Fixed {
    pub name: Symbol,
    pub value: Value,
    /// The only scope in which it is so.
    pub scope: Option<ScopeId>,
}

pub(super) struct Engine<'a, 'q> {
    pub scopes: Scopes<'a>,
    pub names: Names<'q>,
    pub special: Special,
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

    pub consts: Vec<Const>,
    pub const_ids: FxHashMap<Const, ConstId>,
    pub holders: Vec<Holder>,
    pub holder_at: FxHashMap<(usize, u8), HolderId>,
    pub crowd: Crowd,
    /// What is known of paths: whether they lead further, and whether they must not be handed over.
    pub carriers: RefCell<FxHashMap<PathId, bool>>,
    /// Whether it is worth while to keep a path in variables.
    pub kept: RefCell<FxHashMap<PathId, bool>>,
    /// What members of paths are.
    pub members: FxHashMap<(PathId, Symbol), PathId>,
    /// Constants that paths stand for.
    pub path_constants: FxHashMap<PathId, Option<Atom>>,
    /// Literals, by where they are written.
    pub literals: FxHashMap<usize, Option<Atom>>,
    /// Built-in names that were looked up.
    pub builtin_values: FxHashMap<Symbol, Value>,
    /// Rules against attributes that were looked up.
    pub attribute_rules: FxHashMap<Symbol, Option<&'static Rule>>,
    /// Functions from outside of whose calls nothing in particular is known.
    pub plain: FxHashMap<PathId, bool>,
    /// What attributes of this name may be, whatever object they belong to.
    pub heap: FxHashMap<Symbol, Value>,
    /// Modules that attributes of this name may be, whatever class from outside they belong to.
    pub shared: FxHashMap<Symbol, Value>,
    /// Whether the package has to do with the search path.
    pub has_search_path: bool,
    /// What functions from outside do with paths of files.
    pub roles: FxHashMap<PathId, Option<Role>>,
    /// Names of files that the package makes, and names that it imports from its own modules: both are judged
    /// when everything is known.
    pub written: BTreeSet<Written>,
    pub wanted: BTreeSet<Wanted>,
    /// What the package puts into modules and classes from outside, by the path of the attribute.
    pub overlays: FxHashMap<PathId, Value>,
    /// Whether attributes are set by names that are not written down.
    pub has_dynamic_stores: bool,
    /// Whether a module of the package is imported by another, or by itself.
    pub imports_itself: bool,
    /// Whether a level of logging was looked up by a computed name.
    pub has_levels: bool,
    /// Whether data classes are made by a call, whose fields are not written down.
    pub makes_fields: bool,
    /// Whether the package has methods that Python calls where no call is written.
    pub has_protocols: bool,
    /// Whether something evaluates annotations that are written as text.
    pub has_evaluator: bool,
    /// What was given to code that can't be followed, and may come back from anywhere.
    pub escaped: Value,
    /// What attributes of what escaped are, where that is nothing to report.
    pub escaped_members: FxHashMap<Symbol, Option<Value>>,
    pub fixed: Vec<Fixed>,
    pub decisions: FxHashMap<PathId, Option<Decision>>,

    pub scope: ScopeId,
    pub file: FileId,
    /// Where each module's own code first calls what may lead into the package's functions.
    pub first_calls: Vec<usize>,
    pub findings: Vec<BTreeSet<Finding>>,
    pub denials: Vec<BTreeSet<Finding>>,
    pub dependencies: Dependencies,
    /// By number of the step.
    pub steps: Vec<Place<'a>>,
    /// Whether a step is looked at again: the statements in it are steps of their own.
    pub is_again: bool,
    /// Whether statements are parts of the current step.
    pub is_inline: bool,
    pub work: Cell<usize>,
    pub max_work: usize,
    /// A path that is fine at this moment, because of how it is called.
    pub exempt: Option<&'static str>,
    /// The string in whose code we are: findings are placed there.
    pub is_quoted: Option<TextRange>,
    /// How often something was found, be it new or not.
    pub reports: usize,
    /// Whether we only look what there would be to find.
    pub is_probing: bool,
}

/// Runs the engine over a package.
pub(super) fn run(
    modules: &[Module],
    scopes: Scopes<'_>,
    (names, special): (Names<'_>, Special),
    quoted: &HashMap<usize, Box<Expr>>,
    policy: &Policy,
) -> Analysed {
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
    let nodes = scopes.expressions;
    let units = modules.len() + scopes.functions.len();
    let mut engine = Engine {
        scopes,
        names,
        special,
        policy,
        catalogue: catalogue(),
        quoted,
        files,
        package_files,
        modules: BTreeSet::new(),
        texts: BTreeMap::new(),
        module_names,
        consts: Vec::new(),
        const_ids: FxHashMap::default(),
        holders: Vec::new(),
        holder_at: FxHashMap::default(),
        crowd: Crowd::default(),
        carriers: RefCell::default(),
        kept: RefCell::default(),
        members: FxHashMap::default(),
        path_constants: FxHashMap::default(),
        literals: FxHashMap::default(),
        builtin_values: FxHashMap::default(),
        attribute_rules: FxHashMap::default(),
        plain: FxHashMap::default(),
        heap: FxHashMap::default(),
        overlays: FxHashMap::default(),
        shared: FxHashMap::default(),
        has_search_path: false,
        roles: FxHashMap::default(),
        written: BTreeSet::new(),
        wanted: BTreeSet::new(),
        has_dynamic_stores: false,
        makes_fields: false,
        imports_itself: false,
        has_levels: false,
        has_protocols: false,
        has_evaluator: false,
        escaped: Value::default(),
        escaped_members: FxHashMap::default(),
        fixed: Vec::new(),
        decisions: FxHashMap::default(),
        scope: ScopeId(0),
        file: FileId(0),
        first_calls: vec![usize::MAX; modules.len()],
        findings: vec![BTreeSet::new(); modules.len()],
        denials: vec![BTreeSet::new(); modules.len()],
        dependencies: Dependencies::of(units, modules.len()),
        steps: Vec::new(),
        is_again: false,
        is_inline: false,
        work: Cell::new(0),
        max_work: (nodes * WORK_PER_NODE).clamp(MIN_WORK, MAX_WORK),
        exempt: None,
        is_quoted: None,
        reports: 0,
        is_probing: false,
    };
    engine.settle(modules);
    let work = engine.work.get();
    let both = engine.findings.into_iter().zip(engine.denials);
    let findings = both.map(|(mut findings, mut denials)| {
        findings.append(&mut denials);
        findings.into_iter().collect()
    });
    Analysed {
        findings: findings.collect(),
        work,
    }
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
    /// Where a function's body begins.
    fn body_range(&self, id: FunctionId) -> TextRange {
        let function = self.scopes.functions.get(id.index());
        match function.map(|function| function.body) {
            Some(Body::Statements([first, ..])) => first.range(),
            Some(Body::Expression(body)) => body.range(),
            _ => TextRange::default(),
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
        let Some(id) = function else { return };
        let carried = self.carried(value);
        let Some(function) = self.scopes.functions.get_mut(id.index()) else {
            return;
        };
        let is_protocol = function.is_protocol;
        let mut results = std::mem::take(&mut function.results);
        let mut reach = std::mem::take(&mut function.reach);
        let is_new = self.absorb(&mut results, value);
        let leads_further = self.absorb(&mut reach, &carried);
        if let Some(function) = self.scopes.functions.get_mut(id.index()) {
            function.results = results;
            function.reach = reach;
        }
        if is_new {
            self.dependencies.changed(Kept::Function(id));
        }
        if leads_further {
            self.dependencies.changed(Kept::FunctionReach(id));
        }
        if is_protocol {
            self.escape(&carried);
            let range = self.body_range(id);
            self.check_handed_over(&carried, range);
        }
    }

    /// What a name that is read here may be.
    pub(super) fn lookup(&mut self, name: Symbol, at: usize) -> Value {
        let is_meant = |fixed: &&Fixed| fixed.name == name && self.is_fixed_here(fixed.scope);
        let fixed = self.fixed.iter().rev().find(is_meant);
        if let Some(fixed) = fixed {
            return fixed.value.clone();
        }
        let file = self.file;
        let first_call = self.first_calls.get(file.index());
        let first_call = first_call.copied().unwrap_or(0);
        let mut from = self.scope;
        let mut value = Value::default();
        loop {
            match self.scopes.resolve(from, name, at, first_call) {
                Binding::Here(scope) => return self.variable(scope, name).joined(&value),
                Binding::HereBeforeCalls(scope) => {
                    self.dependencies.reads(Kept::FirstCall(file));
                    return self.variable(scope, name).joined(&value);
                }
                Binding::HereOrOutside(scope) => {
                    value.join(&self.variable(scope, name));
                    match self.scopes.outside(scope) {
                        Some(outside) => from = outside,
                        None if self.is_builtin(name) => return self.builtin(name).joined(&value),
                        None => return value,
                    }
                }
                Binding::Builtin => return self.builtin(name).joined(&value),
            }
        }
    }

    /// What a name of this very scope may be.
    pub(super) fn variable(&self, scope: ScopeId, name: Symbol) -> Value {
        self.dependencies.reads(Kept::Variable(scope, name));
        let scope = self.scopes.get(scope);
        scope
            .and_then(|scope| scope.variables.get(&name))
            .cloned()
            .unwrap_or_default()
    }

    /// What attributes of this name were set to, on whatever object.
    pub(super) fn stored(&self, name: Symbol) -> Value {
        self.dependencies.reads(Kept::Attribute(name));
        self.heap.get(&name).cloned().unwrap_or_default()
    }

    /// What a function may give.
    pub(super) fn results_of(&self, id: FunctionId) -> Value {
        self.dependencies.reads(Kept::Function(id));
        let function = self.scopes.functions.get(id.index());
        function
            .map(|function| function.results.clone())
            .unwrap_or_default()
    }

    /// Whether a name that no scope binds means something.
    fn is_builtin(&self, name: Symbol) -> bool {
        let text = self.names.text(name);
        self.catalogue.builtins.contains(text)
            || self.policy.entry(&format!("builtins.{text}")).is_some()
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
        if let Some(known) = self.builtin_values.get(&name) {
            return known.clone();
        }
        let is_known = self.catalogue.builtins.contains(text);
        if !is_known && self.policy.entry(&format!("builtins.{text}")).is_none() {
            // A name that nothing binds may come from a namespace that a metaclass prepared.
            return Value::unknown();
        }
        let builtins = self.names.symbol("builtins");
        let builtins = self.names.root(builtins);
        let value = Value::of(Atom::Path(self.names.child(builtins, name)));
        self.builtin_values.insert(name, value.clone());
        value
    }

    /// Binds a name that is written in the current scope.
    pub(super) fn bind(&mut self, name: Symbol, value: &Value) {
        let scope = self.scopes.target(self.scope, name);
        self.check_module_name(scope, name);
        self.bind_in(scope, name, value);
    }

    pub(super) fn bind_in(&mut self, scope: ScopeId, name: Symbol, value: &Value) {
        let Some(inside) = self.scopes.get_mut(scope) else {
            return;
        };
        let is_class = inside.kind == ScopeKind::Class;
        let is_module = inside.kind == ScopeKind::Module;
        let mut variable = std::mem::take(inside.variables.entry(name).or_default());
        let is_new = self.absorb(&mut variable, value);
        if let Some(inside) = self.scopes.get_mut(scope)
            && let Some(place) = inside.variables.get_mut(&name)
        {
            *place = variable;
        }
        if is_new {
            self.dependencies.changed(Kept::Variable(scope, name));
            if is_module {
                let any = self.names.exact(ANY_NAME);
                self.dependencies.changed(Kept::Variable(scope, any));
            }
        }
        if is_class {
            self.store_attribute(name, value);
        }
    }

    /// Adds to what attributes of this name may be.
    pub(super) fn store_attribute(&mut self, name: Symbol, value: &Value) {
        let mut attribute = std::mem::take(self.heap.entry(name).or_default());
        let is_new = self.absorb(&mut attribute, value);
        if let Some(place) = self.heap.get_mut(&name) {
            *place = attribute;
        }
        if is_new {
            self.dependencies.changed(Kept::Attribute(name));
            self.dependencies.changed(Kept::AnyAttribute);
        }
        self.note_shared(name, value);
    }
}
