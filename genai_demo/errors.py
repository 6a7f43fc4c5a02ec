"""What can go wrong in a way that the visitor can do something about.

An error carries facts, not sentences: `key` names the sentence in `page/texts/en.toml` ([errors]) and `facts` fill
its blanks, so that the page, the API and the terminal say the same thing, in any language.
"""

from __future__ import annotations


class DemoError(Exception):
    """Base of all our errors. `facts` are the values that the sentence for `key` mentions."""

    key = "unknown"

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(f"{self.key}: {facts}" if facts else self.key)

    @property
    def offers(self) -> dict[str, list[str]]:
        """What the page may offer instead, by a click: a part of the visitor's text → what could take its place."""
        return {}


class BadRequest(DemoError):
    """The request itself cannot be answered; another one can."""


class TextTooLong(BadRequest):
    """`length` and `limit`, both in `unit` ("tokens" or "characters")."""

    key = "text_too_long"


class UnreadableText(BadRequest):
    """The text holds half a character (a lone surrogate), or is no text at all."""

    key = "unreadable_text"


class NothingToRead(BadRequest):
    """An empty text, for the model called `title`: its texts begin with no token of their own."""

    key = "nothing_to_read"


class EmptyText(BadRequest):
    """There is nothing to measure in an empty text."""

    key = "empty_text"


class InvalidParameter(BadRequest):
    """`name`, the `value` given and what is `allowed`."""

    key = "invalid_parameter"


class UnknownAsk(BadRequest):
    """Nothing is asked by this `name`; `choices` are the names that exist."""

    key = "unknown_ask"


class UnknownWord(BadRequest):
    """`word` is no single token, so it has no single vector; `spellings` and its `pieces` are what to try instead."""

    key = "unknown_word"

    @property
    def offers(self) -> dict[str, list[str]]:
        """The nearest spellings, and the mean of the pieces."""
        return {str(self.facts["word"]): [*_listed(self.facts["spellings"]), f"~{self.facts['word']}"]}


class TokenIsNoWord(UnknownWord):
    """`word` is a single token, but not one of letters; `spellings` are the nearest words."""

    key = "token_is_no_word"


class WordNotInTable(BadRequest):
    """The vectors' file, of `count` words, does not hold `word`; `spellings` are the nearest it does hold."""

    key = "word_not_in_table"

    @property
    def offers(self) -> dict[str, list[str]]:
        """The nearest spellings."""
        return {str(self.facts["word"]): _listed(self.facts["spellings"])}


class NotAWord(BadRequest):
    """`word` holds no letter at all."""

    key = "not_a_word"


class EmptyFormula(BadRequest):
    """There is no term to add."""

    key = "empty_formula"


class UnreadableFormula(BadRequest):
    """The formula breaks off or has no sense at `part`."""

    key = "unreadable_formula"


class OnlyMinusTerms(BadRequest):
    """A sum without a plus term starts from nowhere."""

    key = "only_minus_terms"


class TooManyWords(BadRequest):
    """`count` words or terms were given where `limit` can be shown."""

    key = "too_many_words"


class TooFewWords(BadRequest):
    """A map in `dimensions` directions needs `needed` different words; `count` were given."""

    key = "too_few_words"


class SumIsZero(BadRequest):
    """All terms cancel out: no direction is left that could point to a word."""

    key = "sum_is_zero"


class SamePoles(BadRequest):
    """An axis needs two different words; both ends of it are `word`."""

    key = "same_poles"


class NotAPicture(BadRequest):
    """The upload is no picture in one of `formats`."""

    key = "not_a_picture"


class DamagedPicture(BadRequest):
    """The upload begins like a picture in `format`, and cannot be decoded."""

    key = "damaged_picture"


class PictureTooLarge(BadRequest):
    """`size` and `limit`, both in `unit` ("megabytes" or "megapixels")."""

    key = "picture_too_large"


class UnknownVectors(BadRequest):
    """`name` is neither in the catalogue of vectors nor a file; `choices` are the names that exist."""

    key = "unknown_vectors"


class UnknownPictures(BadRequest):
    """`name` is neither in the catalogue of picture models nor a diffusers folder; `choices` are the names."""

    key = "unknown_pictures"


class UnknownModel(BadRequest):
    """`name` is neither in the catalogue nor a folder; `choices` are the names that exist."""

    key = "unknown_model"


class NoModelFolder(UnknownModel):
    """The folder at `path` exists and holds no transformers model; `choices` are the names that are known."""

    key = "no_model_folder"


class AdapterFolder(UnknownModel):
    """The folder at `path` holds an adapter, a small addition to the model `base`, and no whole model."""

    key = "adapter_folder"


class PictureFolder(UnknownModel):
    """The folder at `path` holds a picture model of the diffusers library."""

    key = "picture_folder"


class UnknownDevice(BadRequest):
    """`name` cannot be used on this machine; `choices` can."""

    key = "unknown_device"


class ModelUnavailable(DemoError):
    """No model can answer, now or at all: the one called `title` did not load."""

    key = "model_unavailable"


class ModelLoading(ModelUnavailable):
    """The model is on its way: `percent` of the work is done."""

    key = "model_loading"


class MissingModelPackage(ModelUnavailable):
    """The pip `package` that carries the weights is not installed, or is incomplete."""

    key = "missing_model_package"


class CorruptedModelFile(ModelUnavailable):
    """The weights at `path`, from the pip `requirement`, are not what their checksum promises, or no model."""

    key = "corrupted_model_file"


class DamagedModelFolder(ModelUnavailable):
    """The transformers folder at `path` cannot be read as a model."""

    key = "damaged_model_folder"


class DamagedClone(DamagedModelFolder):
    """The file or folder at `path`, which comes with the program, is missing or damaged."""

    key = "damaged_clone"


class DamagedInMemory(ModelUnavailable):
    """The converted model called `title` turned out to be damaged after it had been loaded."""

    key = "damaged_in_memory"


class PickledWeights(ModelUnavailable):
    """The weights at `path` are Python pickles, which can hold programs: they are not opened."""

    key = "pickled_weights"


class IncompleteWeights(ModelUnavailable):
    """The folder at `path` lacks weights, such as `missing`, without which a model's figures would be random."""

    key = "incomplete_weights"


class UnsupportedModel(ModelUnavailable):
    """The model at `path` is of a `kind` that does not write text from left to right, or is not known here."""

    key = "unsupported_model"


class CompressedWeights(ModelUnavailable):
    """The weights at `path` are compressed by a `method` that cannot be read here."""

    key = "compressed_weights"


class NeedsOwnCode(ModelUnavailable):
    """The model at `path` comes with a program of its own, which is not run."""

    key = "needs_own_code"


class NoFastTokenizer(ModelUnavailable):
    """The model at `path` has no tokenizer of the fast kind."""

    key = "no_fast_tokenizer"


class ForeignTokenizer(ModelUnavailable):
    """The tokenizer at `path` has words with numbers beyond the `rows` of its model's table, up to `tokens`."""

    key = "foreign_tokenizer"


class ModelDownloadFailed(ModelUnavailable):
    """`model` could not be fetched from the Hugging Face Hub."""

    key = "model_download_failed"


class NoTunedStages(ModelUnavailable):
    """The model called `title` has no tuned stages: those that are shipped belong to another one."""

    key = "no_tuned_stages"


class NoChatTemplate(ModelUnavailable):
    """The model called `title` does not say how a conversation is written for it."""

    key = "no_chat_template"


class UnusableChatTemplate(NoChatTemplate):
    """The chat template of the model called `title` does not write down a single question, once and as it is."""

    key = "unusable_chat_template"


class NoRowForTurns(BadRequest):
    """The table of the model called `title` has no row for `token`, by which turns of a conversation are told apart."""

    key = "no_row_for_turns"


class DifferentTokens(BadRequest):
    """The models called `one` and `other` cut texts into different tokens: neither can score the other's."""

    key = "different_tokens"


class UnsupportedPipeline(ModelUnavailable):
    """The diffusers folder at `path` holds a `kind` of pipeline that is not of Stable Diffusion's class."""

    key = "unsupported_pipeline"


class NoSafetensors(ModelUnavailable):
    """The diffusers folder at `path` holds weights in other files than safetensors only, which are not read."""

    key = "no_safetensors"


class PictureDownloadFailed(ModelUnavailable):
    """The picture model `model` could not be fetched from the Hugging Face Hub."""

    key = "picture_download_failed"


class NoCacheSpace(ModelUnavailable):
    """`folder` cannot take the `needed_mb` megabytes of the converted model: `free_mb` are free."""

    key = "no_cache_space"


class CacheNotWritable(ModelUnavailable):
    """`folder` cannot be written to."""

    key = "cache_not_writable"


class DiskFull(NoCacheSpace):
    """The disk of `folder` ran full, or a quota was used up, while the `needed_mb` megabytes were being written."""

    key = "disk_full"


class CacheNotReadable(CacheNotWritable):
    """`folder` holds files that this account may not read."""

    key = "cache_not_readable"


class DamagedCache(CacheNotWritable):
    """What was converted into `path` is damaged, and this account may not write there to make it anew."""

    key = "damaged_cache"


class OutOfDeviceMemory(ModelUnavailable):
    """The graphics card ran out of memory; the model has moved to the processor."""

    key = "out_of_device_memory"


class DamagedVectorFile(ModelUnavailable):
    """The file of word vectors at `path` cannot be read."""

    key = "damaged_vector_file"


class BrokenVectorLine(DamagedVectorFile):
    """Line number `line` of the text at `path` does not end in `dimensions` numbers."""

    key = "broken_vector_line"


class VectorFileEndsEarly(DamagedVectorFile):
    """The first line of the file at `path` promises `promised` words, and only `found` are there."""

    key = "vector_file_ends_early"


class MissingVectorPart(DamagedVectorFile):
    """The file at `path` is one of several; that called `part` does not lie beside it."""

    key = "missing_vector_part"


class NoWordsInFile(DamagedVectorFile):
    """Of the `rows` in the file at `path` fewer than two are words with a vector; `keys` are the first of them.

    `not_words` are no words of letters, `without_direction` have a row that is zero or not finite.
    """

    key = "no_words_in_file"


class TooFewWordsInFile(DamagedVectorFile):
    """The file at `path` holds `count` words; the scenes need `needed`."""

    key = "too_few_words_in_file"


class NoWordsInModel(ModelUnavailable):
    """The vocabulary of the model called `title` has no tokens that are words."""

    key = "no_words_in_model"


class VectorDownloadFailed(ModelUnavailable):
    """The word vectors called `name` could not be fetched."""

    key = "vector_download_failed"


class MissingVectorReader(ModelUnavailable):
    """The pip `package` that reads files of word vectors is not installed."""

    key = "missing_vector_reader"


class NotStarted(DemoError):
    """The page cannot be opened to visitors."""

    key = "not_started"


class PortInUse(NotStarted):
    """Another program listens on `port`."""

    key = "port_in_use"


class NoFreePort(NotStarted):
    """All ports from `first` to `last` are in use."""

    key = "no_free_port"


class PortNotAllowed(NotStarted):
    """This account may not listen on `port`."""

    key = "port_not_allowed"


class UnknownHost(NotStarted):
    """`host` is no name or address that this machine could listen on."""

    key = "unknown_host"


def _listed(fact: object) -> list[str]:
    """A fact that is a list of texts, or none."""
    return list(fact) if isinstance(fact, (list, tuple)) else []
