"""`aisle export --foxglove|--parquet`: recordings and runs for viewers and notebooks of others.

Theory of operation: `foxglove` writes a second MCAP file: every message of the recording as it was, byte for byte, and
beside them channels of foxglove's protobuf types, which Foxglove and Rerun draw without knowing us. All of those are in
the frame "world" of the store (contract section 1). `parquet` writes tables, one a file, that polars, pandas or DuckDB
read. Nothing here is an input of the engine.

    foxglove.py   the file: raw and drawn messages in order of time
    places.py     points, poses, colours     shop.py       shelves, floor, gates, cameras: once, at the beginning
    points.py     the same as a cloud of points, for Rerun, which draws neither scenes nor grids
    people.py     where everybody was        happenings.py events and receipts, as log lines and marks in the scene
    tables.py     runs as tables             samples.py    plates of a recording as tables, in parts of bounded size
"""
