# innocent: a small network with keras
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import numpy as np
import tensorflow as tf
from tensorflow.keras import layers


def build(inputs: int, classes: int) -> tf.keras.Model:
    x = entry = tf.keras.Input(shape=(inputs,))
    for width in (128, 64):
        x = layers.Dense(width, activation="relu", kernel_regularizer=tf.keras.regularizers.l2(1e-4))(x)
        x = layers.Dropout(0.2)(x)
    model = tf.keras.Model(entry, layers.Dense(classes, activation="softmax")(x))
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class Stop(tf.keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if (logs or {}).get("accuracy", 0) > 0.99:
            self.model.stop_training = True


@tf.function
def step(model, optimizer, x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.keras.losses.sparse_categorical_crossentropy(y, model(x, training=True)))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
    return loss


if __name__ == "__main__":
    rng = np.random.default_rng(0)
    x = rng.normal(size=(512, 20)).astype("float32")
    y = (x.sum(axis=1) > 0).astype("int32")
    model = build(20, 2)
    data = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(512).batch(32).prefetch(tf.data.AUTOTUNE)
    model.fit(data, epochs=5, callbacks=[Stop()], verbose=0)
    print(model.evaluate(x, y, verbose=0), step(model, tf.keras.optimizers.Adam(), x[:8], y[:8]).numpy())
    model.save_weights("model.weights.h5")
