#!/bin/sh
# torch 2.13.0: torch.onnx.export(dynamo=True, dynamic_shapes=...) of a module that fixes the number of rows, as len(x) does,
# writes a model of that batch size alone without a word, although the shapes are said to be Dim("batch", min=1).
# torch.export.export refuses the same module with the same shapes. With x.shape[0] both keep the batch free.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6 onnx==1.23.2 onnxscript==0.7.2
"$folder/venv/bin/python" -W ignore - 2>/dev/null <<'PYTHON'
import torch
from torch import nn


class Counted(nn.Module):
    def forward(self, x):
        return x.reshape(len(x), -1)


class Shaped(nn.Module):
    def forward(self, x):
        return x.reshape(x.shape[0], -1)


batch, found = torch.export.Dim("batch", min=1), {}
for network in (Counted().eval(), Shaped().eval()):
    shapes, some, name = {"x": {0: batch}}, (torch.randn(3, 2, 2),), type(network).__name__
    try:
        torch.export.export(network, some, dynamic_shapes=shapes)
        said = "takes it"
    except Exception:
        said = "refuses it"
    program = torch.onnx.export(network, some, dynamo=True, dynamic_shapes=shapes, verbose=False)
    found[name] = said, str(program.model.graph.inputs[0].shape[0])
    print(f"{name}: torch.export.export {said}; the rows of the ONNX model's input: {found[name][1]}")
assert found["Counted"] == ("refuses it", "3"), "it has changed"
assert found["Shaped"][0] == "takes it" and not found["Shaped"][1].isdigit(), "it has changed"
PYTHON
