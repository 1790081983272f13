"""The sensors of docs/examples, a shelf controller in Python and a gate in C, against a real `aisle serve`."""

import json
import subprocess
import sys
import time
from pathlib import Path

from fusion.recording import read_recording
from fusion.wire import decode

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"


def test_what_sensors_in_python_and_c_say_becomes_a_pick_and_a_receipt(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    subprocess.run(["cc", "-Wall", "-Werror", "-o", gate, EXAMPLES / "gate.c", "-lzmq"], check=True)
    out = tmp_path / "live"
    command = "import sys; from fusion.cli import main; sys.exit(main())"
    words = ["serve", "--store", EXAMPLES / "kiosk", "--out", out, "--listen", "tcp://127.0.0.1:*"]
    service = subprocess.Popen([sys.executable, "-c", command, *words], stdout=subprocess.PIPE, text=True)
    try:
        assert service.stdout
        address = service.stdout.readline().split()[-1]
        door = subprocess.Popen([gate, "door", address], stdin=subprocess.PIPE, text=True)
        shelf = subprocess.Popen(
            [sys.executable, EXAMPLES / "plates.py", "ctl-G1", address], stdin=subprocess.PIPE, text=True
        )
        assert door.stdin and shelf.stdin
        print("enter ann", file=door.stdin, flush=True)
        for i in range(80):  # a scale weighs ten times a second: a cola goes after three seconds
            print(f"{3550 - 355 * (i >= 30)}.{i * 7 % 10} 1500.{i * 3 % 10}", file=shelf.stdin, flush=True)
            time.sleep(0.1)
        print("exit ann", file=door.stdin, flush=True)
        for sensor in (shelf, door):
            assert sensor.stdin
            sensor.stdin.close()
            assert sensor.wait(30) == 0
        service.terminate()
        assert service.wait(60) == 0
    finally:
        service.kill()
        service.communicate()
    assert (out / "rejected.jsonl").read_text() == ""
    messages = [decode(frame.topic, frame.payload) for frame in read_recording(out / "recording.mcap")]
    assert sum(type(message).__name__ == "Plates" for message in messages) == 16
    (receipt,) = map(json.loads, (out / "receipts.jsonl").read_text().splitlines())
    assert receipt["account"] == "ann"
    (event,) = map(json.loads, (out / "events.jsonl").read_text().splitlines())
    # Nobody saw who it was: this kiosk's camera is not connected.
    assert (event["kind"], event["sku"], event["qty"], event["account"]) == ("pick", "cola", 1, None)
