"""Doors: background jobs, for administrators."""

from typing import Any

from flask_smorest import Blueprint

from app.identity.access import current_session, requires
from app.jobs import schemas, service
from app.resources.schemas import ProblemSchema

blueprint = Blueprint("jobs", __name__, description="Background work: what waits, what was parked and why.")


@blueprint.route("/jobs", methods=["GET"])
@blueprint.arguments(schemas.JobQuerySchema, location="query")
@blueprint.response(200, schemas.JobPageSchema, description="A page, the newest first.")
@requires("jobs:read")
def list_jobs(query: dict[str, Any]) -> dict[str, Any]:
    """List background jobs."""
    limit = query.pop("limit")
    found = service.find(current_session(), limit=limit + 1, before=query.pop("cursor", None), **query)
    more = len(found) > limit
    return {
        "data": found[:limit],
        "next_cursor": found[limit - 1]["id"] if more else None,
        "counts": service.counts(current_session()),
    }


@blueprint.route("/jobs/<uuid:job_id>", methods=["GET"])
@blueprint.response(200, schemas.JobSchema)
@blueprint.alt_response(404, schema=ProblemSchema, description="No such job, or it is done.")
@requires("jobs:read")
def read_job(job_id: Any) -> dict[str, Any]:
    """Read a background job."""
    return service.get(current_session(), str(job_id))


@blueprint.route("/jobs/<uuid:job_id>:retry", methods=["POST"])
@blueprint.doc(operationId="retry_job")
@blueprint.response(200, schemas.JobSchema, description="It is due now, and has all its tries again.")
@blueprint.alt_response(404, schema=ProblemSchema, description="No such job, or it is done.")
@blueprint.alt_response(409, schema=ProblemSchema, description="It is running.")
@requires("jobs:write")
def retry_job(job_id: Any) -> dict[str, Any]:
    """Try a job again at once."""
    return service.retry(current_session(), str(job_id))


@blueprint.route("/jobs/<uuid:job_id>", methods=["DELETE"])
@blueprint.response(204, description="It will not be done.")
@blueprint.alt_response(404, schema=ProblemSchema, description="No such job, or it is done.")
@blueprint.alt_response(409, schema=ProblemSchema, description="It is running.")
@requires("jobs:write")
def discard_job(job_id: Any) -> None:
    """Discard a job."""
    service.discard(current_session(), str(job_id))
