# PCA by scikit-learn of f32 embeddings [rows, dim]: the variances, their shares and the scores of the first components.
import json, sys
import numpy as np
from sklearn.decomposition import PCA

path, dim, components = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
rows = np.fromfile(path, "<f4").reshape(-1, dim).astype(np.float64)
pca = PCA(components, svd_solver="full").fit(rows)
axes = pca.components_
signs = np.sign(axes[np.arange(components), np.abs(axes).argmax(1)])
print(json.dumps({
    "variance": pca.explained_variance_.tolist(),
    "ratio": pca.explained_variance_ratio_.tolist(),
    "mean": pca.mean_.tolist(),
    "scores": (pca.transform(rows) * signs).tolist(),
}))
