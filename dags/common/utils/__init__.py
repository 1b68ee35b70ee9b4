"""Small shared tools: settings, windows, contracts, the ledger, errors."""
