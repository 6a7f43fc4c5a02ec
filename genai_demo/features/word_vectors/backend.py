"""What can be asked of a table of word vectors: one function for each scene, one room for each subject.

All similarities are cosines over all dimensions; maps are shadows, and say how much they keep. Results stand beside the
functions that return them.
"""

from __future__ import annotations

from .arithmetic import arithmetic
from .axes import own_axes
from .game import deal_game
from .maps import word_map
from .neighbours import compare, neighbours

__all__ = ["arithmetic", "compare", "deal_game", "neighbours", "own_axes", "word_map"]
