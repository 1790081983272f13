"""Attribution: who took or put what, as posteriors, with goods conserved.

Theory of operation. A shelf change waits until the hands around it have been watched for a moment, then evidence.py
says who could have moved it: where they stood and how they bent (standing.py), hands, what those held (looks.py), as
far as it is remembered (witnesses.py). An explanation (explanations.py) is a reading of it: (trip, pick or put,
product, count) with mass, planogram, misplaced goods and hands as nats, several parts where two people or two
products were involved; picking.py, returning.py, swapping.py, crossing.py (two people's hands at one place) and
unexplained.py enumerate them (a hand that presses and leaves: pressing.py, a slow lift in two: lifting.py).
hypotheses.py keeps a beam of joint readings per group of people who interact (beam.py: as columns, so that what many
hypotheses say alike is kept and asked once); goods in hand follow from the reading, so only what is carried can be put
back. stage.py runs this per slice: reading.py reads shelf changes (one person is
not at two places within a second: hurry.py), passing.py what goes from person to person without a shelf noticing:
hands that meet (handover.py), goods seen in hands that did not take them (possession.py, and how they were last seen
there: last_seen.py), or that went from the hand with somebody beside (letting_go.py); and cart_reading.py what carts
say: goods put into another's cart (cart_pass.py), carts that change hands (carted.py), with what their baskets weigh
(basket.py; cart_evidence.py). What nobody could see stays a doubt that has a size: two people who were out of sight
together (unwatched.py), a hand at plates that say nothing (dark.py), somebody who stooped where no plate tells of
goods (stooping.py), grams that no plate weighed and packages that weigh unlike their kind (weights.py). When a trip
leaves, leaving.py weighs its tags (tags.py) and what its hands no longer hold, the charge is chosen, and every change
it explains becomes final; readings that contradict it are barred from being charged and go on being believed, for a
charge is no evidence. A hand that stayed over the shelf between a pick and a put-back made one change (holding.py).
Nothing is dropped: a change nobody explains is settled as unclaimed, and makes those inside doubtful who were out of
sight (strangers.py). priors.py holds what is known of goods before anybody is looked at, masses.py what their pieces
weigh in this store, learned from every change that left no doubt. bodies.py remembers where everybody was, and
look.py what hands showed, as columns (past.py) that compiled loops go over; reaching.py finds hands at the goods of
other changes.

Cost: in a large store most changes are of plates that only shook, with nobody near, and most open changes of a group
are read alike by all its hypotheses. Both are asked first, and then little is left to do.

Every reading says what its nats are made of (why.py), and what there was to see of a change is put aside when it is
read (record.py), so that evidence_rows.py can show both once it is settled; neither ever decides anything.
"""
