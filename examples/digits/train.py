#!/usr/bin/env python3
"""Train a small neural network on 8x8 images of handwritten digits.

Only the Python standard library (3.8 or newer) is needed. The network has one hidden layer of
leaky rectified linear units and is trained by mini-batch gradient descent with momentum.

    python3 train.py --lr 0.1 --hidden 16 --momentum 0.9
    python3 train.py --epochs 1 --limit 100     # a quick check that everything works

The split is fixed: every fourth image is for validation. Only the initial weights and the order
of the training images depend on the seed (--seed, else the environment variable SEED, else 0).
"""
import argparse
import json
import math
import os
import random
import time
from operator import mul
from pathlib import Path

CLASSES = 10
PIXELS = 64
LEAK = 0.1  # slope of a hidden unit below zero


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lr", type=float, default=0.005, help="learning rate")
    parser.add_argument("--hidden", type=int, default=16, help="hidden units")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--momentum", type=float, default=0.0)
    parser.add_argument("--weight-decay", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED") or 0))
    parser.add_argument("--limit", type=int, help="use only so many images of each part of the split")
    parser.add_argument("--out", type=Path, help="write the trained weights to this file, as JSON")
    args = parser.parse_args()
    for name in ("hidden", "epochs", "batch_size"):
        if getattr(args, name) < 1:
            parser.error(f"--{name.replace('_', '-')} must be at least 1")
    if args.limit is not None and args.limit < 1:
        parser.error("--limit must be at least 1")
    return args


def load_images(path):
    """Return (training, validation), two lists of (pixels in 0..1, label)."""
    with open(path, encoding="ascii") as file:
        next(file)  # the header
        rows = [line.strip().split(",") for line in file]
    images = [([int(digit, 17) / 16 for digit in pixels], int(label)) for label, pixels in rows]
    training = [image for number, image in enumerate(images) if number % 4 != 0]
    return training, images[::4]


def dot(a, b):
    return sum(map(mul, a, b))


def initial_layer(inputs, outputs, rng):
    """Rows of weights, one per output, each with its bias as the last number."""
    scale = math.sqrt(2 / inputs)
    return [[rng.gauss(0, scale) for _ in range(inputs)] + [0.0] for _ in range(outputs)]


def forward(network, rows):
    """Return the hidden columns (unit x row) and the class scores (row x class).

    Each row ends with a 1 that meets the bias.
    """
    first, second = network
    hidden = []
    for weights in first:
        sums = [dot(weights, row) for row in rows]
        # Written so that a NaN stays a NaN, which max() would not promise.
        hidden.append([LEAK * value if value < 0 else value for value in sums])
    hidden.append([1.0] * len(rows))
    scores = [[dot(weights, row) for weights in second] for row in zip(*hidden)]
    return hidden, scores


def softmax(scores):
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


def cross_entropy(probability):
    """-log p. A probability of exactly 0 is an infinite loss, and NaN stays NaN."""
    return math.inf if probability == 0 else -math.log(probability)


def update(layer, velocity, errors, inputs, args):
    """One step of gradient descent: errors is unit x row, inputs is input x row."""
    count = len(inputs[0])
    for unit, error in enumerate(errors):
        weights = layer[unit]
        gradient = [dot(error, column) / count for column in inputs]
        velocity[unit] = [
            args.momentum * speed - args.lr * (slope + args.weight_decay * weight)
            for speed, slope, weight in zip(velocity[unit], gradient, weights)
        ]
        layer[unit] = [weight + speed for weight, speed in zip(weights, velocity[unit])]


def train_batch(network, velocities, rows, labels, args):
    """Learn from one batch; return the sum of its losses."""
    hidden, scores = forward(network, rows)
    errors, loss = [], 0.0
    for row_scores, label in zip(scores, labels):
        probabilities = softmax(row_scores)
        loss += cross_entropy(probabilities[label])
        probabilities[label] -= 1
        errors.append(probabilities)
    # Errors of the hidden units, before their weights to the outputs change.
    hidden_errors = []
    for activations, weights in zip(hidden[:-1], list(zip(*network[1]))):
        hidden_errors.append([
            (LEAK if active < 0 else 1.0) * dot(weights, error)
            for active, error in zip(activations, errors)
        ])
    update(network[1], velocities[1], list(zip(*errors)), hidden, args)
    update(network[0], velocities[0], hidden_errors, list(zip(*rows)), args)
    return loss


def evaluate(network, images):
    """Return (mean loss, share of images classified rightly)."""
    _, scores = forward(network, [pixels + [1.0] for pixels, _ in images])
    loss, right = 0.0, 0
    for row, (_, label) in zip(scores, images):
        loss += cross_entropy(softmax(row)[label])
        right += row.index(max(row)) == label
    return loss / len(images), right / len(images)


def main():
    args = parse_arguments()
    rng = random.Random(args.seed)
    training, validation = load_images(Path(__file__).resolve().parent / "digits.csv")
    training, validation = training[:args.limit], validation[:args.limit]
    print(f"training on {len(training)} images, validating on {len(validation)}", flush=True)

    network = [initial_layer(PIXELS, args.hidden, rng), initial_layer(args.hidden, CLASSES, rng)]
    velocities = [[[0.0] * len(row) for row in layer] for layer in network]
    began = time.monotonic()
    for epoch in range(1, args.epochs + 1):
        rng.shuffle(training)
        loss = 0.0
        for start in range(0, len(training), args.batch_size):
            batch = training[start:start + args.batch_size]
            rows = [pixels + [1.0] for pixels, _ in batch]
            loss += train_batch(network, velocities, rows, [label for _, label in batch], args)
        val_loss, val_acc = evaluate(network, validation)
        print(
            f"epoch {epoch}/{args.epochs} train_loss={loss / len(training):.4f}"
            f" val_loss={val_loss:.4f} val_acc={val_acc:.4f}",
            flush=True,
        )

    if args.out:
        with open(args.out, "w", encoding="ascii") as file:
            json.dump({"layers": network}, file)
    print(f"finished after {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main()
