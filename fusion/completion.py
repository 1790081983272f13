"""`aisle completion`: what a shell needs to complete commands, flags and files."""

import argparse
from typing import Any

EXAMPLES = """\
examples:
  source <(aisle completion bash)                                         in this shell
  aisle completion bash > ~/.local/share/bash-completion/completions/aisle       in every new one
  aisle completion zsh > ~/.zfunc/_aisle                                  with fpath+=~/.zfunc in ~/.zshrc
"""


def add_completion(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command `completion`."""
    parser = subparsers.add_parser(
        "completion",
        help="print what bash or zsh needs to complete commands, flags and files",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"))
    parser.set_defaults(run=run_completion)


def run_completion(args: argparse.Namespace) -> int:
    """Print the script; return the exit status."""
    import shtab

    from fusion.cli import parser_of

    whole = parser_of(())
    _complete_files(whole, shtab.FILE)
    print(shtab.complete(whole, args.shell))
    return 0


def _complete_files(parser: argparse.ArgumentParser, files: Any) -> None:
    """Let every argument that is a path be completed as one."""
    from pathlib import Path

    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for one in action.choices.values():
                _complete_files(one, files)
        elif action.type is Path:
            action.complete = files  # type: ignore[attr-defined]
