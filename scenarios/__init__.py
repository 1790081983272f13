"""What people do: shops, scripts of intentions, bodies and goods in motion, and the truth of it.

A script (script.py; as text script_text.py, script_words.py, phrases.py; checked by script_check.py) says what people
mean to do; library/ holds the named ones, drawing.py draws random ones, casting.py gives its parts to products of a
store. Shops are plans (plan.py, shops.py, shop_size.py, ceiling.py) from which layout.py, planogram.py and goods.py
make a stocked store; terms.py (payers.py, offers.py) says on what terms it sells, storefile.py (termsfile.py,
tables.py) writes all of it as a folder.

acting.py plays a cast script on a stage (stage.py; walking.py, paths.py): doors.py, handling.py and feeling.py with
reaching.py, meeting.py, carting.py, laying.py and staffing.py are what people can do, motion.py gives them bodies.
performance.py is what came of it; people.py and happenings.py make it a world for the sensors (staging.py); bills.py
and truth.py write down who owes what. simulate.py records it, live.py plays it with each sensor a process of its own,
demo.py (beside.py, children.py) shows it from sensors to receipts. golden/ holds recorded tapes and the ledgers they
must give (bench/golden.py).
"""
