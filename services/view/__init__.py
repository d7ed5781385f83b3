"""The live view as a process: follows the ledger and keeps the tables current."""
