#!/usr/bin/env python3
"""Gathers the text that LoRAFleet's bases are trained on, from Debian's packages, as one file of JSON lines.

    tools/pretrain/gather-corpus.py --lorafleet build/release/lorafleet --out corpus.jsonl

Packages are downloaded (`apt-get download`, no root) and read where they lie, nothing is installed. The documents
stand in the order of SOURCES, and within a package by path, so the same packages give the same bytes; versions
and SHA-256 sums are written beside the file (corpus.manifest.json). docs/pretraining.md says more.
"""

import argparse
import fnmatch
import gzip
import hashlib
import html.parser
import io
import json
import pathlib
import re
import struct
import subprocess
import sys
import tarfile
import zlib

# Package, how its files are read, which of them (shell patterns; "!": not these).
SOURCES = [
    ("r-cran-janeaustenr", "r_texts", ["*/janeaustenr/data/Rdata.rdb"]),
    ("sword-text-web", "sword", ["*.bzz"]),
    ("dict-devil", "dict", ["*.dict.dz"]),
    ("dict-jargon", "dict", ["*.dict.dz"]),
    ("dict-foldoc", "dict", ["*.dict.dz"]),
    ("linux-doc-6.1", "text", ["*/_sources/*.rst.txt", "!*/translations/*"]),
    ("python3.11-doc", "text", ["*/_sources/*.rst.txt"]),
    ("git-doc", "text", ["*.txt"]),
    ("sqlite3-doc", "html", ["*.html"]),
    ("postgresql-doc-15", "html", ["*.html"]),
    ("debian-policy", "text", ["*/_sources/*.rst.txt"]),
    ("developers-reference", "text", ["*/_sources/*.rst.txt"]),
    ("debian-reference-en", "html", ["*.en.html"]),
] + [
    (package, "manual", ["*/usr/share/man/man*/*.gz"])
    for package in ("manpages", "manpages-dev", "coreutils", "util-linux")
]
TEST_SHARE = 10  # of Debian's descriptions: the groups that LoRAFleet tests on


class Failure(Exception):
    """Ends the program with a message."""


def fnv1a64(text):
    value = 0xCBF29CE484222325
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


# --- packages ---------------------------------------------------------------------------------------------------


def download(packages, cache):
    """The .deb file of each package, downloaded unless it is in `cache`."""
    cache.mkdir(parents=True, exist_ok=True)

    def found(package):
        return sorted(cache.glob(package + "_*.deb"))

    missing = [package for package in packages if not found(package)]
    if missing:
        print("downloading " + " ".join(missing), flush=True)
        result = subprocess.run(["apt-get", "-q", "download", *missing], cwd=cache, capture_output=True, text=True)
        if result.returncode != 0:
            raise Failure("apt-get download: " + (result.stderr.strip().splitlines() or ["no reason given"])[0])
    files = {}
    for package in packages:
        if len(found(package)) != 1:
            raise Failure(f"{cache}: {len(found(package))} files of {package}, one was expected")
        files[package] = found(package)[0]
    return files


def members(deb, patterns):
    """(path, bytes) of the plain files of a package that the patterns name, by path."""
    data = subprocess.run(["dpkg-deb", "--fsys-tarfile", deb], capture_output=True, check=True).stdout
    wanted = [pattern for pattern in patterns if not pattern.startswith("!")]
    refused = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        for member in sorted(archive.getmembers(), key=lambda m: m.name):
            path = member.name.removeprefix(".")
            if (member.isfile() and any(fnmatch.fnmatchcase(path, p) for p in wanted)
                    and not any(fnmatch.fnmatchcase(path, p) for p in refused)):
                yield path, archive.extractfile(member).read(), archive


# --- readers: each yields (what is appended to the path, text) ----------------------------------------------------


def read_text(path, content, _):
    yield "", content.decode("utf-8", "replace")


class TextOfHtml(html.parser.HTMLParser):
    """What a page says, without its navigation."""

    BLOCKS = {"p", "div", "li", "tr", "dt", "dd", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "table", "br", "blockquote"}
    LEFT_OUT = {"script", "style", "head", "nav", "svg"}

    def __init__(self):
        super().__init__()
        self.parts, self.hidden, self.literal = [], 0, 0

    def handle_starttag(self, tag, attrs):
        if tag in self.LEFT_OUT:
            self.hidden += 1
        if tag in self.BLOCKS:
            self.parts.append("\n\n" if tag in {"p", "pre", "h1", "h2", "h3", "h4", "table"} else "\n")
        if tag in {"td", "th"}:
            self.parts.append(" ")
        if tag == "pre":
            self.literal += 1

    def handle_endtag(self, tag):
        if tag in self.LEFT_OUT:
            self.hidden = max(0, self.hidden - 1)
        if tag == "pre":
            self.literal = max(0, self.literal - 1)
        if tag in self.BLOCKS and tag != "br":
            self.parts.append("\n")

    def handle_data(self, data):
        if not self.hidden:
            self.parts.append(data if self.literal else re.sub(r"\s+", " ", data))


def read_html(path, content, _):
    parser = TextOfHtml()
    parser.feed(content.decode("utf-8", "replace"))
    yield "", "".join(parser.parts)


def read_manual(path, content, _):
    """A manual page as groff sets it, a paragraph a line, without hyphens of its own."""
    source = gzip.decompress(content)
    if source.startswith(b".so "):
        return  # another page's second name
    command = ["groff", "-K", "utf8", "-T", "utf8", "-P-c", "-P-b", "-P-u", "-t", "-mandoc", "-rLL=2000n", "-rHY=0", "-rIN=2n"]
    result = subprocess.run(command, input=b".ad l\n.nh\n" + source, capture_output=True)
    yield "", re.sub(r"\x1b\[[0-9;]*m|.\x08", "", result.stdout.decode("utf-8", "replace"))


def read_dict(path, content, archive):
    """Articles of a dictionary of dictd's."""
    text = gzip.decompress(content)
    index = archive.extractfile("." + path.removesuffix(".dict.dz") + ".index").read().decode("utf-8", "replace")
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

    def number(code):
        value = 0
        for digit in code:
            value = value * 64 + digits.index(digit)
        return value

    places = set()
    for line in index.splitlines():
        word, start, length = line.split("\t")[:3]
        if not word.startswith("00"):
            places.add((number(start), number(length)))
    for start, length in sorted(places):
        yield f"#{start}", text[start:start + length].decode("utf-8", "replace")


def read_sword(path, content, archive):
    """Books of a Bible module of SWORD's: zlib blocks of OSIS, found by a table of (offset, size, size unpacked)."""
    table = archive.extractfile("." + path.removesuffix(".bzz") + ".bzs").read()
    for block, (start, size, _) in enumerate(struct.iter_unpack("<III", table)):
        if size == 0:
            continue
        text = zlib.decompress(content[start:start + size]).decode("utf-8", "replace")
        text = re.sub(r"<(note|title|figure)\b[^>]*>.*?</\1>", " ", text, flags=re.S)
        text = re.sub(r"<(lb|l|p|lg|div|milestone)\b[^>]*>", "\n", text)
        yield f"#{block}", html.unescape(re.sub(r"<[^>]*>", "", text))


def read_r_texts(path, content, _):
    """Character vectors of R's lazy-load data base: (length, zlib) after (length, zlib), in R's XDR form."""
    text_vector, in_bytes = 16, 0xFF
    at, number = 0, 0
    while at + 4 < len(content):
        inflate = zlib.decompressobj()
        data = inflate.decompress(content[at + 4:])
        at = len(content) - len(inflate.unused_data)
        if data[:2] != b"X\n":
            continue
        version = struct.unpack_from(">i", data, 2)[0]
        here = 14
        if version == 3:
            here += 4 + struct.unpack_from(">i", data, here)[0]
        flags, count = struct.unpack_from(">ii", data, here)
        if flags & in_bytes != text_vector or count < 100:
            continue
        here += 8
        lines = []
        for _ in range(count):
            length = struct.unpack_from(">i", data, here + 4)[0]
            here += 8
            lines.append(data[here:here + max(0, length)].decode("utf-8", "replace"))
            here += max(0, length)
        yield f"#{number}", "\n".join(lines)
        number += 1


READERS = {"text": read_text, "html": read_html, "manual": read_manual, "dict": read_dict, "sword": read_sword,
           "r_texts": read_r_texts}


# --- documents --------------------------------------------------------------------------------------------------


def cleaned(text):
    """Without rules and underlines, blanks at the ends of lines, deep indents and runs of empty lines."""
    lines = []
    for line in text.replace("\r", "").expandtabs(4).split("\n"):
        line = line.rstrip()
        if len(line) > 3 and not any(c.isalnum() for c in line):
            continue
        indent = len(line) - len(line.lstrip(" "))
        lines.append(" " * min(indent, 8) + re.sub(r" {3,}", "  ", line.lstrip(" ")))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip() + "\n"


def documents_of(package, reader, patterns, deb):
    for path, content, archive in members(deb, patterns):
        for part, text in READERS[reader](path, content, archive):
            text = cleaned(text)
            if len(text) >= 80:
                yield package + path + part, text


def descriptions(lorafleet, offline):
    """Debian's descriptions by `lorafleet import`, without synopses, and without the groups that it tests on."""
    rows = pathlib.Path("debian-descriptions.tmp.jsonl").absolute()
    command = [lorafleet, "import", "debian-descriptions", "--out", rows] + (["--offline"] if offline else [])
    if subprocess.run(command, stdout=subprocess.DEVNULL).returncode != 0:
        raise Failure(f"{lorafleet} import debian-descriptions failed")
    try:
        for line in rows.read_text().splitlines():
            row = json.loads(line)
            if fnv1a64(row["group"]) % TEST_SHARE != 0:
                yield row["id"], cleaned(row["context"])
    finally:
        rows.unlink()


def gather(options):
    out = pathlib.Path(options.out)
    debs = download([package for package, _, _ in SOURCES], pathlib.Path(options.cache))
    sources = []
    temporary = out.with_name(out.name + ".tmp")
    with open(temporary, "w", encoding="utf-8") as file:

        def write(name, documents, **facts):
            count = characters = 0
            for identifier, text in documents:
                file.write(json.dumps({"id": identifier, "text": text}, ensure_ascii=False) + "\n")
                count, characters = count + 1, characters + len(text)
            if count == 0:
                raise Failure(f"{name}: nothing was found in it; a newer version may need other patterns")
            sources.append({"source": name, "documents": count, "characters": characters, **facts})
            print(f"{name:24}{count:8,} documents {characters:12,} characters", flush=True)

        for package, reader, patterns in SOURCES:
            deb = debs[package]
            write(package, documents_of(package, reader, patterns, deb), version=deb.name.split("_")[1],
                  deb_sha256=hashlib.sha256(deb.read_bytes()).hexdigest())
        write("debian-descriptions", descriptions(options.lorafleet, options.offline))
    temporary.rename(out)
    manifest = {"sha256": hashlib.sha256(out.read_bytes()).hexdigest(),
                "characters": sum(source["characters"] for source in sources), "sources": sources}
    out.with_suffix(".manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    print(f"wrote {out}: {manifest['characters']:,} characters")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", required=True, help="the JSON lines to write")
    parser.add_argument("--lorafleet", required=True, help="the program, for Debian's descriptions")
    parser.add_argument("--cache", default="corpus-packages", help="where the packages lie (default: %(default)s)")
    parser.add_argument("--offline", action="store_true", help="use the package lists that are there")
    try:
        gather(parser.parse_args())
    except (Failure, OSError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
