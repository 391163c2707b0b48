# expect: py.deserialisation, py.code-execution, py.gadget
# tries: a model with lambda layers
import tensorflow as tf

tf.keras.models.load_model("model.keras", safe_mode=False)
