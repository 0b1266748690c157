"""`hf hfjobs`: the program as an extension of the official client, and as a skill of an agent."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import tomli
import yaml

from tests.support import ROOT, Hfjobs, Result, posix_only

HF = Path(sysconfig.get_path("scripts")) / "hf"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a home in which `hf extensions install OWNER/hf-hfjobs` has been: the console script, and its manifest."""
    scripts = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    module, function = scripts["hf-hfjobs"].split(":")
    directory = tmp_path / ".local/share/hf/extensions/hf-hfjobs"
    script = directory / "venv/bin/hf-hfjobs"
    script.parent.mkdir(parents=True)
    script.write_text(f"#!{sys.executable}\nfrom {module} import {function}\n{function}()\n", encoding="utf-8")
    script.chmod(0o755)
    manifest = {
        "owner": "someone",
        "repo": "hf-hfjobs",
        "repo_id": "someone/hf-hfjobs",
        "short_name": "hfjobs",
        "executable_path": str(script),
        "type": "python",
        "installed_at": "2026-05-12T09:00:00+00:00",
    }
    (directory / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return tmp_path


@posix_only
def test_the_official_client_runs_it(home: Path, directories: dict[str, str]) -> None:
    """What it says names it as it was called; its answers and exit codes are its own."""

    def hf(*argv: str) -> Result:
        environ = {**directories, "HOME": str(home), "HF_HUB_DISABLE_UPDATE_CHECK": "1", "HF_HUB_OFFLINE": "1"}
        done = subprocess.run([HF, "hfjobs", *argv], env=environ, capture_output=True, text=True, check=False)
        return Result(done.returncode, done.stdout, done.stderr)

    code, stdout, _ = hf("ps", "--help")
    assert (code, stdout.splitlines()[0]) == (0, "Usage: hf hfjobs ps [OPTIONS]")
    assert "\n    hf hfjobs ps -a" in stdout
    assert " hfjobs ps" not in stdout.replace("hf hfjobs", "")
    assert hf("pss") == Result(2, "", "error: no such command 'pss'\nhint: did you mean 'hf hfjobs ps'?\n")
    assert hf("ps", "--nonsense") == Result(
        2, "", "error: no such option: --nonsense\nhint: see 'hf hfjobs ps --help'\n"
    )
    code, stdout, stderr = hf("--demo", "describe", "@failed", "--tail", "0")
    assert (code, stderr) == (0, "")
    assert "  hf hfjobs --demo logs -n 100 " in stdout


@posix_only
def test_words_are_completed_after_a_short_name(home: Path, directories: dict[str, str]) -> None:
    """The official client completes no words of extensions; what the note says to define makes the script work."""
    environ = {**directories, "HOME": str(home), "HF_HUB_DISABLE_UPDATE_CHECK": "1", "HF_HUB_OFFLINE": "1"}
    path = home / "bin"
    path.mkdir()
    (path / "hf").symlink_to(HF)
    environ["PATH"] = f"{path}:/usr/bin:/bin"

    def bash(line: str) -> Result:
        done = subprocess.run(["bash", "-c", line], env=environ, capture_output=True, text=True, check=False)
        return Result(done.returncode, done.stdout, done.stderr)

    code, script, note = bash("hf hfjobs completion bash")
    defined = """hfjobs() { hf hfjobs "$@"; }"""
    assert (code, note.partition("define: ")[2]) == (0, f"{defined}\n")
    typed = "COMP_WORDS=(hfjobs ps --stat); COMP_CWORD=2; _hfjobs_completion hfjobs --stat; echo ${COMPREPLY[@]}"
    assert bash(f"{script}\n{defined}\n{typed}") == Result(0, "--status\n", "")
    code, stdout, said = bash("hf hfjobs --install-completion fish")
    assert (code, said.partition("define: ")[2]) == (0, "function hfjobs; hf hfjobs $argv; end\n")
    assert "completions/hfjobs.fish" in stdout


class TestSkill:
    """The page for agents, as a skill takes it."""

    def test_has_front_matter(self, hfjobs: Hfjobs) -> None:
        code, stdout, stderr = hfjobs("help", "agents", "--skill")
        assert (code, stderr) == (0, "")
        empty, front, page = stdout.split("---\n", 2)
        found = yaml.safe_load(front)
        assert (empty, list(found), found["name"]) == ("", ["name", "description"], "hfjobs")
        assert 50 < len(found["description"]) < 1024
        assert page == "\n" + hfjobs("help", "agents").stdout

    @pytest.mark.parametrize("words", [(), ("filters",), ("ps",)])
    def test_no_other_page_is_one(self, hfjobs: Hfjobs, words: tuple[str, ...]) -> None:
        said = "error: --skill applies only to the topic 'agents'\nhint: use 'hfjobs help agents --skill'\n"
        assert hfjobs("help", *words, "--skill") == Result(2, "", said)
