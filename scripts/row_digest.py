#!/usr/bin/env python3
"""Row digests (docs/row-digest.md), written a second time and apart from the Rust code.

    row_digest.py data.parquet            # one SHA-256 per row
    row_digest.py --root data.parquet     # the RFC 6962 root over the rows
    row_digest.py --check docs/row-digest.md    # the specification's test vectors

Files need pyarrow; --check needs nothing.
"""

import argparse
import hashlib
import json
import math
import re
import struct
import sys

NANOSECONDS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def text(value: str) -> bytes:
    raw = value.encode("utf-8")
    return struct.pack("<I", len(raw)) + raw


def prefix(columns: list[tuple[str, str]]) -> bytes:
    """The 64 bytes before every row, from the columns' names and kinds."""
    schema = struct.pack("<I", len(columns)) + b"".join(text(name) + text(kind) for name, kind in columns)
    return b"\0" + b"taster-row/v1".ljust(31, b"\0") + hashlib.sha256(schema).digest()


def encode_int(value: int) -> bytes:
    if -(2**63) <= value < 2**63:
        return b"\1" + value.to_bytes(8, "little", signed=True)
    return b"\2" + value.to_bytes(16, "little", signed=True)


def encode_float(value: float) -> bytes:
    bits = struct.pack("<d", value) if not math.isnan(value) else (0x7FF8 << 48).to_bytes(8, "little")
    return b"\1" + bits


def encode_bytes(value: bytes) -> bytes:
    return b"\1" + struct.pack("<Q", len(value)) + value


def encode(kind: str, value) -> bytes:
    """One value. Dates and times come as whole numbers of their unit, decimals without their point."""
    if value is None:
        return b"\0"
    if kind == "bool":
        return b"\2" if value else b"\1"
    if kind == "float":
        return encode_float(value)
    if kind == "string":
        return encode_bytes(value.encode("utf-8"))
    if kind == "binary":
        return encode_bytes(value)
    if kind.startswith("list("):
        items = b"".join(encode(kind[5:-1], item) for item in value)
        return b"\1" + struct.pack("<Q", len(value)) + items
    return encode_int(value)


def row_sha256(columns: list[tuple[str, str]], row: list) -> str:
    values = b"".join(encode(kind, value) for (_, kind), value in zip(columns, row, strict=True))
    return hashlib.sha256(prefix(columns) + values).hexdigest()


def root(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, over leaf hashes; level by level, an odd node moves up as it is."""
    if not leaves:
        return hashlib.sha256().digest()
    while len(leaves) > 1:
        pairs = [hashlib.sha256(b"\1" + a + b).digest() for a, b in zip(leaves[::2], leaves[1::2])]
        leaves = pairs + leaves[len(leaves) & ~1 :]
    return leaves[0]


# Reading files.


def arrow_kind(kind) -> str:
    import pyarrow.types as t

    if t.is_dictionary(kind):
        return arrow_kind(kind.value_type)
    if t.is_list(kind) or t.is_large_list(kind) or t.is_fixed_size_list(kind):
        return f"list({arrow_kind(kind.value_type)})"
    if t.is_timestamp(kind):
        return f"timestamp({kind.tz})" if kind.tz else "timestamp"
    if t.is_decimal(kind):
        return f"decimal({kind.scale})"
    tests = {
        "null": [t.is_null],
        "bool": [t.is_boolean],
        "int": [t.is_integer],
        "float": [t.is_floating],
        "string": [t.is_string, t.is_large_string, t.is_string_view],
        "binary": [t.is_binary, t.is_large_binary, t.is_fixed_size_binary, t.is_binary_view],
        "date": [t.is_date],
        "time": [t.is_time],
        "duration": [t.is_duration],
    }
    for name, is_kind in tests.items():
        if any(test(kind) for test in is_kind):
            return name
    sys.exit(f"row_digest: no kind for {kind}")


def arrow_values(array) -> list:
    """The values of an arrow array as `encode` wants them."""
    import pyarrow as pa
    import pyarrow.types as t

    kind = array.type
    if t.is_dictionary(kind):
        return arrow_values(array.dictionary_decode())
    if t.is_list(kind) or t.is_large_list(kind) or t.is_fixed_size_list(kind):
        return [None if not item.is_valid else arrow_values(item.values) for item in array]
    if t.is_date32(kind):
        return array.cast(pa.int32()).to_pylist()
    if t.is_date64(kind):
        return arrow_values(array.cast(pa.date32()))
    if t.is_timestamp(kind) or t.is_time(kind) or t.is_duration(kind):
        width = pa.int32() if kind.bit_width == 32 else pa.int64()
        factor = NANOSECONDS[kind.unit]
        return [None if v is None else v * factor for v in array.cast(width).to_pylist()]
    if t.is_decimal(kind):
        return [None if v is None else unscaled(v, kind.scale) for v in array.to_pylist()]
    return array.to_pylist()


def unscaled(value, scale: int) -> int:
    sign, digits, exponent = value.as_tuple()
    whole = int("".join(map(str, digits))) * 10 ** (exponent + scale)
    return -whole if sign else whole


def flatten(table):
    """Structs become their fields, named outer.inner."""
    import pyarrow.types as t

    while any(t.is_struct(field.type) for field in table.schema):
        table = table.flatten()
    return table


def file_digests(path: str) -> list[str]:
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        sys.exit("row_digest: pyarrow is needed to read files: pip install pyarrow")
    # Not read_table, which would add columns for folders named key=value.
    table = flatten(parquet.ParquetFile(path).read())
    columns = [(field.name, arrow_kind(field.type)) for field in table.schema]
    values = [arrow_values(column.combine_chunks()) for column in table.columns]
    if not columns:
        return [row_sha256([], [])] * table.num_rows
    return [row_sha256(columns, list(row)) for row in zip(*values, strict=True)]


# The specification's test vectors.


def from_json(kind: str, value):
    """Values that JSON has no form for are strings in the vectors."""
    if value is None:
        return None
    if kind.startswith("list("):
        return [from_json(kind[5:-1], item) for item in value]
    if kind == "float":
        return float(value)
    if kind == "binary":
        return bytes.fromhex(value)
    return int(value) if kind not in ("bool", "string") else value


def check(path: str) -> int:
    with open(path, encoding="utf-8") as file:
        block = re.search(r"```json\n(.*?)```", file.read(), re.DOTALL)
    vectors = json.loads(block.group(1))
    wrong = 0
    for number, vector in enumerate(vectors):
        columns = [tuple(column) for column in vector["columns"]]
        row = [from_json(kind, value) for (_, kind), value in zip(columns, vector["row"], strict=True)]
        found = row_sha256(columns, row)
        if found != vector["sha256"]:
            wrong += 1
            print(f"vector {number}: {found}, not {vector['sha256']}", file=sys.stderr)
    print(f"{len(vectors) - wrong} of {len(vectors)} test vectors hold")
    return int(wrong > 0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file")
    parser.add_argument("--root", action="store_true", help="print the Merkle root over the rows only")
    parser.add_argument("--check", action="store_true", help="check the test vectors in this document")
    args = parser.parse_args()
    if args.check:
        return check(args.file)
    digests = file_digests(args.file)
    if args.root:
        print(root([bytes.fromhex(digest) for digest in digests]).hex())
    else:
        print("\n".join(digests))
    return 0


if __name__ == "__main__":
    sys.exit(main())
