# expect: py.deserialisation, py.dynamic-attribute
# tries: a loader by a built name
import torch

getattr(torch, "lo" + "ad")("model.pt")
