# expect: py.code-execution, py.gadget, py.deserialisation, py.dynamic-import
# tries: a model's repository brings code
from transformers import AutoModel

AutoModel.from_pretrained("someone/model", trust_remote_code=True)
