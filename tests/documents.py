"""The documents as tests read them: tables, and examples of requests with answers."""

import json
import shlex
from functools import cache
from pathlib import Path

from docutils import nodes
from docutils.core import publish_doctree

ROOT = Path(__file__).resolve().parents[1]
ADDRESS = "localhost:8069"


@cache
def read_document(path):
    """
    :param path: below the addon's folder
    :rtype: docutils.nodes.document
    """
    source = (ROOT / path).read_text(encoding="utf-8")
    quiet = {"report_level": 5, "halt_level": 5, "file_insertion_enabled": False}
    return publish_doctree(source, source_path=str(path), settings_overrides=quiet)


def read_tables(path):
    """The rows of a document's tables that have a title, without their headers.

    :return: dict of title → list of rows, each a list of the cells' nodes
    """
    return {
        table.next_node(nodes.title).astext(): [
            list(row.findall(nodes.entry))
            for row in table.next_node(nodes.tbody).findall(nodes.row)
        ]
        for table in read_document(path).findall(nodes.table)
        if table.next_node(nodes.title)
    }


def read_literals(node):
    """What is written in double backquotes."""
    return [literal.astext() for literal in node.findall(nodes.literal)]


def find_literals(path, pattern):
    """What is written in double backquotes and is of a form as a whole."""
    return {one for one in read_literals(read_document(path)) if pattern.fullmatch(one)}


def read_examples(path):
    """The examples of a document: calls of curl with the answer in the next block.

    :return: list of (curl's arguments, the answer as data)
    """
    return [
        (
            shlex.split(block.astext().replace("\\\n", " "))[1:],
            json.loads(answer.astext()),
        )
        for block in read_document(path).findall(nodes.literal_block)
        if block.astext().startswith("curl ")
        and isinstance(
            answer := block.next_node(descend=False, siblings=True),
            nodes.literal_block,
        )
    ]


def read_shown(path):
    """Every block of a document that is JSON, as data."""
    blocks = (one.astext() for one in read_document(path).findall(nodes.literal_block))
    return [json.loads(block) for block in blocks if block.startswith(("[", "{"))]


def parse_curl(arguments):
    """What curl would send.

    :return: verb, path, list of (header, value), body
    """
    method, path, headers, body = "GET", "", [], ""
    words = iter(arguments)
    for word in words:
        if word == "-X":
            method = next(words)
        elif word == "-H":
            headers.append(tuple(next(words).split(": ", 1)))
        elif word == "-d":
            body = next(words)
        else:
            path = word.partition(ADDRESS)[2]
    return method, path, headers, body
