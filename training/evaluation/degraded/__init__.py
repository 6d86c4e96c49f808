"""What live input does to a student: the same dev items clean and degraded, side by side."""
