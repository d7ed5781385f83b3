"""The archive of a system: built from its ledger or from a file of events, and held against where it came from."""
