"""Watches over a rule file while Python runs it: no mistake passes silently, none hides the next.

Python decides `and`, `or`, `not`, `in` and chained comparisons by itself and asks a term only
whether it is true, which `a == b` answers although nobody knows yet.  So the file is rewritten
before it runs: where these words meet a term it is a mistake, comparisons and joins look at
their sides first, and each rule() that fails is noted and leaves the others to be read.
"""

from __future__ import annotations

import ast
import operator
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import z3

from checker.mistakes import explain, wrong_comparison, wrong_join
from model.errors import RuleError, told
from model.rule import Demand, Modality, Role, Rule, split_id

WATCH = "__watch__"
PARENTHESES = "write & | ~ and put comparisons in parentheses"
COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
JOINS: dict[type[ast.operator], str] = {ast.BitAnd: "&", ast.BitOr: "|", ast.BitXor: "^"}
UNMOVED = (ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Await)


class Watch:
    """What the rewritten file calls, and the mistakes noted so far."""

    def __init__(self, path: Path, source: str) -> None:
        self.path = str(path)
        self.source = source
        self.nodes: list[tuple[ast.expr, bool]] = []  # with: is it without its parentheses
        self.ids: list[tuple[str, tuple[str, ...]]] = []
        self.mistakes: list[RuleError] = []
        self.broken: set[str] = set()
        self.unfinished: object = None  # a ruleset that would not be made

    def note(self, node: ast.expr, loose: bool = False) -> int:
        """Return the number under which the rewritten file speaks of an expression."""
        self.nodes.append((node, loose))
        return len(self.nodes) - 1

    def name(self, ids: tuple[str, tuple[str, ...]]) -> int:
        """Return the number under which the rewritten file speaks of a rule()."""
        self.ids.append(ids)
        return len(self.ids) - 1

    def text(self, node: ast.expr) -> str:
        """Return an expression as the author wrote it, on one line."""
        words = " ".join((ast.get_source_segment(self.source, node) or "").split())
        return words if len(words) <= 60 else words[:57] + "..."

    def wrong(self, number: int, what: str, remedy: str) -> RuleError:
        """Return the mistake at an expression."""
        node, _ = self.nodes[number]
        return RuleError(f"{what} in `{self.text(node)}`", f"{self.path}:{node.lineno}", remedy)

    def truth(self, number: int, word: str, value: Any) -> Any:
        """Return a value whose truth Python asks for; RuleError when it is a term."""
        if z3.is_expr(value):
            raise self.wrong(number, f"Python's {word} cannot be used on terms", PARENTHESES)
        return value

    def binary(self, number: int, sign: str, left: Any, right: Any) -> Any:
        """Return a comparison or join; RuleError when the sides do not go together."""
        if z3.is_expr(left) or z3.is_expr(right):
            loose = self.nodes[number][1]
            check = wrong_join if sign in JOINS.values() else wrong_comparison
            wrong = check(sign, left, right, loose)
            if wrong:
                raise self.wrong(number, *wrong)
        return _APPLY[sign](left, right)

    def attempt(self, number: int, make: Callable[[], Any]) -> Any:
        """Return the rule that is made; one that cannot be is noted, and a mute one returned."""
        try:
            return make()
        except Exception as bad:
            self.tell(bad)
            where = self.mistakes[-1].where
            self.broken.add(where)
            id, also = self.ids[number]
            return _mute(id or f"?-{len(self.mistakes)}", also, where)

    def tell(self, bad: BaseException) -> None:
        """Note what an exception says, at its place in the author's file."""
        frames = traceback.extract_tb(bad.__traceback__)
        own = [f.lineno for f in frames if f.filename == self.path]
        where = f"{self.path}:{own[-1]}" if own else self.path
        single = told(bad) if isinstance(bad, RuleError) else (explain(bad),)
        self.unfinished = getattr(bad, "ruleset", None)
        for e in single:
            if self.unfinished is None or e.where not in self.broken:
                self.mistakes.append(e if e.where else RuleError(e.what, where, e.remedy))


_APPLY: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
}


def _mute(id: str, also: tuple[str, ...], where: str) -> Rule:
    """Return a rule that says nothing, in place of one that could not be made."""
    stem, part = split_id(id)
    demand = Demand(z3.BoolVal(True))
    never = z3.BoolVal(False)
    what = (Modality.DEFINITION, Role.RECEIVER, "could not be read", never, demand)
    return Rule(stem, "?", *what, source=where, part=part, also=also)


class Rewriter(ast.NodeTransformer):
    """Puts the calls of a Watch into the tree of a rule file."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.names = {"rule"}
        self._unmoved = 0
        self._loose: list[ast.expr] = []

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        """Note under which name rule() is imported."""
        self.names |= {a.asname or a.name for a in node.names if a.name == "rule"}
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Note a helper that returns a rule: a call of it may fail on its own as well."""
        returned = [n.value for n in ast.walk(node) if isinstance(n, ast.Return)]
        if any(isinstance(v, ast.Call) and self._is_rule(v.func) for v in returned):
            self.names.add(node.name)
        return self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        """Leave rule() in its place: a class has names that a function in it does not see."""
        self._unmoved += 1
        self.generic_visit(node)
        self._unmoved -= 1
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Let each rule() fail on its own."""
        moves = not self._unmoved and not any(isinstance(n, UNMOVED) for n in ast.walk(node))
        ids = _ids_of(node) if moves and self._is_rule(node.func) else None
        self.generic_visit(node)
        if ids is None:
            return node
        nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
        return self._call(
            node, "attempt", ast.Constant(self.watch.name(ids)), ast.Lambda(nothing, node)
        )

    def _is_rule(self, function: ast.expr) -> bool:
        return isinstance(function, ast.Name) and function.id in self.names

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        """`and`, `or`: every side but the last is asked for its truth."""
        word = "`and`" if isinstance(node.op, ast.And) else "`or`"
        number = self.watch.note(node)
        self.generic_visit(node)
        node.values[:-1] = [self._truth(v, number, word) for v in node.values[:-1]]
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        """`not`."""
        number = self.watch.note(node)
        self.generic_visit(node)
        if isinstance(node.op, ast.Not):
            node.operand = self._truth(node.operand, number, "`not`")
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        """`a if b else c`."""
        return self._tested(node, "`if`")

    def visit_If(self, node: ast.If) -> ast.AST:
        """`if`."""
        return self._tested(node, "`if`")

    def visit_While(self, node: ast.While) -> ast.AST:
        """`while`."""
        return self._tested(node, "`while`")

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        """`assert`."""
        return self._tested(node, "`assert`")

    def _tested(self, node: Any, word: str) -> ast.AST:
        number = self.watch.note(node.test)
        self.generic_visit(node)
        node.test = self._truth(node.test, number, word)
        tested: ast.AST = node
        return tested

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        """`for a in b if c`."""
        numbers = [self.watch.note(test) for test in node.ifs]
        self.generic_visit(node)
        node.ifs = [self._truth(t, k, "`if`") for t, k in zip(node.ifs, numbers, strict=True)]
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        """Comparisons; `in` and `is` among them, and chains."""
        loose = _loose(node)
        self._loose += loose
        number = self.watch.note(node, bool(loose))
        sign = COMPARISONS.get(type(node.ops[0]))
        chained = len(node.ops) > 1
        self.generic_visit(node)
        if sign and not chained:
            return self._binary(node, number, sign, node.left, node.comparators[0])
        word = "chained comparison" if chained else _word(node.ops[0])
        node.left = self._truth(node.left, number, word)
        node.comparators = [self._truth(c, number, word) for c in node.comparators]
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        """`&`, `|` and `^`."""
        number = self.watch.note(node, any(node is loose for loose in self._loose))
        self.generic_visit(node)
        if type(node.op) not in JOINS:
            return node
        return self._binary(node, number, JOINS[type(node.op)], node.left, node.right)

    def _truth(self, value: ast.expr, number: int, word: str) -> ast.Call:
        return self._call(value, "truth", ast.Constant(number), ast.Constant(word), value)

    def _binary(
        self, node: ast.expr, number: int, sign: str, left: ast.expr, right: ast.expr
    ) -> ast.Call:
        return self._call(node, "binary", ast.Constant(number), ast.Constant(sign), left, right)

    def _call(self, at: ast.expr, name: str, *arguments: ast.expr) -> ast.Call:
        function = ast.Attribute(ast.Name(WATCH, ast.Load()), name, ast.Load())
        call = ast.copy_location(ast.Call(function, list(arguments), []), at)
        for part in (function, function.value, *arguments):
            if not hasattr(part, "lineno"):
                ast.copy_location(part, at)
        return call


def _word(op: ast.cmpop) -> str:
    words = {ast.In: "`in`", ast.NotIn: "`not in`", ast.Is: "`is`", ast.IsNot: "`is not`"}
    return words[type(op)]


def _loose(node: ast.Compare) -> list[ast.expr]:
    """Return the joins that are a side of a comparison without parentheses."""
    last = node.comparators[-1]
    left = (node.left.lineno, node.left.col_offset) == (node.lineno, node.col_offset)
    right = (last.end_lineno, last.end_col_offset) == (node.end_lineno, node.end_col_offset)
    sides = [side for side, bare in ((node.left, left), (last, right)) if bare]
    return [s for s in sides if isinstance(s, ast.BinOp) and type(s.op) in JOINS]


def _ids_of(node: ast.Call) -> tuple[str, tuple[str, ...]]:
    """Return the id of a rule() and its restatements, where they are written there; else ""."""
    words = {k.arg: k.value for k in node.keywords}
    id = node.args[0] if node.args else words.get("id")
    also = words.get("also")
    written = also.elts if isinstance(also, ast.Tuple) else []
    return _text(id), tuple(t for t in map(_text, written) if t)


def _text(node: ast.expr | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def run(path: Path, source: str) -> tuple[dict[str, Any], Watch]:
    """Run a rule file under watch and return what it defines; SyntaxError when it is no Python."""
    watch = Watch(path, source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tree = Rewriter(watch).visit(ast.parse(source, str(path)))
        code = compile(tree, str(path), "exec", dont_inherit=True)
    # dataclasses look up the module that a class names as its own: so it is one that exists
    space: dict[str, Any] = {"__name__": __name__, "__file__": str(path), WATCH: watch}
    try:
        exec(code, space)
    except (Exception, SystemExit) as bad:
        watch.tell(bad)
    return space, watch
