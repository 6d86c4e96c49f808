"""`undertone eval`: the figures of a bundle on a corpus, as it is shipped."""
