"""The control address: truth, log, faults and the incident."""

from http import HTTPStatus

from simulators.control import faults
from simulators.control.farm import Farm
from simulators.control.http import Answer, Handler, Request
from simulators.plant.buncefield import Buncefield


def _health(farm: Farm) -> Answer:
    devices = {
        server.device: {"up": server.is_up, "address": server.address, "failure": server.failure, "pid": server.pid}
        for server in farm.servers.values()
    }
    stage = farm.incident.stage if farm.incident is not None else None
    body = {"devices": devices, "paused": farm.is_paused, "incident": stage, "elapsed_s": farm.plant.elapsed_s}
    return Answer(status=HTTPStatus.OK, body=body)


def _log(farm: Farm, request: Request) -> Answer:
    since = request.query.get("since_wall_ns", "0")
    if not since.lstrip("-").isdigit():
        raise ValueError("since_wall_ns must be a whole number of nanoseconds")
    return Answer(status=HTTPStatus.OK, body=farm.log(int(since)))


def _incident(farm: Farm) -> Answer:
    if farm.incident is not None:
        return Answer(status=HTTPStatus.CONFLICT, body={"error": f"already playing: {farm.incident.stage}"})
    farm.incident = Buncefield()
    return Answer(status=HTTPStatus.ACCEPTED, body={"incident": "buncefield"})


def _answer(farm: Farm) -> Answer:
    if farm.incident is None or not farm.incident.answer():
        return Answer(status=HTTPStatus.CONFLICT, body={"error": "nothing waits for an answer now"})
    return Answer(status=HTTPStatus.ACCEPTED, body={"answered": True})


def _fault(farm: Farm, request: Request) -> Answer:
    name = request.path.removeprefix("/fault/")
    try:
        faults.apply(farm, name, request.query)
    except faults.UnknownFaultError as error:
        return Answer(status=HTTPStatus.NOT_FOUND, body={"error": str(error)})
    return Answer(status=HTTPStatus.ACCEPTED, body={"fault": name})


def routes(farm: Farm) -> Handler:
    """What the control address answers for one farm."""

    def handle(request: Request) -> Answer:
        if request.method == "GET":
            readings = {
                "/truth": lambda: Answer(status=HTTPStatus.OK, body=farm.truth()),
                "/log": lambda: _log(farm, request),
                "/health": lambda: _health(farm),
                "/fault": lambda: Answer(status=HTTPStatus.OK, body=faults.names()),
            }
            if request.path in readings:
                return readings[request.path]()
        elif request.method == "POST":
            if request.path == "/incident/buncefield":
                return _incident(farm)
            if request.path == "/incident/buncefield/answer":
                return _answer(farm)
            if request.path.startswith("/fault/"):
                return _fault(farm, request)
        return Answer(status=HTTPStatus.NOT_FOUND, body={"error": f"{request.method} {request.path} is not here"})

    return handle
