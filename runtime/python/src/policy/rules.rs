//! Walks a parsed file and applies the policy to imports, names and attributes.

use std::collections::BTreeSet;
use std::convert::Infallible;

use rustpython_parser::ast;
use rustpython_parser::ast::fold::{self, Fold};
use rustpython_parser::text_size::TextRange;
use unicode_normalization::UnicodeNormalization;

use super::Policy;
use crate::finding::Finding;

/// All violations of a file, by position.
pub(crate) fn check(body: Vec<ast::Stmt>, local: &BTreeSet<&str>, policy: &Policy) -> Vec<Finding> {
    let mut walk = Walk {
        local,
        policy,
        findings: Vec::new(),
    };
    // A fold visits every node, which the library's visitor doesn't; the tree it returns is the same.
    for statement in body {
        let Ok(_same) = walk.fold_stmt(statement);
    }
    walk.findings.sort();
    walk.findings.dedup();
    walk.findings
}

struct Walk<'a> {
    local: &'a BTreeSet<&'a str>,
    policy: &'a Policy,
    findings: Vec<Finding>,
}

impl Walk<'_> {
    fn report(&mut self, range: TextRange, rule: &'static str, message: String) {
        self.findings.push(Finding::at(range, rule, message));
    }

    fn import(&mut self, range: TextRange, path: &str) {
        let path = folded(path);
        if path != "__future__" && !self.policy.allows_import(&path, self.local) {
            self.report(
                range,
                "py.import",
                format!("import of `{path}` is not allowed"),
            );
        }
    }
}

impl Fold<TextRange> for Walk<'_> {
    type TargetU = TextRange;
    type Error = Infallible;
    type UserContext = ();

    fn will_map_user(&mut self, _range: &TextRange) {}

    fn map_user(&mut self, range: TextRange, _context: ()) -> Result<TextRange, Infallible> {
        Ok(range)
    }

    fn fold_stmt_import(&mut self, node: ast::StmtImport) -> Result<ast::StmtImport, Infallible> {
        for alias in &node.names {
            self.import(node.range, &alias.name);
        }
        fold::fold_stmt_import(self, node)
    }

    fn fold_stmt_import_from(
        &mut self,
        node: ast::StmtImportFrom,
    ) -> Result<ast::StmtImportFrom, Infallible> {
        let is_relative = node.level.as_ref().is_some_and(|level| level.to_u32() > 0);
        if !is_relative && let Some(module) = &node.module {
            for alias in &node.names {
                match alias.name.as_str() {
                    "*" => self.import(node.range, module),
                    // The name may be a submodule with a rule of its own.
                    name if module.as_str() != "__future__" => {
                        self.import(node.range, &format!("{module}.{name}"));
                    }
                    _ => {}
                }
            }
        }
        fold::fold_stmt_import_from(self, node)
    }

    fn fold_expr_name(&mut self, node: ast::ExprName) -> Result<ast::ExprName, Infallible> {
        if self.policy.forbidden_names.contains(&folded(&node.id)) {
            self.report(
                node.range,
                "py.name",
                format!("use of `{}` is not allowed", node.id),
            );
        }
        fold::fold_expr_name(self, node)
    }

    fn fold_expr_attribute(
        &mut self,
        node: ast::ExprAttribute,
    ) -> Result<ast::ExprAttribute, Infallible> {
        if self
            .policy
            .forbidden_attributes
            .contains(&folded(&node.attr))
        {
            self.report(
                node.range,
                "py.attribute",
                format!("use of `.{}` is not allowed", node.attr),
            );
        }
        fold::fold_expr_attribute(self, node)
    }
}

/// An identifier as Python compares it: compatibility forms of letters are the letters.
fn folded(identifier: &str) -> String {
    if identifier.is_ascii() {
        identifier.to_owned()
    } else {
        identifier.nfkc().collect()
    }
}
