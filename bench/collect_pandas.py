"""What collect is compared with: pandas reads a CSV and writes Parquet. Prints the seconds of each as JSON."""

import json
import sys
import time

import pandas

source, target = sys.argv[1:3]
start = time.perf_counter()
frame = pandas.read_csv(source)
read = time.perf_counter() - start
frame.to_parquet(target)
print(json.dumps({"pandas": pandas.__version__, "rows": len(frame), "read": read, "total": time.perf_counter() - start}))
