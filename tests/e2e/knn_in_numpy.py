#!/usr/bin/env python3
"""k-NN by a checkpoint's own files, in float64 NumPy: what another service would do with them.

  knn_in_numpy.py DIRECTORY K TEMPERATURE      prints the confusion matrix, a row a true class, as JSON

DIRECTORY holds model.safetensors and config.json of a cifar_resnet, pixels.bin (uint8, [n, px, px, 3]) and paths.json,
"split/class/name" of each image. Written from torchvision's names and timm's config alone.
"""
import json, struct, sys
import numpy as np

directory, k, temperature = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
raw = open(f"{directory}/model.safetensors", "rb").read()
length = struct.unpack("<Q", raw[:8])[0]
header, body = json.loads(raw[8:8 + length]), raw[8 + length:]
p = {
    name: np.frombuffer(body[slice(*e["data_offsets"])], "<f4").reshape(e["shape"]).astype(np.float64)
    for name, e in header.items() if name != "__metadata__" and e["dtype"] == "F32"
}
config = json.load(open(f"{directory}/config.json"))
given = config["pretrained_cfg"]
px, blocks = given["input_size"][1], (int(config["architecture"].removeprefix("cifar_resnet")) - 2) // 6


def conv(x, name, stride=1):
    w = p[f"{name}.weight"]
    size = w.shape[2]
    x = np.pad(x, ((0, 0), (0, 0), (size // 2,) * 2, (size // 2,) * 2))
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), (2, 3))[:, :, ::stride, ::stride]
    return np.einsum("nchwij,ocij->nohw", windows, w, optimize=True)


def bn(x, name):
    g, b, m, v = (p[f"{name}.{part}"][:, None, None] for part in ["weight", "bias", "running_mean", "running_var"])
    return (x - m) / np.sqrt(v + 1e-5) * g + b


def block(x, name, stride):
    y = bn(conv(np.maximum(bn(conv(x, f"{name}.conv1", stride), f"{name}.bn1"), 0), f"{name}.conv2"), f"{name}.bn2")
    if f"{name}.downsample.0.weight" in p:
        x = bn(conv(x, f"{name}.downsample.0", stride), f"{name}.downsample.1")
    return np.maximum(x + y, 0)


def embed(x):
    x = np.maximum(bn(conv(x, "conv1"), "bn1"), 0)
    for group in range(3):
        for b in range(blocks):
            x = block(x, f"layer{group + 1}.{b}", 2 if group > 0 and b == 0 else 1)
    return x.mean((2, 3))


pixels = np.fromfile(f"{directory}/pixels.bin", np.uint8).reshape(-1, px, px, 3) / 255
x = embed(((pixels - given["mean"]) / given["std"]).transpose(0, 3, 1, 2))
x /= np.linalg.norm(x, axis=1, keepdims=True)
paths = [path.split("/") for path in json.load(open(f"{directory}/paths.json"))]
names = sorted({label for _, label, _ in paths})
labels = np.array([names.index(label) for _, label, _ in paths])
bank, queries = (np.array([split == which for split, _, _ in paths]) for which in ["train", "test"])
confusion = np.zeros((len(names), len(names)), int)
for row, label in zip(x[queries], labels[queries]):
    cosines = x[bank] @ row
    nearest = np.argsort(-cosines, kind="stable")[:k]
    votes = np.zeros(len(names))
    for n in nearest:
        votes[labels[bank][n]] += np.exp(cosines[n] / temperature)
    confusion[label, votes.argmax()] += 1  # the lower class of equal ones
print(json.dumps(confusion.tolist()))
