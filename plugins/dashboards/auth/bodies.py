"""What is sent to the routes of sign-in: JSON alone, small, and never repeated in an answer or a log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dashboards.errors import Refused

LARGEST = 16_384  # bytes of a body

# No NUL: PostgreSQL takes none in a text. The bounds keep hashing and the tables cheap.
Given = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^\x00]+$")]
NewPassword = Annotated[
    str, Field(min_length=12, max_length=256, pattern=r"^[^\x00]+$", description="12 characters or more.")
]


class Body(BaseModel):
    """A JSON object without other fields than these."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Login(Body):
    """Who signs in."""

    username: Given = Field(examples=["ann"])
    password: Given = Field(examples=["correct horse battery"])


class Refresh(Body):
    """A refresh token, where it is not in the cookie."""

    refresh_token: Given | None = Field(None, examples=["0f3a….Zk9v…"])


class Registration(Body):
    """A new account."""

    # No @: a name that looks like another user's address would be taken for it.
    username: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", examples=["ann"])
    password: NewPassword = Field(examples=["correct horse battery"])
    email: str | None = Field(
        None, max_length=256, pattern=r"^[^@\s\x00]+@[^@\s\x00]+$", examples=["ann@example.org"]
    )


class PasswordChange(Body):
    """One's own password."""

    old: Given = Field(examples=["correct horse battery"])
    new: NewPassword = Field(examples=["staple glue paper clip"])


class PasswordReset(Body):
    """Another user's password."""

    new: NewPassword = Field(examples=["staple glue paper clip"])


Kind = TypeVar("Kind", bound=Body)


def body_of(kind: type[Kind]) -> Callable[[Request], Awaitable[Kind]]:
    """A dependency that reads a body; an empty one is ``{}``.

    Args:
        kind: What it must be. 400, 413 and 415 say what was wrong, by the names of fields alone.
    """

    async def read(request: Request) -> Kind:
        raw = await _raw(request)
        media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        # Forms can be sent from other sites without being asked first; JSON cannot.
        if raw and media != "application/json":
            raise Refused(415, "Send a JSON body, with Content-Type: application/json.")
        try:
            return kind.model_validate_json(raw or b"{}")
        except ValidationError as error:
            raise Refused(400, _told(error)) from None  # the error would hold the values

    return read


def request_body(kind: type[Body]) -> dict[str, Any]:
    """The body in the OpenAPI document."""
    schema = kind.model_json_schema()
    needed = bool(schema.get("required"))
    return {"requestBody": {"required": needed, "content": {"application/json": {"schema": schema}}}}


async def _raw(request: Request) -> bytes:
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > LARGEST:
            raise Refused(413, f"The body is longer than {LARGEST} bytes.")
    return raw


def _told(error: ValidationError) -> str:
    wrong = [
        f"{'.'.join(map(str, one['loc'])) or 'the body'}: {one['msg']}"
        for one in error.errors(include_input=False, include_context=False, include_url=False)
    ]
    return f"The body is not right: {'; '.join(wrong)}."
