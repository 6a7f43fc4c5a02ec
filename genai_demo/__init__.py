"""A browser-based visual explainer of generative AI.

Importing this package asks nobody outside the machine for anything: the defaults below switch off the
telemetry of the libraries we stand on, before any of them is imported. A value the user has set is kept.
"""

import os

from . import proxy

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
proxy.forget_unreadable()  # before Gradio brings httpx, which would stumble over them
proxy.spare()

__version__ = "0.1.0"
