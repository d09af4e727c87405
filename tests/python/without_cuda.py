#!/usr/bin/env python3
"""Makes the torch of scripts/setup.sh importable in Python without CUDA's libraries.

The package index has torch for Linux with CUDA only, and its Python module loads 2.7 GB of libraries that computation
on a CPU never calls. This makes small stub libraries with their names and symbols; calling a stub ends the process.

Usage: without_cuda.py TORCH_FOLDER OUT_FOLDER     then: LD_LIBRARY_PATH=OUT_FOLDER python ...
"""

import collections
import pathlib
import re
import subprocess
import sys

USERS = ("libtorch_python.so", "libtorch_cuda.so", "libc10_cuda.so", "libtorch_nvshmem.so")
THERE = {"libcudart.so.13", "libcupti.so.13"}  # loaded by LibTorch's CPU part; setup.sh installs them
VENDOR = re.compile(r"Shared library: \[(lib(?:cu|nccl|nv)[^\]]*)\]")
VERSIONS = re.compile(r"File: (\S+)  Cnt: \d+\n((?:\s+\S+\s+Name: .*\n)+)")
SYMBOL = re.compile(r"\s[Uw] (\w+)(?:@(\S+))?$", re.MULTILINE)


def output(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True).stdout


def make_library(path, versions, symbols):
    """versions: of this library; symbols: {version: names}, unversioned ones under ''."""
    source, script = path.with_suffix(".s"), path.with_suffix(".map")
    names = sorted(set().union(*(symbols[version] for version in versions)))
    source.write_text(
        ".text\n"
        + "".join(f".globl {name}\n.type {name},@function\n{name}:\n ud2\n" for name in names)
        + '.section .note.GNU-stack,"",@progbits\n'
    )
    script.write_text(
        "".join(
            f"{version} {{ {' '.join(f'{name};' for name in sorted(symbols[version]))} }};\n"
            for version in versions
            if version
        )
    )
    named = [f"-Wl,--version-script={script}"] if any(versions) else []
    output("gcc", "-shared", "-nostdlib", *named, f"-Wl,-soname,{path.name}", "-o", path, source)


def main():
    torch, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    libraries, symbols = collections.defaultdict(set), collections.defaultdict(set)
    for user in USERS:
        file = torch / "lib" / user
        for library in VENDOR.findall(output("readelf", "-d", file)):
            libraries[library].add("")
        for library, block in VERSIONS.findall(output("readelf", "-V", file)):
            libraries[library].update(re.findall(r"Name: (\S+)", block))
        for name, version in SYMBOL.findall(output("nm", "-D", "--undefined-only", file)):
            if version or re.match("cu|nccl|nv", name):
                symbols[version].add(name)
    for library, versions in libraries.items():
        if re.match("lib(cu|nccl|nv)", library) and library not in THERE:
            make_library(out / library, sorted(versions), symbols)


if __name__ == "__main__":
    main()
