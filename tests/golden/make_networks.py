#!/usr/bin/env python3
"""Makes networks.safetensors and networks.json from PyTorch: what whole encoders, and max-pooling, make. See README.md.

  python3 tests/golden/make_networks.py [--oracle DIR] [--search SEEDS]

Weights and images are not kept: both sides draw them from one hash (below, and tests/oracle/hashed_values.ts). Of each
gradient its norm and a sketch are kept. --search prints the margins of that many seeds and writes nothing.
"""
import argparse, json, math, pathlib, sys
import numpy as np, torch, torchvision
import torch.nn.functional as F

HERE = pathlib.Path(__file__).resolve().parent
SKETCHES = 32
# What a norm's shift holds a channel open or shut by: rectifiers' inputs then keep clear of zero (README.md).
SHIFT = 2.5
# Seeds whose margins are among the largest of 30.
NETWORKS = [dict(arch="cifar_resnet20", px=32, seed=9), dict(arch="resnet18", px=64, seed=15), dict(arch="resnet50", px=64, seed=21)]
IMAGES, GROUPS = 4, 2
ODD = dict(arch="resnet18", px=37, seed=15, images=3)


def mix(x):
    """lowbias32 (nullprogram.com/blog/2018/07/31), a bijection of 32-bit integers."""
    x = x ^ (x >> np.uint32(16))
    x = x * np.uint32(0x7feb352d)
    x = x ^ (x >> np.uint32(15))
    x = x * np.uint32(0x846ca68b)
    return x ^ (x >> np.uint32(16))


def words(seed, name, count):
    """The first `count` 32-bit words of a name's stream: mix(mix(i) ^ FNV-1a("<seed>/<name>"))."""
    stream = 0x811c9dc5
    for byte in f"{seed}/{name}".encode():
        stream = ((stream ^ byte) * 0x01000193) & 0xffffffff
    return mix(mix(np.arange(count, dtype=np.uint32)) ^ np.uint32(stream))


def uniform(seed, name, shape):
    """Multiples of 2^-23 in [-1, 1), so float32 holds them."""
    return ((words(seed, name, math.prod(shape)) >> np.uint32(8)) / 2 ** 23 - 1).reshape(shape)


def noise(seed, name, *shape):
    """Uniform, of variance 1."""
    return single(uniform(seed, name, shape) * math.sqrt(3))


def single(x):
    return torch.from_numpy(x.astype(np.float32).astype(np.float64))


def parameter(seed, name, shape):
    """The value of one of a network's tensors, by its name."""
    u = uniform(seed, name, shape)
    if len(shape) == 4:
        return single(u * math.sqrt(3 / math.prod(shape[1:])))
    if name.endswith("running_mean"):
        return single(0.3 * u)
    if name.endswith("running_var"):
        return single(1 + 0.5 * u)
    if name.endswith("weight"):
        return single(1 + 0.3 * u)
    # One sign for a channel in all of a group: what a block adds to must not pull the other way.
    sign = 1 - 2 * (words(seed, "sign." + name.split(".")[0], shape[0]) >> np.uint32(31)).astype(np.float64)
    return single(SHIFT * sign + 0.2 * u)


def sketch(seed, name, x):
    """The norm, then SKETCHES sums of the elements under signs: bit j of an element's word is set where it is taken away."""
    flat = x.detach().numpy().astype(np.float64).ravel()
    bits = words(seed, "sketch." + name, flat.size)
    sums = [flat.sum() - 2 * flat[(bits >> np.uint32(j)) & np.uint32(1) == 1].sum() for j in range(SKETCHES)]
    return torch.tensor([np.linalg.norm(flat), *sums])


def encoder(arch, seed):
    if arch.startswith("cifar"):
        net = oracle.encoder(arch)
    else:
        net = getattr(torchvision.models, arch)()
        net.fc = torch.nn.Identity()
    state = {k: parameter(seed, k, tuple(v.shape)) if v.is_floating_point() else v for k, v in net.state_dict().items()}
    net.double().load_state_dict(state)
    return net


class Margins:
    """While in use, notes how near a rectifier's input comes to zero, and a window's second largest value to its largest."""

    def __enter__(self):
        self.relu, self.max_pool, self.saved = math.inf, math.inf, (F.relu, F.max_pool2d)

        def relu(x, inplace=False):
            self.relu = min(self.relu, x.detach().abs().min().item())
            return self.saved[0](x)

        def max_pool2d(x, size, stride, padding, *rest, **named):
            padded = F.pad(x.detach(), [padding] * 4, value=-math.inf).unfold(2, size, stride).unfold(3, size, stride)
            top = padded.flatten(4).topk(2).values
            top = top[top[..., 0] > 0]  # a window of zeros is all ties, and its gradient ends at the rectifier
            self.max_pool = min(self.max_pool, (top[:, 0] - top[:, 1]).min().item())
            return self.saved[1](x, size, stride, padding, *rest, **named)

        F.relu, F.max_pool2d = relu, max_pool2d
        return self

    def __exit__(self, *_):
        F.relu, F.max_pool2d = self.saved


def train(arch, px, seed, dtype=torch.float64):
    """Each group alone, one after another: the gradients add up, the running statistics take in one then the next."""
    net = encoder(arch, seed).to(dtype).train()
    images = noise(seed, "images", IMAGES, 3, px, px).to(dtype)
    y = torch.cat([net(part) for part in images.chunk(GROUPS)])
    y.backward(noise(seed, "dy", *y.shape).to(dtype))
    gradients = {k: p.grad.double() for k, p in net.named_parameters()}
    statistics = {k: b.double() for k, b in net.named_buffers() if b.is_floating_point()}
    return y.detach().double(), gradients, statistics


def error(a, b):
    return ((a - b).norm() / b.norm()).item()


def network(tensors, arch, px, seed):
    with Margins() as margins:
        y, gradients, statistics = train(arch, px, seed)
    single_y, single_gradients, single_statistics = train(arch, px, seed, torch.float32)
    drift = {k: error(single_gradients[k], g) for k, g in gradients.items()}
    worst = max(drift, key=drift.get)
    net, images = encoder(arch, seed).eval(), noise(seed, "images", IMAGES, 3, px, px)
    with torch.no_grad():
        frozen = net(images)
        single_frozen = net.float()(images.float()).double()
    tensors |= {f"{arch}.train": y, f"{arch}.eval": frozen}
    tensors |= {f"{arch}.{kind}.{k}": sketch(seed, k, v) for kind, of in [("gradient", gradients), ("statistic", statistics)]
                for k, v in of.items()}
    print(arch, f"margins {margins.relu:.1e} {margins.max_pool:.1e}; float32 drift {worst} {drift[worst]:.1e}", flush=True)
    return {"arch": arch, "px": px, "seed": seed, "images": IMAGES, "groups": GROUPS,
            "relu_margin": margins.relu, "max_pool_margin": margins.max_pool if margins.max_pool < math.inf else None,
            "float32": {"comment": "the same in PyTorch's float32: relative errors of norm, the gradient's the largest of any tensor",
                        "train": error(single_y, y), "eval": error(single_frozen, frozen), "gradient": drift[worst], "tensor": worst,
                        "statistic": max(error(single_statistics[k], v) for k, v in statistics.items())}}


def max_pools(tensors):
    """Small integers, so that windows are full of ties; then infinities and NaN."""
    cases = []
    for n, c, h, w, size, stride, padding, spoilt in [(2, 5, 9, 7, 3, 2, 1, False), (1, 3, 1, 1, 3, 2, 1, False), (1, 8, 6, 11, 2, 2, 0, False),
                                                      (2, 4, 8, 5, 5, 3, 2, False), (1, 1, 7, 7, 3, 1, 1, False), (2, 6, 7, 8, 3, 2, 1, True)]:
        at = f"max_pool.{len(cases)}"
        x = single((words(0, at + ".x", n * c * h * w) >> np.uint32(30)).astype(np.float64).reshape(n, c, h, w) - 2)
        if spoilt:
            x.view(-1)[::5], x.view(-1)[::11], x.view(-1)[::13] = -math.inf, math.nan, math.inf
            x[0, 0] = -math.inf
        x.requires_grad_()
        y = F.max_pool2d(x, size, stride, padding)
        dy = noise(0, at + ".dy", *y.shape)
        y.backward(dy)
        tensors |= {f"{at}.x": x.detach(), f"{at}.dy": dy, f"{at}.y": y.detach(), f"{at}.dx": x.grad}
        cases.append({"window": size, "stride": stride, "padding": padding})
    return cases


def search(seeds):
    for given in NETWORKS:
        found = []
        for seed in range(1, seeds + 1):
            with Margins() as margins, torch.no_grad():
                net, images = encoder(given["arch"], seed).train(), noise(seed, "images", IMAGES, 3, given["px"], given["px"])
                for part in images.chunk(GROUPS):
                    net(part)
            found.append((min(margins.relu, margins.max_pool), seed, margins.relu, margins.max_pool))
        print(given["arch"], *(f"seed {s}: {r:.1e} {p:.1e};" for _, s, r, p in sorted(found)[-4:]), flush=True)


def main(seeds):
    torch.set_num_threads(1)
    if seeds:
        return search(seeds)
    tensors = {}
    params = {"networks": [network(tensors, **given) for given in NETWORKS], "max_pool": max_pools(tensors), "odd": ODD}
    with torch.no_grad():
        images = noise(ODD["seed"], "odd", ODD["images"], 3, ODD["px"], ODD["px"])
        tensors["odd.eval"] = encoder(ODD["arch"], ODD["seed"]).eval()(images)
    oracle.save({k: v.float() for k, v in tensors.items()}, HERE / "networks.safetensors")
    (HERE / "networks.json").write_text(json.dumps(params, indent=1) + "\n")
    print("python", sys.version.split()[0], "torch", torch.__version__, "torchvision", torchvision.__version__, "numpy", np.__version__)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--oracle", default=HERE.parents[2] / "shared/oracle", help="the folder of byol_reference.py")
    parser.add_argument("--search", type=int, default=0, metavar="SEEDS")
    args = parser.parse_args()
    sys.path.insert(0, str(args.oracle))
    sys.dont_write_bytecode = True
    import byol_reference as oracle
    main(args.search)
