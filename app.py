"""The front door: `python app.py` opens the page. See `python app.py --help`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from genai_demo.diffusion.tab import tab as denoising_tab
from genai_demo.errors import DemoError
from genai_demo.models.catalogue import (
    CATALOGUE,
    DEFAULT_MODEL,
    DEFAULT_PICTURES,
    DEFAULT_VECTORS,
    PICTURES,
    VECTORS,
    find_model,
    find_pictures,
    find_siblings,
    find_vectors,
)
from genai_demo.models.device import available_devices, space_function
from genai_demo.models.loading import ModelLoader, prepare
from genai_demo.models.picture_generator import PictureLoader
from genai_demo.models.stages_loader import StagesLoader
from genai_demo.models.terminal import TerminalProgress
from genai_demo.models.word_vectors import VectorsLoader
from genai_demo.next_token.tab import tab as next_token_tab
from genai_demo.rlhf.tab import tab as rlhf_tab
from genai_demo.ui.messages import sentence, stage_name, terminal_line
from genai_demo.ui.page import build_page, launch_options
from genai_demo.word_vectors.tab import tab as word_vectors_tab

HERE = Path(__file__).parent
NOTICES = "\n\n".join(
    (HERE / name).read_text(encoding="utf-8") for name in ("NOTICE", "LICENSE", "assets/GEMMA_TERMS.md")
)

loader = ModelLoader(find_model(DEFAULT_MODEL))
vectors = VectorsLoader(loader)
pictures = PictureLoader()
stages = StagesLoader(loader)
TABS = (next_token_tab(), word_vectors_tab(vectors), denoising_tab(pictures), rlhf_tab(stages))
demo = build_page(loader, TABS, NOTICES)


devices = space_function(available_devices)  # the one function that a ZeroGPU Space wants to see


def main(arguments: list[str] | None = None) -> int:
    """Load the model in the background and open the page; returns the exit status."""
    options = _parser().parse_args(arguments)
    if options.list_models:
        for entry in CATALOGUE:
            print(f"{entry.name:24} {entry.kind:6} {entry.megabytes:6,} MB  {entry.licence}")
        for table in VECTORS:
            print(f"{table.name:24} words  {table.megabytes:6,} MB  {table.licence}")
        for drawn in PICTURES:
            print(f"{drawn.name:24} images {drawn.megabytes:6,} MB  {drawn.licence}")
        return 0
    progress = TerminalProgress(stage_name)
    try:
        entry = find_model(options.model)
        siblings = find_siblings(entry, options.tuned)
        if options.prepare:
            folder = prepare(entry, progress)
            progress("ready", 1.0)
            print(folder)
            return 0
        loader.choose(entry, options.device, progress)
        stages.choose({stage: ModelLoader(one, options.device) for stage, one in siblings.items()})
        _choose_vectors(options.vectors)
        pictures.choose(find_pictures(options.pictures), options.device)
        # Scenes offer words that their table has, and those of a file are known only now.
        page = build_page(loader, TABS, NOTICES) if vectors.from_file else demo
    except DemoError as error:
        print(sentence(error), file=sys.stderr)
        return 1
    loader.start()
    page.launch(server_name=options.host, server_port=options.port, **launch_options(TABS))
    return 0


def _choose_vectors(name: str) -> None:
    """Read the word vectors, if they come from a file, and say what was found there."""
    chosen = find_vectors(name)
    if chosen.name != DEFAULT_VECTORS:
        print(terminal_line("reading_vectors", name=chosen.title))
    report = vectors.choose(chosen)
    if report:
        print(terminal_line("vectors_read", name=chosen.title, **vars(report)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="See inside generative AI: opens a page in your browser.")
    parser.add_argument(
        "--host", help="address to listen on; 0.0.0.0 lets the whole classroom in (default: this machine only)"
    )
    parser.add_argument("--port", type=int, help="port to listen on (default: the first free one from 7860)")
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


if __name__ == "__main__":
    sys.exit(main())
