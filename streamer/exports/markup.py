"""XML documents as text."""

from xml.etree.ElementTree import Element, indent, tostring


def document(root: Element) -> str:
    """The whole document, indented, with its declaration."""
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'
