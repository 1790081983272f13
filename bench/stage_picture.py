"""Draw a staged scenario, or an empty store: `python -m bench.stage_picture SCENARIO PNG [--seed S] [--store NAME]`.

Floor, fixtures, plates, gates, cameras and what they see; true paths by person, hands at each pick and put-back, carts.
SCENARIO "-" draws the store alone. Needs matplotlib: `pip install 'aisle[pictures]'`.
"""

import argparse
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np

from bench.picture import COLOURS
from fusion.arrays import Floats
from fusion.store import Store
from scenarios.coverage import ENOUGH, HEAD_M, cameras_seeing, floor_points, share_seen
from scenarios.layout import build_store
from scenarios.performance import PICK, PUT
from scenarios.shops import shop_named
from scenarios.staging import Staging, stage
from sensors.optics import eye_of
from sensors.world import World, generator

TINTS: Final = ("#e8a0a0", "#f6dfa8", "#eef4ee")  # of the floor that no camera sees, that one sees, that more see
KIND_COLOUR: Final = {False: "0.6", True: "0.3"}  # image and depth cameras
GATE_COLOUR: Final = {"entry": "#009E73", "exit": "#D55E00", "both": "#CC79A7"}
SPACING_M: Final = 0.2
INCHES_MAX: Final = 17.0
VIEWS_MAX: Final = 12  # cameras: the views of more would hide everything else
LABELS_MAX: Final = 40  # fixtures of a larger store carry no names


def draw(store: Store, png: Path, title: str, staging: Staging | None = None) -> None:
    """Write one picture of a store and, if there is one, of all that happened in it."""
    from matplotlib import pyplot as plt

    wide, deep = np.ptp(store.outline, axis=0)
    scale = min(2.0, INCHES_MAX / float(wide))
    figure, axes = plt.subplots(figsize=(scale * float(wide) + 2.4, scale * float(deep) + 1.4))
    _draw_sight(axes, store)
    _draw_fixtures(axes, store, scale)
    _draw_cameras(axes, store)
    if staging is not None:
        _draw_people(axes, staging.world)
        _draw_reaches(axes, staging)
        _draw_carts(axes, staging.world)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=7, frameon=False)
    axes.set_aspect("equal")
    axes.set_xlim(-1.0, float(wide) + 0.3)
    axes.set_ylim(-0.3, float(deep) + 0.3)
    axes.set_xlabel("x, m")
    axes.set_ylabel("y, m")
    axes.set_title(title, fontsize=10)
    figure.tight_layout()
    figure.savefig(png, dpi=100)
    plt.close(figure)


def _draw_sight(axes: Any, store: Store) -> None:
    """Tint the floor by how many cameras see a head there."""
    from matplotlib.collections import PolyCollection

    floor = floor_points(store, SPACING_M)
    seen = cameras_seeing(store, np.column_stack([floor, np.full(len(floor), HEAD_M)]))
    for count, tint in enumerate(TINTS):
        here = floor[np.minimum(seen, ENOUGH) == count]
        label = f"cameras that see a head: {count}{' or more' if count == ENOUGH else ''}"
        tiles = here[:, None] + SPACING_M / 2 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
        axes.add_collection(PolyCollection(tiles, color=tint, lw=0, label=label))


def _draw_fixtures(axes: Any, store: Store, scale: float) -> None:
    closed = np.vstack([store.outline, store.outline[:1]])
    axes.plot(closed[:, 0], closed[:, 1], color="k", lw=1.2)
    for fixture in store.fixtures:
        axes.fill(fixture.outline[:, 0], fixture.outline[:, 1], color="0.82", ec="0.4", lw=0.8)
        if len(store.fixtures) <= LABELS_MAX:
            axes.text(*fixture.outline.mean(axis=0), fixture.fixture_id, ha="center", va="center", fontsize=6, zorder=4)
    _draw_plates(axes, store)
    for gate, kind, line in zip(store.gates.gate_id, store.gates.kind, store.gates.line, strict=True):
        axes.plot(line[:, 0], line[:, 1], color=GATE_COLOUR[kind], lw=4, solid_capstyle="butt")
        axes.text(line[0, 0] - 0.1, line[:, 1].mean(), gate, ha="right", va="center", fontsize=3 + 2 * scale)


def _draw_plates(axes: Any, store: Store) -> None:
    """Outline plates; those of the shelves of one gondola lie over each other."""
    from matplotlib.collections import PolyCollection

    plates = store.plates
    yaw = np.deg2rad(plates.yaw_deg)
    width = np.column_stack([np.cos(yaw), np.sin(yaw)]) * plates.size[:, :1] / 2
    depth = np.column_stack([-np.sin(yaw), np.cos(yaw)]) * plates.size[:, 1:] / 2
    middle = plates.centre[:, :2]
    corners = np.stack([middle - width - depth, middle + width - depth, middle + width + depth, middle - width + depth])
    _, top = np.unique(middle.round(3), axis=0, return_index=True)
    axes.add_collection(PolyCollection(corners.swapaxes(0, 1)[top], facecolor="0.93", edgecolor="0.65", lw=0.3))


def _draw_cameras(axes: Any, store: Store) -> None:
    """Draw where cameras hang, which way they look and, where they are few, what of the plane of heads they see."""
    few = len(store.cameras.camera_id) <= VIEWS_MAX
    for row, is_depth in enumerate(store.cameras.is_depth.tolist()):
        x, y, _ = eye_of(store.cameras, row).place
        view, colour = _view(store, row), KIND_COLOUR[is_depth]
        ahead = view.mean(axis=0) - (x, y)
        ahead *= 0.5 / max(0.5, float(np.linalg.norm(ahead)))
        if few:
            axes.fill(view[:, 0], view[:, 1], fill=False, ec=colour, lw=0.7, alpha=0.7)
        axes.plot([x, x + ahead[0]], [y, y + ahead[1]], color=colour, lw=1.0)
        axes.scatter(x, y, 22 if few else 10, color=colour, marker="o" if is_depth else "s", zorder=5)


def _view(store: Store, row: int) -> Floats:
    """Return the outline of a camera's image on the plane of heads, (4, 2) m, cut off far away and at the walls."""
    eye = eye_of(store.cameras, row)
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]) * eye.size_px
    rays = np.column_stack([(corners - eye.K[2:]) / eye.K[:2], np.ones(4)]) @ eye.R
    slope = (eye.place[2] - HEAD_M) / np.maximum(-rays[:, 2], 0.05)
    low, high = store.outline.min(axis=0), store.outline.max(axis=0)
    view: Floats = np.clip(eye.place[:2] + slope[:, None] * rays[:, :2], low, high)
    return view


def _draw_people(axes: Any, world: World) -> None:
    bodies = world.bodies
    for row, person in enumerate(bodies.person):
        foot, colour = bodies.foot[row][bodies.present[row]], COLOURS[row % len(COLOURS)]
        if len(foot):
            dash = "-" if bodies.role[row] == "shopper" else "--"
            axes.plot(foot[:, 0], foot[:, 1], dash, color=colour, lw=1.4, alpha=0.85, label=person, zorder=6)
            axes.scatter(*foot[0], 40, color=colour, marker=">", edgecolor="k", zorder=7)
            axes.scatter(*foot[-1], 32, color=colour, marker="s", edgecolor="k", zorder=7)


def _draw_reaches(axes: Any, staging: Staging) -> None:
    """Draw, for each pick (down) and put-back (up), the foot, the hand and the plate that changed most."""
    world = staging.world
    for move in staging.performance.moves:
        if move.kind not in (PICK, PUT):
            continue
        at = int(world.rows_at(np.array(move.t_s)))
        plate = max(move.loads, key=lambda load: abs(load[1]))[0]
        foot, hand = world.bodies.foot[move.person, at], world.bodies.hands[move.person, at, move.hand, :2]
        line, colour = np.array([foot, hand, world.store.plates.centre[plate, :2]]), COLOURS[move.person % len(COLOURS)]
        axes.plot(line[:, 0], line[:, 1], color=colour, lw=0.8, zorder=8)
        axes.scatter(*hand, 36, color=colour, marker="v" if move.kind == PICK else "^", edgecolor="k", lw=0.6, zorder=9)


def _draw_carts(axes: Any, world: World) -> None:
    for xy in world.carts.xy:
        axes.plot(xy[:, 0], xy[:, 1], color="0.25", lw=0.8, ls=":", zorder=6)
        axes.scatter(*xy[0], 45, facecolor="none", edgecolor="0.25", marker="s", zorder=6)


def main(argv: list[str] | None = None) -> int:
    """Draw one scenario or one store."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scenario", help='its name, or "-" for the store alone')
    parser.add_argument("png", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--store", help="where it is played unless in its own store, or the store to draw")
    args = parser.parse_args(argv)
    try:
        if args.scenario == "-":
            store = build_store(shop_named(args.store or "nano"), generator(args.seed, 0, 0))
            draw(store, args.png, f"{store.store_id}, seed {args.seed}: {_counts(store)}")
        else:
            staging = stage(args.scenario, args.seed, args.store)
            store = staging.world.store
            draw(store, args.png, f"{args.scenario} in {store.store_id}, seed {args.seed}: {_counts(store)}", staging)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{args.png}: on {share_seen(store):.1%} of the floor a head is seen by {ENOUGH} or more cameras")
    return 0


def _counts(store: Store) -> str:
    plates, cameras = len(store.plates.plate_id), len(store.cameras.camera_id)
    return f"{plates} plates, {cameras} cameras ({int(store.cameras.is_depth.sum())} depth, round)"


if __name__ == "__main__":
    sys.exit(main())
