"""The collector of cycles: not asked while a process ends, when everything else still ends as it does."""

import subprocess
import sys

ENDING = """
import atexit, os
from fusion.collector import collect_seldom

class Told:
    def __del__(self, write=os.write):  # modules are emptied by then
        write(1, b"a cycle was looked for ")

collect_seldom()
held = Told()
held.me = held
del held
atexit.register(os.write, 1, b"ends")
"""


def test_a_process_that_ends_does_what_was_put_off_until_then_and_looks_for_no_cycles() -> None:
    said = subprocess.run([sys.executable, "-c", ENDING], check=True, capture_output=True, text=True)
    assert (said.stdout, said.stderr) == ("ends", "")
