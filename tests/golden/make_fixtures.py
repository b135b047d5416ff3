#!/usr/bin/env python3
"""Makes the golden files beside it from PyTorch and the oracle, byol_reference.py. See README.md.

  python3 tests/golden/make_fixtures.py [--oracle DIR]

Inputs are drawn as float32, everything is computed in float64, and what is kept is rounded to float32: a file's
values are thus right to half a unit in the last place, and do not move with PyTorch's version or threads.
"""
import argparse, colorsys, json, math, pathlib, sys
import numpy as np, torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).resolve().parent
ARCH, HIDDEN, OUT = "cifar_resnet8", 32, 16


def noise(*shape, mean=0.0, std=1.0):
    """Standard normal float32 values, as float64."""
    return (mean + std * torch.randn(*shape, dtype=torch.float32)).float().double()


def write_json(name, value):
    (HERE / name).write_text(json.dumps(value, indent=1) + "\n")


def save(tensors, name):
    oracle.save({k: v.float() if v.is_floating_point() else v for k, v in tensors.items()}, HERE / name)


class Ops:
    """Cases of all ops: tensors called `<op>.<case>.<tensor>`, parameters by op and case."""

    def __init__(self):
        self.tensors, self.params = {}, {}

    def case(self, op, tensors, **params):
        cases = self.params.setdefault(op, [])
        self.tensors |= {f"{op}.{len(cases)}.{k}": v.detach() for k, v in tensors.items()}
        cases.append(params)


def with_gradients(inputs, forward, dy_like=None):
    """Runs forward on leaves; returns the inputs, y, dy and each input's gradient under the name d<Input>."""
    leaves = {k: v.clone().requires_grad_() for k, v in inputs.items()}
    y = forward(**leaves)
    dy = noise(*y.shape)
    y.backward(dy)
    name = lambda k: "dx" if k == "x" else "d" + k[0].upper() + k[1:]
    return inputs | {"y": y, "dy": dy} | {name(k): v.grad for k, v in leaves.items()}


def network_ops(ops):
    for n, c, h, w, k, r, stride, pad in [(1, 3, 7, 5, 5, 3, 1, 1), (2, 5, 9, 6, 7, 3, 2, 1), (3, 6, 5, 7, 4, 1, 2, 0),
                                          (1, 17, 3, 3, 9, 1, 1, 0), (1, 4, 1, 1, 3, 3, 1, 1)]:
        inputs = {"x": noise(n, c, h, w), "weight": noise(k, c, r, r)}
        ops.case("conv2d", with_gradients(inputs, lambda x, weight: F.conv2d(x, weight, None, stride, pad)),
                 stride=stride, pad=pad)
    ops.case("linear", with_gradients({"x": noise(1, 3), "weight": noise(5, 3), "bias": noise(5)}, F.linear))
    ops.case("linear", with_gradients({"x": noise(7, 33), "weight": noise(17, 33)}, F.linear))

    for groups, n, c, size in [(1, 3, 3, (5, 7)), (2, 4, 5, (3, 5)), (2, 10, 17, ()), (1, 1, 2, (3, 3))]:
        running = {"runningMean": noise(c), "runningVar": (noise(c).abs() + 0.5).float().double()}
        mean, var = running["runningMean"].clone(), running["runningVar"].clone()

        def forward(x, gamma, beta):
            parts = [F.batch_norm(part, mean, var, gamma, beta, training=True) for part in x.chunk(groups)]
            return torch.cat(parts)

        # A mean well away from zero: a variance taken as E[x^2] - E[x]^2 loses digits here.
        inputs = {"x": noise(n, c, *size, mean=3.0), "gamma": noise(c), "beta": noise(c)}
        tensors = with_gradients(inputs, forward) | running | {"runningMeanAfter": mean, "runningVarAfter": var}
        tensors["frozen"] = F.batch_norm(inputs["x"], running["runningMean"], running["runningVar"], inputs["gamma"],
                                         inputs["beta"], training=False)
        ops.case("batch_norm", tensors, groups=groups)

    x = noise(2, 3, 5, 3)
    x.view(-1)[::7] = 0
    ops.case("relu", with_gradients({"x": x}, lambda x: F.relu(x)))
    ops.case("add", with_gradients({"a": noise(3, 5, 3), "b": noise(3, 5, 3)}, lambda a, b: a + b))
    for n, c, h, w in [(3, 5, 3, 7), (1, 3, 1, 1)]:
        ops.case("global_average_pool", with_gradients({"x": noise(n, c, h, w)}, lambda x: x.mean((2, 3))))


def byol_ops(ops):
    for n, d, zero in [(3, 5, False), (1, 17, False), (2, 3, True)]:
        prediction, projection = noise(2 * n, d), noise(2 * n, d)
        if zero:
            prediction[1] = 0
            projection[0] = 0
        p = prediction.clone().requires_grad_()
        (p1, p2), (z1, z2) = p.chunk(2), projection.chunk(2)
        rows = torch.cat([oracle.direction(p1, z2), oracle.direction(p2, z1)])
        loss = (oracle.direction(p1, z2) + oracle.direction(p2, z1)).mean()
        loss.backward()
        ops.case("byol_loss", {"prediction": prediction, "projection": projection, "rowLoss": rows, "loss": loss,
                               "dPrediction": p.grad})

    rates = {"learningRate": 0.3, "weightDecay": 0.01, "momentum": 0.9, "trustCoefficient": 1e-3}
    for optimizer in ["lars", "sgd"]:
        for shape, zero in [((5, 3, 3, 3), False), ((7,), False), ((3, 5), True)]:
            weight, gradient, momentum = noise(*shape), noise(*shape), noise(*shape)
            if zero:
                weight.zero_()
            inputs = {"weight": weight.clone(), "gradient": gradient, "momentum": momentum.clone()}
            weight.grad = gradient.clone()
            step = {"lars": lambda *a: oracle.lars(*a, eta=rates["trustCoefficient"], beta=rates["momentum"]),
                    "sgd": lambda *a: oracle.sgd(*a, beta=rates["momentum"])}[optimizer]
            step([("p", weight)], {"p": momentum}, rates["learningRate"], rates["weightDecay"])
            ops.case(optimizer, inputs | {"weightAfter": weight, "momentumAfter": momentum},
                     excluded=oracle.excluded("p", weight), **rates)

    target, online = torch.nn.Linear(5, 3).double(), torch.nn.Linear(5, 3).double()
    before = target.weight.detach().clone().float().double()
    target.weight.data, online.weight.data = before.clone(), online.weight.data.float().double()
    oracle.ema(online, target, 0.99)
    ops.case("ema", {"target": before, "online": online.weight, "targetAfter": target.weight}, tau=0.99)


def keys_matrix(length, px):
    """[px, length]: Keys' cubic, a = -0.5, at half-pixel centres; taps outside dropped, rows rescaled to a sum of 1."""
    centres = (np.arange(px)[:, None] + 0.5) * length / px - 0.5
    d = np.abs(centres - np.arange(length)[None])
    near, far = ((1.5 * d - 2.5) * d) * d + 1, ((-0.5 * d + 2.5) * d - 4) * d + 2
    m = np.where(d < 1, near, np.where(d < 2, far, 0))
    return m / m.sum(1, keepdims=True)


def augmentation_ops(ops):
    """Images stand as [height, width, 3] here, pixels as integers 0 to 255."""
    rng = np.random.default_rng(11)
    for (height, width), (top, left, h, w), px, flip in [((9, 13), (2, 3, 5, 7), 8, False), ((9, 13), (0, 0, 9, 13), 5, True),
                                                         ((6, 4), (5, 3, 1, 1), 3, False), ((21, 17), (4, 0, 17, 3), 6, True)]:
        pixels = rng.integers(0, 256, (height, width, 3))
        crop = pixels[top:top + h, left:left + w] / 255
        y = np.einsum("ph,hwc,qw->pqc", keys_matrix(h, px), crop, keys_matrix(w, px)).clip(0, 1)
        ops.case("crop_resize", {"pixels": torch.tensor(pixels), "y": torch.tensor((y[:, ::-1] if flip else y).copy())},
                 left=left, top=top, width=w, height=h, px=px, flip=flip)

    mean, std = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
    draws = [dict(jitter=True, order=[0, 1, 2, 3], brightness=0.31, contrast=1.37, saturation=1.19, hue=0.083),
             dict(jitter=True, order=[3, 2, 1, 0], brightness=-0.29, contrast=0.66, saturation=0.83, hue=-0.097),
             dict(jitter=True, order=[2, 1, 3, 0], brightness=0.1, contrast=1.2, saturation=1.15, hue=0.05, grayscale=True),
             dict(jitter=True, order=[1, 3, 0, 2], brightness=-0.2, contrast=0.8, saturation=0.9, hue=-0.02, solarize=True),
             dict(jitter=False, order=[0, 1, 2, 3], brightness=0.4, contrast=0.6, saturation=0.8, hue=0.1, solarize=True)]
    for draw in draws:
        draw = {"grayscale": False, "solarize": False} | draw
        x = rng.random((5, 7, 3)).astype(np.float32).astype(np.float64)
        x[0, 0], x[0, 1], x[0, 2], x[0, 3] = 0, 1, 0.25, (1, 0, 0)  # black, white, grey: no hue there; and red
        y = x.copy()
        for operation in draw["order"] if draw["jitter"] else []:
            if operation == 0:
                y = y + draw["brightness"]
            elif operation == 1:
                m = y.mean((0, 1), keepdims=True)
                y = (y - m) * draw["contrast"] + m
            else:
                hsv = np.apply_along_axis(lambda v: colorsys.rgb_to_hsv(*v), 2, y)
                if operation == 2:
                    hsv[..., 1] = (hsv[..., 1] * draw["saturation"]).clip(0, 1)
                else:
                    hsv[..., 0] = (hsv[..., 0] + draw["hue"]) % 1
                y = np.apply_along_axis(lambda v: colorsys.hsv_to_rgb(*v), 2, hsv)
            y = y.clip(0, 1)
        if draw["grayscale"]:
            y = np.repeat((y * [0.2989, 0.5870, 0.1140]).sum(2, keepdims=True), 3, 2)
        if draw["solarize"]:
            y = np.where(y >= 0.5, 1 - y, y)
        y = (y.clip(0, 1) - mean) / std
        ops.case("color_augment", {"x": torch.tensor(x), "y": torch.tensor(y)}, mean=mean, std=std, **draw)


def perturb(net):
    """Moves every norm's scale and shift, and every bias, off 1 and 0, where mistakes would not show."""
    for name, p in net.named_parameters():
        if p.ndim == 1:
            p.data += (0.3 if name.endswith("weight") else 0.2) * noise(*p.shape)
        p.data = p.data.float().double()


def relative_errors(a, b):
    return {k: ((a[k] - b[k]).norm() / b[k].norm()).item() for k in b if b[k].is_floating_point() and b[k].norm() > 0}


class ReluMargin:
    """While in use, notes how near a rectifier's input comes to zero where gradients pass."""

    def __enter__(self):
        self.smallest, self.relu = math.inf, F.relu

        def noting(x, inplace=False):
            if torch.is_grad_enabled():
                self.smallest = min(self.smallest, x.detach().abs().min().item())
            return self.relu(x)

        F.relu = noting
        return self

    def __exit__(self, *_):
        F.relu = self.relu


def byol_steps():
    steps, batch, px = 10, 8, 8
    # An input of a rectifier that changes sign with rounding makes gradients jump by 1e-3. Of 900 seeds this one keeps
    # nearly the largest distance from that; at 16 px there are too many inputs for any seed to.
    torch.manual_seed(23)
    online, target = oracle.Online(ARCH, HIDDEN, OUT).double(), oracle.Target(ARCH, HIDDEN, OUT).double()
    perturb(online), perturb(target)
    views = noise(batch, 3, px, px), noise(batch, 3, px, px)
    initial = {k: v.clone() for k, v in oracle.state_of(online, target, {}).items()}
    save(initial | {"view1": views[0], "view2": views[1]}, "byol_initial.safetensors")

    def adamw(params, lr, weight_decay, **rates):
        """torch's own, and how to read the averages it keeps, which begin at zero as the run does."""
        decayed, rest = [[p for n, p in params if oracle.excluded(n, p) == skip] for skip in (False, True)]
        own = torch.optim.AdamW([{"params": decayed, "weight_decay": weight_decay}, {"params": rest, "weight_decay": 0}],
                                lr=lr, **rates)
        averages = lambda: {f"optimizer.{k}.{n}": own.state[p][k] for n, p in params for k in ["exp_avg", "exp_avg_sq"]}
        return own, averages

    def run(dtype, total, warmup, peak, base_tau, name, weight_decay, steps=steps, micro_batches=1, **rates):
        online, target = oracle.Online(ARCH, HIDDEN, OUT).to(dtype), oracle.Target(ARCH, HIDDEN, OUT).to(dtype)
        momentum = oracle.restore({k: v.to(dtype) if v.is_floating_point() else v for k, v in initial.items()}, online, target)
        params, log = list(online.named_parameters()), []
        if name == "adamw":
            own, averages = adamw(params, peak, weight_decay, **rates)
        for k in range(steps):
            online.zero_grad()
            loss = 0
            for micro in zip(*(v.to(dtype).chunk(micro_batches) for v in views)):
                part = oracle.byol_loss(online, target, *micro) / micro_batches
                part.backward()
                loss += part.detach()
            lr, tau = oracle.lr_at(k, total, warmup, peak), oracle.tau_at(k, total, base_tau)
            if name == "adamw":
                for group in own.param_groups:
                    group["lr"] = lr
                own.step()
            else:
                {"lars": oracle.lars, "sgd": oracle.sgd}[name](params, momentum, lr, weight_decay)
            oracle.ema(online, target, tau)
            log.append({"step": k, "loss": loss.item(), "lr": lr, "tau": tau})
        if name == "adamw":
            return oracle.state_of(online, target, {}) | averages() | {"optimizer.step": torch.tensor(float(steps))}, log
        return oracle.state_of(online, target, momentum), log

    # SGD at 0.2 multiplies a rounding's error a hundredfold in ten steps, which then crosses a rectifier in the ninth.
    # AdamW's epsilon is large because an update is a gradient's sign where the gradient is larger: of biases before
    # BatchNorm, which have none, it would be the sign of their rounding.
    constants = {"momentum": 0.9, "trust_coefficient": 1e-3}
    for optimizer, base_lr, warmup, rates in [("lars", 2.0, 2, {}), ("sgd", 0.05, 0, {}),
                                              ("adamw", 0.03, 2, {"betas": [0.9, 0.999], "eps": 1e-4})]:
        weight_decay = 0.05 if rates else 1.5e-6
        config = {"arch": ARCH, "projector": {"hidden": HIDDEN, "out": OUT}, "predictor": {"hidden": HIDDEN},
                  "batch": batch, "px": px, "total_steps": 100, "warmup_steps": warmup, "peak_lr": base_lr * batch / 256,
                  "tau": 0.99, "optimizer": {"name": optimizer, "base_lr": base_lr, "weight_decay": weight_decay,
                                             **(rates or constants)}}
        args = 100, warmup, config["peak_lr"], 0.99, optimizer, weight_decay
        # A run draws weights that are then overwritten: what is drawn after all runs must not hang on their number.
        with torch.random.fork_rng(enabled=optimizer == "adamw"):
            with ReluMargin() as margin:
                final, log = run(torch.float64, *args, **rates)
            if margin.smallest < 2.5e-6:
                sys.exit(f"Cannot make byol_{optimizer}: a rectifier's input is {margin.smallest}; take another seed")
            single, single_log = run(torch.float32, *args, **rates)
        save(final, f"byol_{optimizer}.safetensors")
        drift = relative_errors({k: v.double() for k, v in single.items()}, final)
        moved = relative_errors(final, initial)
        # BatchNorm takes out what a bias before it adds: its gradient is rounding, and so is its momentum.
        kept = ["exp_avg", "exp_avg_sq"] if optimizer == "adamw" else ["momentum"]
        idle = [f"optimizer.{k}.{head}.0.bias" for k in kept for head in ["predictor", "projector"]]
        drift = {k: v for k, v in drift.items() if k not in idle}
        worst, least = max(drift, key=drift.get), sorted(moved, key=moved.get)[:6]
        write_json(f"byol_{optimizer}.json", config | {"steps": log, "zero_momentum": idle, "relu_margin": margin.smallest, "float32": {
            "comment": "the same steps in PyTorch's float32: largest relative error of a tensor (but for zero_momentum) and of a loss",
            "tensor": worst, "error": drift[worst],
            "loss_error": max(abs(a["loss"] - b["loss"]) / b["loss"] for a, b in zip(single_log, log))}})
        print(optimizer, [round(e["loss"], 4) for e in log], "float32 drift", worst, f"{drift[worst]:.1e};",
              "margin", f"{margin.smallest:.1e};", "moved least", {k: f"{moved[k]:.1e}" for k in least})

    # The same, as two micro-batches of half the images: the momentum holds all gradients, and statistics what BatchNorm saw.
    steps, micro_batches, base_lr = 5, 2, 0.3  # of the rates tried the one farthest from a rectifier that rounding flips
    config = {"arch": ARCH, "projector": {"hidden": HIDDEN, "out": OUT}, "predictor": {"hidden": HIDDEN}, "batch": batch,
              "micro_batches": micro_batches, "px": px, "total_steps": 100, "warmup_steps": 0,
              "peak_lr": base_lr * batch / 256, "tau": 0.99,
              "optimizer": {"name": "lars", "base_lr": base_lr, "weight_decay": 1.5e-6, **constants}}
    args = 100, 0, config["peak_lr"], 0.99, "lars", 1.5e-6, steps, micro_batches
    with torch.random.fork_rng():
        with ReluMargin() as margin:
            final, log = run(torch.float64, *args)
        single, single_log = run(torch.float32, *args)
    if margin.smallest < 2.5e-6:
        sys.exit(f"Cannot make byol_lars_micro: a rectifier's input is {margin.smallest}; take another seed")
    final = {k: v for k, v in final.items() if k.startswith("optimizer.") or k.split(".")[-1] in
             ["running_mean", "running_var", "num_batches_tracked"]}
    save(final, "byol_lars_micro.safetensors")
    idle = [f"optimizer.momentum.{head}.0.bias" for head in ["predictor", "projector"]]
    drift = {k: v for k, v in relative_errors({k: v.double() for k, v in single.items()}, final).items() if k not in idle}
    worst = max(drift, key=drift.get)
    write_json("byol_lars_micro.json", config | {"steps": log, "zero_momentum": idle, "relu_margin": margin.smallest,
                                                 "float32": {"tensor": worst, "error": drift[worst]}})
    print("lars_micro", [round(e["loss"], 4) for e in log], "float32 drift", worst, f"{drift[worst]:.1e};",
          "margin", f"{margin.smallest:.1e}")


def embeddings():
    net = oracle.encoder(ARCH).double()
    perturb(net)
    for name, b in net.named_buffers():
        if name.endswith("running_mean"):
            b.copy_(noise(*b.shape, std=0.3))
        elif name.endswith("running_var"):
            b.copy_((0.5 + torch.rand(b.shape, dtype=torch.float32)).double())
        else:
            b.fill_(37)
    images = noise(5, 3, 32, 32)
    with torch.no_grad():
        out = net.eval()(images)
    save(net.state_dict(), "embed_model.safetensors")
    save({"images": images, "embeddings": out}, "embed.safetensors")


def main():
    torch.manual_seed(20240607)
    torch.set_num_threads(1)
    ops = Ops()
    network_ops(ops), byol_ops(ops), augmentation_ops(ops)
    save(ops.tensors, "ops.safetensors")
    write_json("ops.json", ops.params)
    byol_steps()
    embeddings()
    save({"weight": torch.arange(6).reshape(2, 3) / 10, "scalar": torch.tensor(2.5), "empty": torch.zeros(0, 3),
          "counter": torch.tensor([-5, 2 ** 40])}, "pytorch.safetensors")
    print("python", sys.version.split()[0], "torch", torch.__version__, "numpy", np.__version__)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--oracle", default=HERE.parents[2] / "shared/oracle", help="the folder of byol_reference.py")
    sys.path.insert(0, str(parser.parse_args().oracle))
    sys.dont_write_bytecode = True
    import byol_reference as oracle
    main()
