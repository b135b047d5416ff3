#!/usr/bin/env python3
"""Small Parquet files in Hugging Face's image schema, for tests/unit/data/parquet_test.ts and its neighbours.

Run: python3 tests/golden/make_parquet.py   (needs pyarrow). Writes parquet.json beside itself. Each file has the same 40
rows: an image's bytes and path, and a label, some of each missing.
"""
import base64, io, json, pathlib
import pyarrow as pa
import pyarrow.parquet as pq

HUGGINGFACE = {"info": {"features": {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": ["a", "b"]}}}}
IMAGE = pa.struct([("bytes", pa.binary()), ("path", pa.string())])


def row(n):
    if n % 13 == 12:
        return None
    return {"bytes": bytes((7 * n * i) % 256 for i in range(20 + n % 3)), "path": None if n % 5 == 4 else f"deep/folder/{n % 20:03}.png"}


def table():
    labels = [None if n % 11 == 10 else n // 3 % 2 for n in range(40)]
    columns = {"image": pa.array([row(n) for n in range(40)], IMAGE), "label": pa.array(labels, pa.int64())}
    return pa.table(columns).replace_schema_metadata({"huggingface": json.dumps(HUGGINGFACE)})


DELTAS = {"image.bytes": "DELTA_LENGTH_BYTE_ARRAY", "image.path": "DELTA_BYTE_ARRAY", "label": "DELTA_BINARY_PACKED"}
CASES = {
    "plain": dict(compression="none", use_dictionary=False),
    "dictionary": dict(compression="none"),
    "snappy": dict(compression="snappy"),
    "snappy_pages": dict(compression="snappy", data_page_size=64, write_batch_size=8, row_group_size=25),
    "gzip": dict(compression="gzip", use_dictionary=False),
    "zstd_v2": dict(compression="zstd", data_page_version="2.0"),
    "plain_v2": dict(compression="none", data_page_version="2.0", data_page_size=64, write_batch_size=8),
    "deltas": dict(compression="none", use_dictionary=False, column_encoding=DELTAS),
    "deltas_v2": dict(compression="snappy", use_dictionary=False, column_encoding=DELTAS, data_page_version="2.0"),
}
cases = []
for name, options in CASES.items():
    file = io.BytesIO()
    pq.write_table(table(), file, **options)
    cases.append({"name": name, "file": base64.b64encode(file.getvalue()).decode()})
pathlib.Path(__file__).with_name("parquet.json").write_text(json.dumps({"pyarrow": pa.__version__, "cases": cases}) + "\n")
