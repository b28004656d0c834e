#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Asks a shim what ctr has no words for: ttrpc.py ADDRESS METHOD [NUMBER=TEXT | NUMBER.NUMBER=TEXT]...

Sends one request of containerd.task.v2.Task with those string fields (1.2: field 2 of the message in field 1);
prints "CODE MESSAGE", CODE 0 for success, and the payload's length.
"""
import socket
import struct
import sys


def varint(n):
    out = b""
    while n > 0x7F:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def read_varint(data, at):
    n = shift = 0
    while True:
        n |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 0x80:
            return n, at


def fields(data):
    at = 0
    while at < len(data):
        key, at = read_varint(data, at)
        value, at = read_varint(data, at)
        if key & 7 == 2:
            yield key >> 3, data[at:at + value]
            at += value
        else:
            yield key >> 3, value


def message(arguments):
    inner, out = {}, b""
    for argument in arguments:
        number, text = argument.split("=", 1)
        if "." in number:
            outer, nested = map(int, number.split("."))
            inner[outer] = inner.get(outer, b"") + field(nested, text.encode())
        else:
            out += field(int(number), text.encode())
    return out + b"".join(field(number, data) for number, data in inner.items())


def main():
    address, method, arguments = sys.argv[1], sys.argv[2], sys.argv[3:]
    request = field(1, b"containerd.task.v2.Task") + field(2, method.encode()) + field(3, message(arguments))
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(30)
    s.connect(address.removeprefix("unix://"))
    s.sendall(struct.pack(">IIBB", len(request), 1, 1, 0) + request)
    data = b""
    while len(data) < 10 or len(data) < 10 + struct.unpack(">I", data[:4])[0]:
        data += s.recv(65536)
    code, text, payload = 0, "", b""
    for number, value in fields(data[10:]):
        if number == 1:
            status = dict(fields(value))
            code, text = status.get(1, 0), status.get(2, b"").decode()
        else:
            payload = value
    print(code, text, len(payload))


if __name__ == "__main__":
    main()
