#!/usr/bin/env python3
"""Makes torch_cases.json beside it: what torch's own functions make of a few small inputs. See README.md.

  python3 tests/golden/make_torch_cases.py

Inputs are float32 values, everything is computed in float64, and results are kept with ten digits.
"""
import json, pathlib
import torch
import torch.nn.functional as F

CASES = {}


def noise(*shape, std=1.0):
    return (std * torch.randn(*shape, dtype=torch.float32)).double()


def kept(value):
    if not torch.is_tensor(value):
        return value
    return {"shape": list(value.shape), "data": [float(f"{v:.10g}") for v in value.detach().flatten().tolist()]}


def case(op, **values):
    CASES.setdefault(op, []).append({k: kept(v) for k, v in values.items()})


def gaussian_blur():
    """Zero-padded, separable, kernel 2 * ((px // 10) // 2) + 1; images are [rows, px, px, 3]."""
    for px, sigmas in [(20, [0.1, 1.0, 2.0]), (41, [1.3])]:
        x = torch.randint(0, 17, (len(sigmas), 3, px, px)).double() / 16
        radius = (px // 10) // 2
        distance = torch.arange(-radius, radius + 1).double()
        y = []
        for image, sigma in zip(x, sigmas):
            taps = torch.exp(-distance ** 2 / (2 * sigma ** 2))
            taps = (taps / taps.sum()).expand(3, 1, 1, -1)
            across = F.conv2d(image[None], taps, padding=(0, radius), groups=3)
            y.append(F.conv2d(across, taps.transpose(2, 3), padding=(radius, 0), groups=3)[0])
        last = lambda t: t.permute(0, 2, 3, 1)[:, :, :3, :]  # the first three columns: a border and what is inside
        case("gaussian_blur", x=x.permute(0, 2, 3, 1), left=last(torch.stack(y)), sigmas=sigmas)


def softmax_cross_entropy():
    for n, c, std in [(5, 10, 1.0), (3, 1, 1.0), (4, 67, 30.0)]:
        logits, labels = noise(n, c, std=std).requires_grad_(), torch.randint(0, c, (n,))
        F.cross_entropy(logits, labels).backward()
        rows = F.cross_entropy(logits, labels, reduction="none")
        case("softmax_cross_entropy", logits=logits, labels=labels, rowLoss=rows, dLogits=logits.grad)


def l2_normalize():
    for n, d in [(4, 7), (2, 65)]:
        x, dy = noise(n, d).requires_grad_(), noise(n, d)
        y = F.normalize(x, dim=1, eps=1e-6)
        y.backward(dy)
        case("l2_normalize", x=x, dy=dy, y=y, dx=x.grad)


def adamw():
    options = dict(lr=3e-3, betas=(0.9, 0.999), eps=1e-8)
    for shape, decay, steps in [((5, 7), 0.05, 4), ((9,), 0.0, 4)]:
        weight = noise(*shape)
        parameter = torch.nn.Parameter(weight.clone())
        optimizer, gradients = torch.optim.AdamW([parameter], weight_decay=decay, **options), []
        for step in range(steps):
            # A gradient that shrinks by a hundred: the two averages then differ.
            gradients.append((noise(*shape) * 0.1 ** step).float().double())
            parameter.grad = gradients[-1].clone()
            optimizer.step()
        state = optimizer.state[parameter]
        case("adamw", weight=weight, gradients=torch.stack(gradients), weightAfter=parameter,
             mean=state["exp_avg"], square=state["exp_avg_sq"], decay=decay)


if __name__ == "__main__":
    torch.manual_seed(3)
    for op in [gaussian_blur, softmax_cross_entropy, l2_normalize, adamw]:
        op()
    text = json.dumps(CASES)
    (pathlib.Path(__file__).parent / "torch_cases.json").write_text(text + "\n")
