"""Blocks on real clusters: Dask's and ipyparallel's workers, through the executors that they offer."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gradmagic
from gradmagic.explore.explorer import Explorer, request_from

ROOT = str(Path(__file__).parents[2])
POINTS = np.linspace(-3, 3, 1000)


@contextmanager
def dask() -> Iterator[Executor]:
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client.get_executor(retries=0)


@contextmanager
def ipyparallel() -> Iterator[Executor]:
    parallel = pytest.importorskip("ipyparallel")
    with parallel.Cluster(n=2, log_level=40) as client:
        yield client.load_balanced_view().executor


@pytest.fixture(scope="module", params=[dask, ipyparallel])
def workers(request: pytest.FixtureRequest) -> Iterator[Executor]:
    os.environ["PYTHONPATH"] = os.pathsep.join((ROOT, os.environ.get("PYTHONPATH", "")))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the cluster's own
        with request.param() as executor:
            yield executor


pytestmark = pytest.mark.filterwarnings("default")


def test_the_blocks_of_a_cluster_are_those_of_this_thread(workers: Executor) -> None:
    wave: Callable[[Any], Any] = eval("lambda x: x * x * 3 - 1")
    here = gradmagic.taylor(wave, POINTS, 2, block=100)
    assert np.array_equal(gradmagic.taylor(wave, POINTS, 2, executor=workers, block=100), here)


def test_a_cell_is_sampled_by_a_cluster(workers: Executor) -> None:
    g = Explorer(*request_from("a * sin(x) * exp(-x**2 / 5)", x=(-3, 3), a=(0, 3)))
    assert np.array_equal(g.sampled(1000, executor=workers, block=100), g.sampled(1000, block=100))


def test_an_error_in_a_block_is_the_users_own(workers: Executor) -> None:
    broken: Callable[[Any], Any] = eval("lambda x: x * (1 // 0)")
    with pytest.raises(Exception, match=r"division|ZeroDivisionError"):
        gradmagic.taylor(broken, POINTS, 1, executor=workers, block=100)


def test_a_lost_worker_is_said_in_one_line(workers: Executor) -> None:
    lethal: Callable[[Any], Any] = eval("lambda x: __import__('os')._exit(1)")
    with pytest.raises(RuntimeError, match="were lost with their worker"):
        gradmagic.taylor(lethal, POINTS, 1, executor=workers, block=500)
