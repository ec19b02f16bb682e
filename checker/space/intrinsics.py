"""What compiled functions need and numba has not: calls by address, atomic adds, vectors."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_I64 = ir.IntType(64)


@intrinsic
def call(_context: Any, address: Any, a: Any, b: Any, c: Any, d: Any, e: Any) -> Any:
    """Call a function of five 64-bit numbers by its address."""

    def code(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(_I64, [_I64] * 5)
        return builder.call(builder.inttoptr(args[0], kind.as_pointer()), list(args[1:]))

    return types.int64(*[types.uint64] * 6), code


@intrinsic
def call_judged(_context: Any, address: Any, a: Any) -> Any:
    """Call a function of one 64-bit number by its address."""

    def code(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(_I64, [_I64])
        return builder.call(builder.inttoptr(args[0], kind.as_pointer()), [args[1]])

    return types.uint64(types.uint64, types.uint64), code


@intrinsic
def word(_context: Any, address: Any, at: Any) -> Any:
    """Return one of the 64-bit numbers that begin at an address.

    An array would be counted in and out wherever it is handed on, for each state.
    """

    def code(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        first = builder.inttoptr(args[0], _I64.as_pointer())
        return builder.load(builder.gep(first, [args[1]]))

    return types.uint64(types.uint64, types.uint64), code


@intrinsic
def put(_context: Any, address: Any, at: Any, value: Any) -> Any:
    """Set one of the 64-bit numbers that begin at an address."""

    def code(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        first = builder.inttoptr(args[0], _I64.as_pointer())
        builder.store(args[2], builder.gep(first, [args[1]]))
        return args[2]

    return types.uint64(*[types.uint64] * 3), code


@intrinsic
def fetch_add(_context: Any, address: Any, value: Any) -> Any:
    """Add to the number at an address; return what it was."""

    def code(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        place = builder.inttoptr(args[0], _I64.as_pointer())
        return builder.atomic_rmw("add", place, args[1], "seq_cst")

    return types.uint64(types.uint64, types.uint64), code


@intrinsic
def matches(_context: Any, address: Any, value: Any, above: Any) -> Any:
    """Compare the eight numbers at an address, without the `above` lowest bits, with a value.

    Returns bit k for the k-th that is equal.
    """

    def code(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        eight = ir.VectorType(_I64, 8)
        found = builder.load(builder.inttoptr(args[0], eight.as_pointer()), align=64)
        wanted, shift = (_spread(builder, a, eight) for a in args[1:])
        same = builder.icmp_unsigned("==", builder.lshr(found, shift), wanted)
        return builder.zext(builder.bitcast(same, ir.IntType(8)), _I64)

    return types.uint64(*[types.uint64] * 3), code


def _spread(builder: Any, value: Any, kind: Any) -> Any:
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.IntType(32)(0))
    lanes = ir.Constant(ir.VectorType(ir.IntType(32), kind.count), None)
    return builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), lanes)


@intrinsic
def lowest(_context: Any, mask: Any) -> Any:
    """Return the number of the lowest bit that is set."""

    def code(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.IntType(1)(1))

    return types.uint64(types.uint64), code


@intrinsic
def prefetch(_context: Any, address: Any) -> Any:
    """Ask for the memory at an address, which is about to be read and written."""

    def code(_ctx: Any, builder: Any, _signature: Any, args: Any) -> Any:
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        constants = [ir.Constant(number, k) for k in (1, 3, 1)]  # write, keep, data
        builder.call(function, [builder.inttoptr(args[0], byte), *constants])
        return args[0]

    return types.uint64(types.uint64), code
