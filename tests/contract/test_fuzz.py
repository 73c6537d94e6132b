"""Requests made up from the served OpenAPI document, against a real ComfyUI with two recorded runs.

Whatever is sent: no 5xx, no status, content type or answer that the document does not describe, no
"unexpected"; what fits the document is not refused as invalid. ``FUZZ_CASES`` requests in all
(``make test-fuzz``: 5,000), shared among the operations.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from engine.host.api.openapi import build
from engine.host.api.routes import ROUTES
from tests.comfyui.provision import Host
from tests.comfyui.scenes import Scene
from tests.comfyui.server import Server

from .conftest import Profiler

pytestmark = pytest.mark.any_version

CASES = int(os.environ.get("FUZZ_CASES", "150"))
SCHEMA = schemathesis.openapi.from_dict(json.loads(json.dumps(build(ROUTES))))
OPERATIONS = {
    operation.label: operation for operation in (found.ok() for found in SCHEMA.get_all_operations())
}
LINE_LIMIT = 8_000
"""A longer address is answered by aiohttp itself, before any route is asked."""
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
_settings = settings(
    max_examples=max(1, CASES // (2 * len(OPERATIONS))),
    deadline=None,
    derandomize="FUZZ_CASES" not in os.environ,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),
)


@pytest.fixture(scope="module")
def recorded(comfyui_host: Host, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A ComfyUI of its own: made-up requests delete runs and change settings."""
    with Server(comfyui_host, tmp_path_factory.mktemp("fuzzed")) as server:
        for value in ("a", "b"):
            made = Scene()
            made.start()
            made.show(made.add("Pass", value=value))
            Profiler(server).run(made)
        yield server
        assert "The profiler could not answer" not in server.log_text()


def ask(server: Server, case: Any, *, fits: bool) -> None:
    """Send one made-up request and look at the answer."""
    response = case.call(base_url=server.url, timeout=60)
    if len(response.request.path_url) > LINE_LIMIT:
        assert not fits, response.request.path_url
        return
    case.validate_response(response, checks=CHECKS)
    answer = _error(response)
    assert answer.get("type") != "unexpected", (case.as_curl_command(), answer)
    if fits:
        assert response.status_code not in (400, 405, 415), (case.as_curl_command(), answer)


def _error(response: requests.Response) -> dict[str, Any]:
    if response.status_code < 400:
        return {}
    error: dict[str, Any] = response.json()["error"]
    return error


def _operation_test(mode: GenerationMode) -> Callable[..., None]:
    @pytest.mark.parametrize("label", OPERATIONS)
    def test(recorded: Server, label: str) -> None:
        operation = OPERATIONS[label]
        nothing_to_get_wrong = not operation.body and not any(
            len(each) for each in (operation.query, operation.path_parameters)
        )
        if mode is GenerationMode.NEGATIVE and nothing_to_get_wrong:
            return
        strategy = operation.as_strategy(generation_mode=mode)
        ids = st.sampled_from([None, None, 1, 2])

        @_settings
        @given(case=strategy, known_id=ids)
        def send(case: Any, known_id: int | None) -> None:
            if known_id is not None and mode is GenerationMode.POSITIVE:
                for name in ("run_id", "step_id", "group_id"):
                    if name in case.path_parameters:
                        case.path_parameters[name] = known_id
            ask(recorded, case, fits=mode is GenerationMode.POSITIVE)

        send()

    return test


test_a_request_that_fits_the_document_is_served = _operation_test(GenerationMode.POSITIVE)
test_a_request_that_does_not_fit_is_refused_as_documented = _operation_test(GenerationMode.NEGATIVE)
