#!/usr/bin/env python3
"""The binary that ships is hardened, and the one that is installed has its symbols apart. Read from the
ELF files themselves.

usage: binary_test.py TEAL BUILD_FOLDER CMAKE COMPILER"""

import pathlib
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

PT_DYNAMIC, PT_INTERP, PT_GNU_STACK, PT_GNU_RELRO = 2, 3, 0x6474E551, 0x6474E552
DT_FLAGS, DT_FLAGS_1 = 30, 0x6FFFFFFB
DF_BIND_NOW, DF_1_NOW, DF_1_PIE = 0x8, 0x1, 0x08000000
ET_DYN, PF_X = 3, 1
ENDBR64 = b"\xf3\x0f\x1e\xfa"
SWITCHES = ("-fstack-protector-strong", "-fcf-protection=full", "-fstack-clash-protection")


class Elf:
    """What of a 64-bit little-endian ELF file is looked at."""

    def __init__(self, path):
        self.bytes = pathlib.Path(path).read_bytes()
        if self.bytes[:6] != b"\x7fELF\x02\x01":
            raise ValueError(f"{path} is no 64-bit little-endian ELF file")
        self.type, = struct.unpack_from("<H", self.bytes, 16)
        segments, sections = struct.unpack_from("<QQ", self.bytes, 32)
        size, count, section_size, section_count, names = struct.unpack_from("<5H", self.bytes, 54)
        # Type -> (flags, offset, size in the file).
        self.segments = {}
        for at in range(segments, segments + size * count, size):
            kind, flags, offset, _, _, length = struct.unpack_from("<2L4Q", self.bytes, at)
            self.segments[kind] = (flags, offset, length)
        heads = [struct.unpack_from("<2L4Q", self.bytes, sections + i * section_size)
                 for i in range(section_count)]
        strings = heads[names][4]
        # Name -> its bytes; those of sections without any (.bss, and all code of a .debug file) are none.
        self.sections = {}
        for name, kind, _, _, offset, length in heads:
            self.sections[self.string(strings + name)] = \
                b"" if kind == 8 else self.bytes[offset:offset + length]

    def string(self, at):
        return self.bytes[at:self.bytes.index(b"\0", at)].decode()

    def flags(self, wanted):
        """The flags of this kind in the dynamic section."""
        _, offset, size = self.segments.get(PT_DYNAMIC, (0, 0, 0))
        return sum(value for tag, value in struct.iter_unpack("<QQ", self.bytes[offset:offset + size])
                   if tag == wanted)

    def imports(self):
        return {name.decode() for name in self.sections.get(".dynstr", b"").split(b"\0")}


def weaknesses(path):
    """What of the hardening the binary does not have."""
    elf = Elf(path)
    code = elf.sections.get(".text", b"")
    stack = elf.segments.get(PT_GNU_STACK, (PF_X, 0, 0))[0]
    checked = {name for name in elf.imports() if name.startswith("__") and name.endswith("_chk")}
    return [name for name, holds in {
        "position-independent": elf.type == ET_DYN and PT_INTERP in elf.segments
                                and elf.flags(DT_FLAGS_1) & DF_1_PIE,
        "bound at the start": elf.flags(DT_FLAGS) & DF_BIND_NOW and elf.flags(DT_FLAGS_1) & DF_1_NOW,
        "read-only after relocation": PT_GNU_RELRO in elf.segments,
        "no execution of the stack": not stack & PF_X,
        "stack protector": "__stack_chk_fail" in elf.imports(),
        "fortified calls": len(checked) > 0,
        "marked targets of jumps": code.count(ENDBR64) > 2,
    }.items() if not holds]


def made_by(path):
    """The compilers and their switches, as GCC writes them into the debug information; Clang does not."""
    return [text.decode() for text in Elf(path).sections.get(".debug_str", b"").split(b"\0")
            if text.startswith(b"GNU C++")]


def compiled_without(path):
    """Of those, the ones that lack a switch of the hardening. Not all of it shows in the code: no function
    may have a frame of more than a page, and then none probes its stack."""
    return [text for text in made_by(path) if not all(switch in text.split() for switch in SWITCHES)]


class TheBinary(unittest.TestCase):
    def test_is_hardened(self):
        self.assertEqual(weaknesses(TEAL), [])

    def test_has_no_file_that_was_compiled_without(self):
        if "clang" not in COMPILER:
            self.assertNotEqual(made_by(TEAL), [])
        self.assertEqual(compiled_without(TEAL), [])

    def test_marks_as_good_as_every_function(self):
        # A room that was compiled without would pass a test for any: a megabyte of code has thousands.
        code = Elf(TEAL).sections[".text"]
        self.assertGreater(code.count(ENDBR64), len(code) // 1000)


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        subprocess.run([CMAKE, "--install", BUILD, "--prefix", cls.folder.name], check=True,
                       stdout=subprocess.DEVNULL)
        cls.teal = pathlib.Path(cls.folder.name) / "bin/teal"
        cls.symbols = pathlib.Path(cls.folder.name) / "bin/.debug/teal.debug"

    def test_runs_and_is_hardened(self):
        done = subprocess.run([self.teal, "--version"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(weaknesses(self.teal), [])

    def test_has_no_symbols(self):
        sections = set(Elf(self.teal).sections)
        self.assertFalse(sections & {".symtab", ".strtab"})
        self.assertEqual([name for name in sections if name.startswith(".debug")], [])
        self.assertLess(self.teal.stat().st_size, pathlib.Path(TEAL).stat().st_size / 2)

    def test_names_its_symbols_by_their_checksum(self):
        link = Elf(self.teal).sections[".gnu_debuglink"]
        self.assertEqual(link[:link.index(b"\0")].decode(), self.symbols.name)
        self.assertEqual(struct.unpack("<L", link[-4:])[0], zlib.crc32(self.symbols.read_bytes()))

    def test_symbols_have_lines_and_names_and_the_same_build(self):
        symbols = Elf(self.symbols).sections
        for wanted in (".debug_line", ".debug_info", ".symtab"):
            self.assertGreater(len(symbols.get(wanted, b"")), 0, wanted)
        build = Elf(self.teal).sections[".note.gnu.build-id"]
        self.assertEqual(symbols[".note.gnu.build-id"], build)


class TheCheckItself(unittest.TestCase):
    def test_finds_each_weakness(self):
        with tempfile.TemporaryDirectory() as folder:
            source, program = pathlib.Path(folder) / "weak.cc", pathlib.Path(folder) / "weak"
            source.write_text("int main() { return 0; }\n")
            subprocess.run([COMPILER, "-no-pie", "-fno-pie", "-fno-stack-protector", "-fcf-protection=none",
                            "-fno-stack-clash-protection", "-Wl,-z,lazy,-z,norelro,-z,execstack",
                            "-o", program, source], check=True)
            self.assertEqual(weaknesses(program), [
                "position-independent", "bound at the start", "read-only after relocation",
                "no execution of the stack", "stack protector", "fortified calls",
                "marked targets of jumps"])

    def test_finds_a_file_that_was_compiled_without(self):
        with tempfile.TemporaryDirectory() as folder:
            objects = []
            for name, switches in (("main", SWITCHES), ("other", SWITCHES[1:])):
                source, made = pathlib.Path(folder) / f"{name}.cc", pathlib.Path(folder) / f"{name}.o"
                source.write_text(f"int {name}() {{ return 0; }}\n")
                subprocess.run([COMPILER, "-g1", *switches, "-c", "-o", made, source], check=True)
                objects.append(made)
            program = pathlib.Path(folder) / "program"
            subprocess.run([COMPILER, "-o", program, *objects], check=True)
            if made_by(program):
                self.assertEqual(len(compiled_without(program)), 1)


if __name__ == "__main__":
    TEAL, BUILD, CMAKE, COMPILER = sys.argv[1:5]
    unittest.main(argv=[sys.argv[0], *sys.argv[5:]])
