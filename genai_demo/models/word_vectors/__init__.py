"""Word vectors: a table with one row of numbers for each word, from the language model itself or from a file.

words.py says what a word is and which of its spellings has the row; table.py is the table that the scenes ask;
input_table.py takes it out of a language model; files.py, gensim_files.py and from_file.py read it from a file;
loader.py makes it ready.
"""

from .from_file import load_vectors
from .input_table import of_language_model
from .loader import found_in_file, table_loader, vectors_loader
from .table import PIECES_MARK, Pieces, TableOrigin, WordVectors, centred, unit_length

__all__ = [
    "PIECES_MARK",
    "Pieces",
    "TableOrigin",
    "WordVectors",
    "centred",
    "found_in_file",
    "load_vectors",
    "of_language_model",
    "table_loader",
    "unit_length",
    "vectors_loader",
]
