#!/usr/bin/env python3
"""Repeats a pretrain job's steps in PyTorch, from its first checkpoint to its last, and says how far apart the two are.

  byol_parity.py ORACLE JOB.json      prints {"tensors": N, "margin": M, "worst": [[error, name], ...]}

ORACLE is the directory of byol_reference.py, an implementation that shares nothing with the server. JOB.json:
  start, end      the two checkpoints' training_state.safetensors
  images          a directory of images
  orders          for each step the images' names, in the order in which the sampler draws them
  config          the job's config as the server shows it, with total_steps
In float64, so that what differs is the server's rounding: M is how near a rectifier's input came to 0, where rounding
decides whether a gradient goes through. Errors are relative to a tensor's norm. A bias before BatchNorm has a gradient of zero, so what accumulates in it is
rounding noise, in PyTorch too: it is held against the norm of its layer's weight.
Needs torch, numpy and Pillow.
"""
import json, sys

sys.path.insert(0, sys.argv[1])
import numpy as np, torch
import torch.nn.functional as F
from PIL import Image

margins, relu = [], F.relu


def recorded(x, inplace=False):
    margins.append(x.abs().min().item())
    return relu(x)


F.relu = recorded  # before the reference looks it up
from byol_reference import Online, Target, byol_loss, ema, lars, load, lr_at, restore, sgd, state_of, tau_at

job = json.load(open(sys.argv[2]))
config, optimizer = job["config"], job["config"]["optimizer"]
mean, std = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])


def pixels(name):
    image, px = Image.open(f"{job['images']}/{name}").convert("RGB"), config["px"]
    assert image.width == image.height
    return np.asarray(image if image.width == px else image.resize((px, px), Image.BICUBIC)) / 255


def view(names):
    return torch.from_numpy(((np.stack([pixels(name) for name in names]) - mean) / std).transpose(0, 3, 1, 2))


hidden, out = config["projector"]["hidden"], config["projector"]["out"]
assert config["predictor"]["hidden"] == hidden  # the reference knows one width for both heads
online, target = Online(config["arch"], hidden, out), Target(config["arch"], hidden, out)
momentum = restore(load(job["start"]), online, target)
online.double().train(), target.double().train()
momentum = {name: value.double() for name, value in momentum.items()}
micro = config["micro_batch"] or config["batch"]
peak, total = optimizer["base_lr"] * config["batch"] / 256, config["total_steps"]
for k, names in enumerate(job["orders"]):
    online.zero_grad()
    x = view(names)
    for part in x.split(micro):
        (byol_loss(online, target, part, part) * (len(part) / len(x))).backward()
    update = {"lars": lars, "sgd": sgd}[optimizer["name"]]
    update(list(online.named_parameters()), momentum, lr_at(k, total, 0, peak), optimizer["weight_decay"])
    ema(online, target, tau_at(k, total, config["tau"]))

ours, theirs, errors = load(job["end"]), state_of(online, target, momentum), []
for name, expected in theirs.items():
    if name.endswith("num_batches_tracked"):
        continue
    scale = expected.norm()
    if name.endswith("projector.0.bias") or name.endswith("predictor.0.bias"):
        scale = theirs[name.replace(".bias", ".weight")].norm()
    errors.append([((ours[name].double().reshape(expected.shape) - expected).norm() / scale).item(), name])
missing = [name for name in ours if name not in theirs and not name.startswith(("probe.", "optimizer.probe."))]
assert not missing, f"tensors of no known name: {missing}"
print(json.dumps({"tensors": len(errors), "margin": min(margins), "worst": sorted(errors, reverse=True)[:5]}))
