//! What attributes may give, and which of them are findings.

use rustpython_parser::text_size::TextRange;

use super::dependencies::Cell as Kept;
use super::engine::{ATTRIBUTE_NAME, CAPITALS, Engine, PUBLIC, TYPE};
use super::names::{PathId, Symbol};
use super::value::{Atom, FileId, ScopeId, Value};
use crate::fold;
use crate::policy::id;

/// Attributes of modules and classes that start with an underscore and are nobody's secret.
const PUBLIC_DUNDERS: [&str; 14] = [
    "__version__",
    "__name__",
    "__doc__",
    "__file__",
    "__all__",
    "__path__",
    "__package__",
    "__init__",
    "__new__",
    "__class__",
    "__author__",
    "__qualname__",
    "__module__",
    "__annotations__",
];

/// Names of fields, which are written down in a class.
pub(crate) const FIELD_NAMES: [&str; 3] = [
    "dataclasses.fields()[].name",
    "attr.fields()[].name",
    "attrs.fields()[].name",
];

/// Attributes under which wrappers keep what they wrap.
const WRAPPERS: [&str; 12] = [
    "value",
    "_value_",
    "func",
    "args",
    "keywords",
    "obj",
    "object",
    "target",
    "data",
    "default",
    "__wrapped__",
    "contents",
];

impl Engine<'_, '_> {
    /// What `object.name` may give. Forbidden ways there are reported.
    pub(super) fn attribute(&mut self, object: &Value, name: Symbol, range: TextRange) -> Value {
        if self.is_beside_attribute(object, name) {
            return object.clone();
        }
        self.check_attribute_name(object, name, range);
        let mut found = Value::default();
        let mut is_opaque = object.is_unknown();
        for atom in object.atoms().to_vec() {
            is_opaque |= self.member_of(object, atom, name, range, &mut found);
        }
        if self.may_have_escaped(object) {
            let escaped = self.escaped_member(object, name, range);
            found.join(&escaped);
        }
        if is_opaque {
            found.join(&self.by_name(name));
            found = found.or_unknown();
        }
        if name == self.special.dataclass_fields
            && let Some(fields) = self.names.dotted("dataclasses.fields")
        {
            found.join(&self.called(fields));
        }
        if self.special.sharp.contains(&name) {
            let module = self.sharp_attribute(object, name, range);
            found.join(&module);
        }
        found
    }

    /// An attribute that can hardly be anything but the module of its name, whatever object has it.
    fn sharp_attribute(&mut self, object: &Value, name: Symbol, range: TextRange) -> Value {
        if !self.may_have_escaped(object) || self.scopes.has_attribute(name) {
            return Value::default();
        }
        let path = self.names.root(name);
        self.check_path(path, range);
        Value::of(Atom::Path(path))
    }

    /// Reports forbidden ways to `object.name`, which is only written.
    pub(super) fn check_attribute(&mut self, object: &Value, name: Symbol, range: TextRange) {
        if self.is_beside_attribute(object, name) {
            return;
        }
        self.check_attribute_name(object, name, range);
        let mut atoms = object.atoms().to_vec();
        if self.may_have_escaped(object) {
            self.dependencies.reads(Kept::EscapedMember(name));
            let is_silent = match self.escaped_members.get(&name) {
                Some(known) => known.is_some(),
                None => self.probe_escaped(name).is_some(),
            };
            if !is_silent {
                atoms.extend(self.escaped.atoms());
            }
        }
        for atom in atoms {
            match atom {
                Atom::Path(path) if self.is_level(path) => {
                    let is_direct = object.atoms().contains(&atom);
                    self.level_attribute(is_direct, name, range);
                }
                Atom::Path(path) => {
                    self.check_path_member(path, name, range);
                }
                _ => {}
            }
        }
    }

    /// Adds what one alternative's attribute may give. Whether it may be anything that has this name.
    pub(super) fn member_of(
        &mut self,
        object: &Value,
        atom: Atom,
        name: Symbol,
        range: TextRange,
        found: &mut Value,
    ) -> bool {
        match atom {
            Atom::Path(path) if self.is_level(path) => {
                let is_direct = object.atoms().contains(&atom);
                found.join(&self.level_attribute(is_direct, name, range));
                false
            }
            Atom::Path(path) => {
                self.path_member(path, name, range, found);
                false
            }
            Atom::Local(file) => {
                let global = self.global(file, name);
                found.join(&global);
                false
            }
            Atom::Class(scope) => {
                found.join(&self.class_member(scope, name));
                let bases = self.outside_bases(&Value::of(atom));
                if !bases.has_no_atoms() {
                    found.join(&self.attribute(&bases, name, range));
                }
                true
            }
            // Whatever holds it may hand it out under any name.
            Atom::Holder(holder) => {
                self.note_method(holder, name);
                found.join(&self.held(holder));
                true
            }
            Atom::Const(_)
            | Atom::Prefix(_)
            | Atom::Function(_)
            | Atom::Crowd
            | Atom::Getter(_) => true,
        }
    }

    /// Reports a member that is forbidden.
    fn check_path_member(&mut self, path: PathId, name: Symbol, range: TextRange) -> PathId {
        let member = self.member(path, name);
        self.check_path(member, range);
        self.check_leak(path, member, range);
        if matches!(self.names.text(name), "__dict__" | "__getstate__") && self.is_module(path) {
            self.report_path(id::NAMESPACE, range, "the table of a module");
        } else {
            self.check_private(path, member, range);
        }
        member
    }

    pub(super) fn path_member(
        &mut self,
        path: PathId,
        name: Symbol,
        range: TextRange,
        found: &mut Value,
    ) {
        let member = self.check_path_member(path, name, range);
        found.add(Atom::Path(member));
        self.dependencies.reads(Kept::Overlay(member));
        if let Some(overlay) = self.overlays.get(&member) {
            found.join(overlay);
        }
        // `value` of an enumeration's member, `func` of a partial.
        if WRAPPERS.contains(&self.names.text(name)) && self.is_module(path) {
            found.add(Atom::Path(path));
        }
        if let Some(constant) = self.path_constant(member) {
            found.add(constant);
        }
        if !self.names.is_static(path) && !self.is_field_name(member) {
            let named = self.by_name(name);
            found.join(&named);
            return;
        }
        self.dependencies.reads(Kept::Shared(name));
        if let Some(shared) = self.shared.get(&name) {
            found.join(shared);
        }
    }

    /// An attribute of the object that a method belongs to, whose attributes the package itself sets.
    pub(super) fn own_attribute(
        &mut self,
        object: &Value,
        name: Symbol,
        range: TextRange,
    ) -> Value {
        let found = self.attribute(object, name, range);
        let is_set_here = self
            .heap
            .get(&name)
            .is_some_and(|value| !value.is_unknown());
        self.dependencies.reads(Kept::DynamicStores);
        if is_set_here && !self.has_dynamic_stores {
            found.atoms().iter().copied().collect()
        } else {
            found
        }
    }

    /// What attributes of this name are, on whatever object.
    pub(super) fn by_name(&mut self, name: Symbol) -> Value {
        let mut found = self.stored(name);
        // A property gives what its function returns.
        for atom in found.atoms().to_vec() {
            if let Atom::Function(id) = atom
                && let Some(function) = self.scopes.functions.get(id.index())
                && function.is_decorated
            {
                found.join(&self.results_of(id));
            }
        }
        found
    }

    fn class_member(&self, scope: ScopeId, name: Symbol) -> Value {
        self.variable(scope, name)
    }

    /// A global of a module of the package, or a module below it.
    pub(super) fn global(&mut self, file: FileId, name: Symbol) -> Value {
        let scope = self.scopes.modules.get(file.index()).copied();
        let mut found = scope
            .map(|scope| self.variable(scope, name))
            .unwrap_or_default();
        let module = self
            .module_names
            .get(file.index())
            .cloned()
            .unwrap_or_default();
        let name_text = self.names.text(name);
        let below = if module.is_empty() {
            name_text.to_owned()
        } else {
            format!("{module}.{name_text}")
        };
        if let Some(file) = self.files.get(&below) {
            found.add(Atom::Local(*file));
        }
        found.join(&self.by_name(name));
        found
    }

    /// The constant that a path stands for, as `string.ascii_lowercase` does.
    fn path_constant(&mut self, path: PathId) -> Option<Atom> {
        if let Some(known) = self.path_constants.get(&path) {
            return *known;
        }
        let constant = fold::attribute(&self.names.path_text(path));
        let constant = constant.map(|constant| self.constant(constant));
        self.path_constants.insert(path, constant);
        constant
    }

    /// The path of a member, where a member that is another module is that module.
    pub(super) fn member(&mut self, path: PathId, name: Symbol) -> PathId {
        if let Some(known) = self.members.get(&(path, name)) {
            return *known;
        }
        let member = self.new_member(path, name);
        self.members.insert((path, name), member);
        member
    }

    fn new_member(&mut self, path: PathId, name: Symbol) -> PathId {
        // Calling a function's `__call__` is calling the function.
        if self.names.text(name) == "__call__" {
            return path;
        }
        let member = self.names.child(path, name);
        if !self.names.is_static(path) {
            return member;
        }
        let text = self.names.path_text(member);
        if let Some(target) = self.catalogue.aliases.get(&*text) {
            return self.names.dotted(target).unwrap_or(member);
        }
        if Some(member) == self.special.search_path
            && !std::mem::replace(&mut self.has_search_path, true)
        {
            self.dependencies.all_changed();
        }
        let last = self.names.text(name);
        let bare = last.trim_start_matches('_');
        let is_sharp = self.catalogue.sharp_modules.contains(bare)
            && !self
                .catalogue
                .built_in_modules
                .contains(self.names.root_of(path));
        if is_sharp && !self.is_standard(path) && self.policy.entry(&text).is_none() {
            let bare = bare.to_owned();
            let module = self.names.symbol(&bare);
            return self.names.root(module);
        }
        member
    }

    /// Whether a path lies in the standard library, whose modules' attributes are all known.
    fn is_standard(&self, path: PathId) -> bool {
        let root = self.names.root_of(path);
        self.catalogue.is_standard_module(root)
    }

    fn check_attribute_name(&mut self, object: &Value, name: Symbol, range: TextRange) {
        if self.special.tables.contains(&name) {
            self.note_dynamic_store();
        }
        let rule = *self.attribute_rules.entry(name).or_insert_with(|| {
            let text = self.names.text(name);
            let rule = self.policy.attribute(text);
            rule.or_else(|| self.policy.foreign_attribute(text))
        });
        let text = self.names.text(name);
        if let Some(rule) = rule
            && !(self.policy.foreign_attribute(text).is_some() && self.is_own(object, name))
        {
            let subject = format!("`.{text}`");
            self.report(Some(range), rule, &subject);
            return;
        }
        let is_type =
            |atom: &Atom| matches!(atom, Atom::Path(path) if self.names.last(*path) == TYPE);
        let is_table = text == "__dict__";
        if is_table && object.atoms().iter().any(is_type) {
            self.report_path(id::NAMESPACE, range, "`__dict__` of a type");
        }
        if is_table
            && object
                .atoms()
                .iter()
                .any(|atom| self.is_table_owner(*atom, object))
        {
            self.report_path(id::NAMESPACE, range, "`__dict__` of a module or class");
        }
    }

    /// Whether an attribute of this name may well be the package's own.
    fn is_own(&self, object: &Value, name: Symbol) -> bool {
        let mut atoms = object.atoms().iter();
        if object.is_unknown() || object.has_no_atoms() {
            let is_outside = |atom: &Atom| matches!(atom, Atom::Path(_));
            return self.scopes.has_attribute(name) && !atoms.any(is_outside);
        }
        atoms.all(|atom| matches!(atom, Atom::Local(_) | Atom::Class(_)))
    }

    /// Whether the `__dict__` of this is a way to functions by name.
    pub(super) fn is_table_owner(&self, atom: Atom, object: &Value) -> bool {
        let is_known = !object.is_unknown() && object.atoms().len() == 1;
        match atom {
            Atom::Path(path) => self.is_module(path) || (is_known && self.names.is_static(path)),
            Atom::Local(_) => true,
            _ => false,
        }
    }

    /// A module that another one leads to is imported all the same.
    fn check_leak(&mut self, path: PathId, member: PathId, range: TextRange) {
        if self.names.parent(member) == Some(path) || member == path {
            return;
        }
        if self.decide(member).is_none() {
            let subject = format!("`{}`", self.names.path_text(member));
            self.report_path(id::IMPORT, range, &subject);
        }
    }

    /// Keys of namespaces that lead into the interpreter.
    pub(super) fn check_key(&mut self, key: &Value, range: TextRange) {
        for text in self.texts(key) {
            if let Some(rule) = self.policy.attribute(&text) {
                let subject = format!("`[\"{text}\"]`");
                self.report(Some(range), rule, &subject);
            } else if matches!(text.as_str(), "__dict__" | "__builtins__") {
                let subject = format!("`[\"{text}\"]`");
                self.report_path(id::NAMESPACE, range, &subject);
            }
        }
    }

    /// Private functions of the standard library do what the public ones refuse to.
    fn check_private(&mut self, path: PathId, member: PathId, range: TextRange) {
        let name = self.names.last(member);
        let is_private = name.starts_with('_')
            && !name
                .trim_start_matches('_')
                .starts_with(|c: char| c.is_ascii_uppercase())
            && !PUBLIC_DUNDERS.contains(&name);
        if is_private
            && self.names.is_static(path)
            && self.names.parent(member) == Some(path)
            && self.names.root_of(path) != "builtins"
            && self.is_standard(path)
            && self.policy.entry(&self.names.path_text(member)).is_none()
            && self.decide(path) == Some(crate::policy::Decision::Allowed)
        {
            let subject = format!("`{}`", self.names.path_text(member));
            self.report_path(id::PRIVATE, range, &subject);
        }
    }

    pub(super) fn report_path(&mut self, rule: &str, range: TextRange, subject: &str) {
        let rule = self.catalogue.rule(rule);
        self.report(Some(range), rule, subject);
    }

    // Lookups by a name that is a value

    /// What `getattr(object, key)` may give.
    pub(super) fn lookup_attribute(
        &mut self,
        object: &Value,
        key: &Value,
        range: TextRange,
    ) -> Value {
        if key.says_nothing() || object.says_nothing() {
            return Value::default();
        }
        let Some(keys) = self.keys(key) else {
            return self.unknown_attribute(object, key, range);
        };
        let mut found = Value::default();
        for key in keys {
            let name = self.names.symbol(&key);
            let value = self.attribute(object, name, range);
            found.join(&value);
        }
        found
    }

    /// The strings that a key may be, if it can be nothing else.
    pub(super) fn keys(&self, key: &Value) -> Option<Vec<String>> {
        let constants = self.constants(key)?;
        constants
            .iter()
            .map(|constant| constant.as_str().map(str::to_owned))
            .collect()
    }

    /// A lookup whose name only shows at run time.
    fn unknown_attribute(&mut self, object: &Value, key: &Value, range: TextRange) -> Value {
        // What is known of the key still counts.
        for atom in key.atoms().to_vec() {
            let text = self
                .const_of(atom)
                .and_then(|constant| constant.as_str().map(str::to_owned));
            if let Some(text) = text {
                let name = self.names.symbol(&text);
                self.attribute(object, name, range);
            }
        }
        if let Some(level) = self.level(object) {
            return level;
        }
        let is_harmless = self.is_harmless_key(key);
        let is_grave = self
            .with_escaped(object)
            .any(|atom| self.is_lookup_target(atom, !object.is_unknown()));
        if is_grave && !self.is_in_capitals(key) {
            self.report_path(id::DYNAMIC_ATTRIBUTE, range, "the name is computed");
        } else if !is_harmless {
            self.report_path(id::DYNAMIC_LOOKUP, range, "the name is computed");
        }
        let mut found = Value::unknown();
        for atom in object.atoms() {
            if let Atom::Holder(holder) = atom {
                found.join(&self.held(*holder));
            }
        }
        for atom in key.atoms() {
            if let Atom::Prefix(prefix) = atom {
                let prefix = self.names.text(*prefix);
                self.dependencies.reads(Kept::AnyAttribute);
                let begins = |name: Symbol| self.names.text(name).starts_with(prefix);
                let named = self.heap.iter().filter(|(name, _)| begins(**name));
                named.for_each(|(_, value)| {
                    found.join(value);
                });
            }
        }
        found
    }

    fn is_in_capitals(&self, key: &Value) -> bool {
        !key.is_unknown()
            && !key.has_no_atoms()
            && key
                .atoms()
                .iter()
                .all(|atom| matches!(atom, Atom::Path(path) if self.names.last(*path) == CAPITALS))
    }

    /// Whether a name looked up on this leads into the interpreter or to other people's functions.
    fn is_lookup_target(&self, atom: Atom, is_known: bool) -> bool {
        match atom {
            Atom::Path(path) => self.is_module(path) || (is_known && self.names.is_static(path)),
            Atom::Local(_) => true,
            Atom::Const(_) | Atom::Prefix(_) | Atom::Function(_) | Atom::Getter(_) => is_known,
            Atom::Class(_) | Atom::Crowd | Atom::Holder(_) => false,
        }
    }

    /// Whether an attribute of such a name can't be a way into the interpreter: the names of those begin
    /// with an underscore, or are known.
    pub(super) fn is_harmless_key(&self, key: &Value) -> bool {
        !key.is_unknown()
            && !key.has_no_atoms()
            && key.atoms().iter().all(|atom| match *atom {
                Atom::Prefix(prefix) => {
                    let prefix = self.names.text(prefix);
                    !prefix.starts_with('_') && !self.policy.has_attribute_that_begins_with(prefix)
                }
                Atom::Const(_) => true,
                Atom::Path(path) => self.is_field_name(path),
                _ => false,
            })
    }

    /// Names of data class fields: they are written down in the class.
    fn is_field_name(&self, path: PathId) -> bool {
        let text = self.names.path_text(path);
        matches!(&*text, ATTRIBUTE_NAME | CAPITALS | PUBLIC)
            || !self.makes_fields && FIELD_NAMES.contains(&&*text)
    }
}
