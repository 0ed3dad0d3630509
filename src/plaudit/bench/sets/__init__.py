"""The benchmarks, one file each: see `plaudit.bench.benchmark`."""
