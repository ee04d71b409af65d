"""schemathesis against an application, with tokens that are good and ids that exist.

Without them most operations would be refused before they begin.
"""

import traceback
import warnings
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import schemathesis
from hypothesis.errors import HypothesisWarning
from schemathesis.config import ProjectConfig, ProjectsConfig, SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from schemathesis.schemas import BaseSchema

from tests.support.api import PASSWORD, Api, User, through_http

STREAM = "/api/v1/tasks/stream/"


BY_LINK = {"POST /api/v1/auth/password/"}  # an operator makes its token: no client can have one


@dataclass
class Outcome:
    """What a run has tried and found."""

    documented: set[str]
    calls: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)  # answered 2xx
    phases: Counter[str] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return (
            f"{len(self.calls)} of {len(self.documented)} operations covered, "
            f"{len(self.accepted)} of them with success, {self.calls.total()} calls, "
            f"by phase {dict(self.phases)}"
        )


def fuzz(url: str, examples: int) -> Outcome:
    """Run all of schemathesis' checks in all its phases, stateful links among them."""
    config = SchemathesisConfig(projects=ProjectsConfig(default=_project(examples)))
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json", config=config)
    _speak_as(Somebody(url), schema)
    schema.hook("filter_case")(_is_said_by_schemas)
    operations = [result.ok() for result in schema.get_all_operations()]
    outcome = Outcome({operation.label for operation in operations})
    with warnings.catch_warnings():
        # They are about schemathesis: its long bodies, and its threads, which share one `random`.
        warnings.simplefilter("ignore", HypothesisWarning)
        for event in from_schema(schema).execute():
            _note(event, outcome)
    return outcome


def _project(examples: int) -> ProjectConfig:
    return ProjectConfig.from_dict(
        {
            "max-stream-events": 1,
            "generation": {"max-examples": examples, "database": "none", "deterministic": True},
            "checks": _accepting("304", "400", "401", "403", "404", "409", "410", "412"),
            "operations": [
                {"include-path": path, "checks": _accepting("4xx")} for path in BEYOND_SCHEMAS
            ]
            + [{"include-path": STREAM, "checks": NO_SCHEMA | _accepting("422")}],
        }
    )


# What schemas cannot say: white space is trimmed, no text has a NUL, a password is not the name and
# none of the commonest, the two new ones are equal, a cursor is one of ours.
BEYOND_SCHEMAS = [
    "/api/v1/auth/register/",
    "/api/v1/auth/login/",
    "/api/v1/auth/password/",
    "/api/v1/auth/profile/",
    "/api/v1/auth/profile/delete/",
    "/api/v1/auth/profile/password/",
    "/api/v1/auth/token/refresh/",
    "/api/v1/auth/token/verify/",
    "/api/v1/tasks/",
    "/api/v1/tasks/bulk/",
]
# OpenAPI 3.1 has no words for the events of a stream.
NO_SCHEMA = {"response_schema_conformance": {"enabled": False}}


def _accepting(*statuses: str) -> dict[str, Any]:
    return {"positive_data_acceptance": {"expected-statuses": ["2xx", *statuses]}}


def _speak_as(somebody: "Somebody", schema: BaseSchema) -> None:
    @schema.auth(refresh_interval=None)
    class Auth:
        def get(self, case: Any, context: Any) -> str:
            return somebody.awake().access

        def set(self, case: Any, data: str, context: Any) -> None:
            case.headers["Authorization"] = f"Bearer {data}"

    @schema.hook("map_case")
    def use_what_exists(context: Any, case: Any) -> Any:
        for name, value in (case.path_parameters or {}).items():
            if _is_uuid(value):
                case.path_parameters[name] = somebody.id_for(name)
                if case.path.endswith("/restore/"):
                    somebody.user.delete(f"tasks/{case.path_parameters[name]}/")
        if case.meta.generation.mode.is_positive and isinstance(case.body, dict):
            _know_secrets(case.body, somebody.secrets_for(case.path))
        return case


def _is_said_by_schemas(context: Any, case: Any) -> bool:
    """Leave out what is too long for its schema, and is not once it is trimmed."""
    values = case.body.values() if isinstance(case.body, dict) else ()
    trimmed = any(isinstance(text, str) and text != text.strip() for text in values)
    return not (trimmed and case.meta.generation.mode.is_negative)


def _know_secrets(body: dict[str, Any], secrets: dict[str, str]) -> None:
    """Put the right ones in every other time."""
    for name in secrets.keys() & body.keys():
        if len(body[name]) % 2:
            body[name] = secrets[name]


class Somebody:
    """A user who registers anew when their session was ended or their account deleted."""

    def __init__(self, url: str) -> None:
        self.api = Api(through_http(url))
        self.user = self.api.register()

    def awake(self) -> User:
        if self.user.get("auth/profile/").status != 200:
            self.user = self.api.register()
        return self.user

    def secrets_for(self, path: str) -> dict[str, str]:
        if path.endswith("/token/verify/"):
            return {"token": self.awake().access}
        return dict.fromkeys(("old_password", "password"), PASSWORD) if "profile" in path else {}

    def id_for(self, parameter: str) -> str:
        if parameter == "task_id":
            return str(self.awake().create_task()["id"])
        if parameter != "session_id":
            raise LookupError(f"Make one here: {parameter}")
        body = {"username": self.awake().username, "password": PASSWORD}
        self.api.post("auth/login/", body)
        sessions = self.user.get("auth/sessions/").json["results"]
        return str(sessions[0]["id"])


def _is_uuid(value: Any) -> bool:
    try:
        return bool(UUID(str(value)))
    except ValueError:
        return False


def _note(event: events.EngineEvent, outcome: Outcome) -> None:
    if isinstance(event, events.FatalError | events.NonFatalError):
        _note_error(event, outcome)
    if not isinstance(event, events.ScenarioFinished):
        return
    outcome.phases[event.phase.value] += len(event.recorder.interactions)
    _note_calls(event, outcome)
    for case_id, checks in event.recorder.checks.items():
        label = event.recorder.cases[case_id].value.operation.label
        for check in checks:
            if check.status is Status.FAILURE and check.failure_info is not None:
                failure = check.failure_info.failure
                outcome.failures[f"{label}: {check.name}"] = (
                    f"{failure.title} {failure.message}\n{check.failure_info.code_sample}"
                )


def _note_calls(event: events.ScenarioFinished, outcome: Outcome) -> None:
    """Count the calls of each operation. Another method at its path, OPTIONS above all, is none."""
    for case_id, interaction in event.recorder.interactions.items():
        label = event.recorder.cases[case_id].value.operation.label
        if interaction.request.method == label.split()[0]:
            outcome.calls[label] += 1
            if interaction.response is not None and interaction.response.status_code < 300:
                outcome.accepted[label] += 1


def _note_error(event: events.FatalError | events.NonFatalError, outcome: Outcome) -> None:
    """Keep what went wrong in the tool itself. Hypothesis tells it in exceptions within its own."""
    error = event.exception if isinstance(event, events.FatalError) else event.value
    told = "".join(traceback.format_exception(error))
    outcome.failures[f"schemathesis, {type(error).__name__}"] = told
