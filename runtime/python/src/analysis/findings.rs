//! What the policy decides about paths, and the findings that come of it.

use rustpython_parser::text_size::TextRange;

use super::dependencies::Cell as Kept;
use super::engine::Engine;
use super::names::PathId;
use crate::finding::Finding;
use crate::policy::{Decision, Rule, id};
use assay_challenge_sdk::abi::PythonVerdict;

/// Findings kept per file; the rest is alike.
const MAX_FINDINGS: usize = 1_000;

impl Engine<'_, '_> {
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
        // Every path is decided about when it is first met.
        if !self.has_evaluator && self.is_evaluator(path) {
            self.has_evaluator = true;
            self.dependencies.changed(Kept::Evaluator);
        }
        decision
    }

    /// Reports a path that is used, if it is forbidden and that does not follow from what is above it.
    pub(super) fn check_path(&mut self, path: PathId, range: TextRange) {
        let decision = self.decide(path);
        if self.names.last(path) == "__main__" && !self.names.is_root(path) {
            self.report_path(id::NAMESPACE, range, "`__main__` of a package");
        }
        let Some(Decision::Forbidden(rule)) = decision else {
            return;
        };
        let parent = self
            .names
            .parent(path)
            .filter(|parent| &*self.names.path_text(*parent) != "builtins");
        let above = parent.and_then(|parent| self.decide(parent));
        if above == Some(Decision::Forbidden(rule)) {
            return;
        }
        let text = self.names.path_text(path);
        if self.exempt == Some(&*text) {
            return;
        }
        let shown = text.strip_prefix("builtins.").unwrap_or(&text).to_owned();
        self.report(Some(range), rule, &format!("`{shown}`"));
    }

    fn is_evaluator(&self, path: PathId) -> bool {
        let evaluators = &self.catalogue.evaluators;
        evaluators.contains(&*self.names.path_text(path))
            || evaluators.contains(self.names.root_of(path))
    }

    pub(super) fn report(&mut self, range: Option<TextRange>, rule: &'static Rule, subject: &str) {
        self.reports += 1;
        if self.is_probing {
            return;
        }
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
