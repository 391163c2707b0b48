//! What expressions may give.

use rustpython_parser::ast::{
    CmpOp, Constant, Expr, ExprBinOp, ExprBoolOp, ExprCompare, ExprConstant, ExprDict,
    ExprFormattedValue, ExprIfExp, ExprLambda, ExprNamedExpr, ExprSlice, ExprSubscript,
    ExprUnaryOp, ExprYield, Operator, Ranged,
};

use super::annotations::has_call;
use super::dependencies::Cell as Kept;
use super::engine::Engine;
use super::scopes::{ScopeKind, place};
use super::value::{Atom, HolderId, Value};
use super::visit::parameters;
use crate::fold::{self, Const};
use crate::policy::id;

/// Alternatives of one operand that are combined with those of the other.
const MAX_COMBINED: usize = 12;

impl<'a> Engine<'a, '_> {
    /// What an expression may give. Everything in it is evaluated, whatever comes of it.
    pub(super) fn expression(&mut self, expression: &Expr) -> Value {
        if !self.step() {
            return Value::unknown();
        }
        match expression {
            Expr::BoolOp(ExprBoolOp {
                range: _,
                op: _,
                values,
            }) => self.either(values),
            Expr::NamedExpr(ExprNamedExpr {
                range: _,
                target,
                value,
            }) => {
                let value = self.expression(value);
                self.assign(target, &value, None);
                value
            }
            Expr::BinOp(operation) => self.operation(operation),
            Expr::UnaryOp(ExprUnaryOp {
                range: _,
                op,
                operand,
            }) => {
                let operand = self.expression(operand);
                let folded = self.fold_each(&operand, |constant| fold::unary(*op, constant));
                // Only a method of the operand itself may be called.
                folded.unwrap_or_else(|| {
                    self.hand_to_protocols(&operand.without_paths());
                    let is_known = !operand.says_nothing();
                    is_known.then(Value::unknown).unwrap_or_default()
                })
            }
            Expr::Lambda(lambda) => self.lambda(lambda),
            Expr::IfExp(ExprIfExp {
                range: _,
                test,
                body,
                orelse,
            }) => {
                self.expression(test);
                let value = self.expression(body);
                value.joined(&self.expression(orelse))
            }
            Expr::Dict(dictionary) => self.dictionary(dictionary),
            Expr::Set(set) => self.sequence(&set.elts, place(set), Const::set),
            Expr::List(list) => self.sequence(&list.elts, place(list), Const::list),
            Expr::Tuple(tuple) => self.sequence(&tuple.elts, place(tuple), Const::tuple),
            Expr::ListComp(inner) => self.comprehension(expression, &inner.generators, Const::list),
            Expr::SetComp(inner) => self.comprehension(expression, &inner.generators, Const::set),
            Expr::DictComp(inner) => self.comprehension(expression, &inner.generators, |_| None),
            Expr::GeneratorExp(inner) => {
                self.comprehension(expression, &inner.generators, Const::list)
            }
            Expr::Await(inner) => self.expression(&inner.value).or_unknown(),
            Expr::Yield(ExprYield { range: _, value }) => {
                let value = value
                    .as_ref()
                    .map(|value| self.expression(value))
                    .unwrap_or_default();
                self.returned(&value);
                Value::unknown()
            }
            Expr::YieldFrom(inner) => {
                let source = self.expression(&inner.value);
                let yielded = self.elements(&source);
                self.returned(&yielded);
                yielded.or_unknown()
            }
            Expr::Compare(ExprCompare {
                range: _,
                left,
                ops,
                comparators,
            }) => {
                let mut all = vec![self.expression(left)];
                all.extend(comparators.iter().map(|right| self.expression(right)));
                match (ops.as_slice(), all.as_slice()) {
                    ([op], [left, right]) => self.comparison(*op, left, right),
                    _ => self.opaque(&all.iter().collect::<Vec<_>>()),
                }
            }
            Expr::Call(call) => self.call(call),
            Expr::FormattedValue(ExprFormattedValue {
                range: _,
                value,
                conversion: _,
                format_spec,
            }) => {
                self.expression(value);
                format_spec.iter().for_each(|spec| {
                    self.expression(spec);
                });
                Value::unknown()
            }
            Expr::JoinedStr(joined) => self.joined_string(joined),
            Expr::Constant(constant) => self.literal(constant),
            Expr::Attribute(attribute) => {
                let object = self.expression(&attribute.value);
                let name = self.names.written(&attribute.attr);
                if self.is_own_object(&attribute.value) {
                    self.own_attribute(&object, name, attribute.range)
                } else {
                    self.check_search_method(&object, name, attribute.range);
                    self.attribute(&object, name, attribute.range)
                }
            }
            Expr::Subscript(subscript) => self.subscript(subscript),
            Expr::Starred(starred) => {
                let value = self.expression(&starred.value);
                self.iterated(&value)
            }
            Expr::Name(name) => {
                let symbol = self.names.written(&name.id);
                let value = self.lookup(symbol, name.range.start().to_usize());
                for atom in value.atoms() {
                    if let Atom::Path(path) = atom {
                        self.check_path(*path, name.range);
                    }
                }
                let value = self.kept(value);
                if self.is_prepared() {
                    value.or_unknown()
                } else {
                    value
                }
            }
            Expr::Slice(ExprSlice {
                range: _,
                lower,
                upper,
                step,
            }) => {
                for bound in [lower, upper, step].into_iter().flatten() {
                    self.expression(bound);
                }
                Value::unknown()
            }
        }
    }

    /// What was kept under a name or in a container. An iterator may be used up by now, so that it is not known what it yields.
    fn kept(&self, value: Value) -> Value {
        let is_iterator = |atom: &Atom| matches!(self.const_of(*atom), Some(Const::View(_)));
        if value.atoms().iter().any(is_iterator) {
            value.or_unknown()
        } else {
            value
        }
    }

    /// Whether names read here may come from a mapping that a metaclass prepared, whatever they mean elsewhere.
    fn is_prepared(&self) -> bool {
        let is_class = self
            .scopes
            .get(self.scope)
            .is_some_and(|scope| scope.kind == ScopeKind::Class);
        is_class && !self.stored(self.special.prepare).says_nothing()
    }

    /// Whether an expression is the object whose method this is.
    fn is_own_object(&mut self, expression: &Expr) -> bool {
        let Expr::Name(name) = expression else {
            return false;
        };
        let name = self.names.written(&name.id);
        let mut scope = self.scopes.get(self.scope);
        while let Some(inner) = scope {
            let function = inner
                .function
                .and_then(|id| self.scopes.functions.get(id.index()));
            if let Some(function) = function
                && function
                    .parameters
                    .iter()
                    .any(|(_, parameter)| *parameter == name)
            {
                return function.is_method
                    && function
                        .parameters
                        .first()
                        .is_some_and(|(_, first)| *first == name);
            }
            scope = inner.parent.and_then(|parent| self.scopes.get(parent));
        }
        false
    }

    /// One of these, as `or` and `and` give.
    fn either(&mut self, values: &[Expr]) -> Value {
        let mut either = Value::default();
        for value in values {
            let value = self.expression(value);
            either.join(&value);
        }
        either
    }

    /// What comes of values when methods that nobody wrote out are called on them.
    pub(super) fn opaque(&mut self, values: &[&Value]) -> Value {
        for value in values {
            self.hand_to_protocols(value);
        }
        if values
            .iter()
            .any(|value| value.is_unknown() || !value.has_no_atoms())
        {
            Value::unknown()
        } else {
            Value::default()
        }
    }

    /// Applies a function to every constant that a value may be; `None` when it may be something else.
    pub(super) fn fold_each(
        &mut self,
        value: &Value,
        fold: impl Fn(&Const) -> Option<Const>,
    ) -> Option<Value> {
        let constants = self.constants(value)?;
        let folded: Option<Vec<Const>> = constants.iter().map(fold).collect();
        Some(self.constant_values(folded?))
    }

    pub(super) fn constant_values(&mut self, constants: Vec<Const>) -> Value {
        constants
            .into_iter()
            .map(|constant| self.constant(constant))
            .collect()
    }

    fn operation(&mut self, operation: &ExprBinOp) -> Value {
        let ExprBinOp {
            range,
            left,
            op,
            right,
        } = operation;
        let (left, right) = (self.expression(left), self.expression(right));
        if let Some(beside) = self.beside_binary(*op, &left, &right, *range) {
            return beside;
        }
        if op.is_add()
            && let Some(name) = self.joined_name(&left, &right, *range)
        {
            return name;
        }
        self.binary(*op, &left, &right)
    }

    /// `left op right`
    pub(super) fn binary(&mut self, op: Operator, left: &Value, right: &Value) -> Value {
        if let (Some(lefts), Some(rights)) = (self.constants(left), self.constants(right))
            && lefts.len() * rights.len() <= MAX_COMBINED * MAX_COMBINED
        {
            let pairs = lefts
                .iter()
                .flat_map(|left| rights.iter().map(move |right| (left, right)));
            let folded: Option<Vec<Const>> = pairs
                .map(|(left, right)| fold::binary(op, left, right))
                .collect();
            if let Some(folded) = folded {
                let mut value = self.constant_values(folded);
                self.keep_holders(&mut value, left, right);
                return value;
            }
        }
        if left.says_nothing() || right.says_nothing() {
            return Value::default();
        }
        if op == Operator::Add
            && let Some(prefixes) = self.prefixes(left)
        {
            return prefixes;
        }
        let mut value = self.opaque(&[left, right]);
        match op {
            // Joining containers.
            Operator::Add => self.keep_holders(&mut value, left, right),
            // `"..." % x` begins as the text does; `[x] * n` holds what `[x]` holds; `|` joins.
            Operator::Mod => {
                if let Some(prefixes) = self.template_prefixes(left, '%') {
                    return prefixes;
                }
            }
            Operator::Mult
            | Operator::BitOr
            | Operator::BitAnd
            | Operator::Sub
            | Operator::BitXor => {
                self.keep_holders(&mut value, left, right);
            }
            // pathlib's `/` gives paths.
            _ => {}
        }
        value
    }

    /// `left op right` of one comparison.
    fn comparison(&mut self, op: CmpOp, left: &Value, right: &Value) -> Value {
        let folded = match (
            self.constants(left).as_deref(),
            self.constants(right).as_deref(),
        ) {
            (Some([left]), Some([right])) => fold::compare(op, left, right),
            _ => None,
        };
        match folded {
            Some(holds) => Value::of(self.constant(Const::Bool(holds))),
            // These call nothing.
            None if matches!(op, CmpOp::Is | CmpOp::IsNot) => Value::unknown(),
            None => self.opaque(&[left, right]),
        }
    }

    fn keep_holders(&self, value: &mut Value, left: &Value, right: &Value) {
        for atom in left.atoms().iter().chain(right.atoms()) {
            if matches!(atom, Atom::Holder(_)) {
                value.add(*atom);
            }
        }
    }

    fn literal(&mut self, constant: &ExprConstant) -> Value {
        let ExprConstant {
            range: _,
            value,
            kind: _,
        } = constant;
        if matches!(value, Constant::Str(_))
            && let Some(expression) = self.quoted.get(&place(constant))
        {
            let expression: &Expr = expression;
            let before = std::mem::take(&mut self.is_quoted);
            self.is_quoted = Some(before.unwrap_or(constant.range));
            self.dependencies.reads(Kept::Evaluator);
            if self.has_evaluator && has_call(expression) {
                self.report_path(
                    id::CODE_EXECUTION,
                    constant.range,
                    "an annotation that calls functions",
                );
            }
            self.expression(expression);
            self.is_quoted = before;
        }
        let atom = match self.literals.get(&place(constant)) {
            Some(known) => *known,
            None => {
                let atom = Const::from_literal(value).map(|constant| self.constant(constant));
                self.literals.insert(place(constant), atom);
                atom
            }
        };
        atom.map_or_else(Value::unknown, Value::of)
    }

    fn sequence(
        &mut self,
        items: &[Expr],
        place: usize,
        build: impl Fn(Vec<Const>) -> Option<Const>,
    ) -> Value {
        let holder = self.holder(place, 0);
        let mut exact = Some(Vec::new());
        for item in items {
            let value = self.expression(item);
            let constants = self.constants(&value);
            exact = match (exact, constants.as_deref(), item) {
                (Some(_), _, Expr::Starred(_)) | (None, _, _) => None,
                (Some(mut exact), Some([one]), _) => {
                    exact.push(one.clone());
                    Some(exact)
                }
                (Some(_), _, _) => None,
            };
            self.put(holder, &value);
            self.hand_modules(&value);
        }
        self.container(holder, exact.and_then(build))
    }

    /// Hands modules that become elements or keys to whatever compares them.
    pub(super) fn hand_modules(&mut self, value: &Value) {
        let is_module = |atom: &Atom| match *atom {
            Atom::Path(path) => self.is_module(path),
            Atom::Local(_) => true,
            _ => false,
        };
        if self.has_protocols && value.atoms().iter().any(is_module) {
            self.hand_to_protocols(value);
        }
    }

    /// A container and, when it never changes, its constant form.
    pub(super) fn container(&mut self, holder: HolderId, exact: Option<Const>) -> Value {
        let mut value = Value::of(Atom::Holder(holder));
        // What lies inside may be changed by another name.
        match exact.filter(|exact| !exact.holds_changeable()) {
            Some(exact) if !self.is_holder_changed(holder) => {
                value.add(self.constant(exact));
                value
            }
            // What was known of it before may be known elsewhere.
            _ if self.is_holder_changed(holder) => value.or_unknown(),
            _ => value,
        }
    }

    fn dictionary(&mut self, dictionary: &ExprDict) -> Value {
        let ExprDict {
            range: _,
            keys,
            values,
        } = dictionary;
        let holder = self.holder(place(dictionary), 0);
        let mut exact = Some(Vec::new());
        for (index, value) in values.iter().enumerate() {
            let key = keys.get(index).and_then(Option::as_ref);
            let known_key = key.map(|key| self.expression(key));
            if let (Some(known_key), Some(key)) = (&known_key, key) {
                self.check_stored_key(known_key, key.range());
                self.hand_modules(known_key);
            }
            let mut value = self.expression(value);
            if key.is_none() {
                value = self.elements(&value);
            }
            let pair = known_key.as_ref().and_then(|key| {
                Some((self.constants(key)?.pop()?, self.constants(&value)?.pop()?))
            });
            let is_single = self.constants(&value).is_some_and(|all| all.len() == 1);
            exact = match (exact, pair) {
                (Some(mut exact), Some(pair)) if is_single => {
                    exact.push(pair);
                    Some(exact)
                }
                _ => None,
            };
            self.put_key(holder, &known_key.unwrap_or_else(Value::unknown));
            self.put(holder, &value);
        }
        self.container(holder, exact.and_then(Const::dict))
    }

    fn subscript(&mut self, subscript: &ExprSubscript) -> Value {
        let ExprSubscript {
            range: _,
            value,
            slice,
            ctx: _,
        } = subscript;
        let object = self.expression(value);
        if let Expr::Slice(ExprSlice {
            range: _,
            lower,
            upper,
            step,
        }) = &**slice
        {
            let bounds = [lower, upper, step].map(Option::as_deref);
            return self.slice(&object, bounds, place(subscript));
        }
        let index = self.expression(slice);
        if let (Some(objects), Some(indices)) = (self.constants(&object), self.constants(&index)) {
            let pairs = objects
                .iter()
                .flat_map(|object| indices.iter().map(move |index| (object, index)));
            let folded: Vec<Const> = pairs
                .filter_map(|(object, index)| fold::subscript(object, index))
                .collect();
            if !folded.is_empty() {
                return self.constant_values(folded);
            }
        }
        self.check_key(&index, subscript.range);
        self.check_type_argument(&object, &index, subscript.range);
        if object
            .atoms()
            .iter()
            .any(|atom| matches!(atom, Atom::Class(_)))
        {
            self.note_first_call_at(subscript.range.start().to_usize());
        }
        self.hand_to_protocols(&index);
        let element = self.elements(&object);
        self.kept(element)
    }

    fn slice(&mut self, object: &Value, bounds: [Option<&Expr>; 3], place: usize) -> Value {
        let bounds = bounds.map(|bound| bound.map(|bound| self.expression(bound)));
        let mut known = Vec::new();
        for bound in bounds {
            let constant = match bound {
                None => Some(None),
                Some(bound) => self.constants(&bound).and_then(|all| match all.as_slice() {
                    [one] => Some(Some(one.clone())),
                    _ => None,
                }),
            };
            known.push(constant);
        }
        if let [Some(lower), Some(upper), Some(step)] = known.as_slice() {
            let folded = self.fold_each(object, |constant| {
                fold::slice(constant, lower.as_ref(), upper.as_ref(), step.as_ref())
            });
            if let Some(folded) = folded.and_then(|folded| self.constants(&folded)) {
                return self.fresh(folded, place, 41);
            }
        }
        // A part of a container holds the same things.
        let mut part = self.opaque(&[object]);
        self.keep_holders(&mut part, object, &Value::default());
        part.or_unknown()
    }

    pub(super) fn lambda(&mut self, lambda: &ExprLambda) -> Value {
        let ExprLambda {
            range: _,
            args,
            body: _,
        } = lambda;
        let scope = self.scopes.opened_by(&**args);
        for (_, parameter, default) in parameters(args) {
            if let Some(default) = default {
                let value = self.expression(default);
                self.note_default(&value);
                if let Some(scope) = scope {
                    let name = self.names.written(&parameter.arg);
                    self.bind_in(scope, name, &value);
                }
            }
        }
        let function = scope
            .and_then(|scope| self.scopes.get(scope))
            .and_then(|scope| scope.function);
        function.map_or_else(Value::unknown, |function| {
            Value::of(Atom::Function(function))
        })
    }
}
