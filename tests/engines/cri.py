#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A kubelet's calls: cri.py SOCKET METHOD JSON. Prints the answer as JSON; an error is its code's name and text on
standard error. Messages as in cri.proto, compiled to cri_pb2.py in the current folder."""
import base64
import os
import sys

sys.path.insert(0, os.getcwd())
import cri_pb2  # noqa: E402
import grpc  # noqa: E402
from google.protobuf import json_format  # noqa: E402

socket, method, text = sys.argv[1:]
request = json_format.Parse(text, getattr(cri_pb2, method + "Request")())
answer = getattr(cri_pb2, method + "Response", cri_pb2.Empty)
with grpc.insecure_channel("unix://" + os.path.abspath(socket)) as channel:
    call = channel.unary_unary("/runtime.v1.RuntimeService/" + method, type(request).SerializeToString,
                               answer.FromString)
    try:
        found = json_format.MessageToDict(call(request, timeout=30), including_default_value_fields=True)
    except grpc.RpcError as error:
        sys.exit(f"{error.code().name}: {error.details()}")
for stream in "stdout", "stderr":
    if stream in found:
        found[stream] = base64.b64decode(found[stream]).decode()
print(json_format.json.dumps(found))
