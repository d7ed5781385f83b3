"""The desks: where reports come in, are kept before anything else, and are carried to the ledger."""
