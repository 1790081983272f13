"""Score tracks with TrackEval: `python published.py PAIR`, in the environment that has it; prints one line of JSON.

PAIR is an npz file with truth and tracks as metrics.score takes them. Only numpy and TrackEval are imported.
"""

import json
import sys

import numpy as np
from trackeval.metrics import CLEAR, HOTA, Identity


def published(path: str) -> dict[str, float]:
    """Return HOTA, IDF1, MOTA and switches as TrackEval counts them."""
    pair = np.load(path)
    numbers = [np.unique(pair[name], return_inverse=True)[1] for name in ("truth_id", "id")]
    starts, places = (pair["truth_start"], pair["start"]), (pair["truth_xy"], pair["xy"])
    ids: list[list[np.ndarray]] = [[], []]
    likeness = []
    for k in range(len(starts[0]) - 1):
        rows = [slice(start[k], start[k + 1]) for start in starts]
        for side in range(2):
            ids[side].append(numbers[side][rows[side]])
        gap = np.linalg.norm(places[0][rows[0]][:, None] - places[1][rows[1]][None], axis=2)
        likeness.append(np.clip(1.0 - gap, 0.0, 1.0))
    data = {
        "num_timesteps": len(likeness),
        "num_gt_ids": int(numbers[0].max()) + 1,
        "num_tracker_ids": int(numbers[1].max()) + 1,
        "num_gt_dets": len(numbers[0]),
        "num_tracker_dets": len(numbers[1]),
        "gt_ids": ids[0],
        "tracker_ids": ids[1],
        "similarity_scores": likeness,
    }
    hota, clear, identity = (
        HOTA().eval_sequence(data),
        CLEAR({"THRESHOLD": 0.5, "PRINT_CONFIG": False}).eval_sequence(data),
        Identity({"THRESHOLD": 0.5, "PRINT_CONFIG": False}).eval_sequence(data),
    )
    return {
        "hota": float(np.mean(hota["HOTA"])),
        "idf1": float(identity["IDF1"]),
        "mota": float(clear["MOTA"]),
        "switches": int(clear["IDSW"]),
    }


if __name__ == "__main__":
    print(json.dumps(published(sys.argv[1])))
