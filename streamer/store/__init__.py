"""The library: what was said and expressed, kept in a database until it is deleted. Never sound or pictures."""
