#!/usr/bin/env python3
"""Repeats a finetune job's steps in PyTorch, from its first checkpoint to its last, and says how far apart the two are.

  finetune_parity.py JOB.json      prints {"tensors": N, "margin": M, "worst": [[error, name], ...]}

JOB.json: start, end (training_state.safetensors of the two checkpoints); images (paths) and labels, one batch, which is
every step's; config (the job's, as the server shows it), steps, base_lr. Of cifar_resnet8, without augmentation, in
float64, with torch's own BatchNorm2d, cross_entropy and SGD: it shares nothing with the server. M is how near a
rectifier's input came to 0, where rounding decides whether a gradient goes through. Errors are relative to a tensor's
norm; what both sides have at exactly 0 is right. Needs torch, numpy and Pillow.
"""
import json, math, struct, sys
import numpy as np, torch
from torch import nn
import torch.nn.functional as F
from PIL import Image

margins = []


def relu(x):
    margins.append(x.abs().min().item())
    return F.relu(x)


def load(path):
    data = open(path, "rb").read()
    (length,) = struct.unpack("<Q", data[:8])
    header, body, tensors = json.loads(data[8 : 8 + length]), data[8 + length :], {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        first, last = entry["data_offsets"]
        values = np.frombuffer(body[first:last], "<f4").reshape(entry["shape"])
        tensors[name] = torch.from_numpy(values.astype(np.float64))
    return tensors


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs)
        if stride != 1:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn2(self.conv2(relu(self.bn1(self.conv1(x)))))
        return relu(y + (self.downsample(x) if hasattr(self, "downsample") else x))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        self.layer1, self.layer2, self.layer3 = (nn.Sequential(Block(*of)) for of in [(16, 16, 1), (16, 32, 2), (32, 64, 2)])

    def forward(self, x):
        return self.layer3(self.layer2(self.layer1(relu(self.bn1(self.conv1(x)))))).mean((2, 3))


job = json.load(open(sys.argv[1]))
config = job["config"]
mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
px = config["px"]
images = [np.asarray(Image.open(path).convert("RGB").resize((px, px), Image.BICUBIC)) / 255 for path in job["images"]]
x = torch.from_numpy(((np.stack(images) - mean) / std).transpose(0, 3, 1, 2))
labels = torch.tensor(job["labels"])

net = nn.Module()
net.encoder, net.fc = Encoder(), nn.Linear(64, max(job["labels"]) + 1)
net.double()
start = load(job["start"])
state = {name: start[name] for name in net.state_dict() if not name.endswith("num_batches_tracked")}
net.load_state_dict(state, strict=False)
net.train()
for module in net.modules():
    if isinstance(module, nn.BatchNorm2d):
        module.momentum = 1 - (config["stat_decay"] or 0.9)
frozen = ["conv1", "bn1", "layer1", "layer2", "layer3"]
frozen = frozen[: {None: 0, "stem": 2, "layer1": 3, "layer2": 4, "layer3": 5}[config["freeze"]]]
for name in frozen:
    part = getattr(net.encoder, name).eval()
    for parameter in part.parameters():
        parameter.requires_grad_(False)
named = [(name, parameter) for name, parameter in net.named_parameters() if parameter.requires_grad]
groups = [
    {"params": [p for _, p in named if p.ndim > 1], "weight_decay": config["weight_decay"]},
    {"params": [p for _, p in named if p.ndim == 1], "weight_decay": 0.0},
]
peak, steps = job["base_lr"] * len(labels) / 256, job["steps"]
optimizer = torch.optim.SGD(groups, lr=peak, momentum=config["momentum"], nesterov=True)
for k in range(steps):
    for group in optimizer.param_groups:
        group["lr"] = peak * 0.5 * (1 + math.cos(math.pi * k / steps))
    optimizer.zero_grad()
    F.cross_entropy(net.fc(net.encoder(x)), labels).backward()
    optimizer.step()

theirs = {name: value for name, value in net.state_dict().items() if not name.endswith("num_batches_tracked")}
for name, parameter in net.named_parameters():
    buffer = optimizer.state[parameter].get("momentum_buffer") if parameter.requires_grad else None
    theirs["optimizer.momentum." + name] = torch.zeros_like(parameter) if buffer is None else buffer
ours, errors = load(job["end"]), []
assert set(ours) == set(theirs), f"names differ: {sorted(set(ours) ^ set(theirs))}"
for name, expected in theirs.items():
    apart, scale = (ours[name] - expected).norm().item(), expected.norm().item()
    errors.append([apart if scale == 0 else apart / scale, name])
print(json.dumps({"tensors": len(errors), "margin": min(margins), "worst": sorted(errors, reverse=True)[:5]}))
