"""A scenario played live: each simulated sensor is a process of its own, publishing at its own send times."""

import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

from fusion.live.bus import BusError
from fusion.live.keys import ENGINE, BadKey, read_badge
from scenarios.simulate import Recipe, source_frames, source_names
from sensors.publish import Sender

HEAD_START_S = 2.0  # between starting the processes and the first moment of the scenario
LOOK_S = 0.2  # how often the parent looks after its sensors
UNREACHED = 2  # exit status of a sensor that found nobody listening
CAMERAS = ("people/", "boxes/")  # topics of those that give up their oldest frames when too many wait


@dataclass(frozen=True, slots=True)
class Play:
    """What every sensor of one run has in common."""

    recipe: Recipe
    address: str
    epoch_ns: int  # the first moment of the scenario
    speed: float  # times real speed; measurement times are those of the scenario all the same
    keys: Path | None = None  # a key for each source, SRC.key_secret, and engine.key
    spool: Path | None = None  # a folder for each source that keeps what is not acknowledged


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended: messages sent, and the sensors that did not reach their end."""

    sent: int
    unreached: tuple[str, ...]  # nobody listened to them
    died: tuple[str, ...]
    stopped: bool  # by request


def play_live(
    recipe: Recipe,
    address: str,
    speed: float,
    stopping: Callable[[], bool],
    progress: Callable[[int], None],
    *,
    keys: Path | None = None,
    spool: Path | None = None,
) -> Ending:
    """Run every sensor of a scenario to its end; `progress` hears the number of messages sent so far.

    Raises ValueError for an unknown scenario.
    """
    sources = source_names(recipe.name, recipe.seed, recipe.shop)  # plays the scenario once; forked sensors inherit it
    fork = multiprocessing.get_context("fork")
    sent = fork.RawArray("Q", len(sources))
    play = Play(recipe, address, time.time_ns() + round(HEAD_START_S * 1e9), speed, keys, spool)
    sensors = [
        fork.Process(target=_sensor, args=(play, src, sent, row, os.getpid()), name=src, daemon=True)
        for row, src in enumerate(sources)
    ]
    for sensor in sensors:
        sensor.start()
    stopped = _look_after(sensors, stopping, lambda: progress(sum(sent)))
    return Ending(
        sum(sent),
        tuple(s.name for s in sensors if s.exitcode == UNREACHED),
        tuple(s.name for s in sensors if s.exitcode not in (0, UNREACHED) and not stopped),
        stopped,
    )


def _look_after(sensors: list[BaseProcess], stopping: Callable[[], bool], tell: Callable[[], None]) -> bool:
    """Wait for all sensors, ending them when asked to stop; return whether that was asked."""
    while alive := [sensor for sensor in sensors if sensor.is_alive()]:
        if stopping():
            for sensor in sensors:
                sensor.terminate()
                sensor.join()
            return True
        alive[0].join(LOOK_S)
        tell()
    return False


def _sensor(play: Play, src: str, sent: "multiprocessing.Array[int]", row: int, parent: int) -> None:
    """Publish what one sensor sends; runs in a process of its own."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent too, which ends us
    frames = source_frames(play.recipe, src, epoch_ns=play.epoch_ns)
    try:
        badge = read_badge(play.keys / f"{src}.key_secret", play.keys / f"{ENGINE}.key") if play.keys else None
        sheds = any(frame.topic.startswith(CAMERAS) for _, frame in frames)
        spool = play.spool / src if play.spool else None
        with Sender(play.address, src, spool=spool, sheds=sheds, badge=badge) as sender:
            sender.connect()
            for offset_s, frame in frames:
                sender.wait(play.epoch_ns / 1e9 + offset_s / play.speed - time.time())
                if os.getppid() != parent:
                    sys.exit("the run this sensor belongs to is gone")
                sender.send(frame.topic, frame.payload)
                sent[row] += 1
            sender.finish()
    except (BusError, BadKey) as error:
        print(f"{src}: {error}", file=sys.stderr)
        sys.exit(UNREACHED)
