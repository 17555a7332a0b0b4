"""Dockerfiles are read as BuildKit reads them, and every error names its line."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boxer.dockerfile import Add, Cmd, Copy, Env, From, HealthCheck, Ignore, Run, parse
from boxer.errors import BoxerError, DockerfileSyntaxError

HEAD = "FROM python:3.13\n"

WRONG = [
    ("RUN x\n", 1, "begins with FROM"),
    ("FORM python\n", 1, "is not an instruction"),
    (HEAD + "COPI a b\n", 2, "is not an instruction"),
    (HEAD + "COPY a\n", 2, "at least one source"),
    (HEAD + "COPY a b c\n", 2, "must end in `/`"),
    (HEAD + "COPY a <<EOF\nx\nEOF\n", 2, "cannot be a here-document"),
    (HEAD + "ADD --checksum=sha256:0 a b\n", 2, "`--checksum` is for what is fetched"),
    (HEAD + "ADD --checksum=sha256:0 https://a/b https://a/c d/\n", 2, "for one source"),
    (HEAD + "COPY --chwon=1 a b\n", 2, "did you mean `--chown`"),
    (HEAD + "\n\nCOPY --from=a --from=b x y\n", 4, "is given twice"),
    (HEAD + "FROM a b\n", 2, "FROM IMAGE [AS NAME]"),
    (HEAD + "FROM a AS 1x\n", 2, "cannot be the name of a stage"),
    (HEAD + "SHELL bash\n", 2, "JSON form"),
    (HEAD + "HEALTHCHECK curl\n", 2, "HEALTHCHECK"),
    (HEAD + "ENV a\n", 2, "ENV"),
    (HEAD + "RUN <<EOF\nx\n", 2, "eredoc"),
    (HEAD + "ONBUILD FROM x\n", 2, "not allowed there"),
    ("ARG X=1\n", 1, "no instructions"),
    ("", 1, ""),
    (HEAD + "RUN\n", 2, ""),
    (HEAD + "CMD []junk\nUSER\n", 3, ""),
]


@pytest.mark.parametrize(("text", "line", "message"), WRONG)
def test_error_names_its_line_and_what_is_wrong(text: str, line: int, message: str) -> None:
    with pytest.raises(DockerfileSyntaxError) as caught:
        parse(text, "Dockerfile")
    assert caught.value.where is not None
    assert caught.value.where.line == line
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("text", "hint"),
    [("RUN <<EOF\nx\n", "ends it, alone on a line"), ("ENV a\n", "`ENV NAME=VALUE`")],
)
def test_what_the_syntax_wants_is_said(text: str, hint: str) -> None:
    with pytest.raises(DockerfileSyntaxError) as caught:
        parse(HEAD + text)
    assert hint in str(caught.value.hint)


def test_unknown_instruction_gets_the_nearest_name() -> None:
    with pytest.raises(DockerfileSyntaxError) as caught:
        parse(HEAD + "COYP a b\n")
    assert caught.value.hint == "Did you mean `COPY`?"


def test_stage_name_is_lower_cased_and_platform_kept() -> None:
    entry = parse("FROM --platform=$BUILDPLATFORM Python:3.13 as Build\n").instructions[0]
    assert isinstance(entry, From)
    assert (entry.image, entry.stage_name, entry.platform) == (
        "Python:3.13",
        "build",
        "$BUILDPLATFORM",
    )


def test_json_that_is_not_a_list_of_strings_is_shell_form() -> None:
    entries = parse(HEAD + 'CMD ["a", b]\nCMD ["a", "b"]\n').instructions
    assert [e.command.argv for e in entries if isinstance(e, Cmd)] == [None, ("a", "b")]


def test_heredoc_alone_is_the_script_and_else_is_read_by_the_shell() -> None:
    entries = parse(HEAD + "RUN <<EOF\necho 1\nEOF\nRUN cat <<A > /f\nx\nA\n").instructions
    scripts = [e.command.script for e in entries if isinstance(e, Run)]
    assert scripts == ["echo 1\n", "cat <<A > /f\nx\nA\n"]


def test_copy_keeps_flags_and_documents() -> None:
    text = HEAD + "COPY --chown=1:2 --chmod=600 --link <<a.txt b /d/\n$x\na.txt\n"
    entry = parse(text).instructions[1]
    assert isinstance(entry, Copy)
    assert (entry.chown, entry.chmod, entry.link, entry.sources) == ("1:2", "600", True, ("b",))
    assert [(h.name, h.content, h.expand) for h in entry.heredocs] == [("a.txt", "$x\n", True)]


def test_add_has_flags_of_its_own() -> None:
    entry = parse(HEAD + "ADD --checksum=sha256:ab --unpack https://a/b /b\n").instructions[1]
    assert isinstance(entry, Add)
    assert (entry.checksum, entry.unpack) == ("sha256:ab", True)


def test_comments_inside_continuations_and_crlf_are_read_over() -> None:
    text = "FROM python\r\nRUN a && \\\r\n# comment\r\n  b\r\n"
    entry = parse(text).instructions[1]
    assert isinstance(entry, Run)
    assert entry.command.script is not None
    assert entry.command.script.split() == ["a", "&&", "b"]
    assert entry.where.last_line == 4


def test_escape_directive_changes_the_continuation() -> None:
    file = parse("# escape=`\nFROM python\nENV a=1 `\n b=c:\\d\n")
    env = file.instructions[1]
    assert isinstance(env, Env)
    assert [name for name, _ in env.pairs] == ["a", "b"]


def test_healthcheck_none_and_options() -> None:
    text = HEAD + "HEALTHCHECK --interval=5s CMD x\nHEALTHCHECK NONE\n"
    first, second = parse(text).instructions[1:]
    assert isinstance(first, HealthCheck)
    assert isinstance(second, HealthCheck)
    assert first.options == {"interval": "5s"}
    assert second.command is None


@settings(max_examples=300)
@given(st.text(alphabet=st.sampled_from("FROM RUNCOPYENV=<<EOF\n\\\"'[]{}$#-:/ab1 \t`")))
def test_any_text_is_a_dockerfile_or_a_boxer_error(text: str) -> None:
    for candidate in (text, HEAD + text):
        with contextlib.suppress(BoxerError):
            parse(candidate)


def test_ignore_excludes_what_is_below_and_brings_back() -> None:
    ignore = Ignore.from_text("# no\nnode_modules\n*.log\n!keep.log\nbuild\n!build/out\n")
    assert ignore.excludes("node_modules/a/b.js", False)
    assert ignore.excludes("x.log", False)
    assert not ignore.excludes("keep.log", False)
    assert not ignore.excludes("build", True)
    assert ignore.excludes("build/x", False)
    assert not ignore.excludes("build/out", False)
    assert not ignore.excludes("main.py", False)


@pytest.mark.parametrize("ending", ["\\ # a comment", "\\# x", "\\\t#"])
def test_a_line_that_seems_to_go_on_is_told_where_the_next_is_no_instruction(ending: str) -> None:
    with pytest.raises(DockerfileSyntaxError) as caught:
        parse(f"{HEAD}RUN apt-get install gcc {ending}\n  git\n")
    assert "Line 2 does not go on" in (caught.value.hint or "")
    assert str(caught.value.where) == "Dockerfile:3"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("CMD ['python', 'app.py']", True),
        ('ENTRYPOINT [ "python" ]]', True),
        ("RUN ['ls']", True),
        ('CMD ["python", "app.py"]', False),
        ('RUN [ "$A" = b ] && echo', False),
        ("RUN [ -f x ] || exit 1", False),
        ("CMD []", False),
    ],
)
def test_what_is_nearly_json_is_told(line: str, told: bool) -> None:
    warnings = [entry.message for entry in parse(f"{HEAD}{line}\n").warnings]
    assert any("no JSON array" in message for message in warnings) == told
