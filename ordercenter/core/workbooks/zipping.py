"""A zip file written as a stream: one member straight into the file, others packed beside it."""

from __future__ import annotations

import struct
from tempfile import SpooledTemporaryFile
from typing import IO

from isal import isal_zlib

# People wait for exports, not for disks: four times as fast as zlib at its own level 1, no larger.
LEVEL = 1
_IN_MEMORY = 8 * 1024 * 1024
_UTF8_NAMES = 0x800
_DEFLATED = 8
# Spreadsheet programs show no time of members; a fixed one makes equal content equal bytes.
_TIME, _DATE = 0, (2020 - 1980) << 9 | 1 << 5 | 1
_LOCAL = struct.Struct("<IHHHHHIIIHH")
_CENTRAL = struct.Struct("<IHHHHHHIIIHHHHHII")
_END = struct.Struct("<IHHHHIIH")


class Member:
    """One member: bytes go in, packed bytes go to `sink`."""

    def __init__(self, name: str, sink: IO[bytes], level: int = LEVEL) -> None:
        self.name = name.encode()
        self.sink = sink
        self.crc = self.size = self.packed = self.offset = 0
        self._packer = isal_zlib.compressobj(level, isal_zlib.DEFLATED, -15)

    def write(self, data: bytes) -> None:
        """Append to the member."""
        self.crc = isal_zlib.crc32(data, self.crc)
        self.size += len(data)
        self._put(self._packer.compress(data))

    def end(self) -> None:
        """Nothing is written to the member after this."""
        self._put(self._packer.flush())

    def _put(self, packed: bytes) -> None:
        self.packed += len(packed)
        self.sink.write(packed)

    def header(self) -> bytes:
        """What stands before the member's packed bytes."""
        return (
            _LOCAL.pack(
                0x04034B50, 20, _UTF8_NAMES, _DEFLATED, _TIME, _DATE,
                self.crc, self.packed, self.size, len(self.name), 0,
            )
            + self.name
        )  # fmt: skip

    def directory_entry(self) -> bytes:
        """How the directory at the file's end names the member."""
        return (
            _CENTRAL.pack(
                0x02014B50, 20, 20, _UTF8_NAMES, _DEFLATED, _TIME, _DATE,
                self.crc, self.packed, self.size, len(self.name), 0, 0, 0, 0, 0, self.offset,
            )
            + self.name
        )  # fmt: skip


class ZipWriter:
    """Writes a zip of less than 4 GB into a seekable file."""

    def __init__(self, sink: IO[bytes]) -> None:
        self._sink = sink
        self._members: list[Member] = []

    def begin(self, name: str) -> Member:
        """A member that is written straight into the file; end it before the next one."""
        member = Member(name, self._sink)
        member.offset = self._sink.tell()
        self._sink.write(member.header())
        self._members.append(member)
        return member

    def end(self, member: Member) -> None:
        """End a member of `begin`: its header now tells its size."""
        member.end()
        here = self._sink.tell()
        self._sink.seek(member.offset)
        self._sink.write(member.header())
        self._sink.seek(here)

    def beside(self, name: str) -> Member:
        """A member that grows while another one is written; `take_in` puts it into the file."""
        return Member(name, SpooledTemporaryFile(_IN_MEMORY))

    def take_in(self, member: Member) -> None:
        """Put a member of `beside` into the file."""
        member.end()
        member.offset = self._sink.tell()
        self._sink.write(member.header())
        member.sink.seek(0)
        while chunk := member.sink.read(1 << 20):
            self._sink.write(chunk)
        member.sink.close()
        self._members.append(member)

    def add(self, name: str, content: str) -> None:
        """A small member at once."""
        member = self.begin(name)
        member.write(content.encode())
        self.end(member)

    def close(self) -> None:
        """Write the directory; the zip is complete."""
        start = self._sink.tell()
        for member in self._members:
            self._sink.write(member.directory_entry())
        size = self._sink.tell() - start
        count = len(self._members)
        self._sink.write(_END.pack(0x06054B50, 0, 0, count, count, size, start, 0))
