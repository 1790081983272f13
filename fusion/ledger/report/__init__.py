"""Reports on a ledger: what was sold, taxed, paid, reviewed and given back, what is lost, and what stands where.

Theory of operation. Everything is a sum over rows of `transfers`, `entries` and `legs`; nothing is kept beside them.
Money that counts is posted. On accounts of revenue (sales, tax, deposits) a credit is a sale and a debit gives money
back; on all others it is the other way round. Goods are where transfers have put them.

    books.py            the rows as frames
    money.py            pure: sales, tax and deposits, tenders, refunds
    goods.py stock.py   pure: reviews and losses; stock on hand, what is missing, what stands elsewhere
    sections.py         all of that in order: the report
    printing.py commands.py    text of 100 columns, JSON; `aisle ledger report`
"""
