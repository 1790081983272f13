"""How a command line names a ledger."""

PLACE = "a ledger file, or postgresql://... with #STORE where the database has several"
