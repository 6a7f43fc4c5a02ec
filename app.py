"""The front door: `python app.py` opens the page. See `python app.py --help`."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
from typing import NoReturn

if __name__ == "__main__":  # as long as there is nothing to tidy up, Ctrl-C just ends the program
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from genai_demo.application import App, create_app
from genai_demo.errors import DemoError, ModelUnavailable
from genai_demo.models.catalogue import (
    CATALOGUE,
    DEFAULT_MODEL,
    DEFAULT_PICTURES,
    DEFAULT_VECTORS,
    PICTURES,
    VECTORS,
    find_model,
    find_vectors,
)
from genai_demo.models.device import available_devices, space_function
from genai_demo.models.loader import LoadStatus
from genai_demo.models.loading import prepare
from genai_demo.models.settings import Settings
from genai_demo.models.terminal import TerminalProgress
from genai_demo.models.word_vectors import found_in_file
from genai_demo.page.build import launch_options
from genai_demo.page.messages import sentence, stage_name, terminal_line
from genai_demo.page.opening import choose_place, open_page, wait_for_interrupt

logger = logging.getLogger(__name__)

INTERRUPTED = 130  # the exit status that shells expect after Ctrl-C

try:
    standard = create_app(Settings())
except DemoError as error:  # files of the program itself are missing
    sys.exit(sentence(error))

demo = standard.page  # what a Space that imports this file looks for
devices = space_function(available_devices)  # the one function that a ZeroGPU Space wants to see


def main(arguments: list[str] | None = None) -> int:
    """Load the model in the background and open the page; returns the exit status."""
    options = _parser().parse_args(arguments)
    progress = TerminalProgress(stage_name)
    try:
        if options.list_models:
            _list_models()
        elif options.prepare:
            _prepare(options.model, progress)
        else:
            _open(options, progress)
    except DemoError as error:
        progress.fail(sentence(error))
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _list_models() -> None:
    for entry in CATALOGUE:
        print(f"{entry.name:24} {entry.kind:6} {entry.megabytes:6,} MB  {entry.licence}")
    for table in VECTORS:
        print(f"{table.name:24} words  {table.megabytes:6,} MB  {table.licence}")
    for drawn in PICTURES:
        print(f"{drawn.name:24} images {drawn.megabytes:6,} MB  {drawn.licence}")


def _prepare(name: str, progress: TerminalProgress) -> None:
    """Convert the weights if need be, and print their folder."""
    entry = find_model(name)
    try:
        folder = prepare(entry, progress, thorough=True)
    except OSError as error:
        logger.exception("Converting %s failed.", entry.title)
        raise ModelUnavailable(title=entry.title) from error
    progress("ready", 1.0)
    print(folder)


def _open(options: argparse.Namespace, progress: TerminalProgress) -> None:
    """Serve the page until somebody presses Ctrl-C."""
    settings = Settings(options.model, options.tuned, options.vectors, options.pictures, options.device)
    host, port = choose_place(options.host, options.port)
    if settings.vectors != DEFAULT_VECTORS:
        progress.say(terminal_line("reading_vectors", name=find_vectors(settings.vectors).title))
    app = standard if settings == Settings() else create_app(settings)
    found = found_in_file(app.models.vectors)
    if found is not None:
        progress.say(terminal_line("vectors_read", name=app.models.vectors.title, **vars(found)))
    _tell(app, progress)
    app.start()
    progress.say("\n".join(open_page(app.page, host, port, launch_options(app.features))))
    wait_for_interrupt()


def _tell(app: App, progress: TerminalProgress) -> None:
    """Show in the terminal how far the language model is, and why a model failed: once, also if others needed it."""
    told: dict[DemoError, LoadStatus] = {}

    def tell(status: LoadStatus) -> None:
        if status.error is not None and told.setdefault(status.error, status) is status:
            progress.fail(sentence(status.error))

    def show(status: LoadStatus) -> None:
        if status.error is None:
            progress(status.stage, status.fraction)

    app.models.language.watch(show)
    for loader in app.loaders:
        loader.watch(tell)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="See inside generative AI: opens a page in your browser.")
    parser.add_argument(
        "--host", help="address to listen on; 0.0.0.0 lets the whole classroom in (default: this machine only)"
    )
    parser.add_argument("--port", type=_port, help="port to listen on (default: the first free one from 7860)")
    parser.add_argument("--device", default="auto", help="auto (default), cuda, mps or cpu")
    parser.add_argument(
        "--model",
        default=DEFAULT_MODEL,
        help=f"a name from --list-models, or a transformers folder (default: {DEFAULT_MODEL})",
    )
    parser.add_argument(
        "--tuned",
        help="a tuned model to set beside --model in the last tab, by name or folder "
        "(default: what was published as tuned from it, or this project's own)",
    )
    parser.add_argument(
        "--vectors",
        default=DEFAULT_VECTORS,
        help=f"a name from --list-models, or a word2vec, GloVe or gensim file (default: {DEFAULT_VECTORS})",
    )
    parser.add_argument(
        "--pictures",
        default=DEFAULT_PICTURES,
        help=f"a name from --list-models, or a diffusers folder of Stable Diffusion (default: {DEFAULT_PICTURES})",
    )
    parser.add_argument(
        "--list-models", action="store_true", help="list the models, vectors and picture models known by name, and exit"
    )
    parser.add_argument("--prepare", action="store_true", help="convert the model's weights now, and exit")
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535; leave it out for the first free one")
    return int(text)


def _leave(status: int) -> NoReturn:
    """End the program at once: Python would wait for threads that still load or compute, or crash into them."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _leave(main())
