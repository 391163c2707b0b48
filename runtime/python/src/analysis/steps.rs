//! The order of the work: a body is looked at when something may run it, a statement again when something
//! that it has read has grown.

use rustpython_parser::ast::{Expr, Stmt};

use super::Module;
use super::dependencies::{Step, Unit};
use super::engine::Engine;
use super::narrowing::leaving_condition;
use super::scopes::Body;
use super::value::{Atom, FileId, FunctionId, ScopeId, Value};
use super::visit::Parameter;
use crate::policy::id;

/// Work that one expression counts for.
const WORK_OF_STEP: usize = 4;

/// What a step looks at, and where it stands.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    node: Node<'a>,
    scope: ScopeId,
    file: FileId,
}

#[derive(Clone, Copy)]
pub(super) enum Node<'a> {
    Statement(&'a Stmt),
    /// The body of a lambda.
    Result(&'a Expr),
    /// What follows a condition that says something about names, which failed.
    Rest(&'a Expr, &'a [Stmt]),
}

impl<'a> Engine<'a, '_> {
    /// Looks at the package until nothing new appears: first as its own calls go, then with everything that
    /// somebody unknown may call.
    pub(super) fn settle(&mut self, modules: &'a [Module]) {
        self.gather_protocols();
        self.run_rounds(modules);
        // Functions that nothing in the package calls by their name come before those that something may call.
        for is_last in [false, true] {
            for index in 0..self.scopes.functions.len() {
                let function = self.scopes.functions.get(index);
                let is_due = function.is_some_and(|function| {
                    !function.is_called && (is_last || !self.scopes.called.contains(&function.name))
                });
                if is_due {
                    self.start(FunctionId::of(index));
                    self.open(FunctionId::of(index));
                }
            }
            self.run_rounds(modules);
        }
        // A parameter that nothing was seen to reach may be anything all the same.
        self.open_rest();
        self.run_rounds(modules);
        self.judge_written();
        self.judge_wanted();
        if self.is_exhausted() {
            let rule = self.catalogue.rule(id::COMPLEXITY);
            self.file = FileId(0);
            self.report(None, rule, "the ways of values through this program");
        }
    }

    fn run_rounds(&mut self, modules: &'a [Module]) {
        loop {
            // What was never looked at may tell more than what was.
            while let Some(unit) = self.dependencies.next_fresh() {
                if self.is_exhausted() {
                    return;
                }
                match modules.get(unit.0 as usize) {
                    Some(module) => self.module_body(unit, module),
                    None => self.function_body(unit.0 as usize - modules.len()),
                }
            }
            self.call_crowd();
            for step in self.dependencies.round() {
                if self.is_exhausted() {
                    return;
                }
                self.look_again(step);
            }
            if self.dependencies.is_settled() {
                return;
            }
        }
    }

    /// Asks for the body of a function that may be called.
    pub(super) fn start(&mut self, id: FunctionId) {
        let unit = u32::try_from(self.scopes.modules.len() + id.index());
        self.dependencies.start(Unit(unit.unwrap_or(u32::MAX)));
    }

    fn module_body(&mut self, unit: Unit, module: &'a Module) {
        let index = unit.0 as usize;
        self.file = FileId::of(index);
        self.scope = self
            .scopes
            .modules
            .get(index)
            .copied()
            .unwrap_or(ScopeId(0));
        self.statements(&module.body);
    }

    fn function_body(&mut self, index: usize) {
        let Some(function) = self.scopes.functions.get(index) else {
            return;
        };
        let (scope, body) = (function.scope, function.body);
        self.scope = scope;
        self.file = self.scopes.get(scope).map_or(self.file, |scope| scope.file);
        match body {
            Body::Statements(body) => self.statements(body),
            Body::Expression(body) => self.first_look(Node::Result(body)),
        }
    }

    /// Looks at statements for the first time, each as a step of its own.
    pub(super) fn statements(&mut self, body: &'a [Stmt]) {
        if self.is_again && !self.is_inline {
            return;
        }
        for (index, statement) in body.iter().enumerate() {
            self.first_look(Node::Statement(statement));
            let rest = body.get(index + 1..).unwrap_or_default();
            if let Some(condition) = leaving_condition(statement) {
                return self.first_look(Node::Rest(condition, rest));
            }
        }
    }

    fn first_look(&mut self, node: Node<'a>) {
        if self.is_inline {
            return self.look(node);
        }
        let step = self.dependencies.new_step();
        self.steps.push(Place {
            node,
            scope: self.scope,
            file: self.file,
        });
        let outer = self.dependencies.begin(step);
        self.look(node);
        self.dependencies.end(outer);
    }

    fn look_again(&mut self, step: Step) {
        let Some(place) = self.steps.get(step.index()).copied() else {
            return;
        };
        self.scope = place.scope;
        self.file = place.file;
        self.is_again = true;
        let outer = self.dependencies.begin(step);
        self.look(place.node);
        self.dependencies.end(outer);
        self.is_again = false;
    }

    fn look(&mut self, node: Node<'a>) {
        match node {
            Node::Statement(statement) => self.statement(statement),
            Node::Result(expression) => {
                let value = self.expression(expression);
                self.returned(&value);
            }
            Node::Rest(condition, rest) => self.rest(condition, rest),
        }
    }

    fn open_rest(&mut self) {
        for index in 0..self.scopes.functions.len() {
            let Some(function) = self.scopes.functions.get(index) else {
                return;
            };
            let scope = function.scope;
            for (_, name) in function.parameters.clone() {
                if self.variable(scope, name).says_nothing() {
                    self.bind_in(scope, name, &Value::unknown());
                }
            }
        }
    }

    /// Gives a function that somebody unknown may call parameters that may be anything.
    pub(super) fn open(&mut self, id: FunctionId) {
        let Some(function) = self.scopes.functions.get(id.index()) else {
            return;
        };
        let (scope, gets_name) = (function.scope, function.gets_name);
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

    /// Whether there is work left to be done; deep inside of expressions it may run out.
    pub(super) fn step(&mut self) -> bool {
        self.work.set(self.work.get() + WORK_OF_STEP);
        !self.is_exhausted()
    }

    pub(super) fn is_exhausted(&self) -> bool {
        self.work.get() >= self.max_work
    }
}
