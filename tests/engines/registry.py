#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""registry: an image registry to pull from. registry.py LAYOUT PORT: serves an OCI image layout, whatever the
name of the repository, on the loopback. An unknown tag is the first image's."""
import http.server
import json
import os
import re
import sys

layout, port = sys.argv[1], int(sys.argv[2])


def manifest(reference):
    """Descriptor of the manifest that a tag or a digest names."""
    with open(os.path.join(layout, "index.json"), encoding="utf-8") as file:
        entries = json.load(file)["manifests"]
    for entry in entries:
        names = (entry["digest"], entry.get("annotations", {}).get("org.opencontainers.image.ref.name"))
        if reference in names:
            return entry["digest"], entry["mediaType"]
    if ":" in reference:
        return reference, "application/octet-stream"
    return entries[0]["digest"], entries[0]["mediaType"]


class Registry(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, headers, body=b""):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        if self.path == "/v2/":
            return self.reply(200, {}, b"{}")
        found = re.fullmatch(r"/v2/.+/(manifests|blobs)/([\w.:-]+)", self.path.split("?")[0])
        if not found:
            return self.reply(404, {})
        digest, kind = manifest(found[2])
        path = os.path.join(layout, "blobs", *digest.split(":"))
        if not re.fullmatch(r"sha256:[0-9a-f]{64}", digest) or not os.path.exists(path):
            return self.reply(404, {})
        with open(path, "rb") as file:
            return self.reply(200, {"Content-Type": kind, "Docker-Content-Digest": digest}, file.read())

    do_HEAD = do_GET


http.server.ThreadingHTTPServer(("127.0.0.1", port), Registry).serve_forever()
