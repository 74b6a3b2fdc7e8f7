#!/usr/bin/env python3
"""The project's own rules, those that no compiler knows. `./dev lint` runs it over the tree,
lint_test.py over snippets that must be caught. Prints file:line: rule: what is wrong.

It reads C++ by its tokens, not by its grammar: exact for code that clang-format has laid out, and
that is checked first. Where it cannot be sure it stays silent; clang-tidy has its own say."""

import collections
import dataclasses
import pathlib
import re
import sys

# ---- the shape of the project ------------------------------------------------------------------

# R1. What a room may include besides itself. proxy and control never meet but in app.
MAY_INCLUDE = {
    "base": set(),
    "config": {"base"},
    "net": {"base", "config"},
    "health": {"base", "config", "net"},
    "proxy": {"base", "config", "net"},
    "control": {"base", "config", "net", "health"},
    "app": {"base", "config", "net", "health", "proxy", "control"},
}
ROOMS = set(MAY_INCLUDE)

# R1, within a room: what a folder may include of its room besides itself. A room that is not here is
# flat. Each table has no way round (lint_test.py).
WITHIN = {
    "net": {
        "http": set(),
        "http1": {"http"},
        "http2": {"http", "http1"},
        "dns": set(),
        "io": set(),
        "password": {"tls"},
        "tls": {"io"},
        "stream": {"io", "tls"},
    },
    "health": {
        "statistics": set(),
        "judge": {"statistics"},
        "probe": set(),
        "": set(),
    },
    "proxy": {
        "headers": set(),
        "policy": {"headers"},
        "routing": {"headers", "policy"},
        "telemetry": {"headers", "policy", "routing"},
        "loop": {"headers", "policy", "routing", "telemetry"},
        "request": {"headers", "policy", "routing", "telemetry", "loop"},
        "group": {"headers", "policy", "routing", "telemetry", "loop", "request"},
        "exchange": {"headers", "policy", "routing", "telemetry", "loop", "request", "group"},
        "access": {"headers", "policy", "routing", "telemetry", "loop", "request", "group", "exchange"},
        "upstream": {"headers", "policy", "routing", "telemetry", "loop", "request", "group", "exchange"},
        "downstream": {"headers", "policy", "routing", "telemetry", "loop", "request", "group", "exchange"},
        "worker": {"headers", "policy", "routing", "telemetry", "loop", "request", "group", "exchange", "upstream", "downstream"},
    },
    "control": {
        "engine": set(),
        "follow": set(),
        "json": set(),
        "discovery": set(),
        "sources": {"discovery"},
        "sqlite": {"engine"},
        "store": {"engine", "json", "discovery", "sqlite"},
        "reports": {"engine"},
        "evidence": {"engine", "store", "reports"},
        "registry": {"engine", "store", "discovery"},
        "deploy": {"engine", "store", "json", "reports", "evidence", "registry"},
        "traffic": {"engine", "evidence", "registry", "deploy"},
        "services": {"engine", "store", "reports", "evidence", "registry", "deploy", "traffic", "discovery"},
        "controller": {"engine", "store", "json", "reports", "evidence", "registry", "deploy", "traffic", "services",
                       "discovery", "configuration"},
        "metrics": {"json", "reports"},
        "pages": {"json"},
        "configuration": {"store", "reports"},
        "report_json": {"engine", "reports", "evidence"},
        "api": {"engine", "json", "store", "reports", "evidence", "deploy", "metrics", "pages", "configuration",
                "report_json"},
        "admin": {"api"},
    },
    "app": {
        "system": set(),
        "files": {"system"},
        "reload": {"system", "files"},
        "serve": {"system", "files", "reload"},
        "view": set(),
        "client": {"view"},
        "demo": {"client", "view"},
        "manual": set(),
        "": {"system", "files", "reload", "serve", "client", "demo", "manual"},
    },
}

# R1: folders that decide. They meet no socket, thread, file or clock.
PURE = {"control/engine", "control/discovery", "control/follow", "health/judge", "health/statistics", "proxy/policy", "proxy/headers",
        "proxy/routing", "net/http", "net/http1", "net/dns", "app/manual"}
OF_THE_WORLD = re.compile(r"boost/asio|sys/|unistd\.h|fcntl\.h|poll\.h|thread$|semaphore$|condition_variable$|"
                          r"filesystem$|fstream$|random$")

# R4. Third-party headers and the rooms, or folders of one, that may know them; others (std, POSIX) are everybody's.
THIRD_PARTY = [
    (r"yaml-cpp/", {"config"}),
    (r"nghttp2/|openssl/|boost/asio/ssl", {"net"}),
    (r"argon2\.h|crypt\.h", {"net/password"}),
    (r"sqlite3\.h|prometheus/", {"control"}),
    (r"ares", {"control/sources"}),
    (r"zlib\.h|brotli/", {"proxy"}),
    (r"spdlog/|CLI/", {"app"}),
    (r"fmt/", {"control", "app"}),
    (r"boost/asio", {"net", "health", "proxy/worker", "control", "app"}),  # To post to control.
    (r"boost/beast", {"health", "control", "app"}),  # Far too slow for the data path.
    (r"boost/(json|url)", {"control", "app"}),
    (r"gtest/|gmock/", {"tests"}),
    (r"benchmark/", {"bench"}),
]

FUNCTION_LINES, COLUMNS = 70, 100

# R11. How large a thing may grow before it is several. A file of tests is a list of cases, and may be longer.
FILE_LINES, TEST_FILE_LINES, CLASS_FUNCTIONS, CLASS_MEMBERS, FOLDER_FILES = 400, 500, 45, 30, 24

# R11. What is larger all the same: (path, what) to how large it may be, and why. `what` is "lines", "files", or a
# class and "functions" or "members". lint.py objects to an exception that has outlived its need.
LARGER = {
    ("base", "files"): (60, "flat: the vocabulary of all rooms, one idea a file, and each is looked for by its name"),
    ("config", "files"): (60, "flat: one parse_*.cc for each section of the one document"),
    ("control/services", "files"): (26, "each is a rule or a report of its own that the controller asks for a service"),
    ("control/engine/transition.h", "Transition functions"): (
        60, "one overload of on(state, event) for each pair: a table that the compiler checks for gaps"),
    ("control/engine/moves.h", "Moves functions"): (
        55, "the words in which that table speaks; applied(), resume() and healthy_enough() are tables themselves"),
    ("control/api/api.h", "AdminApi functions"): (
        46, "one handler for each line of the API's table, and what several of them share"),
    ("net/http2/session.h", "Http2Session functions"): (
        55, "29 are its face to one connection; two classes, a client's and a server's, would share nearly all of it"),
    ("proxy/exchange/exchange.h", "Exchange functions"): (
        58, "28 events of a client, a target and the loop, and the steps of the diagram that answer them; what decides "
        "and what is counted are its parts, and an event less would be a second face to the same request"),
    ("proxy/loop/worker_loop.h", "WorkerLoop functions"): (
        47, "one accessor for each thing that connections and requests need of their thread, and the turns of its owner"),
    ("proxy/loop/worker_loop.h", "WorkerLoop members"): (
        32, "those things, of which none belongs to another"),
    ("proxy/telemetry/access_log.h", "AccessRecord members"): (
        32, "a value with one member for each thing that a line of the log may say"),
}


@dataclasses.dataclass(frozen=True, order=True)
class Finding:
    path: str
    line: int
    rule: str
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.text}"


# ---- reading -----------------------------------------------------------------------------------

COMMENT_OR_LITERAL = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'",
    re.S,
)


def blank(text, keep_literals=False):
    """The text with comments (and the insides of literals) turned into spaces, lines kept."""

    def spaces(match):
        found = match.group(0)
        is_comment = found.startswith(("//", "/*"))
        if not is_comment and keep_literals:
            return found
        inside = re.sub(r"[^\n]", " ", found)
        return inside if is_comment else '"' + inside[1:-1] + '"'

    return COMMENT_OR_LITERAL.sub(spaces, text)


class Source:
    """One file: as written, without comments and literals, and by place in the tree."""

    def __init__(self, path, text):
        self.path = path
        self.room = path.split("/")[0]
        self.text = text
        self.lines = text.split("\n")
        self.code = blank(text)
        self.is_header = path.endswith(".h")

    def find(self, rule, pattern, message, text=None):
        code = self.code if text is None else text
        for match in re.finditer(pattern, code, re.M):
            yield self.finding(rule, match.start(), message.format(*match.groups()))

    def finding(self, rule, offset, message):
        return Finding(self.path, self.text.count("\n", 0, offset) + 1, rule, message)

    def includes(self):
        """(offset, included path) of each #include."""
        for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]',
                                 blank(self.text, keep_literals=True), re.M):
            yield match.start(), match.group(1)

    def is_ours(self):
        return self.room in ROOMS

    @property
    def folder(self):
        return folder_of(self.path)


@dataclasses.dataclass
class Block:
    """A pair of braces: what stands before the opening one and what kind of scope that makes."""

    kind: str  # namespace, type, function, or other (initialisers, enums)
    begin: int
    head: str


def scopes(code):
    """Yields (block, end offset, enclosing kinds) for each closed block, and ("statement", ...) for
    each statement that ends in a namespace: (None, offset, text)."""
    stack, start = [], 0
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group(0)),
                  code, flags=re.M)
    parens = 0
    for match in re.finditer(r"[{};()]", code):
        token, at = match.group(0), match.start()
        if token in "()":
            parens += 1 if token == "(" else -1
        elif token == "{":
            head = code[start:at].strip()
            stack.append((Block(kind_of(head, parens, stack), at, head), start, parens))
            start, parens = at + 1, 0
        elif token == "}" and stack:
            block, before, parens = stack.pop()
            yield block, at, [b.kind for b, _, _ in stack]
            # An initialiser's statement goes on to its semicolon.
            start = before if block.kind == "other" else at + 1
        elif token == ";" and parens == 0:
            if all(b.kind == "namespace" for b, _, _ in stack):
                yield None, start + len(code[start:at]) - len(code[start:at].lstrip()), \
                    code[start:at].strip()
            start = at + 1


def kind_of(head, parens, stack):
    inside_function = any(b.kind == "function" for b, _, _ in stack)
    if re.search(r"(^|\s)namespace(\s+[\w:]+)?$|^extern\s+\"\s*\"$", head):
        return "namespace"
    bare = re.sub(r"^(template\s*<.*?>\s*(requires\b.*?)?)+(?=class|struct|union)", "", head,
                  flags=re.S)
    if re.match(r"(class|struct|union)\b[^()=]*$", bare) and parens == 0:
        return "type"
    if not inside_function and parens == 0 and not re.search(r"=\s*$|^enum\b", head):
        # f(...) const noexcept -> T, or a constructor's last initialiser `: a_(1), b_{2}`.
        if re.search(r"\)\s*(const|noexcept|override|final|mutable|&&?|requires\b.*|->\s*[^;]*|\s)*$",
                     head, re.S) and "(" in head:
            return "function"
    return "other"


# ---- the rules ---------------------------------------------------------------------------------


def folder_of(path):
    """The folder within its room; empty: the room itself."""
    return "/".join(path.split("/")[1:-1])


def may_include_within(room, folder, included):
    if room not in WITHIN or folder == included:
        return True
    if folder not in WITHIN[room] or included not in WITHIN[room]:
        return False
    return included in WITHIN[room][folder]


def r1_include_graph(source):
    """An upper room includes lower ones only, and so does a folder within its room; nobody includes tests or
    the bench."""
    for offset, included in source.includes():
        room = included.split("/")[0]
        if source.is_ours() and (room in ROOMS or room in ("tests", "bench")):
            if room != source.room and room not in MAY_INCLUDE[source.room]:
                yield source.finding("R1", offset, f"{source.room}/ may not include {included}")
            elif room == source.room and not may_include_within(room, source.folder, folder_of(included)):
                yield source.finding("R1", offset, f"{room}/{source.folder} may not include {included}")
        if f"{source.room}/{source.folder}" in PURE and OF_THE_WORLD.match(included):
            yield source.finding("R1", offset, f"{source.room}/{source.folder} decides, and meets no {included}")
        if "../" in included:
            yield source.finding("R1", offset, "include from the root of the project, without ../")


def r2_clock(source):
    """Time comes as an argument or through teal::Clock."""
    if source.is_ours() and source.room != "app" and source.path != "base/clock.cc":
        yield from source.find(
            "R2", r"(\w*clock)::now\s*\(|\b(clock_gettime|gettimeofday)\s*\(|\bstd::time\s*\(",
            "no clock is read below app/: take the time as an argument or a teal::Clock")


def r3_randomness_and_environment(source):
    if source.is_ours() and source.room != "app":
        yield from source.find(
            "R3", r"\b(?:std::)?(rand|srand|random_device|getrandom|arc4random)\b(?=\s*[({;\w])",
            "{} below app/: draw from a teal::Rng that was given its seed")
        yield from source.find("R3", r"\b(getenv|secure_getenv|setenv)\s*\(",
                               "{} below app/: take the value as an argument")


def r4_third_party(source):
    for offset, included in source.includes():
        for pattern, rooms in THIRD_PARTY:
            if re.match(pattern, included):
                strict = source.is_ours() or rooms & ROOMS == set()
                if strict and not {source.room, f"{source.room}/{source.folder}"} & rooms:
                    yield source.finding(
                        "R4", offset, f"<{included}> belongs to {', '.join(sorted(rooms))} only")
                break


def r5_layout(source):
    for number, line in enumerate(source.lines, 1):
        if len(line) > COLUMNS:
            yield Finding(source.path, number, "R5", f"{len(line)} columns; at most {COLUMNS}")
    for block, end, _ in scopes(source.code):
        if block and block.kind == "function":
            length = source.code.count("\n", block.begin, end) + 1
            if length > FUNCTION_LINES:
                yield source.finding("R5", block.begin,
                                     f"{length} lines in a function; at most {FUNCTION_LINES}")


def r6_macros(source):
    for finding in source.find("R6", r"^[ \t]*#[ \t]*define[ \t]+(?!TEAL_ASSERT\b)(\w+)",
                               "macro {}: write a constant, a function or a template"):
        yield finding


def await_expression(code, start):
    """From behind co_await to where its full expression ends."""
    depth = 0
    for at in range(start, len(code)):
        if code[at] in "([{":
            depth += 1
        elif code[at] in ")]}":
            depth -= 1
        if depth < 0 or (depth == 0 and code[at] == ";"):
            return code[start:at]
    return code[start:]


def r7_coroutines(source):
    """GCC 12 destroys such temporaries twice (docs/adr/0003-callbacks-and-coroutines.md)."""
    for match in re.finditer(r"\bco_await\b", source.code):
        expression = await_expression(source.code, match.end())
        if re.search(r"(?:^|[(,=&|?:{]|\breturn)\s*\[[^\[\]]*\]\s*[({]", expression):
            yield source.finding("R7", match.start(), "a lambda within co_await: name it first")
        elif re.search(r"[\w>]\s*\{", expression):
            yield source.finding("R7", match.start(),
                                 "a braced temporary within co_await: name it first")
        elif re.search(r"\bco_spawn\s*\(", expression):
            yield source.finding("R7", match.start(), "co_spawn within co_await")
    yield from source.find(
        "R7", r"\[[^\[\]]+\]\s*\([^()]*\)\s*(?:mutable\s*)?->\s*[\w:]*awaitable\b",
        "a capturing lambda as coroutine: its captures die before it does; write a function")


def r8_global_state(source):
    """One object tree, made in main: no mutable namespace-scope, static or thread_local state."""
    message = "mutable global state: make it a member of what owns it"
    not_a_variable = (
        r"(using|typedef|template|class|struct|union|enum|friend|static_assert|extern|namespace"
        r"|concept|return|export|asm|TEST\w*|BENCHMARK\w*|INSTANTIATE_\w+)\b")
    for block, at, statement in scopes(source.code):
        if block or not statement or re.match(not_a_variable, statement):
            continue
        declaration = re.split(r"=|\{", statement, maxsplit=1)[0]
        is_function = re.search(r"\w\s*\(|\boperator\b", declaration)
        if not is_function and not re.search(r"\b(const|constexpr|constinit)\b", declaration):
            yield source.finding("R8", at, message)
    if source.is_ours():
        yield from source.find(
            "R8", r"^[ \t]+(?:static|thread_local)\s+(?!const\b|constexpr\b|inline\s+const)[\w:<>, *&]+"
            r"\s[\w]+\s*(?:=|;|\{)", message)


def r9_headers_and_words(source):
    if source.is_header:
        if not source.text.startswith("//"):
            yield Finding(source.path, 1, "R9",
                          "a header begins with a comment: what it is, who owns it, what it is not")
        if not re.search(r"^#pragma once$", source.text, re.M):
            yield Finding(source.path, 1, "R9", "#pragma once is missing")
    for number, line in enumerate(source.lines, 1):
        if re.search(r"\b(TODO|FIXME|XXX)\b(?!\(#\d+\))", line):
            yield Finding(source.path, number, "R9", "TODO without an issue: TODO(#12)")
    banned = r"(Manager|Helper|Util)s?"
    if re.search(rf"(^|_)({banned})(_|\.|$)", pathlib.PurePath(source.path).name, re.I):
        yield Finding(source.path, 1, "R9", "a file is named for what it does, not util or helper")
    yield from source.find("R9", rf"\b(?:class|struct|union|enum|using)\s+(?:class\s+)?(\w*{banned})\b",
                           "{}: name the type for what it does")


def r10_pure_unit_tests(source):
    """What has threads is a component test: ThreadSanitizer looks at those only."""
    if source.path.startswith("tests/unit/"):
        yield from source.find("R10", r"\bstd::(jthread|thread|async|this_thread)\b",
                               "std::{} in tests/unit: a test with threads belongs in tests/component")


# R12. What a publication shares among threads: whoever makes one has it by auto, whoever has one has it const.
SHARED = ("ServiceSnapshot", "TargetStates", "ServiceView", "TargetSet", "ListenerRoutes", "RouteIndex", "RouteUpdate",
          "WorkerService", "TargetRuntimes")


def r12_shared_is_const(source):
    """What is shared is never written again, and the compiler sees to it."""
    names = "|".join(SHARED)
    yield from source.find("R12", rf"\b(?:local_)?shared_ptr<(?:\w+::)*({names})>",
                           "a shared {} is const")
    yield from source.find("R12", rf"\bconst_cast<(?:\w+::)*({names})\b", "a shared {} is never written")


TYPE_HEAD = re.compile(r"(class|struct|union|enum)\b[^()]*$")
GOES_ON = re.compile(r"\s*[;,{)?:.=<>+*/%&|-]")  # What follows the braces of an initialiser, but not a function's body.


def statements(body):
    """The declarations in the body of a class, with {} for whatever stands in braces there."""
    depth, statement = 0, ""
    for at, char in enumerate(body):
        if char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
        elif depth == 0 and char != ";":
            statement += char
        if depth == 0 and char == "}":
            statement += "{}"
        if depth == 0 and (char == ";" or char == "}" and not is_type_body(statement) and
                           not GOES_ON.match(body, at + 1)):
            yield re.sub(r"^((public|protected|private)\s*:\s*)+", "", statement.strip())
            statement = ""


def is_type_body(statement):
    label = re.compile(r"^(\s|public:|protected:|private:)*(template\s*<.*?>\s*)*")
    return TYPE_HEAD.match(label.sub("", statement.removesuffix("{}"), count=1)) is not None


def without_template_arguments(text):
    """Those may look like a function's: std::function<void(int, int)> done."""
    text, before = text.replace("->", ""), None
    while before != text:
        before, text = text, re.sub(r"(?<=\w)\s*<[^<>;]*>", "", text)
    return text


def declared(body):
    """How many functions and how many data members the body of a class declares. Constants of the class and
    functions that are defaulted or deleted are neither; what its inner types declare is theirs."""
    functions = members = 0
    for statement in statements(re.sub(r"^[ \t]*#[^\n]*", "", body, flags=re.M)):
        plain = without_template_arguments(re.sub(r"\[\[.*?\]\]|\balignas\([^)]*\)", "", statement)).strip()
        plain = re.sub(r"^template\s*", "", plain)
        is_inner = re.match(r"(class|struct|union|enum)\b[^()]*?\{\}\s*\w+$", plain)  # struct {...} place;
        if not plain or re.search(r"=\s*(default|delete)$", plain):
            continue
        if re.match(r"(using|typedef|friend|static_assert|enum|class|struct|union)\b", plain) and not is_inner:
            continue
        declaration = re.split(r"(?<![=!<>])=(?!=)", plain, maxsplit=1)[0]
        if re.search(r"\boperator\b", plain) or "(" in declaration:
            functions += 1
        elif not re.search(r"\b(constexpr|static)\b", declaration):
            members += 1 + re.sub(r"\([^()]*\)", "", plain).count(",")
    return functions, members


def sizes(source):
    """(line, what, how large, limit) of all that R11 measures in a file."""
    count = len(source.text.splitlines())
    yield count, "lines", count, FILE_LINES if source.is_ours() else TEST_FILE_LINES
    for block, end, _ in scopes(source.code) if source.is_ours() else ():
        if block and block.kind == "type":
            line = source.text.count("\n", 0, block.begin) + 1
            name = re.search(r"\b(?:class|struct|union)\s+([\w:]+)|$", block.head).group(1) or "a type without a name"
            functions, members = declared(source.code[block.begin + 1:end])
            yield line, f"{name} functions", functions, CLASS_FUNCTIONS
            yield line, f"{name} members", members, CLASS_MEMBERS


def too_large(path, line, what, size, limit):
    limit = LARGER.get((path, what), (limit, ""))[0]
    if size > limit:
        yield Finding(path, line, "R11", f"{size} {what}; at most {limit}")


def r11_size(source):
    for measured in sizes(source):
        yield from too_large(source.path, *measured)


def folder_files(paths):
    """{folder: files in it}, of the rooms."""
    return collections.Counter(path.rpartition("/")[0] for path in paths if path.split("/")[0] in ROOMS)


def check_folders(paths):
    for folder, count in sorted(folder_files(paths).items()):
        yield from too_large(folder, 1, "files", count, FOLDER_FILES)


def check_exceptions(sources, paths):
    """Exceptions of R11 whose subject is gone, or small enough by now."""
    needed = {(folder, "files") for folder, count in folder_files(paths).items() if count > FOLDER_FILES}
    needed |= {(source.path, what) for source in sources for _, what, size, limit in sizes(source) if size > limit}
    for path, what in sorted(set(LARGER) - needed):
        yield Finding(path, 1, "R11", f"{what}: no exception is needed, take it out of LARGER in tests/lint/lint.py")


RULES = [r1_include_graph, r2_clock, r3_randomness_and_environment, r4_third_party, r5_layout,
         r6_macros, r7_coroutines, r8_global_state, r9_headers_and_words,
         r10_pure_unit_tests, r11_size, r12_shared_is_const]


def check(path, text):
    return check_source(Source(path, text))


def check_source(source):
    return sorted(finding for rule in RULES for finding in rule(source))


def main():
    root = pathlib.Path(__file__).resolve().parents[2]
    files = sorted(path for room in [*MAY_INCLUDE, "tests", "bench"]
                   for path in (root / room).rglob("*") if path.suffix in (".h", ".cc"))
    findings = [Finding(f"{room}/{folder.name}", 1, "R1", "a folder that tests/lint/lint.py (WITHIN) does not know")
                for room in WITHIN for folder in sorted((root / room).iterdir())
                if folder.is_dir() and folder.name not in WITHIN[room]]
    sources = [Source(str(path.relative_to(root)), path.read_text("utf-8")) for path in files]
    paths = [str(path.relative_to(root)) for room in ROOMS for path in (root / room).rglob("*") if path.is_file()]
    findings += [finding for source in sources for finding in check_source(source)]
    findings += [*check_folders(paths), *check_exceptions(sources, paths)]
    print(*findings, sep="\n", end="\n" if findings else "")
    print(f"lint: {len(files)} files, {len(findings)} findings", file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
