"""The online shell around the engine: sensors connect, frames go into the journal, outputs come out.

Theory of operation. Two processes. The gateway (`gateway_process.py`) has all sockets and a limit of memory; it
writes the journal and knows nothing of shops. The engine (`serving.py`) has no socket: it reads the journal as far as
it is durable, and tells the gateway what to publish. Whatever the network does to the gateway, what was acknowledged
is on the disk and the gateway is started again; whatever happens to the engine, it reads on where it was. What was
charged is always in the journal, and the recording made from it replays to the same bytes.

A sensor is a DEALER. The lossless way (`header.py`, `receiving.py`; sensors/publish.py is the other end): each
message has a number, the gateway acknowledges what is durable, the sensor keeps what is not and sends it again; each
goes into the journal once. The simple way is the contract's two frames, topic and payload: the connection slows down
and loses nothing while it lasts. A plain PUB can be subscribed to (`subscribing.py`, `gaps.py`); it loses messages,
which are found by seq and asked for again from the publisher's ring.

    bus.py zap.py keys.py    sockets; who may open them            admission.py rates.py   what may come in
    gateway*.py disk.py      the gateway, its process, its parent  export.py               the journal as a recording
    outputs.py publishing.py announce.py baskets.py                what goes out, and what was before
    following.py             somebody who follows it               commands_keys.py        `aisle keys`
    bulletin.py metrics.py   how the service goes                  logs.py                 lines or JSON
    recovery.py keeping.py   going on after a crash; snapshots and what may live how long
    serve.py serving.py      `aisle serve`

When something is full: sensors wait for the gateway (their window, then their spool; plates and gates then wait,
cameras give up their oldest frames, which is counted here by number); the gateway stops reading while the engine is
behind by more than its limit or the disk is nearly full; subscribers that do not read lose outputs, see it by count,
and ask for a snapshot.
"""
