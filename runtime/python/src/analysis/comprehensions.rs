//! What comprehensions give: of constants each element in order, of anything else what one turn gives.

use rustpython_parser::ast::{Comprehension, Expr};

use super::engine::{Engine, Fixed};
use super::names::Symbol;
use super::narrowing::Beginning;
use super::scopes::place;
use super::value::{HolderId, Value};
use super::visit::elements;
use crate::fold::{self, Const};

/// Turns of a comprehension over constants that are evaluated one by one.
const MAX_UNROLLED: usize = 512;

impl Engine<'_, '_> {
    pub(super) fn comprehension(
        &mut self,
        whole: &Expr,
        generators: &[Comprehension],
        build: impl Fn(Vec<Const>) -> Option<Const>,
    ) -> Value {
        let holder = self.holder(place(whole), 1);
        let outer = self.scope;
        let Some((first, rest)) = generators.split_first() else {
            return Value::unknown();
        };
        let iterated = self.expression(&first.iter);
        if let Some(scope) = self.scopes.opened_by(whole) {
            self.scope = scope;
        }
        let exact = self.unrolled(whole, first, rest, &iterated);
        self.turn(whole, generators, &iterated, holder);
        self.scope = outer;
        let exact = exact.and_then(build);
        self.container(holder, exact)
    }

    /// One turn that stands for all.
    fn turn(
        &mut self,
        whole: &Expr,
        generators: &[Comprehension],
        first: &Value,
        holder: HolderId,
    ) {
        for (index, generator) in generators.iter().enumerate() {
            let Comprehension {
                range: _,
                target,
                iter,
                ifs,
                is_async: _,
            } = generator;
            let iterated = if index == 0 {
                first.clone()
            } else {
                self.expression(iter)
            };
            let item = self.iterated(&iterated);
            let item = self.filtered(target, ifs, item);
            self.assign(target, &item, None);
            for condition in ifs {
                self.expression(condition);
            }
        }
        let [first, second] = elements(whole);
        let first = first
            .map(|first| self.expression(first))
            .unwrap_or_default();
        match second {
            Some(value) => {
                let value = self.expression(value);
                self.put_key(holder, &first);
                self.put(holder, &value);
            }
            None => self.put(holder, &first),
        }
    }

    /// What is left of a comprehension's item after conditions on how a name begins.
    fn filtered(&mut self, target: &Expr, conditions: &[Expr], item: Value) -> Value {
        let Expr::Name(target) = target else {
            return item;
        };
        for condition in conditions {
            let conjuncts = match condition {
                Expr::BoolOp(both) if both.op.is_and() => both.values.as_slice(),
                single => std::slice::from_ref(single),
            };
            for conjunct in conjuncts {
                if let Some(beginning) = Beginning::of(conjunct)
                    && beginning.name.id == target.id
                    && let Some(known) = self.beginning(&beginning)
                {
                    return self.carried(&item).joined(&Value::of(known));
                }
            }
        }
        item
    }

    /// The elements in order, when one simple target runs over a constant and it is known what is left out.
    fn unrolled(
        &mut self,
        whole: &Expr,
        first: &Comprehension,
        rest: &[Comprehension],
        iterated: &Value,
    ) -> Option<Vec<Const>> {
        let [Some(element), None] = elements(whole) else {
            return None;
        };
        if !rest.is_empty() {
            return None;
        }
        let [source] = self.constants(iterated)?.try_into().ok()?;
        let items = fold::iterate(&source)?;
        if items.len() > MAX_UNROLLED {
            return None;
        }
        let mut results = Vec::with_capacity(items.len());
        for item in items {
            let before = self.fixed.len();
            let value = if self.fix(&first.target, item) {
                let passes = self.passes(&first.ifs);
                passes.map(|passes| passes.then(|| self.expression(element)))
            } else {
                None
            };
            self.fixed.truncate(before);
            if let Some(value) = value? {
                let [one] = self.constants(&value)?.try_into().ok()?;
                results.push(one);
            }
        }
        Some(results)
    }

    /// Whether all conditions of a comprehension hold, if that is known.
    fn passes(&mut self, conditions: &[Expr]) -> Option<bool> {
        for condition in conditions {
            let value = self.expression(condition);
            let [one] = self.constants(&value)?.try_into().ok()?;
            let one: Const = one;
            if !fold::truth(&one)? {
                return Some(false);
            }
        }
        Some(true)
    }

    /// Gives the names of a comprehension's target one value for the moment.
    fn fix(&mut self, target: &Expr, value: Const) -> bool {
        match target {
            Expr::Name(name) => {
                let name: Symbol = self.names.written(&name.id);
                let value = Value::of(self.constant(value));
                self.fixed.push(Fixed {
                    name,
                    value,
                    scope: None,
                });
                true
            }
            Expr::Tuple(tuple) => match fold::iterate(&value) {
                Some(items) if items.len() == tuple.elts.len() => tuple
                    .elts
                    .iter()
                    .zip(items)
                    .all(|(target, item)| self.fix(target, item)),
                _ => false,
            },
            _ => false,
        }
    }
}
