"""The OpenAPI document: every collection from its contract, and true."""

from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from common.utils.contract import Field
from dashboards.documentation import paged
from plugins.shop import ORDERS, orders

PAGE = "/v1/collections/shop/orders"


@pytest.fixture
def document(api: Any) -> dict[str, Any]:
    return api.app.openapi()


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    return {**schema, "components": document["components"]}


def answers(document: dict[str, Any], path: str, status: int) -> dict[str, Any]:
    content = document["paths"][path]["get"]["responses"][str(status)]["content"]
    return resolved(document, content["application/json"]["schema"])


def test_every_field_operator_and_control_is_named(document: dict[str, Any]) -> None:
    named = [one["name"] for one in document["paths"][PAGE]["get"]["parameters"] if one["in"] == "query"]
    operators = ("", "__gt", "__gte", "__lt", "__lte")
    expected = [
        f"{field.name}{op}" for field in ORDERS.fields for op in operators if field.name != "paid" or not op
    ]
    assert named == [*expected, "sort", "fields", "limit", "cursor", "version"]
    by_name = {one["name"]: one["schema"] for one in document["paths"][PAGE]["get"]["parameters"]}
    assert by_name["total__gte"] == {"type": "string", "format": "decimal", "example": "12.5000"}
    assert by_name["placed_at"]["example"] == "2026-01-31T08:00:00.000000Z"
    assert by_name["sort"]["enum"][:3] == ["day", "-day", "items"]


def test_every_named_parameter_is_accepted(shop: Any, api: Any, document: dict[str, Any]) -> None:
    shop.publish(orders(3))
    for one in document["paths"][PAGE]["get"]["parameters"]:
        if one["in"] == "query" and "example" in one["schema"]:
            assert api.get(**{one["name"]: one["schema"]["example"]}).status_code == 200, one["name"]


def test_answers_fit_the_document(shop: Any, api: Any, document: dict[str, Any]) -> None:
    shop.publish(orders(50))
    for path, asked, status in [
        (PAGE, PAGE, 200),
        (PAGE, f"{PAGE}?fields=day,weight", 200),
        (PAGE, f"{PAGE}?limt=3", 400),
        (PAGE, f"{PAGE}?version=9", 410),
        ("/v1/collections", "/v1/collections", 200),
        ("/v1/health", "/v1/health", 200),
    ]:
        answer = api.client.get(asked)
        assert answer.status_code == status
        Draft202012Validator(answers(document, path, status)).validate(answer.json())
    wrong = api.get().json()
    wrong["data"][0]["total"] = 12.5
    assert not Draft202012Validator(answers(document, PAGE, 200)).is_valid(wrong)


def test_examples_fit_too(document: dict[str, Any]) -> None:
    content = document["paths"][PAGE]["get"]["responses"]["200"]["content"]["application/json"]
    Draft202012Validator(answers(document, PAGE, 200)).validate(content["example"])
    assert set(content["example"]["data"][0]) == {field.name for field in ORDERS.fields}


def test_who_may_read_and_what_may_go_wrong_is_said(document: dict[str, Any]) -> None:
    operation = document["paths"][PAGE]["get"]
    assert {"HTTPBearer": []} in operation["security"]
    assert set(operation["responses"]) == {
        "200",
        "304",
        "400",
        "401",
        "403",
        "404",
        "410",
        "429",
        "500",
        "503",
    }
    assert "ETag" in operation["responses"]["304"]["headers"]
    assert operation["operationId"] == "read_shop_orders"
    assert "security" not in document["paths"]["/v1/health"]["get"]
    assert "shop-team" in operation["description"]


def test_an_example_that_is_no_number_is_shown_as_it_is() -> None:
    field = Field("total", "decimal", examples=("about twelve", 3))
    shown = paged(replace(ORDERS, fields=(field,)))["openapi_extra"]["parameters"][0]["schema"]["example"]
    assert shown == "about twelve"
