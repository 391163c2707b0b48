# expect: py.deserialisation
# tries: torch unpickles
import torch

torch.load("model.pt", weights_only=False)
