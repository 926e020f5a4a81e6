"""The ledger: findings that were accepted, each with a reason."""
