"""One module per corpus, each reading the official layout under one data folder."""

from training.corpora.root import MissingCorpus, data_root

__all__ = ["MissingCorpus", "data_root"]
