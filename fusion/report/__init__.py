"""`aisle report`: an output folder as one HTML file that opens from disk, and asks nothing of any network.

Theory of operation: Python gathers facts, the page draws them. `gather` turns folder, store, truth and recording into
one value of plain lists and numbers (the same words and nats as `aisle explain`, which it calls); `page` puts that
value as JSON, the style sheet and the scripts into one file. Nothing is drawn before somebody looks: an event's
plates, hands and floor are drawn when it is opened, so that a day of events opens as quickly as a minute.

    commands.py   the command            gather.py    everything the page says, as one value
    floor.py      the store from above   paths.py     tracks as thin lines
    changes.py    events and evidence    trips.py     receipts, what makes them doubtful
    marks.py      right and wrong, where truth is given        page.py, page/   the file itself
"""
