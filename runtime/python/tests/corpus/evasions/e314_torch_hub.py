# expect: py.dynamic-import, py.code-execution, py.network, py.gadget, py.deserialisation
# tries: code from a repository
import torch

torch.hub.load("someone/repository", "model", trust_repo=True)
