"""The ledger replayed into any view: at full speed into a new one, or at a pace into pages of its own."""
