"""The operator's page: what the engine sees and says, drawn in a browser, and reviews decided from there.

Theory of operation. Engine -> files in OUT -> server -> browser, and never back. The engine appends what a page draws
to OUT/scenes, ten scenes a second of store time, and what it says at the time it says it (`recorder.py`). The server is
a process of its own that reads OUT and nothing else; it may die, hang or be swamped, and the engine does not notice.
What a person decides goes through `fusion.desk` into the ledger, as from the command line. Outputs are the same bytes
with a page and without.

A log is a folder of segments (`scene_file.py`), each named by the instant it begins at and beginning with a full state,
so that any instant is rebuilt from one segment: its state, what was said since (`situation.py`, one fold for writer and
reader), and the last scene. A torn end is what has not been written yet: it is read again later, and cut off by the
next writer. What is stored is what is sent, JSON text; the server hands it on without reading it.

Everybody who looks has a `player.py` of their own: live, or at an instant, at a speed, paused. A slow browser gets the
newest scene only; what was said is never left out, and where too much of it waits, a new state says it all.

    scene.py said.py times.py   state and outputs -> what is drawn of it    situation.py    what has been said so far
    scene_file.py scene_log.py scene_writer.py    segments: as bytes; a folder of them read, and written
    recorder.py rebuilt.py      the log beside a run; the log of a run that had none
    player.py stream.py         one viewer's way through a log, and its WebSocket
    plan.py                     the store as a page draws it
    lines.py evidence.py receipts.py reviews.py    OUT's files and the ledger, asked by id; decisions
    tokens.py access.py throttle.py shield.py      who may look and decide; headers, origins, sizes
    settings.py app.py serving.py __main__.py      the application, its process
    child.py beside.py          the process beside a run, seen from there
    flags.py commands.py        --web, `aisle web`
    page/ assets/               the page's source (page/src/main.ts first), and what `make page` builds of it

In what is sent, times are milliseconds since the epoch, lengths metres, money cents. `live` of a span says whether this
viewer follows the newest, `over` whether the run has ended.
"""
