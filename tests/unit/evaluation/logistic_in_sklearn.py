#!/usr/bin/env python3
"""Fits L2-regularised multinomial logistic regression in scikit-learn (lbfgs), and in NumPy the first steps of an SGD head.

  logistic_in_sklearn.py FILE     FILE is JSON: {rows, labels, queries, lambdas, sgd}; prints JSON
"""
import json, sys, warnings
import numpy as np
from sklearn.linear_model import LogisticRegression

given = json.load(open(sys.argv[1]))
x, y, q = np.array(given["rows"]), np.array(given["labels"]), np.array(given["queries"])


def loss_of(w, b, lam):
    z = x @ w.T + b
    z = z - z.max(1, keepdims=True)
    ce = np.log(np.exp(z).sum(1)) - z[np.arange(len(y)), y]
    return float(ce.sum() + lam / 2 * (w ** 2).sum())


fits, mean = [], x.mean(0)  # centred, as a free bias allows: lbfgs stops early on columns far off the origin
for lam in given["lambdas"]:
    tried = {}
    for solver in ["lbfgs", "newton-cg"]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fit = LogisticRegression(C=1 / lam, solver=solver, multi_class="multinomial", tol=1e-9, max_iter=3000)
            fit.fit(x - mean, y)
        w, b = fit.coef_, fit.intercept_
        if len(b) == 1:  # two classes: scikit-learn keeps half of a symmetric pair
            w, b = np.concatenate([-w, w]), np.concatenate([-b, b])
        loss = loss_of(w, b - w @ mean, lam)
        tried[solver] = {"loss": loss, "predicted": fit.predict(q - mean).tolist()}
    fits.append(tried)

sgd = given["sgd"]
classes, steps, batch, m = int(y.max()) + 1, sgd["steps"], sgd["batch"], sgd["momentum"]
w, b = np.zeros((classes, x.shape[1])), np.zeros(classes)
vw, vb, heads = np.zeros_like(w), np.zeros_like(b), []
for k in range(sgd["run"]):
    rows = slice(k * batch, (k + 1) * batch)
    z = x[rows] @ w.T + b
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    p[np.arange(batch), y[rows]] -= 1
    gw, gb = p.T @ x[rows] / batch, p.mean(0)
    lr = sgd["rate"] * (1 + np.cos(np.pi * k / steps)) / 2
    vw, vb = m * vw + gw, m * vb + gb
    w, b = w - lr * (gw + m * vw), b - lr * (gb + m * vb)
    heads.append({"weight": w.ravel().tolist(), "bias": b.tolist()})
print(json.dumps({"fits": fits, "heads": heads}))
