"""Health: which sensors are to be trusted, from nothing but what they say and what the others say meanwhile.

Theory of operation. Once a second of event time every sensor is looked at for every way in which its kind goes wrong,
all plates or cameras at once; a look says "wrong", "right" or nothing. A sensor is under alarm after it has looked
wrong for a while without looking right, and leaves it after it has looked right for a while without looking wrong
(alarms.py): one odd second changes nothing, and nothing flaps. What each look rests on:

    plates.py    its samples alone: silent; still to the last bit; too noisy to weigh what stands on it, and much
                 noisier than the plates it is shaken with; lone samples far off; a level that walks one way for a
                 quarter of a minute (samples.py is the compiled pass over all samples of a slice)
    jumps.py     steps from one sample to the next, which no hand makes, and changes that are nobody's
    gains.py     what its picks weighed against the catalogue, with what products are off everywhere set aside:
                 the moment is looked for since when a plate has been off, or whether it always was (onsets.py); and
                 picks that nobody could read but as its goods, weighed with a wrong gain (misreads.py). Two plates
                 that the same picks lay on are both said. A test weight tells for certain (known_weights.py)
    cameras.py   silent; the same picture again; finds nobody of those whom others see walk through its picture; its
                 turn about itself explains what cameras see off each other, better than any other's (turning.py)
    doubts.py    carts and portals, by sums of evidence: moves that the basket's weight (baskets.py) or the owner's
                 goods contradict, most of all where nobody was near; strong tags of goods that nobody who went out
                 could carry
    crossings.py gates that count people whom nobody sees
    sources.py   silent by event time of the others; what it says of itself
    intake/clocks.py   clocks, as before

What comes of it: a camera under alarm gives no detections, a cart no moves, a portal no tags; a plate that says nothing
makes no changes, and one whose grams are off makes changes with a wider variance (trust.py). A receipt that rests on
such a plate alone, or with one piece on one that jumps, or whose shopper had a hand over one that said nothing, or
there when goods went that nobody took, waits for a person, by name of the sensor (holds.py); what its own picks have
just told counts. A shopper whom nobody has seen for a quarter of an hour, though nothing was blind, has left by an exit
whose word was lost, and waits for a person too; so has one unseen for half a minute whose account is let in again. What
is blind makes the mode of the store (modes.py): open, degraded, or closed to new entries.
"""
