"""`--format`: Go templates, tables made of them, csv and tsv, in `ps`, `inspect` and `duplicate`."""

import json
import re
from pathlib import Path

import pytest

from tests.support import BY_HAND, BY_SCHEDULE, USER, Golden, Hfjobs, Hub, Result, Terminal

ROW = "  {{.id}} {{.stauts}}"


class TestTemplate:
    """A template prints each job, and ends the line."""

    def test_prints_a_line_for_each_job(self, either: Hfjobs) -> None:
        jobs = either.jobs("ps", "--json")
        template = "{{.id}} {{.status}} {{with .initiator}}{{.type}}{{else}}-{{end}}"
        expected = "".join(
            f"{job['id']} {job['status']['stage']} {job['initiator']['type'] if job['initiator'] else '-'}\n"
            for job in jobs
        )
        assert either("ps", "--format", template) == Result(0, expected, "")

    def test_reads_the_same_object_as_json_prints(self, hfjobs: Hfjobs) -> None:
        result = hfjobs("ps", "-a", "--limit", "0", "--format", "{{json .}}")
        assert [json.loads(line) for line in result.stdout.splitlines()] == hfjobs.jobs(
            "ps", "-a", "--limit", "0", "--json"
        )

    def test_inspect_prints_one_line_each_in_order(self, either: Hfjobs) -> None:
        result = either("inspect", BY_SCHEDULE, BY_HAND, BY_SCHEDULE, "--format", "{{.id}} {{.owner}}")
        assert result == Result(0, f"{BY_SCHEDULE} {USER}\n{BY_HAND} {USER}\n{BY_SCHEDULE} {USER}\n", "")

    def test_inspect_prints_those_that_exist(self, hfjobs: Hfjobs) -> None:
        code, stdout, stderr = hfjobs("inspect", "nope", BY_HAND, "--format", "{{.id}}")
        assert (code, stdout) == (3, f"{BY_HAND}\n")
        assert stderr.startswith("error: no job named 'nope'")

    def test_duplicate_prints_the_new_job(self, either: Hfjobs) -> None:
        code, stdout, stderr = either("duplicate", BY_HAND, "--format", "{{.initiator}} {{.status.stage}}")
        assert (code, stdout, stderr) == (0, f"duplicated-job:{BY_HAND} SCHEDULING\n", "")

    @pytest.mark.parametrize(
        ("template", "expected"),
        [
            ("{{.status}} {{.owner}} {{.initiator}}", "COMPLETED davanstrien scheduled-job:69c4179671691dc46f166314"),
            ("{{.status.stage}} {{.owner.type}} {{.initiator.type}}", "COMPLETED user scheduled-job"),
            (
                "{{.image}} {{.created}} {{.runtime}}",
                "ghcr.io/astral-sh/uv:python3.12-bookworm 2026-05-11T12:17:06+00:00 6m43s",
            ),
            ("{{.name}} {{.labels.team}} {{.labels.nope}}", "refresh-index data <no value>"),
            ("{{.space_id}} {{.network.group}}", "<no value> <no value>"),
            ("{{timeago .created}} {{timefmt `02 Jan 15:04` .finished_at}}", "20 hours ago 11 May 12:25"),
            ("{{.durations.running_secs}} {{.timeout}} {{len .command}}", "403 3600 3"),
            ("{{if gt .durations.running_secs 402.5}}long{{end}}", "long"),
            (r"{{.id}}\t{{.flavor}}\n{{`\t`}}", f"{BY_SCHEDULE}\tcpu-upgrade\n\\t"),
            ("{{.secrets}} {{range .labels}}{{.}} {{end}}", "[HF_TOKEN] refresh-index data "),
        ],
    )
    def test_reads_what_help_lists(self, hfjobs: Hfjobs, template: str, expected: str) -> None:
        assert hfjobs("inspect", BY_SCHEDULE, "--format", template) == Result(0, expected + "\n", "")

    def test_reads_the_parts_of_a_space_job(self, hfjobs: Hfjobs) -> None:
        result = hfjobs("ps", "-a", "-f", "image=hf.co/*", "--limit", "1", "--format", "{{.space_id}} {{.image}}")
        assert result.stdout == "davanstrien/dataset-explorer hf.co/spaces/davanstrien/dataset-explorer\n"

    def test_of_a_running_job_counts_on(self, hfjobs: Hfjobs) -> None:
        template = "{{.runtime}} {{with .finished_at}}{{.}}{{else}}not yet{{end}}"
        assert hfjobs("ps", "--status", "running", "--limit", "1", "--format", template).stdout == "4m49s not yet\n"

    def test_is_written_as_pages_arrive(self, hfjobs: Hfjobs, hub: Hub) -> None:
        link = {"Link": f'<{hub.endpoint}/api/jobs/x?cursor=2>; rel="next"'}
        hub.replies(200, json.dumps([hub.job(id="aa")]), link)
        hub.replies(400, '{"error": "Invalid cursor"}')
        result = hfjobs("ps", "-a", "--namespace", "x", "--format", "{{.id}}")
        assert result == Result(
            1, "aa\n", "error: the Hub refused the request: Invalid cursor (GET /api/jobs/x: 400)\n"
        )

    def test_finds_the_job_itself_true(self, hfjobs: Hfjobs) -> None:
        assert hfjobs("inspect", BY_HAND, "--format", "{{with .}}a{{end}}").stdout == "a\n"
        assert hfjobs("inspect", BY_HAND, "--format", "{{if .}}a{{end}}").stdout == "a\n"

    def test_reads_what_the_other_branch_hides(self, hfjobs: Hfjobs) -> None:
        template = "{{$x := .}}{{if .network}}{{$x := .status}}{{else}}{{$x.id}}{{end}}"
        assert hfjobs("inspect", BY_HAND, "--format", template) == Result(0, f"{BY_HAND}\n", "")

    def test_colors_where_colors_are_wanted(self, hfjobs: Hfjobs) -> None:
        argv = ("inspect", BY_HAND, "--format", '{{autocolor "red" .status}}')
        assert hfjobs(*argv).stdout == "COMPLETED\n"
        assert hfjobs(*argv, columns=80).stdout == "\x1b[0;31mCOMPLETED\x1b[0m\n"
        assert hfjobs(*argv, columns=80, NO_COLOR="1").stdout == "COMPLETED\n"

    def test_rows_of_a_table_are_printed_at_the_end(self, hfjobs: Hfjobs) -> None:
        template = "{{tablerow .status .flavor}}"
        result = hfjobs("inspect", BY_HAND, BY_SCHEDULE, "--format", template)
        assert result == Result(0, "COMPLETED  l40sx1\nCOMPLETED  cpu-upgrade\n", "")
        result = hfjobs("duplicate", BY_HAND, BY_SCHEDULE, "--format", "{{tablerow .flavor .status}}")
        assert result == Result(0, "l40sx1       SCHEDULING\ncpu-upgrade  SCHEDULING\n", "")
        rendered = hfjobs("inspect", BY_HAND, BY_SCHEDULE, "--format", f"{template}{{{{tablerender}}}}")
        assert rendered == Result(0, "COMPLETED  l40sx1\nCOMPLETED  cpu-upgrade\n", "")

    def test_reads_extra_fields_in_every_way(self, hfjobs: Hfjobs) -> None:
        template = '{{.name}} {{index . "name"}} {{$x := .}}{{$x.name}} {{raw .labels.nope}}'
        expected = "refresh-index refresh-index refresh-index <no value>\n"
        assert hfjobs("inspect", BY_SCHEDULE, "--format", template) == Result(0, expected, "")

    def test_nothing_is_printed_for_no_job(self, hfjobs: Hfjobs) -> None:
        result = hfjobs("ps", "-a", "--name", "nope", "--format", "{{.id}}")
        assert result == Result(0, "", "no jobs match\n")


class TestTrust:
    """What a job says is escaped on a terminal, and passes through a pipe."""

    def test_control_characters(self, hfjobs: Hfjobs, hub: Hub) -> None:
        id_ = hub.add(command=["echo", "\x1b[2J\n"], labels={"name": "a\u202eb"})
        template = (
            '{{join .command "|"}} {{.name}} {{raw .name}} {{color "red" .name}}{{"\\t"}}{{printf "%s\\n" .name}}'
        )
        raw = "echo|\x1b[2J\n a\u202eb a\u202eb \x1b[0;31ma\u202eb\x1b[0m\ta\u202eb\n\n"
        assert hfjobs("inspect", id_, "--format", template) == Result(0, raw, "")
        shown = "echo|\\x1b[2J\\n a\\u202eb a\u202eb \x1b[0;31ma\\u202eb\x1b[0m\ta\\u202eb\n\n"
        assert hfjobs("inspect", id_, "--format", template, columns=80) == Result(0, shown, "")

    def test_a_row_of_a_table_is_one_line(self, hfjobs: Hfjobs, hub: Hub) -> None:
        id_ = hub.add(labels={"name": "a\tb\nc"})
        result = hfjobs("inspect", id_, "--format", r"table {{.name}}\t{{.flavor}}")
        assert result == Result(0, "NAME     FLAVOR\na\\tb\\nc  l40sx1\n", "")
        result = hfjobs("inspect", id_, "--format", '{{tablerow (color "red" .name) (printf "%s\\x1b[0m" .name) 1}}')
        assert result == Result(0, "\x1b[0;31ma\\tb\\nc\x1b[0m  a\\tb\\nc\x1b[0m  1\n", "")


class TestTable:
    """`table TEMPLATE` prints columns with headers from the template."""

    def test_is_aligned_below_headers(self, either: Hfjobs, golden: Golden) -> None:
        template = r"table {{.id}}\t{{.labels.name}}\t{{json .durations}}\t{{.status}}"
        result = either("ps", "-a", "--status", "completed", "--limit", "3", "--format", template)
        hint = "hint: showing the first 3, there may be more; --limit 0 lists all\n"
        assert result == Result(0, golden("format-table.txt", result.stdout), hint)

    @pytest.mark.parametrize(
        ("template", "header"),
        [
            (r"{{.id}}\t{{.created_at}}", "ID  CREATED_AT"),
            (r"{{.owner.name}}/{{.id}}\t({{.status}})", "OWNER.NAME/ID  (STATUS)"),
            (r'{{index .labels "cost-center"}}\t{{upper (slice .flavor 0 2)}}', "LABELS.COST-CENTER  FLAVOR"),
            (r"{{with .initiator}}{{.type}}{{else}}-{{end}}\t{{$x := .id}}{{$x}}\t{{1}}", "INITIATOR  ID"),
            (r"{{$n := .name}}{{$n}}\t{{$s := .status}}{{$s.stage}}\t{{$j := .}}{{$j.id}}", "NAME  STATUS.STAGE  ID"),
            (r"{{$n := .name}}{{if not $n}}{{$n = .id}}{{end}}{{$n}}\t{{upper $n}}", "NAME ID  NAME ID"),
            (r"{{$n := .name}}{{if 1}}{{$n := .id}}{{end}}{{$n}}", "NAME"),
            (r'{{define "x"}}{{.id}}{{end}}{{template "x" .}}\t{{.name}}', "ID  NAME"),
            (r'{{define "x"}}{{.name}}:{{$.type}}\t{{end}}{{template "x" .owner}}', "OWNER.NAME:OWNER.TYPE"),
            (
                r'{{define "x"}}{{upper .}}{{end}}{{template "x" .name}}\t{{define "y"}}-{{end}}{{template "y" .id}}',
                "NAME  ID",
            ),
            (r'{{block "x" .}}{{.id}}\t{{.name}}{{end}}', "ID  NAME"),
            (r'{{printf "%s-%s" .name .id}}\t{{or .name .id | upper}}', "NAME ID  NAME ID"),
            (r'{{print (index .labels "team") .flavor .flavor}}\t{{(.status).stage}}', "LABELS.TEAM FLAVOR  STAGE"),
            (
                r"{{if .labels.x}}yes{{else}}no{{end}}\t{{if .labels.x}}-{{else}}{{.id}}:{{.name}}{{end}}",
                "LABELS.X  ID:NAME",
            ),
            (r"{{range $k, $v := .labels}}{{$k}}={{$v}} {{end}}\t{{.id}}", "LABELS  ID"),
            (r"{{if true}}{{.id}}{{end}}\t{{len .command}}", "ID  COMMAND"),
            (r"{{(index .volumes 0).source}}\t{{.id}}", "SOURCE  ID"),
            (r"{{if .id}}{{.id}}\t{{.flavor}}{{end}}\t{{.status}}", "ID  FLAVOR  STATUS"),
            (r"{{.id}}\n{{.flavor}}\t{{.status}}", "ID"),
        ],
    )
    def test_headers_name_the_fields(self, hfjobs: Hfjobs, template: str, header: str) -> None:
        code, stdout, _ = hfjobs("ps", "-a", "--name", "nope", "--format", f"table {template}")
        assert (code, stdout.rstrip()) == (0, header)

    def test_counts_the_width_of_characters(self, hfjobs: Hfjobs, hub: Hub) -> None:
        names = ("訓練", "e\u0301te", "abc")
        ids = [hub.add(id=f"job-{place}", labels={"name": name}) for place, name in enumerate(names)]
        result = hfjobs("inspect", *ids, "--format", r"table {{.name}}\t{{.id}}")
        assert result.stdout == "NAME  ID\n訓練  job-0\ne\u0301te   job-1\nabc   job-2\n"

    def test_prints_nothing_if_it_fails_half_way(self, hfjobs: Hfjobs, hub: Hub) -> None:
        link = {"Link": f'<{hub.endpoint}/api/jobs/x?cursor=2>; rel="next"'}
        hub.replies(200, json.dumps([hub.job(id="aa")]), link)
        hub.replies(400, '{"error": "Invalid cursor"}')
        result = hfjobs("ps", "-a", "--namespace", "x", "--format", "table {{.id}}")
        assert (result.code, result.stdout) == (1, "")

    def test_cannot_hold_another_table(self, hfjobs: Hfjobs, hub: Hub) -> None:
        result = hfjobs("ps", "--format", "table {{tablerow .id}}")
        assert result == Result(
            2,
            "",
            "error: tablerender and tablerow cannot be used in a 'table' template\n"
            "hint: separate the columns with \\t\n",
        )
        assert hub.requests == []


class TestWrongTemplate:
    """A template that cannot work is a usage error, before any request."""

    @pytest.mark.parametrize("command", [("ps",), ("inspect", BY_HAND), ("duplicate", BY_HAND)])
    @pytest.mark.parametrize(
        ("template", "stderr"),
        [
            (
                "{{.id}} {{.stauts}}",
                "error: template, column 11: unknown field 'stauts'\n"
                "  {{.id}} {{.stauts}}\n"
                "            ^\n"
                "hint: did you mean 'status'?\n",
            ),
            (
                "{{.status.stag}}",
                "error: template, column 3: unknown field 'stag' in .status\n"
                "  {{.status.stag}}\n"
                "    ^\n"
                "hint: did you mean 'stage'?\n",
            ),
            (
                "{{.id | uper}}",
                "error: template, column 9: unknown function 'uper'\n"
                "  {{.id | uper}}\n"
                "          ^\n"
                "hint: did you mean 'upper'?\n",
            ),
            (
                "{{.ID}}",
                "error: template, column 3: unknown field 'ID'\n  {{.ID}}\n    ^\nhint: did you mean 'id'?\n",
            ),
            (
                '{{define "row"}}{{end}}{{template "rwo" .}}',
                "error: template, column 26: unknown template 'rwo'\n"
                '  {{define "row"}}{{end}}{{template "rwo" .}}\n'
                "                           ^\n"
                "hint: did you mean 'row'?\n",
            ),
            (
                "{{if .id}}x",
                "error: template, column 3: {{if}} is not closed with {{end}}\n  {{if .id}}x\n    ^\n",
            ),
        ],
    )
    def test_makes_no_request(
        self, hfjobs: Hfjobs, hub: Hub, command: tuple[str, ...], template: str, stderr: str
    ) -> None:
        assert hfjobs(*command, "--format", template) == Result(2, "", stderr)
        assert hub.requests == []

    @pytest.mark.parametrize(
        ("template", "field"),
        [
            ("{{range .labels}}{{$.nope}}{{end}}", "nope"),
            ("{{with .status}}{{.nope}}{{end}}", "nope"),
            ("{{with $s := .status}}{{$s.nope}}{{end}}", "nope"),
            ("{{$job := .}}{{range .command}}{{$job.nope}}{{end}}", "nope"),
            ('{{define "x"}}{{.nope}}{{end}}{{template "x" .}}', "nope"),
            ('{{define "x"}}{{$.nope}}{{end}}{{template "x" .owner}}', "nope"),
            ('{{block "x" .}}{{.nope}}{{end}}', "nope"),
            ("{{if .id}}{{else}}{{.nope}}{{end}}", "nope"),
            ("{{(.status).nope}}", "nope"),
            ("{{print (len .nope)}}", "nope"),
            ("{{.id.nope}}", "nope"),
            ("{{.volumes.nope}}", "nope"),
            ("{{. | json}}{{.__class__}}", "__class__"),
        ],
    )
    def test_is_found_wherever_the_job_is_known(self, hfjobs: Hfjobs, template: str, field: str) -> None:
        code, stdout, stderr = hfjobs("ps", "--format", template)
        assert (code, stdout) == (2, "")
        assert f"unknown field '{field}'" in stderr

    @pytest.mark.parametrize(
        "template",
        [
            "{{.labels.anything}} {{.environment.ANYTHING}}",
            "{{range .command}}{{.}}{{end}}",
            "{{range .volumes}}{{.source}}{{end}}",
            "{{$x := .}}{{$x = .labels}}{{$x.anything}}",
            "{{with index .labels `x`}}{{.}}{{end}}",
            '{{define "unused"}}{{.nope}}{{end}}x',
        ],
    )
    def test_is_not_seen_where_anything_can_be(self, hfjobs: Hfjobs, template: str) -> None:
        assert hfjobs("ps", "--limit", "1", "--status", "running", "--format", template).code == 0

    @pytest.mark.parametrize(
        "template",
        [
            "{{.id}} {{join .command}}",
            "{{json}}",
            "{{json .id .id}}",
            "{{.id | json .id}}",
            "{{(json)}}",
            "{{if upper}}x{{end}}",
            "{{with len .id .id}}x{{end}}",
            "{{range split .id}}x{{end}}",
            '{{define "x"}}{{upper}}{{end}}ok',
            '{{define "x"}}{{.}}{{end}}{{template "x" (upper)}}',
            "{{if .id}}{{else}}{{pad .id}}{{end}}",
            '{{truncate "x" "y"}}',
            "{{printf 3}}",
            "{{timefmt 3 .created}}",
            '{{timeago "soon"}}',
            "{{timeago 3}}",
            '{{color "nocolor" .name}}',
            '{{autocolor "nocolor" .name}}',
            '{{pad .name "a" 1}}',
            "{{pad .name 1.5 1}}",
            "{{index .labels 1}}",
            '{{index .labels "a" "b"}}',
            '{{index .command "a"}}',
            "{{index .command -1}}",
            "{{index .id 0 0}}",
            '{{slice .id "a"}}',
            "{{slice .id 3 1}}",
            "{{slice .id 1 2 3}}",
            "{{slice .labels 1}}",
            "{{slice .status 1}}",
            '{{lt "a" 1}}',
            '{{eq 1 "a"}}',
            "{{eq .id}}",
            "{{eq .id 1}}",
            '{{gt .timeout "x"}}',
            "{{split .id 1}}",
            '{{.id "x"}}',
            "{{.id | .name}}",
            '{{. "x"}}',
            '{{"a" "b"}}',
            "{{$x := .id}}{{$x 1}}",
            "{{(.id) 1}}",
            "{{range 1.5}}{{end}}",
            '{{range "abc"}}{{end}}',
            "{{range .id}}{{end}}",
            "{{range .name}}{{end}}",
            "{{range $i, $v := 3}}{{end}}",
            "{{range .command}}{{.x}}{{end}}",
            "{{range .volumes}}{{.nope}}{{end}}",
            "{{range .command}}{{len 1 2}}{{end}}",
            "{{nil}}",
            "{{len 3}}",
            "{{len .timeout}}",
            "{{upper .timeout}}",
            "{{upper nil}}",
            "{{upper .labels}}",
            "{{upper .command}}",
            "{{len .id | upper}}",
            "{{upper (len .id)}}",
            '{{join .id ","}}',
            '{{join "a" "b"}}',
            "{{join .command 3}}",
            "{{join 3 .command}}",
            '{{pluck "a" .id}}',
            "{{pluck 3 .volumes}}",
            "{{tablerow .labels}}",
            "{{tablerender 1}}",
            '{{color "red" .labels}}',
            "{{hyperlink .id}}",
            "{{truncate .id -1}}",
            "{{truncate .command 3}}",
            "{{truncate .timeout 3}}",
            "{{18446744073709551615}}",
            "{{json 1i}}",
            "{{and}}{{or}}",
            "{{not 1 2}}",
            '{{index (split "a,b" ",") 5}}',
            "{{(len .id).x}}",
            "{{.labels.a.b}}",
            "{{$v := len .id}}{{upper $v}}",
            "{{with .status}}{{upper .stage 1}}{{end}}",
            "{{with $x := .timeout}}{{upper $x}}{{end}}",
            "{{(index .volumes 0).nope}}",
            "{{lt .labels .labels}}",
            "{{eq .labels .labels}}",
            "{{not}}",
            "{{raw}}",
            "{{urlquery | upper 1}}",
            '{{template "x"}}{{define "x"}}{{lower 1}}{{end}}',
            '{{define "x"}}{{upper .}}{{end}}{{template "x" .timeout}}',
            '{{block "b" .timeout}}{{upper .}}{{end}}',
            "{{or .name (upper 1)}}",
            '{{range index .labels "x"}}{{end}}',
            '{{define "t"}}{{upper .}}{{end}}{{template "t" .id}}{{template "t" .timeout}}',
            '{{define "t"}}{{if .}}{{upper 1}}{{end}}{{end}}{{template "t" .id}}{{template "t" .timeout}}',
            '{{slice "abc" 1 9}}',
            "{{range true}}{{end}}",
            "{{$x := $x}}",
            "{{upper len}}",
            "{{if .id}}{{$x := 1}}{{else}}{{$x}}{{end}}",
            "{{range $x := .id}}{{end}}",
            "{{with 1}}{{.x}}{{end}}",
        ],
    )
    def test_that_fails_for_every_job_is_found_before_any_request(
        self, hfjobs: Hfjobs, hub: Hub, template: str
    ) -> None:
        code, stdout, stderr = hfjobs("ps", "--format", template)
        assert (code, stdout, hub.requests) == (2, "", [])
        assert re.match(r"error: template, column \d+: .*\n  .*\n +\^\n", stderr)

    @pytest.mark.parametrize(
        "template",
        [
            '{{.id}} {{join .command " "}} {{join " " .command}}',
            "{{range .labels}}{{upper .}}{{end}}",
            "{{range $k, $v := .labels}}{{upper $k}}{{upper $v}}{{end}}",
            '{{upper (index .labels "x")}}',
            "{{index .labels .name}}",
            "{{index .command 5}}{{upper (index .command 5)}}",
            "{{range $i, $v := .command}}{{if gt $i 1}}{{upper $v}}{{end}}{{end}}",
            "{{pad .id 1.0 2}}{{pad .id 'a' 2}}",
            '{{timefmt "15:04" .created}}{{timeago .finished_at}}',
            "{{color .name .name}}",
            "{{slice .id 1 3}}{{slice .command 1}}{{slice .id .timeout}}",
            "{{if gt (or .durations.running_secs 0) 3600}}{{end}}",
            '{{upper .status}}{{lower .owner}}{{len .status}}{{eq .status "x"}}',
            "{{truncate .status 3}}{{truncate 3 .status}}{{truncate nil 3}}",
            "{{$x := .id}}{{$x = 3}}{{upper $x}}",
            "{{with index .volumes 0}}{{.source}}{{end}}",
            "{{range .timeout}}{{.}}{{end}}{{range 3}}{{.}}{{end}}",
            '{{printf "%d" .id}}{{print}}{{println}}{{printf "%s"}}',
            '{{index .id 3}}{{index .labels}}{{index (split .id "") 5}}',
            "{{eq .id nil}}{{eq .id .name .flavor}}{{lt 1 1.5}}{{eq .status .owner}}",
            '{{pluck "source" .volumes}}{{range pluck "source" .volumes}}{{upper .}}{{end}}',
            "{{json nil}}{{html}}{{js}}{{tablerow}}{{tablerow .id .labels.x .timeout nil}}",
            '{{autocolor "red" .timeout}}{{"x" | printf "%s%s" "y"}}',
            '{{template "x"}}{{define "x"}}{{upper .}}{{.a}}{{end}}',
            '{{if eq (len .command) 3}}{{end}}{{index (index .volumes 0) "source"}}',
            "{{with .network}}{{.}}{{end}}{{range .network}}{{.}}{{end}}",
            '{{join .labels ","}}{{len (print .id)}}{{and .id 1 | upper}}',
            '{{define "t"}}{{if eq (printf "%T" .) "string"}}{{upper .}}{{end}}{{end}}'
            '{{template "t" .id}}{{template "t" .timeout}}',
            '{{template "t" .}}{{define "t"}}{{with .}}{{template "t" (print .)}}{{end}}{{end}}',
            "{{tablerow " + 9 * "(index . .id) " + "}}",
            "{{range $i, $c := .command}}{{slice $.id $i}}{{end}}",
            "{{pad .name -1 1}}",
            "{{ne .command (or .name nil)}}{{eq .command (index . .id)}}",
            "{{range .}}{{.}}{{end}}",
            "{{$x := 1}}{{range .command}}{{$x = .}}{{end}}{{upper $x}}",
            '{{printf "%1000000d%1000000d" 1 1}}',
        ],
    )
    def test_that_works_for_some_job_is_not_refused(self, hfjobs: Hfjobs, template: str) -> None:
        assert hfjobs("ps", "-a", "--name", "nope", "--format", template).code == 0

    def test_of_arguments_costs_no_job(self, hfjobs: Hfjobs, hub: Hub) -> None:
        assert hfjobs("duplicate", BY_HAND, "--format", "{{.id}} {{join .command}}") == Result(
            2,
            "",
            "error: template, column 11: join takes 2 arguments, but got 1\n"
            "  {{.id}} {{join .command}}\n"
            "            ^\n",
        )
        assert hub.requests == []

    def test_that_fails_for_a_job_names_it(self, hfjobs: Hfjobs, hub: Hub) -> None:
        """What was printed before stays."""
        hub.replies(200, json.dumps([hub.job(id="aa", command=["x", "y"]), hub.job(id="bb", command=["x"])]))
        result = hfjobs("ps", "-a", "--namespace", "x", "--format", "{{index .command 1}}")
        assert result == Result(
            2,
            "y\n",
            "error: job bb: template, column 3: index: 1 is out of range: the last is 0\n"
            "  {{index .command 1}}\n"
            "    ^\n",
        )

    def test_that_fails_for_null_says_how_to_avoid_it(self, hfjobs: Hfjobs, hub: Hub) -> None:
        hint = 'for a value that may be null, use {{with .x}}{{upper .}}{{end}} or {{or .x "-"}}'
        id_ = hub.add(arch=None)
        for template in ("{{upper .arch}}", "{{len .arch}}", "{{lt .arch `x`}}", "{{slice .arch 1}}"):
            code, stdout, stderr = hfjobs("inspect", id_, "--format", template)
            assert (code, stdout) == (2, "")
            assert stderr.endswith(f"hint: {hint}\n")
        assert hfjobs("inspect", id_, "--format", '{{or .arch "-"}}').stdout == "-\n"

    def test_that_fails_for_a_new_job_tells_which_were_created(self, hfjobs: Hfjobs, hub: Hub) -> None:
        code, stdout, stderr = hfjobs("duplicate", BY_HAND, BY_SCHEDULE, "--format", "{{index .command 99}}")
        created = hub.all_jobs()[0]["id"]
        assert (code, stdout) == (1, "")
        assert stderr.startswith(
            f"created: {created}\nnot duplicated: {BY_SCHEDULE}\nerror: job {created}: template, column 3: index: 99"
        )
        assert hub.paths.count(f"POST /api/jobs/{USER}/{BY_HAND}/duplicate") == 1

    def test_contradicts_other_options(self, hfjobs: Hfjobs) -> None:
        assert "--json cannot be used with --format {{.id}}" in hfjobs("ps", "--json", "--format", "{{.id}}").stderr
        assert "-q/--quiet cannot be used with --format" in hfjobs("ps", "-q", "--format", "{{.id}}").stderr


def test_the_engine_is_not_loaded_for_other_formats(tmp_path: Path) -> None:
    """It would cost each of them some 20 ms."""
    from tests.support import imports_of

    environ = {"HFJOBS_DEMO": "1", "XDG_STATE_HOME": str(tmp_path)}
    ((code, imported),) = imports_of(("ps", "--format", "csv"), environ=environ)
    assert code == 0
    assert not any(name.startswith("hfjobs_cli.template") for name in imported)


def test_progress_does_not_mix_with_lines_of_a_template(hfjobs: Hfjobs) -> None:
    both = Terminal()
    hfjobs("ps", "-a", "--limit", "0", "--format", "{{.id}}", stdout=both, stderr=both, NO_COLOR="1")
    lines = both.getvalue().replace("\r\x1b[K", "\n").splitlines()
    assert len([line for line in lines if re.fullmatch(r"[0-9a-f]{24}", line)]) == 245
