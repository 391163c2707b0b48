//! Constants, containers, and how many alternatives become few.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use super::dependencies::Cell as Kept;
use super::engine::Engine;
use super::levels::LEVEL;
use super::names::PathId;
use super::value::{Atom, ConstId, FunctionId, HolderId, Value};
use crate::fold::Const;
use crate::policy::id;

/// Functions, containers or paths told apart in one place.
const MAX_OF_A_KIND: usize = 6;
/// Functions whose calls are looked at more closely, under whatever name.
const KEPT: [&str; 27] = [
    "os.environ",
    "sys.path[]",
    "xml.sax.make_parser",
    "builtins.map",
    "builtins.type",
    "builtins.dict",
    "builtins.list",
    "builtins.tuple",
    "builtins.set",
    "builtins.sorted",
    "builtins.iter",
    "builtins.next",
    "builtins.str",
    "builtins.bytes",
    "builtins.chr",
    "builtins.open",
    "functools.reduce",
    "functools.wraps",
    "functools.update_wrapper",
    "yaml.load",
    "yaml.load_all",
    "numpy.load",
    "os.open",
    "io.open",
    "pathlib.Path",
    "sys.path",
    "base64.b64decode",
];
/// Characters of a text that are told apart when it is iterated over without being unrolled.
const MAX_CHARACTERS: usize = 8;
/// Alternatives in all; more are too many to follow.
const MAX_ATOMS: usize = 256;

/// What a container may hold.
pub(super) struct Holder {
    pub contents: Value,
    /// Its keys, which iterating gives, if it is a mapping.
    pub keys: Option<Value>,
    /// What it leads to, at any depth.
    reach: Value,
    /// Whether it may have changed after it was written down.
    pub is_changed: bool,
    /// The container that it became one with, or itself.
    same_as: HolderId,
}

impl Default for Holder {
    fn default() -> Self {
        Self {
            contents: Value::default(),
            keys: None,
            reach: Value::default(),
            is_changed: false,
            same_as: HolderId(0),
        }
    }
}

/// Functions and classes that are not told apart any more.
#[derive(Default)]
pub(super) struct Crowd {
    members: Vec<Atom>,
    is_member: FxHashSet<Atom>,
    /// What any of them may be called with.
    pub given: Value,
    /// Names that any of them may be given arguments by.
    pub names: Value,
    /// What any of them may lead to.
    pub results: Value,
}

impl Engine<'_, '_> {
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
        let (mut containers, mut holders) = (0, 0);
        for atom in value.atoms() {
            match self.const_of(*atom) {
                Some(constant) => {
                    containers += usize::from(constant.is_container());
                    constants.push(constant.clone());
                }
                None if matches!(atom, Atom::Holder(_)) => holders += 1,
                None => return None,
            }
        }
        // Containers stand beside their constant form; one without may hold anything.
        (!constants.is_empty() && holders <= containers).then_some(constants)
    }

    /// The container that the node at this place makes. One node may make several, told apart by `part`.
    pub(super) fn holder(&mut self, place: usize, part: u8) -> HolderId {
        let next = HolderId::of(self.holders.len());
        let id = *self.holder_at.entry((place, part)).or_insert(next);
        if id == next {
            self.holders.push(Holder {
                same_as: next,
                ..Holder::default()
            });
        }
        self.found(id)
    }

    pub(super) fn held(&self, id: HolderId) -> Value {
        self.holder_of(id)
            .map(|holder| holder.contents.clone())
            .unwrap_or_default()
    }

    /// Contents and keys.
    pub(super) fn all_held(&self, id: HolderId) -> Value {
        let Some(holder) = self.holder_of(id) else {
            return Value::default();
        };
        let mut all = holder.contents.clone();
        holder.keys.iter().for_each(|keys| {
            all.join(keys);
        });
        all
    }

    pub(super) fn put_key(&mut self, id: HolderId, key: &Value) {
        let id = self.found(id);
        let carried = self.carried(key);
        let Some(holder) = self.holders.get_mut(id.index()) else {
            return;
        };
        let mut keys = holder.keys.take().unwrap_or_default();
        let mut reach = std::mem::take(&mut holder.reach);
        let is_new = self.absorb(&mut keys, key);
        let leads_further = self.absorb(&mut reach, &carried);
        if let Some(holder) = self.holders.get_mut(id.index()) {
            holder.keys = Some(keys);
            holder.reach = reach;
        }
        self.note_growth(id, is_new, leads_further);
    }

    pub(super) fn put_key_if_mapping(&mut self, id: HolderId, key: &Value) {
        if self
            .holder_of(id)
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
                .holder_of(*id)
                .is_some_and(|holder| holder.keys.is_some()),
            _ => false,
        };
        let (mappings, others): (Vec<Atom>, Vec<Atom>) =
            value.atoms().iter().partition(|atom| is_mapping(atom));
        let mut elements = Value::default();
        for atom in &mappings {
            if let Atom::Holder(id) = atom
                && let Some(keys) = self.holder_of(*id).and_then(|holder| holder.keys.as_ref())
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
        let id = self.found(id);
        self.dependencies.reads(Kept::HolderChanged(id));
        let holder = self.holders.get(id.index());
        holder.is_some_and(|holder| holder.is_changed)
    }

    pub(super) fn put(&mut self, id: HolderId, value: &Value) {
        let id = self.found(id);
        let carried = self.carried(value);
        let Some(holder) = self.holders.get_mut(id.index()) else {
            return;
        };
        let mut contents = std::mem::take(&mut holder.contents);
        let mut reach = std::mem::take(&mut holder.reach);
        let is_new = self.absorb(&mut contents, value);
        let leads_further = self.absorb(&mut reach, &carried);
        if let Some(holder) = self.holders.get_mut(id.index()) {
            holder.contents = contents;
            holder.reach = reach;
        }
        self.note_growth(id, is_new, leads_further);
    }

    fn note_growth(&mut self, id: HolderId, is_new: bool, leads_further: bool) {
        if is_new {
            self.dependencies.changed(Kept::Holder(id));
        }
        if leads_further {
            self.dependencies.changed(Kept::HolderReach(id));
        }
    }

    /// Notes that the containers of a value may hold something else than what was written down.
    pub(super) fn change(&mut self, value: &Value) {
        for atom in value.atoms() {
            if let Atom::Holder(id) = *atom {
                let id = self.found(id);
                if let Some(holder) = self.holders.get_mut(id.index())
                    && !std::mem::replace(&mut holder.is_changed, true)
                {
                    self.dependencies.changed(Kept::HolderChanged(id));
                }
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
                // So many characters would be any text.
                Atom::Const(_)
                    if self
                        .const_of(*atom)
                        .and_then(Const::as_str)
                        .is_some_and(|text| text.len() > MAX_CHARACTERS) =>
                {
                    is_opaque = true;
                }
                Atom::Const(_) => {
                    let items = self.const_of(*atom).and_then(crate::fold::iterate);
                    for item in items.unwrap_or_default() {
                        let item = self.constant(item);
                        elements.add(item);
                    }
                }
                Atom::Path(path) => {
                    let element = self.names.element;
                    elements.add(Atom::Path(self.names.child(path, element)));
                    // Nobody iterates over a module: this is something that has it.
                    if self.is_module(path) {
                        elements.add(*atom);
                    }
                }
                Atom::Prefix(_)
                | Atom::Local(_)
                | Atom::Function(_)
                | Atom::Class(_)
                | Atom::Crowd
                | Atom::Getter(_) => {
                    is_opaque = true;
                }
            }
        }
        if is_opaque {
            elements = elements.or_unknown();
        }
        elements
    }

    /// The alternatives of a value that lead further when handed around, at any depth of containers:
    /// modules, functions, lookups. Constants are left out.
    pub(super) fn carried(&self, value: &Value) -> Value {
        let mut carried = Value::default();
        self.note_work(value.atoms().len());
        for atom in value.atoms() {
            match *atom {
                Atom::Path(path) => {
                    if self.is_carrier(path) {
                        carried.add(*atom);
                    }
                }
                Atom::Const(_) | Atom::Prefix(_) => {}
                Atom::Holder(id) => {
                    carried.join(self.reach_of(id));
                }
                // Whoever is given a function may call it.
                Atom::Function(id) => {
                    carried.add(*atom);
                    self.dependencies.reads(Kept::FunctionReach(id));
                    if let Some(function) = self.scopes.functions.get(id.index()) {
                        carried.join(&function.reach);
                    }
                }
                Atom::Crowd => {
                    carried.add(*atom);
                    self.dependencies.reads(Kept::Crowd);
                    carried.join(&self.crowd.results);
                }
                Atom::Local(_) | Atom::Class(_) | Atom::Getter(_) => {
                    carried.add(*atom);
                }
            }
        }
        self.note_work(carried.atoms().len());
        carried
    }

    /// Whether a path from outside leads further: modules, and functions that look up or build.
    pub(super) fn is_carrier(&self, path: PathId) -> bool {
        if let Some(known) = self.carriers.borrow().get(&path) {
            return *known || self.modules.contains(&path);
        }
        let is_level = self.names.last(path) == LEVEL;
        let is_carrier = is_level
            || self.names.is_static(path) && {
                let text = self.names.path_text(path);
                self.names.is_root(path)
                    || self.catalogue.guarded.contains(&*text)
                    || self.catalogue.is_standard_module(&text)
            };
        self.carriers.borrow_mut().insert(path, is_carrier);
        is_carrier || self.modules.contains(&path)
    }

    /// Whether anything more can be found out about a path once it lies in a variable.
    pub(super) fn is_worth_keeping(&self, path: PathId) -> bool {
        if let Some(known) = self.kept.borrow().get(&path) {
            return *known;
        }
        let text = self.names.path_text(path);
        let is_kept = self.is_carrier(path)
            || self.names.is_told_apart_path(path)
            || self.names.leads_to_told_apart(&text)
            || self.catalogue.string_code.contains(&*text)
            || (self.names.is_static(path) && self.may_be_foreign_module(path))
            || !self.names.is_static(path) && text.starts_with('<')
            || KEPT.contains(&&*text)
            || self.policy.has_paths_below(&text);
        self.kept.borrow_mut().insert(path, is_kept);
        is_kept
    }

    /// Whether a path may be a module of a third-party package.
    fn may_be_foreign_module(&self, path: PathId) -> bool {
        let root = self.names.root_of(path);
        root != "builtins"
            && !self.catalogue.is_standard_module(root)
            && self
                .names
                .last(path)
                .starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
    }

    /// Adds the alternatives of a value to a place that keeps them, and notes whether that was new. Too many
    /// alternatives become fewer that mean more.
    pub(super) fn absorb(&mut self, kept: &mut Value, value: &Value) -> bool {
        self.note_work(value.atoms().len());
        if kept.includes(value) {
            return false;
        }
        // Of many, those that are new may turn out to be none.
        let before =
            (kept.atoms().len() + value.atoms().len() > MAX_OF_A_KIND).then(|| kept.clone());
        let is_crowded = kept.atoms().contains(&Atom::Crowd);
        let any_getter = Atom::Getter(self.special.unknown_getter);
        let has_any_getter = kept.atoms().contains(&any_getter);
        let mut is_unknown = value.is_unknown();
        let mut is_new = value.is_any_path && !kept.is_any_path;
        for atom in value.atoms() {
            match *atom {
                Atom::Function(_) | Atom::Class(_) if is_crowded => {
                    self.join_crowd(*atom);
                }
                Atom::Holder(id) => {
                    is_new |= kept.add(Atom::Holder(self.found(id)));
                }
                // What can be done with the rest was checked where it was named.
                Atom::Path(path) if !self.is_worth_keeping(path) => is_unknown = true,
                Atom::Path(path) if kept.is_any_path && !self.is_carrier(path) => {}
                // It stands for all.
                Atom::Getter(_) if has_any_getter => {}
                _ => is_new |= kept.add(*atom),
            }
        }
        if is_unknown && !kept.is_unknown() {
            kept.set_unknown();
            is_new = true;
        }
        kept.is_any_path |= value.is_any_path;
        let Some(before) = before else { return is_new };
        if kept.atoms().len() > MAX_OF_A_KIND {
            self.narrow(kept);
        }
        *kept != before
    }

    pub(super) fn note_work(&self, alternatives: usize) {
        self.work.set(self.work.get() + alternatives);
    }

    /// Makes few alternatives of many.
    fn narrow(&mut self, value: &mut Value) {
        let is_callable = |atom: &Atom| matches!(atom, Atom::Function(_) | Atom::Class(_));
        let callables: Vec<Atom> = value.atoms().iter().copied().filter(is_callable).collect();
        if callables.len() > MAX_OF_A_KIND {
            value.retain(|atom| !is_callable(atom));
            value.add(Atom::Crowd);
            for callable in callables {
                self.join_crowd(callable);
            }
        }
        let holders: Vec<HolderId> = value
            .atoms()
            .iter()
            .filter_map(|atom| match atom {
                Atom::Holder(id) => Some(self.found(*id)),
                _ => None,
            })
            .collect();
        if let [first, rest @ ..] = holders.as_slice()
            && holders.len() > MAX_OF_A_KIND
        {
            for other in rest {
                self.unite(*first, *other);
            }
            value.retain(|atom| !matches!(atom, Atom::Holder(_)));
            value.add(Atom::Holder(self.found(*first)));
        }
        let getters = value
            .atoms()
            .iter()
            .filter(|atom| matches!(atom, Atom::Getter(_)));
        if getters.count() > MAX_OF_A_KIND {
            value.retain(|atom| !matches!(atom, Atom::Getter(_)));
            value.add(Atom::Getter(self.special.unknown_getter));
        }
        let paths: Vec<PathId> = value
            .atoms()
            .iter()
            .filter_map(|atom| match atom {
                Atom::Path(path) => Some(*path),
                _ => None,
            })
            .collect();
        if paths.len() > MAX_OF_A_KIND {
            // What can be done with these was checked where they were named.
            let plain: BTreeSet<PathId> = paths
                .into_iter()
                .filter(|path| !self.is_carrier(*path))
                .collect();
            value.retain(|atom| !matches!(atom, Atom::Path(path) if plain.contains(path)));
            value.set_unknown();
            value.is_any_path = true;
        }
        if value.atoms().len() > MAX_ATOMS {
            let rule = self.catalogue.rule(id::COMPLEXITY);
            self.report(
                None,
                rule,
                "a variable that may be very many modules and functions",
            );
        }
    }

    /// Makes one container of two.
    fn unite(&mut self, first: HolderId, other: HolderId) {
        let (first, other) = (self.found(first), self.found(other));
        if first == other {
            return;
        }
        let Some(merged) = self.holders.get_mut(other.index()) else {
            return;
        };
        merged.same_as = first;
        merged.is_changed = true;
        let (contents, keys) = (merged.contents.clone(), merged.keys.clone());
        for cell in [Kept::Holder, Kept::HolderReach, Kept::HolderChanged] {
            self.dependencies.changed(cell(other));
        }
        self.change(&Value::of(Atom::Holder(first)));
        self.put(first, &contents);
        if let Some(keys) = keys {
            // Some are mappings and some are not: everything may be a key.
            self.put_key(first, &keys);
            let all = self.all_held(first);
            self.put_key(first, &all);
        } else if self
            .holder_of(first)
            .is_some_and(|holder| holder.keys.is_some())
        {
            self.put_key(first, &contents);
        }
    }

    /// The container that stands for this one.
    pub(super) fn found(&self, id: HolderId) -> HolderId {
        let mut at = id;
        while let Some(holder) = self.holders.get(at.index())
            && holder.same_as != at
        {
            at = holder.same_as;
        }
        at
    }

    /// What a container leads to, at any depth.
    pub(super) fn reach_of(&self, id: HolderId) -> &Value {
        let id = self.found(id);
        self.dependencies.reads(Kept::HolderReach(id));
        let holder = self.holders.get(id.index());
        holder.map_or(Value::NOTHING, |holder| &holder.reach)
    }

    fn holder_of(&self, id: HolderId) -> Option<&Holder> {
        let id = self.found(id);
        self.dependencies.reads(Kept::Holder(id));
        self.holders.get(id.index())
    }

    /// Functions that Python itself calls are called by somebody unknown from the start.
    pub(super) fn gather_protocols(&mut self) {
        for index in 0..self.scopes.functions.len() {
            let function = self.scopes.functions.get(index);
            if function.is_some_and(|function| function.is_protocol && !function.is_constructor) {
                self.has_protocols = true;
                self.join_crowd(Atom::Function(FunctionId::of(index)));
            }
        }
    }

    /// Hands a value to whatever method an operator, a subscript or the like may call.
    pub(super) fn hand_to_protocols(&mut self, value: &Value) {
        let carried = self.carried(value);
        let mut others = self.modules_of(&carried);
        if !self.has_protocols {
            others.retain(|atom| !matches!(atom, Atom::Path(path) if self.is_level(*path)));
        }
        if !others.has_no_atoms() {
            self.escape(&others);
            self.give_to_crowd(&others, &Value::default());
        }
    }

    /// The modules and lookups among what a value leads to.
    pub(super) fn modules_of(&self, carried: &Value) -> Value {
        let leads = |atom: &&Atom| match atom {
            Atom::Path(path) => {
                self.is_module(*path)
                    && !self
                        .catalogue
                        .guarded
                        .contains(&*self.names.path_text(*path))
            }
            Atom::Local(_) | Atom::Getter(_) => true,
            _ => false,
        };
        carried.atoms().iter().filter(leads).copied().collect()
    }

    /// A function or class that is not told apart any more, or that somebody unknown may call.
    pub(super) fn join_crowd(&mut self, member: Atom) {
        if !self.crowd.is_member.insert(member) {
            return;
        }
        self.crowd.members.push(member);
        if let Atom::Function(id) = member {
            self.start(id);
            self.open(id);
        }
    }

    /// Notes what code that can't be followed may call the crowd with.
    pub(super) fn give_to_crowd(&mut self, given: &Value, names: &Value) {
        let mut all = std::mem::take(&mut self.crowd.given);
        self.absorb(&mut all, given);
        self.crowd.given = all;
        let mut all = std::mem::take(&mut self.crowd.names);
        self.absorb(&mut all, names);
        self.crowd.names = all;
    }

    /// Calls the crowd with what it was given, once a round.
    pub(super) fn call_crowd(&mut self) {
        let members = self.crowd.members.clone();
        let mut results = std::mem::take(&mut self.crowd.results);
        let mut is_new = false;
        for member in &members {
            if let Atom::Function(id) = member
                && let Some(function) = self.scopes.functions.get(id.index())
            {
                let reach = function.reach.clone();
                is_new |= self.absorb(&mut results, &reach);
            }
        }
        self.crowd.results = results;
        if is_new {
            self.dependencies.changed(Kept::Crowd);
        }
        let (given, names) = (self.crowd.given.clone(), self.crowd.names.clone());
        if !given.has_no_atoms() || !names.has_no_atoms() || names.is_unknown() {
            self.call_back(&members, &given, &names);
        }
    }
}
