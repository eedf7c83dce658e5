"""Importing reference data. Formats: `docs/reference-data.md`.

A file is checked as a whole before anything is touched; all that is wrong is told with its line. What it would
change is listed, then it is applied in one transaction together with its ledger entry. The same file again
changes nothing.
"""
