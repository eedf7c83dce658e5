"""Real servers for one machine: PostgreSQL, Valkey and S3 as child processes on loopback.

`services.py` runs them for `make run`, `tests/conftest.py` for the tests. Nothing here loads Django.
"""
