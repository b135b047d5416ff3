#!/usr/bin/env python3
"""A torchvision model with random weights, as a stranger would send it, and what it makes of photographs.

  import_in_torch.py ARCH CLASSES PX DIRECTORY IMAGE...     prints JSON: {"embeddings": …, "scores": …}

Writes to DIRECTORY model.safetensors (torchvision's names, `fc` among them), headless.safetensors (without it, behind
`module.encoder.`), bf16.safetensors, and model.pt by torch.save; and each
image as N.png, resized by Pillow but not cut: whoever gets that has nothing of a decoder or resampler to differ by. Running statistics are no norm's first ones. The writer is
of its own, by the format's description: nothing here is shared with the server. Needs torch, torchvision, numpy and Pillow.
"""
import json, struct, sys
import numpy as np, torch, torchvision
from PIL import Image

arch, classes, px, directory, paths = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], sys.argv[5:]
torch.manual_seed(7)
net = getattr(torchvision.models, arch)(num_classes=classes)
with torch.no_grad():
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.weight.uniform_(0.7, 1.3)
            module.bias.uniform_(-0.2, 0.2)
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.7, 1.4)
            module.num_batches_tracked.fill_(9)
net.eval()


def write_safetensors(path, tensors):
    rank = lambda item: ({torch.int64: 0, torch.float32: 1, torch.bfloat16: 2}[item[1].dtype], item[0])
    names = {torch.int64: "I64", torch.float32: "F32", torch.bfloat16: "BF16"}
    header, body = {"__metadata__": {"format": "pt"}}, b""
    for name, tensor in sorted(tensors.items(), key=rank):
        flat = tensor.contiguous()
        raw = (flat.view(torch.int16) if flat.dtype == torch.bfloat16 else flat).numpy().tobytes()
        header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    open(path, "wb").write(struct.pack("<Q", len(text)) + text + body)


state = net.state_dict()
headless = {name: value for name, value in state.items() if not name.startswith("fc.")}
write_safetensors(f"{directory}/model.safetensors", state)
write_safetensors(f"{directory}/headless.safetensors", {f"module.encoder.{name}": value for name, value in headless.items()})
write_safetensors(f"{directory}/bf16.safetensors", {
    name: value.to(torch.bfloat16) if value.dtype == torch.float32 else value for name, value in state.items()})
torch.save(state, f"{directory}/model.pt")


def load(path):
    image = Image.open(path).convert("RGB")
    short = round(px * 256 / 224)
    scale = short / min(image.size)
    size = [max(short, round(side * scale)) for side in image.size]
    if tuple(size) != image.size:
        image = image.resize(size, Image.BICUBIC)
    image.save(f"{directory}/{paths.index(path)}.png")
    left, top = (size[0] - px) // 2, (size[1] - px) // 2
    pixels = np.asarray(image.crop((left, top, left + px, top + px))) / 255
    return ((pixels - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]).transpose(2, 0, 1).astype(np.float32)


with torch.no_grad():
    x = torch.from_numpy(np.stack([load(path) for path in paths]))
    embeddings = torch.nn.Sequential(*list(net.children())[:-1], torch.nn.Flatten())(x)
    print(json.dumps({"embeddings": embeddings.tolist(), "scores": net.fc(embeddings).softmax(1).tolist()}))
