"""Run one tracker over one stream: `python adapters.py NAME STREAM OUT`, in an environment that has the tracker.

Every adapter returns two functions: one that turns the places (m, 2) of a frame into what its tracker takes, which is
not timed, and one that takes it and returns the ids and places of the tracks it then shows, which is. Settings are the
trackers' own means to say: 15 Hz, noise 0.12 m, walkers; a track is shown once it has been seen three times and
dropped when it has been unseen for a second, where the tracker lets one say so. Imports only numpy and the tracker.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

SD_M = 0.12
ACCEL_SD_MPS2 = 1.5
SPEED_SD_MPS = 0.8
GATE_M = 0.75  # for trackers that gate by distance
SHOWN_AFTER = 3
UNSEEN_S = 1.0
BOX_M = 0.7  # for trackers that only know boxes

Shown = tuple[list[int] | np.ndarray, np.ndarray]
Adapter = tuple[Callable[[np.ndarray, float], object], Callable[[object, float], Shown]]


def aisle(rate_hz: float, side_m: float) -> Adapter:
    """Aisle's floor tracking as the engine runs it, seen by one depth camera that covers the floor."""
    from dataclasses import replace

    from fusion.config import TrackingConfig
    from fusion.tracking.floor import advance, empty_floor
    from fusion.tracking.following import observe
    from fusion.tracking.sightings import Sightings
    from fusion.tracking.tracks import Status

    # The noise of these detections has no body in it, and the largest floors hold more people than any store.
    config = replace(TrackingConfig(), lean_sd_m=0.0, tracks_max=20_000)
    store = _bare_store(side_m)
    floor = empty_floor(store)

    def prepare(xy: np.ndarray, t_s: float) -> Sightings:
        m = len(xy)
        return Sightings(
            t_ns=round((1.0 + t_s) * 1e9), camera=0, is_depth=True, head=np.column_stack([xy, np.full(m, 1.6)]),
            foot=np.full((m, 2), np.nan), hands=np.full((m, 2, 3), np.nan), sd=np.full(m, SD_M),
            look=np.zeros((m, 0), np.float32), device_id=np.zeros(m, np.int64), held=(),
        )  # fmt: skip

    def step(frame: object, t_s: float) -> Shown:
        nonlocal floor
        assert isinstance(frame, Sightings)
        floor, _ = observe(floor, frame, store, config)
        floor = advance(floor, frame.t_ns, config)
        tracks = floor.tracks
        shown = (tracks.status == Status.CONFIRMED) | (tracks.status == Status.COASTING)
        return tracks.track_id[shown], tracks.mean[shown, :2]

    return prepare, step


def _bare_store(side_m: float):  # type: ignore[no-untyped-def]
    """Return a store that is a square floor under one depth camera, without doors."""
    from fusion.store import Cameras, Facings, Gates, Plates, Products, Store

    none, nothing, lines = np.zeros(0), np.zeros(0, np.int64), np.zeros((0, 2, 2))
    square = side_m * np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    down = np.diag([1.0, -1.0, -1.0])
    over = np.array([side_m / 2, side_m / 2, 2.0 + side_m])  # high enough to have all of the floor in its picture
    camera = Cameras(
        ("cam",), np.array([True]), np.array([[1000.0, 1000.0]]), np.array([[700.0, 700.0, 500.0, 500.0]]),
        np.zeros((1, 5)), down[None], (-down @ over)[None], np.array([15.0]),
    )  # fmt: skip
    plates = Plates((), (), (), (), nothing, np.zeros((0, 3)), none, np.zeros((0, 2)), none)
    products = Products((), (), nothing, none > 0, none, none, (), (), none > 0, nothing, ())
    facings = Facings((), nothing, (), nothing)
    return Store(
        "bench", "USD", "UTC", "holder", square, (), Gates((), (), lines), camera, (), (), (), plates, products, facings
    )


def filterpy(rate_hz: float, side_m: float) -> Adapter:
    """One filterpy filter per track, one assignment over the whole frame: what one writes in an afternoon."""
    from filterpy.common import Q_discrete_white_noise
    from filterpy.kalman import KalmanFilter
    from scipy.optimize import linear_sum_assignment

    dt_s, gate = 1.0 / rate_hz, 13.8  # squared Mahalanobis distance: 99.9 % of two dimensions
    tracks: list[list] = []  # [id, filter, hits, unseen frames]
    ids = iter(range(10**9))

    def born(z: np.ndarray) -> list:
        kf = KalmanFilter(dim_x=4, dim_z=2)
        kf.x = np.array([*z, 0.0, 0.0])
        kf.P = np.diag([SD_M**2, SD_M**2, SPEED_SD_MPS**2, SPEED_SD_MPS**2])
        kf.F = np.eye(4) + dt_s * np.eye(4, k=2)
        kf.H, kf.R = np.eye(2, 4), SD_M**2 * np.eye(2)
        kf.Q = Q_discrete_white_noise(2, dt_s, ACCEL_SD_MPS2**2, block_size=2, order_by_dim=False)
        return [next(ids), kf, 1, 0]

    def step(frame: object, t_s: float) -> Shown:
        xy = np.asarray(frame)
        for track in tracks:
            track[1].predict()
        cost = np.full((len(tracks), len(xy)), 1e3)
        for i, (_, kf, _, _) in enumerate(tracks):
            y = xy - kf.x[:2]
            far = np.einsum("ni,ij,nj->n", y, np.linalg.inv(kf.P[:2, :2] + kf.R), y)
            cost[i] = np.where(far < gate, far, 1e3)
        rows, columns = linear_sum_assignment(cost)
        pairs = {int(i): int(j) for i, j in zip(rows, columns, strict=True) if cost[i, j] < gate}
        for i, track in enumerate(tracks):
            if i in pairs:
                track[1].update(xy[pairs[i]])
                track[2] += 1
                track[3] = 0
            else:
                track[3] += 1
        taken = set(pairs.values())
        tracks[:] = [t for t in tracks if t[3] <= (UNSEEN_S * rate_hz if t[2] >= SHOWN_AFTER else 2)]
        tracks.extend(born(z) for j, z in enumerate(xy) if j not in taken)
        shown = [t for t in tracks if t[2] >= SHOWN_AFTER]
        return [t[0] for t in shown], np.array([t[1].x[:2] for t in shown]).reshape(-1, 2)

    return lambda xy, t_s: xy, step


def stonesoup(rate_hz: float, side_m: float) -> Adapter:
    """Stone Soup: Kalman filter, Mahalanobis hypotheses found by a KD-tree, 2-D assignment."""
    from datetime import datetime, timedelta

    from stonesoup.dataassociator.neighbour import GNNWith2DAssignment
    from stonesoup.dataassociator.tree import DetectionKDTreeMixIn
    from stonesoup.deleter.time import UpdateTimeStepsDeleter
    from stonesoup.hypothesiser.distance import DistanceHypothesiser
    from stonesoup.initiator.simple import MultiMeasurementInitiator
    from stonesoup.measures import Mahalanobis
    from stonesoup.models.measurement.linear import LinearGaussian
    from stonesoup.models.transition.linear import CombinedLinearGaussianTransitionModel, ConstantVelocity
    from stonesoup.predictor.kalman import KalmanPredictor
    from stonesoup.tracker.simple import MultiTargetTracker
    from stonesoup.types.detection import Detection
    from stonesoup.types.state import GaussianState
    from stonesoup.updater.kalman import KalmanUpdater

    class Neighbours(DetectionKDTreeMixIn, GNNWith2DAssignment):
        pass

    begun = datetime(2026, 1, 1)
    density = ACCEL_SD_MPS2**2 / rate_hz  # the same noise as white-noise acceleration, as a density
    measure = LinearGaussian(4, (0, 2), SD_M**2 * np.eye(2))
    predictor = KalmanPredictor(CombinedLinearGaussianTransitionModel([ConstantVelocity(density)] * 2))
    updater = KalmanUpdater(measure)
    hypothesiser = DistanceHypothesiser(predictor, updater, Mahalanobis(), missed_distance=3.7)
    associator = Neighbours(hypothesiser, predictor, updater, number_of_neighbours=5, max_distance=2 * GATE_M)
    deleter = UpdateTimeStepsDeleter(round(UNSEEN_S * rate_hz))
    prior = GaussianState([0, 0, 0, 0], np.diag([SD_M**2, SPEED_SD_MPS**2, SD_M**2, SPEED_SD_MPS**2]))
    # Tracks on trial find their detections among those that are left over.
    trial = MultiMeasurementInitiator(
        prior, UpdateTimeStepsDeleter(2), Neighbours(hypothesiser, predictor, updater, number_of_neighbours=5,
        max_distance=2 * GATE_M), updater, measurement_model=measure, min_points=SHOWN_AFTER,
    )  # fmt: skip
    tracker = MultiTargetTracker(trial, deleter, [], associator, updater)
    names: dict[str, int] = {}

    def prepare(xy: np.ndarray, t_s: float) -> object:
        now = begun + timedelta(seconds=t_s)
        return now, {Detection(z[:, None], timestamp=now, measurement_model=measure) for z in xy}

    def step(frame: object, t_s: float) -> Shown:
        tracker.detector_iter = iter([frame])
        _, tracks = next(tracker)
        shown = sorted(tracks, key=lambda track: track.id)
        places = np.array([[t.state_vector[0, 0], t.state_vector[2, 0]] for t in shown], float).reshape(-1, 2)
        return [names.setdefault(t.id, len(names)) for t in shown], places

    return prepare, step


def norfair(rate_hz: float, side_m: float) -> Adapter:
    """Norfair: its own Kalman filter, Euclidean distance, greedy matching."""
    from norfair import Detection, OptimizedKalmanFilterFactory, Tracker

    # Its filter works in steps, not seconds: velocities and their variances are per frame.
    factory = OptimizedKalmanFilterFactory(
        R=SD_M**2,
        Q=(ACCEL_SD_MPS2 / rate_hz**2) ** 2 * 4,
        pos_variance=SD_M**2,
        vel_variance=(SPEED_SD_MPS / rate_hz) ** 2,
    )
    tracker = Tracker(
        distance_function="euclidean", distance_threshold=GATE_M, hit_counter_max=round(UNSEEN_S * rate_hz),
        initialization_delay=SHOWN_AFTER - 1, filter_factory=factory,
    )  # fmt: skip

    def step(frame: object, t_s: float) -> Shown:
        shown = [t for t in tracker.update(detections=frame) if t.id is not None]
        return [t.id for t in shown], np.array([t.estimate[0] for t in shown]).reshape(-1, 2)

    return lambda xy, t_s: [Detection(points=z[None]) for z in xy], step


def motpy(rate_hz: float, side_m: float) -> Adapter:
    """Motpy: constant velocity, boxes matched by overlap."""
    from motpy import Detection, MultiObjectTracker

    tracker = MultiObjectTracker(
        dt=1.0 / rate_hz,
        model_spec={
            "order_pos": 1, "dim_pos": 2, "order_size": 0, "dim_size": 2, "q_var_pos": ACCEL_SD_MPS2**2,
            "r_var_pos": SD_M**2, "q_var_size": 1e-4, "r_var_size": 1e-2,
        },
        matching_fn_kwargs={"min_iou": 0.05},
        tracker_kwargs={"max_staleness": round(UNSEEN_S * rate_hz)},
        active_tracks_kwargs={"min_steps_alive": SHOWN_AFTER, "max_staleness": round(UNSEEN_S * rate_hz)},
    )  # fmt: skip
    names: dict[str, int] = {}

    def step(frame: object, t_s: float) -> Shown:
        shown = tracker.step(detections=frame)
        ids = [names.setdefault(t.id, len(names)) for t in shown]
        return ids, np.array([(t.box[:2] + t.box[2:]) / 2 for t in shown]).reshape(-1, 2)

    half = BOX_M / 2
    return lambda xy, t_s: [Detection(box=np.concatenate([z - half, z + half])) for z in xy], step


def similari(rate_hz: float, side_m: float) -> Adapter:
    """Similari: SORT in Rust, boxes matched by overlap, which serves it better here than its Mahalanobis distance."""
    from similari import BoundingBox, PositionalMetricType, Sort

    # Its noise is a share of the height of a box: boxes are 20 units high, 1 m is 20 / BOX_M units.
    unit = 20.0 / BOX_M
    tracker = Sort(
        shards=2, bbox_history=3, max_idle_epochs=round(UNSEEN_S * rate_hz), method=PositionalMetricType.iou(0.05)
    )

    def prepare(xy: np.ndarray, t_s: float) -> object:
        return [(BoundingBox(x * unit - 10.0, y * unit - 10.0, 20.0, 20.0).as_xyaah(), None) for x, y in xy.tolist()]

    def step(frame: object, t_s: float) -> Shown:
        shown = [t for t in tracker.predict(frame) if t.length >= SHOWN_AFTER]
        boxes = [t.predicted_bbox for t in shown]
        return [t.id for t in shown], np.array([[b.xc, b.yc] for b in boxes]).reshape(-1, 2) / unit

    return prepare, step


def trackpy(rate_hz: float, side_m: float) -> Adapter:
    """Trackpy: linking of points to where they last were; it has no filter, so places are as detected."""
    from trackpy.linking.linking import Linker

    Linker.MAX_SUB_NET_SIZE = 60
    linker = Linker(0.6 * GATE_M, memory=round(UNSEEN_S * rate_hz), link_strategy="auto")
    seen: dict[int, int] = {}

    def step(frame: object, t_s: float) -> Shown:
        xy, k = np.asarray(frame), round(t_s * rate_hz)
        if seen:
            linker.next_level(xy, k)
        else:
            linker.init_level(xy, k)
        ids = np.array(linker.particle_ids)
        for one in ids.tolist():
            seen[one] = seen.get(one, 0) + 1
        shown = np.array([seen[one] >= SHOWN_AFTER for one in ids.tolist()], bool)
        return ids[shown], xy[shown]

    return lambda xy, t_s: xy, step


ADAPTERS = {f.__name__: f for f in (aisle, filterpy, stonesoup, norfair, motpy, similari, trackpy)}


def _memory_mb(field: str) -> float:
    """Return what /proc says of this process; getrusage would still tell of the process that started it."""
    with Path("/proc/self/status").open() as lines:
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(field))


def run(name: str, stream: str, out: str) -> None:
    """Feed the stream frame by frame; write ids, places and times (ms) per frame, and the growth of memory (MB)."""
    data = np.load(stream)
    xy, start, rate_hz = data["xy"], data["start"], float(data["rate_hz"])
    prepare, step = ADAPTERS[name](rate_hz, float(data["side_m"]))
    before = _memory_mb("VmRSS")
    ids, places, times = [], [], []
    for k in range(len(start) - 1):
        frame = prepare(xy[start[k] : start[k + 1]], k / rate_hz)
        begun = time.perf_counter()
        shown, at = step(frame, k / rate_hz)
        times.append(1e3 * (time.perf_counter() - begun))
        ids.append(np.array(shown, np.int64))
        places.append(np.array(at, float).reshape(-1, 2))
        print(k + 1, flush=True)  # for whoever shows progress
    memory = _memory_mb("VmHWM") - before
    counts = np.concatenate([[0], np.cumsum([len(i) for i in ids])])
    np.savez(out, id=np.concatenate(ids), xy=np.concatenate(places), start=counts, ms=times, memory_mb=memory)


if __name__ == "__main__":
    run(*sys.argv[1:])
