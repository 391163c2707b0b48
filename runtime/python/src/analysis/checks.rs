//! Findings that depend on how a function is called.

use std::rc::Rc;

use rustpython_parser::ast::{Expr, Keyword};
use rustpython_parser::text_size::TextRange;

use super::annotations::{has_call, parse_expression};
use super::calls::Call;
use super::engine::Engine;
use super::value::{Atom, Value};
use crate::fold::Const;
use crate::policy::id;

/// Loaders of PyYAML that build nothing but plain data.
const SAFE_YAML_LOADERS: [&str; 4] = [
    "yaml.SafeLoader",
    "yaml.CSafeLoader",
    "yaml.BaseLoader",
    "yaml.CBaseLoader",
];

/// Keywords that make a call run or build what it is given, unless they are false.
const GRAVE_KEYWORDS: [(&str, &str, &str); 3] = [
    (
        "trust_remote_code",
        id::CODE_EXECUTION,
        "`trust_remote_code`",
    ),
    ("eval_str", id::CODE_EXECUTION, "`eval_str`"),
    ("allow_pickle", id::DESERIALISATION, "pickles are allowed"),
];

impl Engine<'_, '_> {
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
            match &*text {
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
                "dataclasses.make_dataclass" => self.check_made_fields(call),
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
                            || (text.contains("/proc/") && text.ends_with("mem"))
                    };
                    if self.texts(all).iter().any(is_memory) {
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
        self.check_level_call(callee, call);
        self.check_search_call(callee, call);
        self.check_written(callee, call);
        self.check_keywords(call);
        self.check_method(call);
    }

    /// Names of fields that a call makes.
    fn check_made_fields(&mut self, call: &Call) {
        let mut given = call.arguments.all().clone();
        for _ in 0..2 {
            let elements = self.elements(&given);
            given.join(&elements);
        }
        for text in self.texts(&given) {
            if let Some(rule) = self.policy.attribute(&text) {
                self.report(Some(call.range), rule, &format!("a field `{text}`"));
            }
        }
        if !std::mem::replace(&mut self.makes_fields, true) {
            self.dependencies.all_changed();
        }
    }

    /// `trust_remote_code=True` runs code that comes with a model, and the like.
    fn check_keywords(&mut self, call: &Call) {
        if call.arguments.named.is_empty() && !call.arguments.has_rest {
            return;
        }
        let unpacked = self.texts(&call.arguments.rest_names);
        for (keyword, rule, subject) in GRAVE_KEYWORDS {
            let name = self.names.symbol(keyword);
            let mut named = call.arguments.named.iter();
            let given = named.find(|(given, _)| *given == name);
            let is_unpacked = unpacked.iter().any(|text| text == keyword);
            if is_unpacked || given.is_some_and(|(_, value)| !self.is_false(value)) {
                self.report_path(rule, call.range, subject);
            }
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
            "__setattr__" => {
                let is_fixed = |atom: &Atom| match *atom {
                    Atom::Path(path) => self.names.is_static(path),
                    Atom::Local(_) | Atom::Class(_) => true,
                    _ => false,
                };
                if let [key, value] = call.arguments.positional.as_slice()
                    && object.atoms().iter().any(is_fixed)
                {
                    self.set_attribute(object, key, value, call.range);
                }
            }
            "setdefault" | "putenv" => {
                if let [key, _] = call.arguments.positional.as_slice() {
                    self.check_stored_key(key, call.range);
                    self.check_environment(object, key, call.range);
                }
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
        if self.carried(given).has_no_atoms() {
            return;
        }
        for template in templates {
            for field in template.split('{').skip(1) {
                let field = field.split(['}', '!', ':', '[']).next().unwrap_or_default();
                let mut value = given.clone();
                for name in field.split('.').skip(1) {
                    let name = self.names.symbol(name);
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
            if self.catalogue.guarded.contains(&*text) {
                let shown = text.strip_prefix("builtins.").unwrap_or(&text);
                let subject = format!("`{shown}` is handed to other code");
                self.report_path(id::DYNAMIC_ATTRIBUTE, range, &subject);
            }
        }
    }

    /// Strings that the called function evaluates.
    pub(super) fn run_texts(&mut self, call: &Call) {
        let all = call.arguments.all();
        let elements = self.elements(all);
        let mut texts = self.texts(all);
        texts.extend(self.texts(&elements));
        for text in texts {
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

    /// A text as a type argument becomes code that other code evaluates.
    pub(super) fn check_type_argument(&mut self, object: &Value, index: &Value, range: TextRange) {
        let is_generic = object
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Path(path) if self.names.root_of(*path) == "typing"));
        if !is_generic {
            return;
        }
        let is_literal = object.atoms().iter().any(|atom| {
            matches!(atom, Atom::Path(path) if matches!(self.names.last(*path), "Literal" | "Annotated"))
        });
        let mut texts = self.texts(index);
        let elements = self.elements(index);
        texts.extend(self.texts(&elements));
        for text in texts {
            let parsed = self.parsed_text(text);
            if !is_literal && parsed.is_some_and(|parsed| has_call(&parsed)) {
                let subject = "a type argument that calls functions";
                self.report_path(id::CODE_EXECUTION, range, subject);
            }
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
                    if SAFE_YAML_LOADERS.contains(&&*self.names.path_text(*path)))
            })
    }
}
