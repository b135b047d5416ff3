#!/usr/bin/env python3
"""Embeds images with an exported model in PyTorch: what another program would do with the files.

  exports_in_torch.py torchvision|transformers DIRECTORY IMAGES     prints JSON: embeddings, and logits if it has a head

DIRECTORY holds the layout's model.safetensors and config.json; IMAGES is float32 [N, 3, px, px], px from the end of its
name. `torchvision` builds torchvision's own network; `transformers` one that is written from the structure that
transformers publishes (models/resnet/modeling_resnet.py), since that is not to be had everywhere. Both load strictly.
"""
import json, re, struct, sys
import numpy as np, torch, torchvision
from torch import nn


def read_safetensors(path):
    raw = open(path, "rb").read()
    length = struct.unpack("<Q", raw[:8])[0]
    header, body = json.loads(raw[8:8 + length]), raw[8 + length:]
    kinds = {"F32": np.float32, "I64": np.int64}
    return {
        name: torch.from_numpy(np.frombuffer(body[slice(*entry["data_offsets"])], kinds[entry["dtype"]]).reshape(entry["shape"]).copy())
        for name, entry in header.items() if name != "__metadata__"
    }


def unit(inputs, outputs, window, stride):
    return nn.ModuleDict({
        "convolution": nn.Conv2d(inputs, outputs, window, stride, window // 2, bias=False),
        "normalization": nn.BatchNorm2d(outputs),
    })


def run(each, x):
    return each["normalization"](each["convolution"](x))


class Layer(nn.Module):
    def __init__(self, inputs, outputs, stride, bottleneck):
        super().__init__()
        if inputs != outputs or stride != 1:
            self.shortcut = unit(inputs, outputs, 1, stride)
        inner = outputs // 4
        self.layer = nn.ModuleList(
            [unit(inputs, inner, 1, 1), unit(inner, inner, 3, stride), unit(inner, outputs, 1, 1)] if bottleneck
            else [unit(inputs, outputs, 3, stride), unit(outputs, outputs, 3, 1)])

    def forward(self, x):
        y = x
        for i, each in enumerate(self.layer):
            y = run(each, y)
            if i < len(self.layer) - 1:
                y = y.relu()
        return (y + (run(self.shortcut, x) if hasattr(self, "shortcut") else x)).relu()


class Model(nn.Module):
    def __init__(self, config):
        super().__init__()
        sizes = config["hidden_sizes"]
        self.embedder = nn.ModuleDict({"embedder": unit(config["num_channels"], config["embedding_size"], 7, 2)})
        stages, inputs = [], config["embedding_size"]
        for i, (outputs, depth) in enumerate(zip(sizes, config["depths"])):
            stride = 2 if i > 0 or config["downsample_in_first_stage"] else 1
            bottleneck = config["layer_type"] == "bottleneck"
            layers = [Layer(inputs if j == 0 else outputs, outputs, stride if j == 0 else 1, bottleneck) for j in range(depth)]
            stages.append(nn.ModuleDict({"layers": nn.ModuleList(layers)}))
            inputs = outputs
        self.encoder = nn.ModuleDict({"stages": nn.ModuleList(stages)})

    def forward(self, x):
        x = nn.functional.max_pool2d(run(self.embedder["embedder"], x).relu(), 3, 2, 1)
        for stage in self.encoder["stages"]:
            for layer in stage["layers"]:
                x = layer(x)
        return x.mean((2, 3))


class Classifier(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.resnet = Model(config)
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(config["hidden_sizes"][-1], len(config["id2label"])))

    def forward(self, x):
        return self.classifier(self.resnet(x))


layout, directory, images = sys.argv[1:]
config = json.load(open(f"{directory}/config.json"))
px = int(re.search(r"(\d+)$", images).group(1))
x = torch.from_numpy(np.fromfile(images, np.float32).reshape(-1, 3, px, px))
if layout == "torchvision":
    head = config["num_classes"] > 0
    net = getattr(torchvision.models, config["architecture"])(**({"num_classes": config["num_classes"]} if head else {}))
    if not head:
        net.fc = nn.Identity()
    body = lambda: nn.Sequential(*list(net.children())[:-1], nn.Flatten())
else:
    head = config["architectures"] == ["ResNetForImageClassification"]
    net = Classifier(config) if head else Model(config)
    body = lambda: net.resnet if head else net
net.load_state_dict(read_safetensors(f"{directory}/model.safetensors"), strict=True)
net.eval()
with torch.no_grad():
    print(json.dumps({"embeddings": body()(x).tolist(), **({"logits": net(x).tolist()} if head else {})}))
