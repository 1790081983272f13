"""A picture of the operator's page: `python -m bench.page_picture OUT STORE PNG [--at 0.45] [--scheme dark]`.

Opens the page of a run (`aisle replay --web`, or any run) in headless Chromium at a share of its time, plays a few
seconds so that paths are there, and writes what is seen, 1400 x 900.
"""

import argparse
import sys
from pathlib import Path

from bench.page import browser, open_page, seek, served


def main() -> int:
    """Draw; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("store", type=Path, metavar="STORE")
    parser.add_argument("png", type=Path, metavar="PNG")
    parser.add_argument("--at", type=float, default=0.45, help="share of the run (default 0.45)")
    parser.add_argument("--scheme", choices=["dark", "light"], default="dark")
    args = parser.parse_args()
    with served(args.out, args.store) as (base, token), browser() as page:
        page.emulate_media(color_scheme=args.scheme)
        open_page(page, base, token)
        seek(page, args.at)
        page.wait_for_timeout(9000)
        page.screenshot(path=args.png)
    return 0


if __name__ == "__main__":
    sys.exit(main())
