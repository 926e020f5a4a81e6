"""flowgate: nothing merges, and nothing runs, until a Metaflow experiment is clean, reviewed and proven."""

__version__ = "0.1.0"
