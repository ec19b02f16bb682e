"""Step tables as data in C: a hash table of keys, each with the rows of decisions for it.

SPIN takes no block of C longer than some 65,000 characters, so the data are in parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from checker.export.c_notation import CNotation
from checker.export.expressions import Expr
from checker.export.flat import Flat, FlatTable, Situation
from checker.export.naming import Naming
from checker.export.writing import written
from checker.space.packing import Packing, Place
from checker.space.system import Variable
from model.errors import RuleError

KEYS_IN_PART, ROWS_IN_PART = 64, 128
LONGEST = 64_000  # characters of a block of C that SPIN takes
COMMON = """\
typedef unsigned long long word;
static int found;  /* the first row that was looked up last */
static unsigned hashed(const word *key, int words) {
  word h = 0;
  for (int k = 0; k < words; k++) { h = (h ^ key[k]) * 0x9E3779B97F4A7C15ULL; h ^= h >> 29; }
  return (unsigned) h;
}
static void missing(const char *table) {
  printf("pan: %s is asked for a situation that no engine met\\n", table);
  exit(3);
}"""


class Tables:
    """The tables of a system, and how a transition looks rows up.

    A function of more than `longest` characters is made of several.
    """

    def __init__(
        self, flat: Flat, names: Naming, notation: CNotation, longest: int = 60_000
    ) -> None:
        self.flat, self.longest = flat, longest
        self._names, self._notation = names, notation
        self._own = {n: names(n) for n in flat.tables}

    def find(self, table: FlatTable) -> str:
        """Return the function that looks the first row up."""
        return f"{self._own[table.name]}_find"

    def row(self, table: FlatTable) -> str:
        """Return the expression for the row that is taken."""
        return f"{self._own[table.name]}_at (row)"

    def declared(self, table: FlatTable) -> str:
        """Return the declaration of `d`, the row that is taken."""
        return f"const struct {self._own[table.name]}_row *const d = {self.row(table)};"

    def lines(self) -> Iterator[str]:
        """Yield the tables as blocks of C."""
        if self.flat.tables:
            yield from _block(COMMON)
        for table in self.flat.tables.values():
            yield from self._table(self._own[table.name], table)
        if self.flat.tables:
            calls = " ".join(f"{self._own[n]}_fill();" for n in self.flat.tables)
            yield from _block(f"static void begin(void) {{ {calls} }}")

    def _table(self, name: str, table: FlatTable) -> Iterator[str]:
        packing = Packing([Variable(f"key {k}", 1 << w) for k, w in enumerate(table.widths)], 4096)
        words = packing.words
        yield from _block(self._types(name, table, words))
        yield from self._parts(name, "key", KEYS_IN_PART, list(self._keys(table, packing)))
        yield from self._parts(name, "row", ROWS_IN_PART, list(self._rows(table)))
        yield from _block(_lookup(name, len(table.situations), words))
        yield from self._find(name, table, packing)

    def _types(self, name: str, table: FlatTable, words: int) -> str:
        fields = "".join(
            f" {_c_type(size)} {self._names(label)};"
            for label, (_, size) in table.decisions.items()
        )
        return (
            f"struct {name}_key {{ word word[{words}]; int first; }};\n"
            f"struct {name}_row {{ unsigned char more;{fields} }};"
        )

    def _parts(self, name: str, kind: str, most: int, lines: Sequence[str]) -> Iterator[str]:
        """Yield lines of data in arrays of `most` lines each, and an array of these."""
        parts = range(0, max(len(lines), 1), most)
        for k, start in enumerate(parts):
            part = "\n".join(lines[start : start + most]) or "{0}"
            yield f"c_code {{\nstatic const struct {name}_{kind} {name}_{kind}s_{k}[] = {{"
            yield part
            yield "};\n}"
        every = ", ".join(f"{name}_{kind}s_{k}" for k in range(len(parts)))
        yield from _block(
            f"static const struct {name}_{kind} *const {name}_{kind}s[] = {{{every}}};\n"
            f"static const struct {name}_{kind} *{name}_{'at' if kind == 'row' else 'key_at'}"
            f"(int k) {{ return &{name}_{kind}s[k / {most}][k % {most}]; }}"
        )

    def _keys(self, table: FlatTable, packing: Packing) -> Iterator[str]:
        first = 0
        for k, s in enumerate(table.situations):
            words = ", ".join(f"0x{word:x}" for word in packing.pack(s.key))
            entry = f"{{{{{words}}}, {first if s.rows else -1}}},"
            yield f"/* {k}: {_applying(s)} */\n{entry}"
            first += len(s.rows)

    def _rows(self, table: FlatTable) -> Iterator[str]:
        for k, s in enumerate(table.situations):
            for n, (row, note) in enumerate(zip(s.rows, s.notes, strict=True), 1):
                values = ", ".join(map(str, (int(n < len(s.rows)), *row)))
                yield f"{{{values}}},  /* {k}{': ' if note else ''}{note} */"

    def _find(self, name: str, table: FlatTable, packing: Packing) -> Iterator[str]:
        """Yield the function that works the key out, in as many parts as SPIN needs."""
        parameters = "".join(f", int {self._names(e.data[1])}" for e in table.given)
        arguments = "".join(f", {self._names(e.data[1])}" for e in table.given)
        pairs = list(zip(table.key, packing.places, strict=True))
        parts = list(self._cut(f"(word *key{parameters}) {{", pairs))
        for k, part in enumerate(parts):
            yield from _block(f"static void {name}_part_{k}{part}\n}}")
        calls = [f"  {name}_part_{k}(key{arguments});" for k in range(len(parts))]
        lines = [
            f"static int {name}_find({parameters[2:] or 'void'}) {{",
            f"  word key[{packing.words}] = {{0}};",
            *calls,
            f"  found = {name}_first(key);",
            "  return found >= 0;\n}",
        ]
        yield from _block("\n".join(lines))

    def _cut(self, head: str, pairs: Sequence[tuple[Expr, Place]]) -> Iterator[str]:
        """Yield the body of a function that sets parts of a key, or of several such functions."""
        texts = written([e for e, _ in pairs], self._notation)
        lines = [head, *(f"  const int {part.name} = {part.text};" for part in texts.shared)]
        for text, (_, place) in zip(texts.texts, pairs, strict=True):
            lines.append(f"  key[{place.word}] |= (word) ({text}) << {place.shift};")
        body = "\n".join(lines)
        if len(body) < self.longest or len(pairs) == 1:
            yield body
            return
        half = len(pairs) // 2
        yield from self._cut(head, pairs[:half])
        yield from self._cut(head, pairs[half:])


def _applying(s: Situation) -> str:
    return ", ".join(s.rules) or "nothing applies"


def _c_type(size: int) -> str:
    return "unsigned char" if size <= 256 else "unsigned short" if size <= 1 << 16 else "unsigned"


def _lookup(name: str, keys: int, words: int) -> str:
    slots = 1 << max(4 * keys, 4).bit_length()
    return f"""\
static int {name}_slots[{slots}];  /* the number of a key, from 1 */
static unsigned {name}_slot(const word *key) {{
  unsigned at = hashed(key, {words}) & {slots - 1};
  while ({name}_slots[at] && memcmp({name}_key_at({name}_slots[at] - 1)->word, key,
      sizeof(word[{words}])))
    at = (at + 1) & {slots - 1};
  return at;
}}
static void {name}_fill(void) {{
  for (int k = 0; k < {keys}; k++) {name}_slots[{name}_slot({name}_key_at(k)->word)] = k + 1;
}}
static int {name}_first(const word *key) {{
  int number = {name}_slots[{name}_slot(key)];
  if (!number) missing("{name}");
  return {name}_key_at(number - 1)->first;
}}"""


def _block(text: str) -> Iterator[str]:
    if len(text) > LONGEST:
        raise RuleError(
            f"a block of {len(text)} characters of C is too long for SPIN",
            remedy="export a smaller scope",
        )
    yield f"c_code {{\n{text}\n}}"
