"""Go's text/template for plain data."""

from hfjobs_cli.template.checks import Schema, Shape, shape_of
from hfjobs_cli.template.engine import Template
from hfjobs_cli.template.errors import TemplateError, UnknownName
from hfjobs_cli.template.function_context import RenderOptions
from hfjobs_cli.template.functions import FUNCTIONS
from hfjobs_cli.template.go_types import NO_VALUE, Object

__all__ = [
    "FUNCTIONS",
    "NO_VALUE",
    "Object",
    "RenderOptions",
    "Schema",
    "Shape",
    "Template",
    "TemplateError",
    "UnknownName",
    "shape_of",
]
