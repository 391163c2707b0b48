//! The catalogue of rules: what in Python runs code, starts programs, reaches into the interpreter.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use assay_challenge_sdk::abi::PythonVerdict;
use serde::Deserialize;

const RULES: &str = include_str!("catalogue.toml");
/// Made by `modules.py` from CPython 3.11: lines of `module`, or of `module attribute target`.
const MODULE_ALIASES: &str = include_str!("modules.txt");

/// A rule: its stable id, what breaking it does, and what falls under it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    pub id: String,
    /// What the code does, as the beginning of a message: `starts a program`.
    pub what: String,
    pub hint: String,
    pub severity: PythonVerdict,
    /// Dotted paths, with all below them.
    pub paths: Vec<String>,
    /// Attributes of whatever object.
    pub attributes: Vec<String>,
    /// Attributes of whatever object, unless a class of the package has one of this name.
    pub foreign_attributes: Vec<String>,
}

/// All rules, and what else the engine knows by name.
#[derive(Debug)]
pub(crate) struct Catalogue {
    rules: Vec<Rule>,
    /// Functions and methods whose string arguments are code.
    pub string_code: BTreeSet<String>,
    /// Functions that must be called in plain sight: handed to other code, they do what they are for.
    pub guarded: BTreeSet<String>,
    /// Modules and functions that evaluate annotations written as text.
    pub evaluators: BTreeSet<String>,
    /// Built-in names.
    pub builtins: BTreeSet<String>,
    /// Modules that are part of the interpreter and that no file can hide.
    pub built_in_modules: BTreeSet<String>,
    /// Names under which a third-party package can only mean the module of that name.
    pub sharp_modules: BTreeSet<String>,
    /// `module.attribute` that is another module, or a function better known under another path.
    pub aliases: BTreeMap<String, String>,
    /// Modules of the standard library, whose attributes are all known.
    modules: BTreeSet<String>,
}

/// Ids of the rules that the engine reports on its own.
pub(crate) mod id {
    pub(crate) const IMPORT: &str = "py.import";
    pub(crate) const MEMBER: &str = "py.member";
    pub(crate) const NAME: &str = "py.name";
    pub(crate) const ATTRIBUTE: &str = "py.attribute";
    pub(crate) const STAR_IMPORT: &str = "py.star-import";
    pub(crate) const DYNAMIC_IMPORT: &str = "py.dynamic-import";
    pub(crate) const DYNAMIC_ATTRIBUTE: &str = "py.dynamic-attribute";
    pub(crate) const DYNAMIC_LOOKUP: &str = "py.dynamic-lookup";
    pub(crate) const NAMESPACE: &str = "py.namespace";
    pub(crate) const CODE_EXECUTION: &str = "py.code-execution";
    pub(crate) const GADGET: &str = "py.gadget";
    pub(crate) const CODE_OBJECT: &str = "py.code-object";
    pub(crate) const NATIVE_CODE: &str = "py.native-code";
    pub(crate) const DESERIALISATION: &str = "py.deserialisation";
    pub(crate) const PRIVATE: &str = "py.private";
    pub(crate) const SEARCH_PATH: &str = "py.search-path";
    pub(crate) const PROCESS: &str = "py.process";
    pub(crate) const COMPLEXITY: &str = "py.complexity";

    /// All of them: each must be in the catalogue.
    #[cfg(test)]
    pub(crate) const ALL: [&str; 18] = [
        PROCESS,
        GADGET,
        IMPORT,
        MEMBER,
        NAME,
        ATTRIBUTE,
        STAR_IMPORT,
        DYNAMIC_IMPORT,
        DYNAMIC_ATTRIBUTE,
        DYNAMIC_LOOKUP,
        NAMESPACE,
        CODE_EXECUTION,
        CODE_OBJECT,
        NATIVE_CODE,
        DESERIALISATION,
        PRIVATE,
        SEARCH_PATH,
        COMPLEXITY,
    ];
}

/// The catalogue that is built in.
pub(crate) fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| {
        #[expect(
            clippy::expect_used,
            reason = "the text is built in and a test reads it"
        )]
        let text: CatalogueText = toml::from_str(RULES).expect("the built-in catalogue is sound");
        Catalogue::new(text)
    })
}

impl Catalogue {
    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    /// The rule of this id.
    pub(crate) fn rule(&self, id: &str) -> &Rule {
        #[expect(
            clippy::expect_used,
            reason = "a test looks for every id of the engine"
        )]
        let rule = self
            .rules
            .iter()
            .find(|rule| rule.id == id)
            .expect("the rule is in the catalogue");
        rule
    }

    fn new(text: CatalogueText) -> Self {
        let rules = text.rules.into_iter().map(|(id, rule)| Rule {
            id,
            what: rule.what,
            hint: rule.hint,
            severity: rule.severity,
            paths: rule.paths,
            attributes: rule.attributes,
            foreign_attributes: rule.foreign_attributes,
        });
        let mut aliases = text.aliases;
        let mut modules = BTreeSet::new();
        for line in MODULE_ALIASES.lines() {
            let mut words = line.split(' ');
            // The names under which people know the modules of files and paths.
            let module = match words.next().unwrap_or_default() {
                "posixpath" | "ntpath" => "os.path",
                other => other,
            };
            modules.insert(module.to_owned());
            if let (Some(attribute), Some(target)) = (words.next(), words.next()) {
                let target = if target == "=" { attribute } else { target };
                aliases.insert(format!("{module}.{attribute}"), target.to_owned());
            }
        }
        Self {
            rules: rules.collect(),
            string_code: text.string_code,
            guarded: text.guarded,
            evaluators: text.evaluators,
            builtins: text.builtins,
            built_in_modules: text.built_in_modules,
            sharp_modules: text.sharp_modules,
            aliases,
            modules,
        }
    }

    /// Whether this is a module of the standard library, at the top or below.
    pub(crate) fn is_standard_module(&self, path: &str) -> bool {
        self.modules.contains(path)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CatalogueText {
    rules: BTreeMap<String, RuleText>,
    string_code: BTreeSet<String>,
    guarded: BTreeSet<String>,
    evaluators: BTreeSet<String>,
    builtins: BTreeSet<String>,
    built_in_modules: BTreeSet<String>,
    sharp_modules: BTreeSet<String>,
    aliases: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    what: String,
    #[serde(default)]
    hint: String,
    #[serde(default = "deny")]
    severity: PythonVerdict,
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    attributes: Vec<String>,
    #[serde(default)]
    foreign_attributes: Vec<String>,
}

fn deny() -> PythonVerdict {
    PythonVerdict::Deny
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalogue_is_sound() {
        let catalogue = catalogue();
        let of_source = ["py.encoding", "py.syntax", "py.nesting", "py.size"];
        for id in id::ALL.into_iter().chain(of_source) {
            assert_eq!(catalogue.rule(id).id, id);
        }
        let mut paths = BTreeSet::new();
        for path in catalogue.rules().flat_map(|rule| &rule.paths) {
            assert!(paths.insert(path), "{path} falls under two rules");
        }
        assert!(catalogue.aliases.len() > 100);
    }
}
