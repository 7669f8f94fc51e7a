"""The hospital, its policy and its slot templates, as they stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from engine.actors.hospital import hospital_view, policy_view
from engine.actors.slot_template import SlotTemplate, TemplateView, template_key, template_view
from engine.decider import Value
from engine.errors import NotFound
from engine.views.paging import ById, ListQuery, Page, filed, page, position
from engine.views.reader import Found, Id, Reader
from engine.views.states import the_hospital


class GetHospital(Value, frozen=True):
    """The hospital itself."""


class GetPolicy(Value, frozen=True):
    """Its policy, every field with its present value."""


class ListTemplates(ListQuery, frozen=True):
    """Weekly templates in the order in which they were added; removed ones only when ``retired`` says so."""

    doctor_id: Id | None = None
    retired: bool = False


class GetTemplate(Value, frozen=True):
    """One weekly template, also a removed one."""

    template_id: Id


def get_hospital(reader: Reader, _: GetHospital) -> Found:
    """The hospital and its version."""
    state = the_hospital(reader)
    return Found(hospital_view(state), state.version)


def get_policy(reader: Reader, _: GetPolicy) -> Found:
    """The policy and the version of the policy alone."""
    state = the_hospital(reader)
    return Found(policy_view(state), state.policy_version)


def list_templates(reader: Reader, query: ListTemplates) -> Found:
    """A page of templates."""
    after = position(query, ById)

    def rows() -> Iterator[tuple[ById, SlotTemplate | None]]:
        for id in filed(reader, "templates", after.id if after is not None else None):
            state = _template(reader, id)
            wanted = (
                state is not None
                and bool(state.retired_at) == query.retired
                and query.doctor_id in (None, state.doctor_id)
            )
            yield ById(id), state if wanted else None

    found: Page[TemplateView] = page(query, rows(), template_view)
    return Found(found)


def get_template(reader: Reader, query: GetTemplate) -> Found:
    """A template, or ``NotFound``."""
    state = _template(reader, query.template_id)
    if state is None:
        raise NotFound("there is no such slot template", template_id=query.template_id)
    return Found(template_view(state), state.version)


def _template(reader: Reader, template_id: str) -> SlotTemplate | None:
    return cast("SlotTemplate | None", reader.look(template_key(template_id)))
