#!/usr/bin/env python3
"""What the binary is made of and loads, as SPDX 2.3: the libraries that it names (NEEDED) and those that these need,
and the packages whose headers were compiled into it, each by its Debian package and version.

usage: sbom.py TEAL VERSION              prints the list
       sbom.py --check TEAL SPDX_FILE    complains of a NEEDED library that the list has not"""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import time


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True,
                          env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout


def needed(binary):
    return re.findall(r"\(NEEDED\).*\[(.+)\]", output("readelf", "--dynamic", "--wide", str(binary)))


def loaded(binary):
    """{soname: file} of all that the dynamic linker brings."""
    found = re.findall(r"^\s*(\S+) => (/\S+)|^\s*(/\S+) \(", output("ldd", str(binary)), re.M)
    return {(name or pathlib.Path(alone).name): pathlib.Path(file or alone).resolve() for name, file, alone in found}


def headers(binary):
    """The system's headers that the objects of the binary were compiled with, if it stands in a tree of ninja; those
    of the tests are not in it."""
    tree = pathlib.Path(binary).resolve().parent
    if not (tree / ".ninja_deps").exists():
        return set()
    found = set()
    for target in output("ninja", "-C", str(tree), "-t", "deps").split("\n\n"):
        head, _, files = target.partition("\n")
        if head.startswith("CMakeFiles/") and head.endswith("(VALID)"):
            found.update(re.findall(r"^\s+(/usr/include/\S+)$", files, re.M))
    return found


def packages(files):
    """{package: {file}}; Debian knows some by their name before /usr was merged."""
    owners = {}
    wanted = {str(file): str(file) for file in files}
    wanted.update({name.removeprefix("/usr"): name for name in wanted if name.startswith("/usr/lib")})
    said = subprocess.run(["dpkg-query", "--search", *wanted], capture_output=True, text=True).stdout
    for line in said.splitlines():
        names, _, file = line.rpartition(": ")
        if file in wanted and not names.startswith("diversion"):
            owners.setdefault(names.split(",")[0].split(":")[0], set()).add(wanted[file])
    return owners


def described(package):
    form = "${source:Package}\\t${Version}\\t${Architecture}\\t${Maintainer}\\n"
    source, version, architecture, maintainer = \
        output("dpkg-query", "--show", "--showformat", form, package).splitlines()[0].split("\t")
    return {
        "SPDXID": "SPDXRef-Package-" + re.sub(r"[^\w.-]", "-", package),
        "name": package,
        "versionInfo": version,
        "supplier": f"Organization: {maintainer.split(' <')[0]}",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "externalRefs": [{
            "referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
            "referenceLocator": f"pkg:deb/debian/{package.replace('+', '%2B')}@{version.replace('+', '%2B')}"
                                f"?arch={architecture}&upstream={source.replace('+', '%2B')}"}],
    }


def document(binary, version):
    digest = hashlib.sha256(pathlib.Path(binary).read_bytes()).hexdigest()
    moment = int(os.environ.get("SOURCE_DATE_EPOCH") or time.time())
    libraries = loaded(binary)
    running, compiled = packages(libraries.values()), packages(headers(binary))
    list_ = [{
        "SPDXID": "SPDXRef-teal", "name": "teal", "versionInfo": version, "downloadLocation": "NOASSERTION",
        "supplier": "NOASSERTION", "filesAnalyzed": False, "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NONE", "copyrightText": "NOASSERTION"}]
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-teal")]
    for package in sorted({*running, *compiled}):
        about = described(package)
        names = sorted(name for name, file in libraries.items() if str(file) in running.get(package, ()))
        if names:
            about["comment"] = "libraries: " + " ".join(names)
            relations.append(("SPDXRef-teal", "DYNAMIC_LINK", about["SPDXID"]))
        if package in compiled:
            relations.append((about["SPDXID"], "BUILD_DEPENDENCY_OF", "SPDXRef-teal"))
        list_.append(about)
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"teal-{version}",
        "documentNamespace": f"https://teal.invalid/spdx/{version}/{digest}",
        "creationInfo": {"created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment)),
                         "creators": ["Tool: teal-packaging-sbom"]},
        "packages": list_,
        "relationships": [{"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
                          for one, kind, other in relations],
    }


def unlisted(binary, listed):
    """The NEEDED libraries that no package of the list brings."""
    names = {name for package in listed["packages"]
             for name in package.get("comment", "").removeprefix("libraries: ").split()}
    return [name for name in needed(binary) if name not in names]


def main():
    if sys.argv[1:2] == ["--check"]:
        missing = unlisted(sys.argv[2], json.loads(pathlib.Path(sys.argv[3]).read_text("utf-8")))
        for name in missing:
            print(f"{sys.argv[3]} does not name {name}, which {sys.argv[2]} needs", file=sys.stderr)
        return 1 if missing else 0
    binary, version = sys.argv[1:]
    made = document(binary, version)
    missing = unlisted(binary, made)
    if missing:
        print(f"sbom.py: no Debian package has {', '.join(missing)}", file=sys.stderr)
        return 1
    print(json.dumps(made, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
