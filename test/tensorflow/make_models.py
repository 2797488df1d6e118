"""SavedModels as Keras and TensorFlow write them, and what TensorFlow itself answers with them: make_models.py FOLDER."""
import json
import os
import sys

import keras
import numpy
import tensorflow as tf

folder = sys.argv[1]
keras.utils.set_random_seed(1)

inputs = keras.Input((3,), name="x")
hidden = keras.layers.Dense(8, activation="relu")(inputs)
dense = keras.Model(inputs, keras.layers.Dense(2)(hidden))
dense.export(os.path.join(folder, "dense", "3"), verbose=False)
rows = numpy.array([[1, 0, 0], [0.5, 1, -1], [3, -2, 7]], dtype=numpy.float32)

words = os.path.join(folder, "words.txt")
with open(words, "w") as file:
    file.write("red\ngreen\n")


class Types(tf.Module):
    """Every type of tensor that clients can send, and a table whose words lie in assets/."""

    def __init__(self):
        keys = tf.lookup.TextFileIndex.WHOLE_LINE
        values = tf.lookup.TextFileIndex.LINE_NUMBER
        source = tf.lookup.TextFileInitializer(words, tf.string, keys, tf.int64, values)
        self.table = tf.lookup.StaticHashTable(source, -1)
        self.offset = tf.Variable(1, dtype=tf.int64)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, "text"),
            tf.TensorSpec([None, 2], tf.uint8, "pixels"),
            tf.TensorSpec([None], tf.float64, "wide"),
            tf.TensorSpec([None], tf.float16, "half"),
            tf.TensorSpec([None], tf.int64, "whole"),
            tf.TensorSpec([None], tf.uint32, "count"),
            tf.TensorSpec([None], tf.bool, "flag"),
        ]
    )
    def all(self, text, pixels, wide, half, whole, count, flag):
        return {
            "word": self.table.lookup(text),
            "raw_bytes": tf.strings.join([text, "\xff".encode("latin-1")]),
            "text": tf.strings.upper(text),
            "pixels": 255 - pixels,
            "wide": wide * 0.1,
            "half": half * 2,
            "brain": tf.cast(wide, tf.bfloat16),
            "whole": whole + self.offset,
            "unsigned": tf.cast(whole, tf.uint64),
            "count": count + tf.constant(1, tf.uint32),
            "small": tf.cast(pixels, tf.int8),
            "short": -tf.cast(pixels, tf.int16),
            "wider": tf.cast(pixels, tf.uint16) * 257,
            "flag": tf.logical_not(flag),
        }


class Whole(tf.Module):
    """Rows depend on each other, and of the output not even the number of axes is known."""

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, "x")])
    def centred(self, x):
        sizes = tf.boolean_mask(tf.shape(x), tf.shape(x) > 0)
        return {"y": tf.reshape(x - tf.reduce_mean(x, axis=0), sizes)}


types = Types()
tf.saved_model.save(types, os.path.join(folder, "types"), signatures={"serving_default": types.all})
whole = Whole()
tf.saved_model.save(whole, os.path.join(folder, "whole"), signatures=whole.centred)
print(json.dumps({"rows": rows.tolist(), "dense": dense.predict(rows, verbose=0).tolist()}))
