"""Reads a report's values.parquet as others do and compares it with values.csv.

    python read.py FOLDER

Needs pyarrow and pandas.
"""

import sys
from pathlib import Path

import pandas
import pyarrow.parquet

FOLDER = Path(sys.argv[1])

table = pyarrow.parquet.read_table(FOLDER / "values.parquet")
print(table.schema.to_string())
ours = table.to_pandas()
theirs = pandas.read_csv(FOLDER / "values.csv", dtype={"reason": "object"})
assert list(ours.columns) == list(theirs.columns) and len(ours) == len(theirs) > 0
for name in ours.columns:
    one, other = ours[name], theirs[name]
    same = (one == other) | (one.isna() & other.isna())
    assert same.all(), name
print(len(ours), "rows are the same")
