"""The ledger: every transfer of goods, every money entry and every receipt, kept so that nobody can change it unseen.

Theory of operation. One store of truth holds goods (`transfers` of units between accounts), money (`entries` whose legs
add up to zero; pending, posted, voided) and the `receipts` that say why, as they were issued and issued anew. Three
defences stand behind each other:

    rules    the database itself refuses to change or remove a row, to take an entry that does not balance, a
             correction that goes past what it corrects, and anything twice
    chain    every record has a link, hash(previous link, hash of the record), in the order of writing: whoever goes
             round the rules breaks the chain at that record
    heads    at closing time the last link is signed with a key that the ledger does not hold: whoever computes the
             whole chain anew cannot sign it. The seal beside a ledger file also signs the file, page by page

`aisle ledger verify` checks them all and says where. What nothing here can tell: records written after the last
signed head and then changed together with their links, and a ledger put back to an earlier seal with its seal. Keep
the key and a copy of the newest seal elsewhere.

Records come with ids derived from evidence. Committing again what is there adds nothing, so a crash is mended by
committing everything again; the same id with other content is refused. The digest is taken over records in order of
time and id, so it depends neither on who wrote first, nor on the database, nor on any key or clock. The chain also
keeps the order of writing, which is the same for one tape. Signatures are part of neither.

    rules.py sqlite_rules.py postgres_rules.py    pure: the schema as data, and in the words of each database
    rows.py chain.py heads.py                     pure: records as rows and bytes, hashes, what is signed
    database.py sqlite.py postgres.py             what a database must be able to do, and the two there are: a file,
                                                  and a schema per store of a server
    book.py appending.py                          the one way to write and read a ledger: open_book, commit, digest
    keys.py seal.py closing.py                    key files, the seal beside a ledger, signing at closing time
    sitting.py                                    further records after closing time, and signed again
    content.py catalog.py verify.py               what is wrong with a ledger, and where
    reading.py export/ report/                    reading without a touch: for programs of others, and for people
    commands.py                                   `aisle ledger`
"""
