"""Who spoke when: what the speaker models say against what people wrote down."""
