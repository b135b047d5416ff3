#!/usr/bin/env python3
"""Embeds images in PyTorch with a checkpoint's own files: what another service would do with them.

  embed_in_torch.py DIRECTORY IMAGE...     prints a JSON list of embeddings

DIRECTORY holds a checkpoint's model.safetensors and config.json. Written from torchvision's names and timm's config
alone: nothing here is shared with the server. Needs torch, numpy and Pillow.
"""
import json, struct, sys
import numpy as np, torch
from PIL import Image
from torch import nn
import torch.nn.functional as F


def read_safetensors(path):
    raw = open(path, "rb").read()
    length = struct.unpack("<Q", raw[:8])[0]
    header, body = json.loads(raw[8:8 + length]), raw[8 + length:]
    kinds = {"F32": np.float32, "I64": np.int64}
    return {
        name: torch.from_numpy(np.frombuffer(body[slice(*entry["data_offsets"])], kinds[entry["dtype"]]).reshape(entry["shape"]).copy())
        for name, entry in header.items() if name != "__metadata__"
    }


class Block(nn.Module):
    expansion = 1

    def __init__(self, inputs, width, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        self.downsample = None
        if stride != 1 or inputs != width:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


class Bottleneck(nn.Module):
    expansion = 4

    def __init__(self, inputs, width, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv3, self.bn3 = nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
        self.downsample = None
        if stride != 1 or inputs != 4 * width:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width))

    def forward(self, x):
        y = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
        return F.relu(self.bn3(self.conv3(y)) + (x if self.downsample is None else self.downsample(x)))


class ResNet(nn.Module):
    """torchvision's, but for the fc."""

    def __init__(self, block, blocks):
        super().__init__()
        inputs = 64
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        for group, count in enumerate(blocks):
            layers, width = [], 64 * 2 ** group
            for n in range(count):
                layers.append(block(inputs, width, 2 if group > 0 and n == 0 else 1))
                inputs = width * block.expansion
            setattr(self, f"layer{group + 1}", nn.Sequential(*layers))

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        return self.layer4(self.layer3(self.layer2(self.layer1(x)))).mean((2, 3))


class CifarResNet(nn.Module):
    def __init__(self, depth):
        super().__init__()
        blocks, inputs = (depth - 2) // 6, 16
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        for group, width in enumerate([16, 32, 64]):
            layers = []
            for block in range(blocks):
                layers.append(Block(inputs, width, 2 if group > 0 and block == 0 else 1))
                inputs = width
            setattr(self, f"layer{group + 1}", nn.Sequential(*layers))

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return self.layer3(self.layer2(self.layer1(x))).mean((2, 3))


directory, paths = sys.argv[1], sys.argv[2:]
config = json.load(open(f"{directory}/config.json"))
arch = config["architecture"]
IMAGENET = {"resnet18": (Block, [2, 2, 2, 2]), "resnet50": (Bottleneck, [3, 4, 6, 3])}
net = ResNet(*IMAGENET[arch]) if arch in IMAGENET else CifarResNet(int(arch.removeprefix("cifar_resnet")))
net.eval().load_state_dict(read_safetensors(f"{directory}/model.safetensors"))  # strict: every name must be there
given = config["pretrained_cfg"]
px, mean, std = given["input_size"][1], np.array(given["mean"]), np.array(given["std"])


def load(path):
    image = Image.open(path).convert("RGB")
    short = round(px / given["crop_pct"])
    scale = short / min(image.size)
    size = [max(short, round(side * scale)) for side in image.size]
    if tuple(size) != image.size:
        image = image.resize(size, Image.BICUBIC)
    left, top = (size[0] - px) // 2, (size[1] - px) // 2
    pixels = np.asarray(image.crop((left, top, left + px, top + px))) / 255
    return ((pixels - mean) / std).transpose(2, 0, 1).astype(np.float32)


with torch.no_grad():
    print(json.dumps(net(torch.from_numpy(np.stack([load(path) for path in paths]))).tolist()))
