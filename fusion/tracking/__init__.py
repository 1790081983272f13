"""Tracking: camera frames become tracks, and tracks become people with accounts.

Theory of operation. A frame is turned into sightings (sightings.py; camera.py has the geometry). All tracks are
moved to the frame's time by one batched filter (kalman.py), the frame is associated as a whole (association.py:
likelihood of place, appearance and device id; assignment.py: optimal, with a value for a miss), matched rows
are corrected and free detections start tentative tracks. floor.py runs the life cycle that stands as a table in
tracks.py. identity.py says whose account a track is, gates.py who left, carts.py where the carts are and whose.
Every frame also yields a match, the list of which detection was which track: hands and `held` classifications
hang on it, and attribution reads them there.
"""
