"""`aisle report`: a replay's output folder as one HTML file that opens from disk and asks nobody for anything.

Theory of operation. Python gathers what there is to say as one JSON object of plain values and puts it into a page;
the page draws it, each part when it is first looked at, so that hundreds of events stay usable.

    contents.py           the JSON object: the parts below, put together
    changes.py            every change of goods, with its events, evidence, and the words of `aisle explain` for it
    floor.py              outline, shelves, gates and people's paths, downsampled
    runs.py               what run.json says: messages dropped, notes, limits, clocks, seconds
    truths.py             right and wrong, and calibration, where the truth is given
    page.py               template and JSON -> HTML; everything that comes from data is escaped here
    page.html *.css *.js  the page
    commands.py           the subcommand

The scripts and styles are named in the page's content security policy by their hashes, and nothing else may run or be
fetched. Names of products and accounts reach the page as text only, never as markup.
"""
