"""The template engine by itself: what Go prints, where it differs, how it fails, and that it always ends."""

import ast
import json
import os
from collections.abc import Callable
from datetime import datetime, timezone
from html import unescape
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hfjobs_cli.template import FUNCTIONS, Object, RenderOptions, Template, TemplateError
from hfjobs_cli.template.function_context import MAX_CHARACTERS
from hfjobs_cli.text.terminal_text import printable
from tests.support import unmeasured

GO = Path(__file__).parent / "go"
"""What Go's text/template makes of templates and `data.json`, with the functions of docker and gh's `timefmt`. `error`
is the phase in which it fails. Whole numbers of the data are int64. `fuzzed.jsonl` was made up by a program."""

NOW = datetime(2026, 5, 12, 9, 0, 0, tzinfo=timezone.utc)

DIFFERENT = {
    # Go fails to compare a whole number with a fraction; users of jobs do not.
    "{{if eq .durations.runningSecs 65.0}}Y{{else}}N{{end}}": "Y",
    "{{if gt .durations.runningSecs 60.5}}Y{{end}}": "Y",
}
"""The only templates whose result is not that of Go, and what it is."""


def read(name: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in (GO / name).read_text(encoding="utf-8").splitlines()]


def data() -> Any:
    return json.loads((GO / "data.json").read_text(encoding="utf-8"))


def render(text: str, value: Any = None, **render_options: Any) -> str:
    return Template(text).render(data() if value is None else value, RenderOptions(now=NOW, **render_options))


def outcome(text: str) -> dict[str, str]:
    """Return what becomes of a template, as the files have it."""
    try:
        template = Template(text, strict=True)
    except TemplateError:
        return {"error": "parse"}
    try:
        return {"out": template.render(data())}
    except TemplateError:
        return {"error": "exec"}


@pytest.mark.parametrize("name", ["vectors.jsonl", "cases.jsonl", "fuzzed.jsonl"])
def test_does_what_go_does(name: str) -> None:
    """All of them, though some may be wrong."""
    wrong = {}
    for vector in read(name):
        text = vector["template"]
        expected = {key: value for key, value in vector.items() if key != "template"}
        if text in DIFFERENT:
            assert expected == {"error": "exec"}
            expected = {"out": DIFFERENT[text]}
        if (found := outcome(text)) != expected:
            wrong[text] = {"found": found, "expected": expected}
    assert wrong == {}


class TestDifferences:
    """What is not as in Go, each for a reason."""

    @pytest.mark.parametrize(
        ("text", "lenient", "strict"),
        [
            ("{{.initiator.type}}", "<no value>", "no field 'type' in null"),
            ("{{.initiator.type.more}}", "<no value>", "no field 'type' in null"),
            ("{{with .initiator.type}}x{{else}}-{{end}}", "-", "no field 'type' in null"),
            ('{{index .initiator "type"}}', "<no value>", "cannot index null"),
            ('{{index .labels "x" "y"}}', "<no value>", "cannot index null"),
            ("{{truncate .initiator 3}}|", "|", "expected a string"),
            ("{{timeago .initiator}}", "<no value>", "expected a time"),
            ('{{timefmt "2006" .initiator}}', "<no value>", "expected a time"),
            ("{{pad .id .zero 1}}|", "687fb701 |", "expected a whole number"),
            ("{{truncate .id .zero}}|", "|", "expected a string and a whole number"),
        ],
    )
    def test_null_and_numbers_are_taken_leniently_unless_strict(self, text: str, lenient: str, strict: str) -> None:
        assert render(text) == lenient
        with pytest.raises(TemplateError, match=strict):
            Template(text, strict=True).render(data())

    @pytest.mark.parametrize("text", ["{{$x = 1}}", "{{call .id}}"])
    def test_some_mistakes_are_found_sooner(self, text: str) -> None:
        with pytest.raises(TemplateError, match="unknown"):
            Template(text)
        with pytest.raises(TemplateError):
            Template(text, strict=True).render(data())

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("{{lt 1 1.5}} {{ge 2.0 2}} {{ne 1 1.0}} {{eq (index .id 0) 54.0}}", "true true false true"),
            ('{{len .uni}} {{slice .uni 1 3}} {{truncate .uni 2}} {{printf "%7.3s|" .uni}}', "10 él hé     hél|"),
            ('{{join "," .command}} {{truncate 3 .id}}', "python,-c,print(1) 687"),
            ('{{len "\\xff\\xe2\\x82\\xac"}}', "2"),
        ],
    )
    def test_numbers_compare_and_text_is_unicode(self, text: str, expected: str) -> None:
        assert render(text) == expected

    def test_escapes_outside_of_actions_on_request(self) -> None:
        text = r'\t{{"\t"}}\n{{print `\n`}}\x'
        assert Template(text).render({}) == "\\t\t\\n\\n\\x"
        assert Template(text, escapes=True).render({}) == "\t\t\n\\n\\x"


class TestRecords:
    """Objects that print as a short text and still have their fields."""

    JOB = Object({"status": Object({"stage": "RUNNING", "message": None}, text="RUNNING")}, more={"image": "x"})

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("{{.status}} {{.status.stage}}", "RUNNING RUNNING"),
            (
                '{{printf "%-9s|%q|%v|%x" .status .status .status .status}}',
                'RUNNING  |"RUNNING"|RUNNING|52554e4e494e47',
            ),
            ("{{lower .status}} {{truncate .status 3}} {{join (split .status `N`) `-`}}", "running RUN RU--I-G"),
            ("{{eq .status `RUNNING`}} {{lt .status `S`}} {{ne .status .status}}", "true true false"),
            ("{{json .status}}", '{"message":null,"stage":"RUNNING"}'),
            ('{{index .status "stage"}} {{len .status}}', "RUNNING 2"),
            ("{{range $name, $_ := .status}}{{$name}} {{end}}", "message stage "),
            ("{{.}} {{.image}} {{json .}}", 'map[status:RUNNING] x {"status":{"message":null,"stage":"RUNNING"}}'),
            ('{{printf "%d" .status}}', "map[%!d(string=message):<nil> %!d(string=stage):%!d(string=RUNNING)]"),
        ],
    )
    def test_are_both(self, text: str, expected: str) -> None:
        assert render(text, self.JOB) == expected


class TestFunctionsOfGh:
    """Those that Go and docker have not."""

    ROWS: ClassVar = {"rows": [{"a": "x", "b": 1}, {"a": "long", "b": 2.5}, {"a": "日本", "b": None}]}

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ('{{timeago "2026-05-12T08:59:30Z"}}', "just now"),
            ('{{timeago "2026-05-12T08:59:00Z"}}', "1 minute ago"),
            ('{{timeago "2026-05-12T07:00:00+00:00"}}', "2 hours ago"),
            ('{{timeago "2026-05-02T09:00:00Z"}}', "10 days ago"),
            ('{{timeago "2026-03-02T09:00:00Z"}}', "2 months ago"),
            ('{{timeago "2024-05-02T09:00:00Z"}}', "2 years ago"),
            ('{{timeago "2027-05-02T09:00:00Z"}}', "just now"),
            ('{{color "red" "x"}}', "\x1b[0;31mx\x1b[0m"),
            ('{{color "green+b" 1.5}}', "\x1b[0;1;32m1.50\x1b[0m"),
            ('{{color "white+h:blue" "x"}}', "\x1b[0;97;44mx\x1b[0m"),
            ('{{color "208" true}}', "\x1b[0;38;5;208mtrue\x1b[0m"),
            ('{{color "" "x"}}{{color "red" ""}}{{color "red" nil}}', "x"),
            ('{{hyperlink "http://x" "text"}}', "\x1b]8;;http://x\x1b\\text\x1b]8;;\x1b\\"),
            ('{{hyperlink "http://x" ""}}', "\x1b]8;;http://x\x1b\\http://x\x1b]8;;\x1b\\"),
            ('{{pluck "b" .rows}}', "[1 2.5 <nil>]"),
            ('{{join ", " (pluck "a" .rows)}}', "x, long, 日本"),
            ("{{range .rows}}{{tablerow .a .b}}{{end}}done\n", "done\n"),
            ("{{range .rows}}{{tablerow .a .b}}{{end}}{{tablerender}}.", "x     1\nlong  2.50\n日本  \n."),
        ],
    )
    def test_do_what_gh_does(self, text: str, expected: str) -> None:
        assert render(text, self.ROWS) == expected

    @pytest.mark.parametrize(
        ("text", "value", "expected"),
        [
            ("{{truncate 13 .}}", "This is a long title", "This is a ..."),
            ("{{. | truncate 13}}", "This is a long title", "This is a ..."),
            ("{{truncate 20 .}}", "This is a long title", "This is a long title"),
            ("{{truncate 5 .}}|{{truncate 4 .}}|{{truncate 0 .}}|", "short text", "sh...|shor||"),
            ("{{truncate 13 .}}", "", ""),
            ("{{truncate 13 nil}}|{{truncate 13 .nope}}|{{.nope | truncate 13}}|{{(.nope | truncate 13)}}", {}, "|||"),
            ("{{truncate 11 .}}|", "試験" * 6, "試験試験...|"),
            ("{{truncate 11 .}}|", "a" + "試験" * 6, "a試験試... |"),
            ("{{truncate 3 .}}|", "試験", "試 |"),
            ("{{truncate 11 .}}", "🚀" * 12, "🚀🚀🚀🚀..."),
            ("{{truncate 6 .}}", "e\u0301" * 9, "e\u0301" * 3 + "..."),
            ('{{truncate 8 (color "red" .)}}', "long title", "\x1b[0;31mlong ...\x1b[0m"),
            ('{{truncate 8 (hyperlink "x" .)}}', "long title", "\x1b]8;;x\x1b\\long ...\x1b]8;;\x1b\\"),
            ('{{truncate 5 (print (color "red" "abc") "defg")}}', "", "\x1b[0;31mab...\x1b[0m"),
            ("{{truncate . 13}}|{{truncate . 4}}|{{truncate . 99}}", "This is a long title", "This is a lon|This|{}"),
            ('{{join "," .}}', [1, 12.345, 2.0, None, True, "x"], "1,12.35,2,,true,x"),
            ('{{join . ","}}', [1, 12.345, 2.0, None, True, "x"], "1,12.345,2,<nil>,true,x"),
            ('{{join "," (split . ";")}}|{{join (split . ";") ","}}', "a;b", "a,b|a,b"),
            ('{{join "\\t" .}}', ["bug", "two words"], "bug\ttwo words"),
            ('{{join "," .}}', [], ""),
            ('{{range (pluck "name" .)}}{{. | printf "%s;"}}{{end}}', [{"name": "bug"}, {"name": "x y"}], "bug;x y;"),
            ('{{color "blue+h" .}}', "songs", "\x1b[0;94msongs\x1b[0m"),
            ('{{color "red+ub" .}}', "x", "\x1b[0;1;4;31mx\x1b[0m"),
            ('{{color "off" .}}{{color "reset" .}}', "x", "x\x1b[0mx\x1b[0m"),
            ('{{color "red" .}}', 1234, "\x1b[0;31m1234\x1b[0m"),
            ('{{color "red" .}}', 12.34, "\x1b[0;31m12.34\x1b[0m"),
            ('{{autocolor "red" nil}}{{autocolor "red" "go"}}', None, "go"),
            ('{{. | timefmt "Mon Jan 2, 2006"}}', "2008-02-25T20:18:33Z", "Mon Feb 25, 2008"),
            ("{{. | timeago}}", "2026-05-12T08:55:00Z", "5 minutes ago"),
            ("{{timeago .}}", "2025-05-14T09:00:00Z", "12 months ago"),
            ("{{timeago .}}", "2025-05-12T09:00:00Z", "1 year ago"),
            (
                '{{range .}}{{tablerow (.n | printf "#%v") .t}}{{end}}{{tablerender}}',
                [{"n": 1}, {"n": 20}],
                "#1   \n#20  \n",
            ),
            (
                '{{tablerow 1 nil false}}{{tablerow 20.1 "ab" true}}{{tablerender}}',
                0,
                "1          false\n20.10  ab  true\n",
            ),
            ('{{tablerow (1 | color "green") .}}{{tablerender}}', "One", "\x1b[0;32m1\x1b[0m  One\n"),
            (
                '{{tablerow "A" "T"}}{{tablerow 1 .}}{{tablerender}}\n{{tablerow "LONG" "B"}}{{tablerow 2 .}}',
                "One",
                "A  T\n1  One\n\n",
            ),
            ("{{tablerow .}}A{{tablerender}}B", "x", "Ax\nB"),
        ],
    )
    def test_give_the_results_of_gh_in_its_order(self, text: str, value: Any, expected: str) -> None:
        assert render(text, value) == expected.replace("{}", str(value))

    @pytest.mark.parametrize(
        "text", ["{{(. | truncate 13)}}", '{{join "," (split "" "" | printf "%v")}}', "{{timeago .}}"]
    )
    def test_refuse_what_gh_refuses(self, text: str) -> None:
        with pytest.raises(TemplateError):
            render(text, 42)

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("{{json .}}", '"0.0.0.0:2->8/udp"'),
            ('{{join (split . ":") "/"}}', "0.0.0.0/2->8/udp"),
            ("{{upper .}} {{lower `Ab`}} {{title `a word`}}", "0.0.0.0:2->8/UDP ab A Word"),
            ("{{truncate . 5}}|{{truncate . 16}}|{{truncate . 30}}", "0.0.0|{0}|{0}"),
            ("{{pad . 3 3}}|", "   {0}   |"),
            ('{{pad "" 3 3}}{{truncate "" 5}}|', "|"),
        ],
    )
    def test_those_of_docker_do_what_docker_does(self, text: str, expected: str) -> None:
        value = "0.0.0.0:2->8/udp"
        assert render(text, value) == expected.replace("{0}", value)

    def test_rows_that_wait_come_at_the_end(self) -> None:
        text = "{{range .rows}}{{tablerow .a .b}}{{end}}done\n"
        assert Template(text).render(self.ROWS) == "done\nx     1\nlong  2.50\n日本  \n"

    def test_colors_take_no_room_in_a_table(self) -> None:
        text = '{{tablerow (color "red" "ab") "c"}}{{tablerow "a" (hyperlink "http://x" "b") "d"}}{{tablerender}}'
        assert render(text) == "\x1b[0;31mab\x1b[0m  c\na   \x1b]8;;http://x\x1b\\b\x1b]8;;\x1b\\  d\n"

    def test_one_long_cell_does_not_pad_all_rows(self) -> None:
        text = '{{tablerow (pad "x" 0 999) 1}}{{tablerow "y" 2}}{{tablerow "z"}}{{tablerender}}'
        assert [len(line) for line in render(text).splitlines()] == [1000 + 2 + 1, 250 + 2 + 1, 1]

    @pytest.mark.parametrize("color", [True, False])
    def test_autocolor_colors_where_colors_are_wanted(self, color: bool) -> None:
        expected = "\x1b[0;31mx\x1b[0m" if color else "x"
        assert render('{{autocolor "red" "x"}}', color=color) == expected

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ('{{timeago "soon"}}', "'soon' is not a time such as 2026-05-11T13:16:07Z"),
            ('{{color "rde" "x"}}', "unknown color 'rde', did you mean 'red'?"),
            ('{{color "red+x" "x"}}', "unknown attribute 'x' in 'red\\+x'"),
            ('{{color "red" .rows}}', "expected a string or a number"),
            ('{{pluck "a" .rows.a}}', "no field 'a'"),
            ('{{pluck "a" (split "a" "")}}', "expected a list of objects, not of string"),
        ],
    )
    def test_say_what_is_wrong(self, text: str, reason: str) -> None:
        with pytest.raises(TemplateError, match=reason):
            render(text, self.ROWS)


class TestTrust:
    """Where text of the data is escaped, that of the template's author is not."""

    BAD: ClassVar[dict[str, Any]] = {
        "a": "x\x1b[2J\u202ey\n",
        "b": ["p\tq", "r"],
        "c": {"k": "v\r"},
        "form": "\x1b%s|",
        "codes": [27, 155, 65],
    }

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("{{.a}}\n", "x\\x1b[2J\\u202ey\\n\n"),
            ('{{"a\tb\\n"}}', "a\tb\n"),
            ("{{.b}} {{.c}}", "[p\\tq r] map[k:v\\r]"),
            ("{{raw .a}}", "x\x1b[2J\u202ey\n"),
            ("{{.b | raw}}", "[p\tq r]"),
            ("{{upper .c.k}}|{{pad .c.k 1 1}}|{{slice .c.k 1}}", "V\\r| v\\r |\\r"),
            ('{{printf "%s\\n%-5s|" .c.k .c.k}}', "v\\r\nv\\r  |"),
            ('{{printf "%s!" .c.k}}', "v\\r!"),
            ("{{print .c.k}}{{println .c.k}}", "v\\rv\\r\n"),
            ('{{join .b "\\n"}}|{{join .b ","}}', "p\\tq\nr|p\\tq,r"),
            ('{{range split .a "\\n"}}{{.}};{{end}}', "x\\x1b[2J\\u202ey;;"),
            ("{{eq .c.k `v` }}{{len .c.k}}{{len (print .c.k)}}", "false22"),
            ('{{color "red" .c.k}}', "\x1b[0;31mv\\r\x1b[0m"),
            ('{{hyperlink .c.k "t"}}', "\x1b]8;;v\\r\x1b\\t\x1b]8;;\x1b\\"),
            ("{{json .a}}", '"x\\u001b[2J\\u202ey\\n"'),
            ("{{range .b}}{{tablerow .}}{{end}}{{tablerender}}", "p\\tq\nr\n"),
            ("{{html .c.k}}{{urlquery .c.k}}", "v\\rv%0D"),
            ('{{printf .form "\\n"}}', "\\x1b\n|"),
            ('{{join (split "a\\nb" "b") .c.k}}', "a\nv\\r"),
            ('{{range .codes}}{{printf "%c\\n" .}}{{end}}', "\\x1b\n\\x9b\nA\n"),
            ('{{printf "%c\\n" (index .a 1)}}', "\\x1b\n"),
        ],
    )
    def test_escapes_what_jobs_say(self, text: str, expected: str) -> None:
        assert render(text, self.BAD, escape=printable) == expected

    @pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "ascii"])
    def test_what_other_languages_read_has_their_escapes(self, encoding: str) -> None:
        def holds(text: str) -> bool:
            return not text.encode(encoding, "replace").count(b"?")

        def escape(text: str) -> str:
            return printable(text).encode(encoding, "backslashreplace").decode(encoding)

        value = {"a": "größe 訓練 🚀\x1b\x7f\x9b\u202e\U000e0001\u3164\u2028\n", "b": ["\x9b🚀"]}
        text = '{{json .}}\n{{printf "%q" .a}}\n{{.a | printf "%+q\\n"}}"{{js .a}}"\n'
        text += '{{printf "%x" .a}}\n{{html (index .b 0)}}'
        for escaping in (escape, None):
            rendered = render(text, value, escape=escaping, holds=holds)
            assert not escaping or escaping(rendered.replace("\n", "")) == rendered.replace("\n", "")
            whole, quoted, ascii_only, js, hexadecimal, html = rendered.split("\n")
            assert json.loads(whole) == value
            assert ast.literal_eval(quoted) == ast.literal_eval(ascii_only) == json.loads(js) == value["a"]
            assert bytes.fromhex(hexadecimal).decode() == value["a"]
            assert unescape(html).endswith("🚀")

    def test_js_beyond_four_digits_is_two_escapes_unless_strict(self) -> None:
        assert render('{{js "\\U000E0001"}}') == "\\uDB40\\uDC01"
        assert Template('{{js "\\U000E0001"}}', strict=True).render({}) == "\\uE0001"

    def test_a_row_of_a_table_is_one_line_everywhere(self) -> None:
        text = '{{tablerow .c.k (color "red" "x") (print "a" 1 .c.k)}}{{tablerender}}'
        assert render(text, self.BAD) == "v\\r  \x1b[0;31mx\x1b[0m  a1v\\r\n"

    def test_what_println_makes_of_the_data_counts_as_of_the_data(self) -> None:
        assert render("{{tablerow (println .c.k)}}{{tablerender}}", self.BAD) == "v\\r\\n\n"

    def test_passes_everything_through_where_nothing_is_escaped(self) -> None:
        assert render("{{.a}}{{raw .a}}{{print .a}}{{.b}}", self.BAD) == 3 * self.BAD["a"] + "[p\tq r]"


class TestErrors:
    """An error names what is wrong, shows where, and says what may have been meant."""

    @pytest.mark.parametrize(
        ("text", "message", "details", "hint"),
        [
            (
                "{{.id}} {{uper .id}}",
                "template, column 11: unknown function 'uper'",
                ("  {{.id}} {{uper .id}}", "            ^"),
                "did you mean 'upper'?",
            ),
            (
                "{{$root := .}}{{$rot}}",
                "template, column 17: unknown variable '$rot'",
                ("  {{$root := .}}{{$rot}}", "                  ^"),
                "did you mean '$root'?",
            ),
            (
                "日本\n{{if .id}}\nx",
                "template, line 2, column 3: {{if}} is not closed with {{end}}",
                ("  {{if .id}}", "    ^"),
                None,
            ),
            (
                "日本{{.id",
                "template, column 3: the action is not closed with '}}'",
                ("  日本{{.id", "      ^"),
                None,
            ),
            ("a{{end}}", "template, column 4: {{end}} without {{if}}, {{with}} or {{range}}", None, None),
            ("{{.x-y}}", "template, column 5: unexpected character '-' in a name", None, None),
            ('{{"a}}', 'template, column 3: the string is not closed with "', None, None),
            ('{{"\\q"}}', "template, column 3: \"\\q\" is not a string: unknown escape '\\q'", None, None),
            ("{{1a}}", "template, column 3: '1a' is not a number", None, None),
            ("{{.a | 1}}", "template, column 8: only a function can follow '|'", None, None),
            ("{{if}}{{end}}", "template, column 5: {{if}} has no value", None, None),
            ("{{}}", "template, column 3: an action has no value", None, None),
            ("{{define x}}", "template, column 10: unexpected 'x' in {{define}}", None, None),
            ("{{break}}", "template, column 3: {{break}} outside {{range}}", None, None),
            ("{{(1}}", "template, column 5: a '(' is not closed", None, None),
            ("{{1)}}", "template, column 4: unexpected ')'", None, None),
            ("{{/* c }}", "template, column 1: the comment is not closed with '*/'", None, None),
            ("{{'ab'}}", "template, column 3: 'ab' is not a number: more than one character", None, None),
        ],
    )
    def test_of_parsing(self, text: str, message: str, details: tuple[str, str] | None, hint: str | None) -> None:
        with pytest.raises(TemplateError) as caught:
            Template(text)
        error = caught.value
        assert error.message.startswith(message)
        assert details is None or (error.details, error.hint) == (details, hint)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("x{{index .command 5}}", "template, column 4: index: 5 is out of range: the last is 2"),
            ("{{.id.x}}", "template, column 3: no field 'x' in a value of type string"),
            ("{{upper 1}}", "template, column 9: expected a string, not int"),
            ("{{len 1 2}}", "template, column 3: len takes 1 argument, but got 2"),
            ("{{eq .id 1}}", "template, column 3: eq: cannot compare string and int"),
            ('{{template "t"}}', "template, column 3: template 't' is not defined"),
            ("{{range 1.5}}{{end}}", "template, column 9: cannot range over a value of type float64"),
            ("{{json 1i}}", "template, column 3: json: a complex number cannot be written as JSON"),
        ],
    )
    def test_of_rendering(self, text: str, message: str) -> None:
        with pytest.raises(TemplateError) as caught:
            render(text)
        assert caught.value.message == message

    def test_show_what_stands_around_in_a_long_line(self) -> None:
        with pytest.raises(TemplateError) as caught:
            Template("x" * 100 + "{{nope}}" + "y" * 100)
        line, caret = caught.value.details
        assert line == "  ..." + "x" * 36 + "{{nope}}" + "y" * 32 + "..."
        assert line[caret.index("^") :].startswith("nope")


class TestAnalysis:
    """What is told of a template before it is rendered."""

    @pytest.mark.parametrize(
        ("text", "fields"),
        [
            ("{{.a}} {{.b.c}} {{$.d}}", {"a", "b", "d"}),
            ("{{with .a}}{{.b}}{{$.c}}{{else}}{{.d}}{{end}}", {"a", "c", "d"}),
            ("{{range .a}}{{.b}}{{else}}{{.c}}{{end}}", {"a", "c"}),
            ("{{$x := .}}{{$x.a}}{{with $x}}{{.b}}{{end}}", {"a", "b"}),
            ('{{define "t"}}{{.a}}{{$.b}}{{end}}{{template "t" .}}{{template "t" .c}}', {"a", "b", "c"}),
            ("{{json .}}{{.a}}", None),
            ("{{.}}", None),
            ("{{print $}}", None),
            ("{{range .}}{{end}}", None),
            ('{{index . "a"}}', None),
            ("{{$x := .}}{{$x = 1}}{{.a}}", None),
            ("{{(print .).a}}", None),
            ("{{$x := .}}{{if .a}}{{$x := .b}}{{else}}{{$x.c}}{{end}}", {"a", "b", "c"}),
            ("{{$x := .a}}{{if 1}}{{$y := ($x = $)}}{{end}}{{$x.b}}", None),
            ("{{if .a}}{{$ = .b}}{{end}}{{$.c}}", None),
            ("{{$x := .}}{{$y := or .a ($x := .b)}}{{$x.c}}", None),
            ('{{define "t"}}{{.}}{{end}}{{template "t" .}}', None),
        ],
    )
    def test_knows_the_fields_that_are_used(self, text: str, fields: set[str] | None) -> None:
        assert Template(text).fields() == fields

    @pytest.mark.parametrize(
        "text",
        [
            '{{define "t"}}{{with .a}}{{template "t" .}}{{end}}{{end}}{{template "t" .}}',
            '{{define "t"}}{{template "t" .a}}{{template "t" .b}}{{end}}{{template "t" .}}',
            "".join(f'{{{{define "{n}"}}}}{{{{template "{n + 1}" .}}}}{{{{end}}}}' for n in range(2000))
            + '{{template "0" .}}',
        ],
    )
    def test_ends_for_templates_that_call_each_other(self, text: str) -> None:
        template = Template(text)
        assert template.fields() in ({"a"}, {"a", "b"}, set(), None)

    def test_follows_a_bounded_number_of_calls(self) -> None:
        """Each call for another field is one more to follow, and each of these makes as many."""
        calls = "".join(f'{{{{template "t" .f{number}}}}}' for number in range(40))
        assert Template(f'{{{{define "t"}}}}{calls}{{{{end}}}}{{{{template "t" .}}}}').fields() is None

    @pytest.mark.parametrize(
        "body",
        ['{{.}}\t{{template "t" .}}{{template "t" .}}', '{{with .}}{{template "t" .}}{{end}}', '{{template "t" .a}}'],
    )
    def test_headers_of_templates_that_call_themselves_end(self, body: str) -> None:
        template = Template(f'{{{{define "t"}}}}{body}{{{{end}}}}{{{{template "t" .}}}}')
        assert len(template.headers()) <= 1001

    def test_headers_of_nested_actions_take_no_time(self) -> None:
        text = "{{.id}}" + "{{if .a}}" * 50 + "\t{{.b}}" + "{{end}}" * 50
        assert Template(text).headers() == ["ID", "B"]


class TestBounds:
    """Whatever a template asks for, rendering it ends."""

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("{{range 1000000000000}}{{end}}", "more than 1000000 steps"),
            ('{{define "t"}}{{template "t" .}}{{end}}{{template "t"}}', "nested deeper than 90 levels"),
            ('{{$x := "aaaaaaaa"}}{{range 64}}{{$x = print $x $x}}{{end}}', "longer than 16000000 characters"),
            ('{{printf "%1000000d%1000000d%1000000d" 1 1 1 | printf "%[1]s%[1]s%[1]s%[1]s%[1]s%[1]s"}}', "characters"),
            ('{{pad "x" 999999999 0}}', "longer than 16000000 characters"),
            ('{{range 20000}}{{printf "%999d" .}}{{end}}', "longer than 16000000 characters"),
            ('{{$f := "%1000000[1]T"}}{{range 9}}{{$f = print $f $f}}{{end}}{{$x := printf $f 1}}', "characters"),
            ('{{range 300000}}{{$x := printf "%1000000v" $.nope}}{{end}}', "characters"),
            ('{{$s := pad "x" 0 1000000}}{{range 9}}{{$x := split $s ""}}{{end}}', "characters"),
            ('{{$s := pad "x" 0 1000000}}{{range 9999}}{{$x := slice $s 1}}{{end}}', "characters"),
            ('{{$s := pad "x" 0 1000000}}{{$t := print $s ""}}{{range 9999}}{{$x := eq $s $t}}{{end}}', "characters"),
            ('{{$s := "日"}}{{range 21}}{{$s = print $s $s}}{{end}}{{printf "% x" $s}}', "characters"),
            ('{{$s := "日"}}{{range 22}}{{$s = print $s $s}}{{end}}{{split $s ""}}', "characters"),
            ('{{$s := "日"}}{{range 22}}{{$s = print $s $s}}{{end}}{{js $s}}', "characters"),
            ("{{index .list .huge}}", "thousands of digits"),
            ("{{.deep}}", "nested too deeply"),
            ("{{json .deep}}", "nested too deeply"),
            ("{{.set}}", "the data contains a set, which is not plain data"),
            ("{{.keys}}", "a key that is not a string"),
            ("{{.huge}}", "thousands of digits"),
            ("{{json .huge}}", "thousands of digits"),
            ("{{json .infinite}}", "inf cannot be written as JSON"),
        ],
    )
    def test_ends_what_would_not_end(self, text: str, reason: str) -> None:
        deep: Any = []
        for _ in range(2000):
            deep = [deep]
        value = {"deep": deep, "set": {1}, "keys": {1: 2}, "huge": 10**9999, "list": [1], "infinite": float("inf")}
        with pytest.raises(TemplateError, match=reason):
            render(text, value)

    @unmeasured
    @pytest.mark.parametrize(
        "text",
        [
            '{{$f := "%%"}}{{range 19}}{{$f = print $f $f}}{{end}}{{range 9}}{{$x := printf $f}}{{end}}',
            '{{$f := "%["}}{{range 19}}{{$f = print $f $f}}{{end}}{{range 9}}{{$x := printf $f 1}}{{end}}',
            "{{range 300000}}{{tablerow 1 2}}{{end}}",
        ],
    )
    def test_ends_what_is_made_of_very_many_parts(self, text: str) -> None:
        with pytest.raises(TemplateError, match="longer than 16000000 characters"):
            render(text, {})

    @pytest.mark.parametrize(
        "text",
        [
            "{{" + "(" * 61 + "1" + ")" * 61 + "}}",
            "{{if 1}}" * 61 + "{{end}}" * 61,
            '{{define "t"}}' + "{{with 1}}" * 60,
        ],
    )
    def test_refuses_what_is_nested_too_deep(self, text: str) -> None:
        with pytest.raises(TemplateError, match="nested deeper than 60 levels"):
            Template(text)

    def test_has_so_many_variables_and_no_more(self) -> None:
        assert Template("{{$x := 1}}" * 499).render({}) == ""
        with pytest.raises(TemplateError, match="more than 500 variables"):
            Template("{{$x := 1}}" * 500)

    @pytest.mark.parametrize("text", ["{{0x1p99999}}", "{{0x1p99999i}}", "{{+18446744073709551615}}"])
    def test_refuses_numbers_that_are_too_large(self, text: str) -> None:
        with pytest.raises(TemplateError, match="too large"):
            Template(text, strict=True)

    def test_a_table_of_many_links_takes_no_time(self) -> None:
        text = '{{$f := "\\x1b]8;;"}}{{range 16}}{{$f = print $f $f}}{{end}}{{tablerow $f 1}}{{tablerender}}'
        assert len(render(text)) == 5 * 2**16 + 4

    def test_a_loop_may_be_longer_than_the_nesting_is_deep(self) -> None:
        assert (
            render("{{range 500}}{{if 1}}{{continue}}{{end}}{{end}}{{range 500}}{{if 1}}{{break}}{{end}}{{end}}.")
            == "."
        )


# Property tests. Templates are made of pieces that are likely to mean something together.
PIECES = [
    *[
        "{{",
        "}}",
        "{{- ",
        " -}}",
        "{{end}}",
        "{{else}}",
        "{{if ",
        "{{with ",
        "{{range ",
        "{{define `t`}}",
        "{{template `t`",
    ],
    *[
        "{{block `b` .}}",
        "{{break}}",
        "{{continue}}",
        "{{/*",
        "*/}}",
        "(",
        ")",
        "|",
        ":=",
        "=",
        ",",
        "$",
        "$x",
        ".",
        " ",
    ],
    *[
        ".a",
        ".b",
        ".c.d",
        "nil",
        "true",
        "1",
        "-2",
        "1.5",
        "1e9",
        "'x'",
        '"%d %s\\n"',
        "`raw`",
        "\\t",
        "\n",
        "é",
        "\x1b",
    ],
    *[f" {name} " for name in FUNCTIONS],
]
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.just("2026-05-11T13:16:07Z"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=12,
)
TIMES = 4 if "HFJOBS_TEST_SEED" in os.environ else 1
"""More of them where there is time, as for what is drawn in tests/commands/test_same_lines.py."""

steady = settings(max_examples=250 * TIMES, derandomize=True, database=None)


@steady
@given(TEXTS, VALUES, st.booleans(), st.sampled_from([None, printable]))
def test_anything_renders_or_raises_the_engines_own_error(
    text: str, value: Any, strict: bool, escape: Callable[[str], str] | None
) -> None:
    try:
        template = Template(text, strict)
        template.headers()
        template.fields()
        template.check({"a": None, "b": {"c": None}})
    except TemplateError as error:
        assert error.message
        assert 0 < error.column <= len(text) + 1
        return
    try:
        rendered = template.render(value, RenderOptions(now=NOW, escape=escape))
    except TemplateError:
        return
    assert len(rendered) <= MAX_CHARACTERS


@steady
@given(st.sampled_from(sorted(FUNCTIONS)), st.lists(VALUES, max_size=4))
def test_a_function_takes_anything_or_raises_the_engines_own_error(name: str, values: list[Any]) -> None:
    arguments = " ".join(f"(index . {place})" for place in range(len(values)))
    try:
        rendered = Template(f"{{{{{name} {arguments}}}}}", strict=True).render(values)
    except TemplateError:
        return
    assert len(rendered) <= MAX_CHARACTERS


EXPRESSIONS = st.recursive(
    st.sampled_from(["(index . 0)", "(index . 1)", "(index . 2)", '"\\n"', '"%s%c"', "7", '","', "nil"]),
    lambda inner: st.tuples(
        st.sampled_from(sorted(set(FUNCTIONS) - {"raw"})), st.lists(inner, min_size=1, max_size=3)
    ).map(lambda call: f"({call[0]} {' '.join(call[1])})"),
    max_leaves=6,
)


@settings(steady, max_examples=500 * TIMES)
@given(st.lists(EXPRESSIONS, min_size=1, max_size=2))
def test_no_control_character_of_the_data_gets_through(expressions: list[str]) -> None:
    """Whatever functions do with it, together with control characters of the template."""
    text = "".join(f"{{{{{expression}}}}}" for expression in expressions)
    value = ["a\x9b%s,%d", 0x9B, ["\x9b", {"\x9b": "\x9bb"}]]
    try:
        rendered = render(text, value, escape=printable)
    except TemplateError:
        return
    assert "\x9b" not in rendered


@steady
@given(st.text().filter(lambda text: "{{" not in text))
def test_text_without_actions_comes_back_unchanged(text: str) -> None:
    assert Template(text).render({}) == text


@steady
@given(st.text())
def test_a_value_comes_back_unchanged(text: str) -> None:
    assert Template("{{.}}").render(text) == text
    assert json.loads(Template("{{json .}}").render(text)) == "".join(
        "\ufffd" if "\ud800" <= char < "\ue000" else char for char in text
    )


@steady
@given(VALUES.filter(lambda value: "inf" not in repr(value) and "nan" not in repr(value)))
def test_json_is_read_back_as_the_value(value: Any) -> None:
    """A fraction may be written as a whole number, as in Go."""
    text = Template("{{json .}}").render(value)
    assert json.loads(text, parse_int=float) == json.loads(json.dumps(value), parse_int=float)
