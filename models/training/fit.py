"""The training loop: one schedule for every model, the same numbers each time on one machine."""

import copy
import math
import time

import numpy as np
import torch
from torch import nn

from training.preparation import Preparation
from training.recipe import THREADS, Recipe
from training.sources import Labelled


def fit(recipe: Recipe, train: Labelled, validation: Labelled, preparation: Preparation) -> nn.Module:
    """The weights of the epoch that did best on the validation split."""
    torch.set_num_threads(THREADS)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(recipe.seed)
    values, labels = torch.from_numpy(train.values), torch.from_numpy(train.labels)
    held, held_labels = prepared(torch.from_numpy(validation.values), preparation), torch.from_numpy(validation.labels)
    network = recipe.network()
    steps = recipe.epochs * math.ceil(len(values) / recipe.batch)
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, total_steps=steps)
    order = torch.Generator().manual_seed(recipe.seed)
    loss_of = nn.CrossEntropyLoss(label_smoothing=recipe.label_smoothing)
    augment = recipe.augment or (lambda batch, _: batch)
    best, best_loss, started = None, math.inf, time.monotonic()
    for epoch in range(1, recipe.epochs + 1):
        network.train()
        for rows in torch.randperm(len(values), generator=order).split(recipe.batch):
            inputs = prepared(augment(values[rows], order), preparation)
            optimizer.zero_grad()
            loss_of(network(inputs), labels[rows]).backward()
            optimizer.step()
            schedule.step()
        loss, accuracy = judge(network, held, held_labels)
        if loss < best_loss:
            best, best_loss = copy.deepcopy(network.state_dict()), loss
        seconds = time.monotonic() - started
        print(f"{recipe.name}: epoch {epoch}/{recipe.epochs}: validation loss {loss:.4f}, "
              f"accuracy {accuracy:.4f}, {seconds:.0f} s", flush=True)
    network.load_state_dict(best)
    return network.eval()


def prepared(values: torch.Tensor, preparation: Preparation) -> torch.Tensor:
    return torch.from_numpy(preparation.applied(values.numpy()))


@torch.no_grad()
def judge(network: nn.Module, inputs: torch.Tensor, labels: torch.Tensor) -> tuple[float, float]:
    network.eval()
    logits = torch.cat([network(part) for part in inputs.split(1000)])
    loss = nn.functional.cross_entropy(logits, labels).item()
    return loss, (logits.argmax(1) == labels).float().mean().item()


@torch.no_grad()
def logits(network: nn.Module, inputs: np.ndarray) -> np.ndarray:
    """One row at a time, as the exported graph takes them."""
    return np.concatenate([network(torch.from_numpy(row[None])).numpy() for row in inputs])
