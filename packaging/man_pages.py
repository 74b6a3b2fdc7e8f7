#!/usr/bin/env python3
"""Man pages out of what is written once elsewhere: teal(1) and teal-serve(8) of the command line's model (`teal
command-model`), teal.yaml(5) of config/teal.yaml, whose comments are its text. What neither says is in
packaging/man, one file of troff for each page, and stands behind it.

usage: man_pages.py TEAL FOLDER"""

import datetime
import json
import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGES = ("teal.1", "teal-serve.8", "teal.yaml.5")


def plain(text):
    """Prose, which troff shall not take for its own."""
    text = text.replace("\\", "\\e").replace("`", "\\(ga")
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.M)


def literal(text):
    """What is typed, so that it can be copied."""
    return plain(text).replace("-", "\\-").replace("'", "\\(aq").replace("~", "\\(ti").replace("^", "\\(ha")


def title(name, section, model):
    moment = int(os.environ.get("SOURCE_DATE_EPOCH") or datetime.datetime.now().timestamp())
    day = datetime.datetime.fromtimestamp(moment, datetime.timezone.utc).date()
    return [f'.TH {name.upper()} {section} "{day}" "{" ".join(model["version"].split()[:2])}" "Teal"', ".nh", ".ad l"]


# ---- the command line --------------------------------------------------------------------------


def value_of(option):
    """What an option takes, as it is written in a synopsis."""
    return "|".join(option["choices"]) or option["value"]


def spelled(option):
    """"--wait", "--target TEXT..." or "SERVICE", in troff."""
    if option["argument"]:
        text = f"\\fI{literal(option['argument'])}\\fR"
    else:
        text = ", ".join(f"\\fB{literal(name)}\\fR" for name in option["names"])
        if option["value"]:
            text += f" \\fI{literal(value_of(option))}\\fR"
    return text + ("..." if option["repeats"] else "")


def in_synopsis(command, path):
    parts = [f"\\fB{literal(path)}\\fR"]
    arguments = [option for option in command["options"] if option["argument"]]
    needed = [option for option in command["options"] if option["names"] and option["required"]]
    parts += [spelled(option) if option["required"] else f"[{spelled(option)}]" for option in arguments]
    parts += [spelled(option) for option in needed]
    if any(not option["argument"] and not option["required"] for option in own(command)):
        parts.append("[\\fIOPTION\\fR...]")
    return " ".join(parts)


def own(command):
    """Without --help, which all have."""
    return [option for option in command["options"] if "--help" not in option["names"]]


def option_lines(options):
    for option in options:
        yield ".TP"
        yield spelled(option)
        text = option["help"] or "\\&"
        if option["choices"] and option["argument"]:
            text += ("" if text.endswith(".") else ".") + f" One of: {', '.join(option['choices'])}."
        if option["default"]:
            text += ("" if text.endswith(".") else ".") + f" Default {option['default']}."
        yield plain(text)


def command_lines(command, path):
    """A section for a command, or one for each of those within it."""
    path = f"{path} {command['name']}"
    if command["commands"]:
        for each in command["commands"]:
            yield from command_lines(each, path)
        return
    yield f'.SS "{literal(path)}"'
    yield in_synopsis(command, path)
    yield ".PP"
    yield plain(command["help"])
    yield from option_lines(own(command))


def leaves(command, path):
    path = f"{path} {command['name']}".strip()
    if not command["commands"]:
        return [(path, command)]
    return [leaf for each in command["commands"] for leaf in leaves(each, path)]


def rest(page):
    return (ROOT / "packaging/man" / f"{page}.roff").read_text("utf-8").rstrip().split("\n")


def teal_1(model):
    lines = title("teal", 1, model)
    lines += [".SH NAME", "teal \\- " + plain(model["help"].removeprefix("Teal: ").rstrip(".")), ".SH SYNOPSIS"]
    lines += ["\\fBteal\\fR [\\fIOPTION\\fR...] \\fICOMMAND\\fR ...", ".SH OPTIONS",
              "They may also stand behind most commands.", *option_lines(model["options"]), ".SH COMMANDS"]
    for command in model["commands"]:
        lines += command_lines(command, "teal")
    lines += [".SH EXIT STATUS", plain(model["footer"].removeprefix("Exit codes: "))]
    return lines + rest("teal.1")


def teal_serve_8(model):
    serve = next(command for command in model["commands"] if command["name"] == "serve")
    lines = title("teal-serve", 8, model)
    lines += [".SH NAME", "teal-serve \\- " + plain(serve["help"][0].lower() + serve["help"][1:].rstrip(".")),
              ".SH SYNOPSIS", in_synopsis(serve, "teal serve"), ".SH OPTIONS", *option_lines(own(serve))]
    return lines + rest("teal-serve.8")


# ---- the configuration -------------------------------------------------------------------------

ENTRY = re.compile(r'^(?P<indent> *)(?P<item>- )?(?P<key>"[^"]+"|[\w*.-]+):(?: +(?P<value>.*))?$')
TRAILING = re.compile(r'^(?P<code>(?:[^#"\']|"[^"]*"|\'[^\']*\')*?)(?:\s+# (?P<comment>.*))?$')


def config_entries(text):
    """(depth in columns, key, value, comment) of each key, and (depth, None, None, comment) of what is about none;
    values that go on over lines are one."""
    comment = []
    for line in text.split("\n"):
        bare = line.strip()
        if bare.startswith("#"):
            comment.append(bare[2:])
            continue
        if not bare:
            if comment:
                yield 0, None, None, comment
            comment = []
            continue
        found = TRAILING.match(line)
        code, trailing = found.group("code").rstrip(), found.group("comment")
        if trailing:
            comment = comment + [trailing]
        entry = ENTRY.match(code)
        if entry:
            depth = len(entry["indent"]) + len(entry["item"] or "")
            yield depth, entry["key"].strip('"'), (entry["value"] or "").strip(), comment
        else:  # An item of a list that is no mapping, or one in braces.
            yield len(code) - len(code.lstrip()), None, code.strip(), comment
        comment = []


def paragraphs(comment):
    """Prose, with what is indented in it as it stands."""
    is_example = False
    for line in comment:
        if line.startswith("  ") != is_example:
            is_example = not is_example
            yield ".PP" if not is_example else ".PP\n.nf"
            if not is_example:
                yield ".fi"
        yield (literal if is_example else plain)(line)
    if is_example:
        yield ".fi"


def nested(depths, depth):
    """What brings the margin from the entries before to this one's."""
    while depths and depths[-1] >= depth:
        depths.pop()
        yield ".RE"
    depths.append(depth)


def teal_yaml_5(model, text):
    lines = title("teal.yaml", 5, model)
    lines += [".SH NAME", "teal.yaml \\- the configuration of teal", ".SH DESCRIPTION"]
    depths = []
    for depth, key, value, comment in config_entries(text):
        if key is None and value is None:  # About the whole file.
            lines += [".PP", *paragraphs(comment)]
            continue
        if depth == 0:
            lines += [".RE"] * len(depths) + [f'.SH "{literal(key)}"']
            depths = []
            if value:
                lines.append(f"\\fB{literal(key)}:\\fR {literal(value)}")
            lines += [".PP", *paragraphs(comment)]
            continue
        lines += nested(depths, depth)
        shown = f"\\fB{literal(key)}:\\fR {literal(value)}" if key else literal(value)
        lines += [".PP", shown.rstrip(), ".RS 4", *paragraphs(comment)]
    return lines + [".RE"] * len(depths) + rest("teal.yaml.5")


def main():
    teal, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    model = json.loads(subprocess.run([teal, "command-model"], check=True, capture_output=True, text=True).stdout)
    made = {"teal.1": teal_1(model), "teal-serve.8": teal_serve_8(model),
            "teal.yaml.5": teal_yaml_5(model, (ROOT / "config/teal.yaml").read_text("utf-8"))}
    folder.mkdir(parents=True, exist_ok=True)
    for name in PAGES:
        (folder / name).write_text("\n".join(made[name]) + "\n", "utf-8")


if __name__ == "__main__":
    main()
