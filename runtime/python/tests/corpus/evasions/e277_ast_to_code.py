# expect: py.code-execution
# tries: a tree that is built, then compiled
import ast

tree = ast.Module(body=[ast.Expr(ast.Call(ast.Name("print", ast.Load()), [ast.Constant("PWNED")], []))], type_ignores=[])
exec(compile(ast.fix_missing_locations(tree), "x", "exec"))
