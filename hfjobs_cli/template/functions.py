"""The functions of a template, the only list of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from hfjobs_cli.template import cli_functions as docker
from hfjobs_cli.template import cli_functions as gh
from hfjobs_cli.template import go_functions as go
from hfjobs_cli.template.context import Function
from hfjobs_cli.template.gotext import html_escaped, js_escaped, js_escaped_as_go, lowered, titled, uppered, url_escaped
from hfjobs_cli.template.values import truth

FUNCTIONS: Mapping[str, Function] = {
    "and": Function(None, ("value", "value"), "and A B...", "A and B: the first that is empty, or the last", True),
    "or": Function(None, ("value", "value"), "or A B...", "A or B: the first that is not empty, or the last", True),
    "not": Function(lambda _, value: not truth(value), ("value",), "not A", "true if A is empty, zero, false or null"),
    "eq": Function(go.equal, ("value", "value", "value"), "eq A B...", "A == B, or one of several", True),
    "ne": Function(lambda context, a, b: not go.is_equal(context, a, b), ("value", "value"), "ne A B", "A != B"),
    "lt": Function(go.is_less, ("value", "value"), "lt A B", "A < B"),
    "le": Function(go.is_at_most, ("value", "value"), "le A B", "A <= B"),
    "gt": Function(lambda context, a, b: not go.is_at_most(context, a, b), ("value", "value"), "gt A B", "A > B"),
    "ge": Function(lambda context, a, b: not go.is_less(context, a, b), ("value", "value"), "ge A B", "A >= B"),
    "len": Function(go.length, ("value",), "len A", "length of a string, list or object"),
    "index": Function(
        go.index, ("value", "value"), 'index A "key" 0...', "the item of A at a key or position", True, "item"
    ),
    "slice": Function(go.slice_, ("value", "value"), "slice A 1 3", "a part of a string or list", True),
    "print": Function(go.print_, ("any",), "print A...", "printed together, spaces between non-strings", True),
    "printf": Function(go.printf, ("string", "any"), 'printf "%-10s" A...', "formatted as in Go: %5d, %.2f, %q", True),
    "println": Function(go.println, ("any",), "println A...", "separated by spaces, with a newline", True),
    "html": Function(go.escaper(html_escaped), ("any",), "html A", "escaped for HTML", True),
    "js": Function(go.escaper(js_escaped), ("any",), "js A", "escaped for JavaScript", True),
    "urlquery": Function(go.escaper(url_escaped), ("any",), "urlquery A", "escaped for the query of a URL", True),
    "json": Function(docker.json, ("any",), "json A", "as JSON"),
    "split": Function(docker.split, ("string", "string"), 'split A ","', "a string split into a list"),
    "join": Function(docker.join, ("any", "any"), 'join A ","', "a list joined into a string"),
    "title": Function(docker.over(titled), ("string",), "title A", "with each word capitalized"),
    "lower": Function(docker.over(lowered), ("string",), "lower A", "in lower case"),
    "upper": Function(docker.over(uppered), ("string",), "upper A", "in upper case"),
    "pad": Function(docker.pad, ("string", "int", "int"), "pad A 1 2", "with spaces before and after"),
    "truncate": Function(docker.truncate, ("any", "any"), "truncate A 10", "cut to a number of characters"),
    "timeago": Function(gh.time_ago, ("time",), "timeago A", "how long ago a time was"),
    "timefmt": Function(gh.time_format, ("string", "time"), 'timefmt "02 Jan 15:04" A', "a time in a layout of Go"),
    "hyperlink": Function(
        gh.hyperlink, ("string", "string"), "hyperlink URL A", "a link for terminals, also in a pipe"
    ),
    "color": Function(gh.color, ("string", "any"), 'color "green+b" A', "in a color, also in a pipe"),
    "autocolor": Function(
        gh.autocolor, ("string", "any"), 'autocolor "red" A', "in a color, if colors are on", gives="any"
    ),
    "tablerow": Function(
        gh.table_row, ("any",), "tablerow A B...", "a row of a table, printed after the last job", True
    ),
    "tablerender": Function(gh.table_render, (), "tablerender", "print the table now", gives="any"),
    "pluck": Function(gh.pluck, ("string", "list"), 'pluck "key" A', "one field of each object in a list"),
    "raw": Function(gh.raw, ("value",), "raw A", "not escaped on a terminal; only if you trust A"),
}
"""Those of Go but `call`, those of docker, those of gh, and `raw`."""

STRICT_FUNCTIONS: Mapping[str, Function] = {
    **FUNCTIONS,
    "js": replace(FUNCTIONS["js"], call=go.escaper(js_escaped_as_go)),
    "call": Function(go.call, ("value", "value"), "call A...", "call a function in the data; there are none", True),
}
"""Those of a strict template: `call` fails as late as in Go, and `js` writes what Go writes."""
