"""Tracking: camera frames become tracks, and tracks become people with accounts.

Theory of operation. The frames of a slice are gathered into flat arrays (frames.py; camera.py has the geometry) and
followed one after the other in one compiled pass (frame_pass.py, called by following.py). All tracks are moved to a
frame's time by one batched filter (kalman.py), the frame is associated (association.py: gating on a grid in
gating.py, likelihood of place in measurement.py, of appearance in appearance.py; assignment.py: optimal in each
connected component, with a value for a miss), matched rows are corrected and free detections start tentative tracks.
existence.py weighs by hits and misses whether a track is anybody and which camera has it in sight; floor.py runs the
life cycle that stands as a table in tracks.py; smoothing.py looks back over what is reported. Every frame also yields
a match, the list of which detection was which track; wrists.py adds whose each wrist is; hands.py follows both hands
of everybody in space, and attribution reads them and the `held` classifications there.

identity.py says whose account a track is: gates name people, encounters.py follows who came too close to whom to be
told apart, and belief.py turns both into probabilities for any moment, in the light of all that came later. gates.py
says who left, carts.py where the carts are and whose, baskets.py what their scales noticed and their cameras did not,
clock_evidence.py what walkers tell of a camera's clock and clock_witnesses.py what they tell of a cart's or a gate's.
"""
