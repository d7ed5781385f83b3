"""Who says so, and who looks: the command line, the ledger, the live view, the page."""
