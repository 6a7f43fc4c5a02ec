"""A scene as one file that needs no program: `python -m genai_demo.editions.static next_word predict > predict.html`.

The scene's own script asks the same questions as ever, and what was recorded answers them.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from ..asks import Feature
from ..features import FEATURES, load_features
from ..models.settings import Settings, choose_models
from ..page.scene import frame, recorded
from ..page.texts import load_texts
from ..page.theme import SANS
from ..page.web_files import data, head, module_name

PAGE = "genai_demo.page"
SHELL = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<style>* {{ box-sizing: border-box }} body {{ margin: 0; font-family: {fonts} }}</style>{head}{given}</head>
<body><div class="gradio-container"><main class="main app">
<div class="block gx-scene-shell gx-current">{frame}</div>
</main></div><script>{start}</script></body>
</html>
"""


def static_scene(feature: Feature[Any], name: str) -> str:
    """A page of one scene, as HTML: styles, scripts, texts and recorded answers are inside.

    Raises:
        DamagedClone: what was recorded is missing or damaged.
    """
    words, texts = load_texts(PAGE)["ui"], load_texts(feature.package)
    said = {**texts["common"], **texts[name]}
    given = {
        "texts": said,
        "settings": feature.settings(feature.loader(choose_models(Settings()))),
        "value": recorded(feature.name, name),
    }
    streams = [ask for ask in feature.scenes[name] if feature.ask(ask).streams]
    modules = json.dumps(["#page/scene.js", "#page/recorded.js", module_name(feature.package, f"{name}.js")])
    start = (
        f"gxModules(...{modules}).then(([page, {{ recordedAnswerer }}, scene]) => {{"
        'const props = JSON.parse(document.getElementById("gx-given").textContent);'
        "const answerer = recordedAnswerer(Object.values(props.value));"
        f'page.mount(scene, "{feature.address}", "{name}", {{ element: document.body, props }}, '
        f"{{ streams: {json.dumps(streams)}, answerer }});}});"
    )
    return SHELL.format(
        title=words["title"],
        head=head([PAGE, feature.package], words),
        given=data("gx-given", given),
        fonts=", ".join(SANS),
        frame=frame(said),
        start=start,
    )


def main() -> None:
    """Write the page to the standard output."""
    parser = argparse.ArgumentParser(description="A scene as one HTML file that answers from what was recorded.")
    parser.add_argument("feature", choices=FEATURES)
    parser.add_argument("scene")
    wanted = parser.parse_args()
    feature = next(one for one in load_features() if one.name == wanted.feature)
    if wanted.scene not in feature.scenes:
        parser.error(f"{feature.name} has these scenes: {', '.join(feature.scenes)}")
    print(static_scene(feature, wanted.scene))


if __name__ == "__main__":
    main()
