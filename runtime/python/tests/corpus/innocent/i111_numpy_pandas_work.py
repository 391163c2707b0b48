# innocent: data work
import io

import numpy as np
import pandas as pd
from numpy.linalg import norm
from sklearn.linear_model import LinearRegression

frame = pd.read_csv(io.StringIO("a,b\n1,2\n3,4"))
frame["c"] = frame.eval("a + b")
limit = 2
print(frame.query("a > @limit").groupby("b").agg({"c": "sum"}))
matrix = np.asarray(frame[["a", "b"]], dtype=np.float64)
np.save("/tmp/m.npy", matrix)
again = np.load("/tmp/m.npy", allow_pickle=False)
model = LinearRegression().fit(matrix, frame["c"])
print(norm(again), model.coef_, getattr(np, "float32")(1))
for name in ("mean", "std"):
    print(name, getattr(frame["a"], name)(), getattr(np, name)(matrix))
