"""The comparison of all methods on the embedded model: measured, stored as CSV, and written as docs/results.md."""
