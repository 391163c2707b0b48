# innocent: arrays: loading, saving, linear algebra
import numpy as np
from numpy.typing import NDArray


def standardise(x: NDArray[np.float64]) -> NDArray[np.float64]:
    mean, deviation = x.mean(axis=0), x.std(axis=0)
    return (x - mean) / np.where(deviation == 0, 1.0, deviation)


def pca(x, components=2):
    centred = x - x.mean(axis=0, keepdims=True)
    _, s, vt = np.linalg.svd(centred, full_matrices=False)
    explained = s**2 / (s**2).sum()
    return centred @ vt[:components].T, explained[:components]


def kmeans(x, k, rounds=20, seed=0):
    rng = np.random.default_rng(seed)
    centres = x[rng.choice(len(x), k, replace=False)]
    for _ in range(rounds):
        distance = ((x[:, None, :] - centres[None]) ** 2).sum(-1)
        label = distance.argmin(1)
        centres = np.stack([x[label == i].mean(0) if np.any(label == i) else centres[i] for i in range(k)])
    return label, centres


x = np.random.default_rng(1).normal(size=(200, 5))
np.save("x.npy", x)
x = np.load("x.npy")
y = np.load("x.npy", mmap_mode="r", allow_pickle=False)
np.savez_compressed("both.npz", x=x, y=y)
with np.load("both.npz") as both:
    assert set(both.files) == {"x", "y"}
z, explained = pca(standardise(x))
label, centres = kmeans(z, 3)
print(explained.round(3), np.bincount(label), centres.shape)
print(np.einsum("ij,ij->i", x, x)[:3], x[..., ::2].T.shape, x[np.newaxis, :5].ndim)
np.set_printoptions(precision=3, suppress=True)
assert np.allclose(x, y)
