"""Exports of a ledger for other programs: plain-text accounting (beancount, hledger) and tables (parquet, csv).

Theory of operation. An export judges nothing. Rows are written as they are, one transaction a record, and the
balances that the database itself reckons are written behind them as assertions. So whoever distrusts us has an
outside program add everything up again: it refuses an entry that does not balance, and a file in which any account
does not end at what the ledger says.

Money and goods stand in one file, goods as commodities (`SKU.COLA`, `"sku:cola"`) under Equity:Goods: one check then
covers both, a sale stays beside the goods it paid for, and no statement in the currency sees the goods. What is
pending lies in accounts of its own, Equity:Pending: entries wait there, and whatever resolves them clears them, so
that all other accounts hold exactly what is posted. An entry that still waits has the flag `!`.

The same records give the same bytes, in whichever database they are and in whichever order they came.

    names.py transactions.py    pure: names that can be read back; records as transactions
    beancount.py hledger.py     pure: transactions as the text of each program
    tables.py                   the tables as parquet or csv
    writing.py commands.py      files; `aisle ledger export`
"""
