"""Doors: devices that take notices, and how their user wants to be told."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from app.foundation.outbound_addresses import AddressPolicy
from app.identity.access import current_session, database, requires, settings
from app.push import devices, jobs, preferences, schemas, snooze
from app.push.keys import vapid_keys
from app.resources import wire
from app.resources.routes import ProblemSchema, json_answer

blueprint = Blueprint("notices", __name__, description="Notices before a visit, by Web Push or e-mail.")
PLACE: dict[str, Any] = {"Location": {"$ref": "#/components/headers/Location"}}


@blueprint.route("/push/key", methods=["GET"])
@blueprint.response(200, schemas.PushKeySchema, description="The same for as long as the installation lives.")
@requires("sync")
def read_push_key() -> dict[str, str]:
    """Read the key that browsers subscribe with (RFC 8292)."""
    return {"public_key": vapid_keys(database()).public}


@blueprint.route("/push/devices", methods=["GET"])
@blueprint.response(200, schemas.PushDeviceListSchema)
@requires("sync")
def list_push_devices() -> dict[str, Any]:
    """List your devices that take notices."""
    return {"data": devices.list_devices(current_session())}


@blueprint.route("/push/devices", methods=["POST"])
@blueprint.arguments(schemas.PushDeviceInputSchema)
@blueprint.response(201, schemas.PushDeviceSchema, description="It takes notices from now on.", headers=PLACE)
@blueprint.alt_response(200, schema=schemas.PushDeviceSchema, description="It did already, and has its new keys.")
@blueprint.alt_response(409, schema=ProblemSchema, description="No phone of yours has pulled with this client group.")
@requires("sync")
def add_push_device(body: dict[str, Any]) -> Response:
    """Have a browser take notices: send what `PushSubscription.toJSON()` gives."""
    session = current_session()
    device, is_new = devices.subscribe(session, _policy(), body)
    jobs.plan_for_caller(session)
    answer = json_answer(wire.dumps(device), 201 if is_new else 200)
    if is_new:
        answer.headers["Location"] = f"/api/v1/push/devices/{device['id']}"
    return answer


@blueprint.route("/push/devices/<uuid:push_device_id>", methods=["PATCH"])
@blueprint.arguments(schemas.PushDevicePatchSchema)
@blueprint.response(200, schemas.PushDeviceSchema, description="As it is now.")
@blueprint.alt_response(404, schema=ProblemSchema, description="No such device of yours.")
@blueprint.alt_response(409, schema=ProblemSchema, description="Another user's device has this endpoint.")
@requires("sync")
def change_push_device(body: dict[str, Any], push_device_id: Any) -> Any:
    """Renew the subscription of one of your devices, or name it."""
    return devices.change(current_session(), _policy(), str(push_device_id), body)


@blueprint.route("/push/devices/<uuid:push_device_id>", methods=["DELETE"])
@blueprint.response(204, description="It is sent nothing more.")
@blueprint.alt_response(404, schema=ProblemSchema, description="No such device of yours.")
@requires("sync")
def remove_push_device(push_device_id: Any) -> None:
    """Remove one of your devices."""
    devices.remove(current_session(), str(push_device_id))


@blueprint.route("/push/devices/<uuid:push_device_id>:test", methods=["POST"])
@blueprint.response(202, schemas.TestAcceptedSchema, description="On its way.")
@blueprint.alt_response(404, schema=ProblemSchema, description="No such device of yours.")
@requires("sync")
def try_push_device(push_device_id: Any) -> tuple[dict[str, str], int]:
    """Send a test message to one of your devices."""
    device = devices.read(current_session(), str(push_device_id))
    jobs.send_test(current_session(), device["id"])
    return {"device_id": device["id"]}, 202


@blueprint.route("/notices/<uuid:notice_id>:snooze", methods=["POST"])
@blueprint.response(202, schemas.SnoozedSchema, description="It comes again, to the same device.")
@blueprint.alt_response(404, schema=ProblemSchema, description="No such notice on a device of yours.")
@blueprint.alt_response(409, schema=ProblemSchema, description="The visit begins before that.")
@requires("sync")
def snooze_notice(notice_id: Any) -> tuple[dict[str, Any], int]:
    """Be told again in ten minutes."""
    return {"shown_at": snooze.snooze(current_session(), str(notice_id))}, 202


@blueprint.route("/notice-preferences", methods=["GET"])
@blueprint.response(200, schemas.NoticePreferenceSchema)
@requires("sync")
def read_notice_preferences() -> dict[str, Any]:
    """Read when and about what you are told."""
    return preferences.read(current_session())


@blueprint.route("/notice-preferences", methods=["PATCH"])
@blueprint.arguments(schemas.NoticePreferencePatchSchema)
@blueprint.response(200, schemas.NoticePreferenceSchema, description="As they are now.")
@requires("sync")
def change_notice_preferences(body: dict[str, Any]) -> dict[str, Any]:
    """Change when and about what you are told."""
    jobs.plan_for_caller(current_session())
    return preferences.change(current_session(), body)


def _policy() -> AddressPolicy:
    return AddressPolicy.parse(settings().outbound_allow.split(","))
