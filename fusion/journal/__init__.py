"""The journal on disk: every frame as it came, before anything can fail. It is the truth; all else is made from it.

Theory of operation. A journal is a folder of segments, `BASE.seg`, BASE the offset of the first record in it; the
offset of a record is its number since the journal began, and never changes. A segment is a head and then records,
each `length, crc32, body`. Records are only ever appended, to the last segment; it is sealed when it is large or old,
and the next one begins. The checksum covers the length as well, and a body is never empty, so that neither a cut, nor
a flipped bit, nor the zeros a file system may leave after a power loss can pass for a record.

Whoever writes appends a group and then makes it durable with one `sync`. A kill leaves at most a torn end of the last
segment: opening the journal again keeps every whole record before it, puts the torn bytes aside and says what they
were. In an older segment nothing can be torn, only spoiled: the base of the next segment says how many records it held,
so that reading names what is missing there and goes on behind it.

A record keeps where its frame came from (`Origin`): what was taken from a sensor before is known again after a restart.

    record.py     bytes <-> records                  reader.py     records from any offset on, and what is damaged
    segment.py    one file of them                   retention.py  what may live how long
    writer.py     appending, sealing, recovering     watching.py   how far reading is
"""

from fusion.journal.reader import JournalReader, read_journal
from fusion.journal.record import Origin, Record
from fusion.journal.segment import Damage, JournalError
from fusion.journal.writer import Journal

__all__ = ["Damage", "Journal", "JournalError", "JournalReader", "Origin", "Record", "read_journal"]
