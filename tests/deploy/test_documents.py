"""The documents against the code: every name that a reader copies out of them exists, every default is the default."""

import importlib
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from drivers import registry
from drivers.modbus.settings import ModbusSettings
from drivers.opcua.settings import OpcUaSettings
from monitor.api import openapi
from monitor.api.app import add_routes, new_app
from monitor.api.roles import ROLES
from monitor.cli.app import app
from monitor.cli.check import check_folder
from monitor.cli.endpoint import LANGUAGE_VARIABLE
from monitor.notify.people import Channel
from monitor.plant import alarms, interlocks, site, tags
from monitor.plant.folder import read_plant
from monitor.plant.generated import SYSTEM
from monitor.plant.units import UNITS
from monitor.settings import Settings
from tests.deploy.repository import DEPLOY, DOCS, ROOT, codes, files, keyed, make_targets, markdown, rows, section

PLANT_FOLDER = (DOCS / "plant-folder.md").read_text(encoding="utf-8")
OPERATIONS = (DOCS / "operations.md").read_text(encoding="utf-8")
API = (DOCS / "api.md").read_text(encoding="utf-8")
READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")


# --- links, commands, names -------------------------------------------------------------------


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


@pytest.mark.parametrize("path", markdown(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_resolves(path: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, heading = target.partition("#")
        found = (path.parent / name).resolve() if name else path
        if not found.exists():
            broken.append(target)
        elif heading:
            lines = found.read_text(encoding="utf-8").splitlines()
            anchors = {anchor(line.lstrip("# ")) for line in lines if line.startswith("#")}
            broken += [target] * (heading not in anchors)
    assert broken == []


@pytest.mark.parametrize("path", markdown(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_is_named_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    shown = "\n".join([*re.findall(r"`[^`\n]+`", text), *re.findall(r"^ {4}.*$", text, re.MULTILINE)])
    made = {word for words in re.findall(r"\bmake ([a-z]+(?: [a-z]+)*)", shown) for word in words.split()[:1]}
    assert made <= make_targets()
    commands = {item.name or getattr(item.callback, "__name__", "") for item in app.registered_commands}
    commands |= {group.name or "" for group in app.registered_groups}
    named = set(re.findall(r"(?<![\w/-])redline ([a-z]+)\b", shown)) - {"redline"}
    assert {word for word in named if f"`redline {word}" in shown or f"bin/redline {word}" in shown} <= commands


def test_the_readmes_show_the_two_commands() -> None:
    for path in READMES:
        shown = re.findall(r"^ {4}(make \w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert shown == ["make demo", "make test"]
        assert {line.split()[1] for line in shown} <= make_targets()


def test_the_readmes_say_the_same_in_both_languages() -> None:
    english, chinese = (path.read_text(encoding="utf-8") for path in READMES)
    for pattern in (r"^#+ ", r"^\|", r"^- ", r"^ {4}"):
        counts = [len(re.findall(pattern, text, re.MULTILINE)) for text in (english, chinese)]
        assert counts[0] == counts[1] > 0, pattern
    links = [
        [target.replace(".zh.png", ".en.png") for target in re.findall(r"\]\(([^)]+)\)", text)]
        for text in (english, chinese)
    ]
    assert links[0][1:] == links[1][1:]  # the first is the other language
    assert (links[0][0], links[1][0]) == ("README.zh-CN.md", "README.md")


def test_names_of_code_in_glossary_and_architecture_exist() -> None:
    checked = 0
    for name in ("glossary.md", "architecture.md"):
        for word in codes((DOCS / name).read_text(encoding="utf-8")):
            if re.fullmatch(r"(rules|drivers|monitor|simulators)(\.\w+)+", word):
                assert exists(word), word
                checked += 1
            elif re.fullmatch(r"(rules|drivers|monitor|simulators|tests)(/[\w.-]+)+/?", word):
                known = (ROOT / word).exists() or (ROOT / f"{word}.py").exists()
                assert known, word
                checked += 1
    assert checked > 30


def exists(dotted: str) -> bool:
    parts = dotted.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        return all((found := getattr(found, part, None)) is not None for part in parts[cut:])
    return False


def test_decisions_are_numbered_in_order() -> None:
    numbers = re.findall(r"^## (\d+)\. ", (DOCS / "decisions.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [int(number) for number in numbers] == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 12


# --- operations -------------------------------------------------------------------------------


def test_every_setting_is_documented_with_its_default() -> None:
    documented = keyed(section(OPERATIONS, "## Settings"))
    for name, field in Settings.model_fields.items():
        row = documented.pop(f"REDLINE_{name.upper()}")
        shown = row[1].strip("`")
        wanted = {True: "true", False: "false", (): "[]"}.get(field.default, field.default)
        assert shown == str(wanted) or float(shown) == field.default, name
    assert not [name for name in documented if name.startswith("REDLINE_")], "documented, but nothing reads it"


def test_every_setting_named_anywhere_exists() -> None:
    known = {f"REDLINE_{name.upper()}" for name in Settings.model_fields}
    known |= {"REDLINE_WECOM_URL", "REDLINE_MQTT_PASSWORD"}  # names that plant.toml chooses
    known |= {LANGUAGE_VARIABLE}  # of the command line, not of the service
    for path in markdown():
        named = set(re.findall(r"REDLINE_[A-Z_]+[A-Z]", path.read_text(encoding="utf-8")))
        assert named <= known, path


def test_every_exit_code_and_every_generated_alarm_is_explained() -> None:
    text = section(OPERATIONS, "## Exit codes")
    assert [row[0] for row in rows(text)] == ["0", "1", "2", "70", "74", "75"]
    assert {row[0] for row in rows(text) if row[2] == "stays down"} == {"1", "2"}
    explained = keyed(section(OPERATIONS, "## What each system alarm means"))
    assert {alarm_id for alarm_id, _, _, _ in SYSTEM} <= set(explained)
    assert {"<device>.link", "<hazard_source>.blind.<device>", "channel.<id>"} <= set(explained)


def test_every_role_is_described() -> None:
    described = {name.strip() for row in rows(section(API, "## Log in")) for name in row[0].split(",")}
    assert described == set(ROLES)
    for row in rows(section(API, "## Log in")):
        for role in row[0].split(","):
            permissions = ROLES[role.strip()]
            assert ("acknowledge" in row[1]) == ("alarm.acknowledge" in permissions)
            assert ("reset" in row[1]) == ("alarm.reset" in permissions)
            assert ("account.manage" in row[1]) == ("account.manage" in permissions)


# --- the plant folder -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("heading", "columns"),
    [
        ("## tags.csv", tags.COLUMNS),
        ("## alarms.csv", alarms.COLUMNS),
        ("## interlocks.toml", interlocks.KEYS),
        ("## Classes of interlocks", interlocks.CLASS_KEYS),
    ],
)
def test_every_column_is_documented(heading: str, columns: tuple[str, ...]) -> None:
    documented = keyed(section(PLANT_FOLDER, heading))
    assert [name for name in columns if name not in documented] == []
    generated = {name for name in documented if "." in name}
    assert set(documented) - generated == set(columns), "documented, but unknown to the check"


@pytest.mark.parametrize(("heading", "required"), [("## tags.csv", tags.REQUIRED), ("## alarms.csv", alarms.REQUIRED)])
def test_required_columns_are_marked(heading: str, required: tuple[str, ...]) -> None:
    documented = keyed(section(PLANT_FOLDER, heading))
    marked = {name for name, row in documented.items() if row[1] == "yes"}
    assert marked == set(required)


def driver_table(kind: str) -> dict[str, list[str]]:
    devices = section(PLANT_FOLDER, "### [[devices]]")
    _, _, after = devices.partition(f"**{kind}**")
    return keyed(after.split("**modbus**")[0])


@pytest.mark.parametrize(("kind", "model"), [("opcua", OpcUaSettings), ("modbus", ModbusSettings)])
def test_every_key_of_a_driver_is_documented_with_its_default(kind: str, model: type[BaseModel]) -> None:
    assert kind in registry.KINDS
    documented = driver_table(kind)
    assert set(documented) == set(model.model_fields)
    for name, field in model.model_fields.items():
        if field.is_required():
            assert documented[name][2] == "required", name
        elif isinstance(field.default, bool):
            assert documented[name][2] == str(field.default).lower(), name
        elif isinstance(field.default, int | float):
            assert float(documented[name][2]) == field.default, name


def test_every_key_of_a_channel_is_documented_with_its_default() -> None:
    documented = keyed(section(PLANT_FOLDER, "### [[channels]]"))
    assert set(documented) == set(Channel.__dataclass_fields__)
    plain = Channel(id="x", kind="mqtt")
    for name in ("repeat_after_s", "messages_per_minute", "keepalive_s"):
        assert float(documented[name][2]) == getattr(plain, name)
    assert documented["host"][2] == f"{plain.host}, {plain.port}"
    assert documented["priorities"][2] == f"`{list(plain.priorities)}`"
    assert documented["topic_prefix"][2] == f"`{plain.topic_prefix}`"


def test_every_key_of_plant_toml_is_documented() -> None:
    text = section(PLANT_FOLDER, "## plant.toml")
    for table in set(site.TOP) - {"schema", "duty"}:
        assert re.search(rf"^### \[+{table}\]+$", text, re.MULTILINE), table
    equipment = keyed(section(text, "### [[equipment]]"))
    assert {*site.EQUIPMENT_NUMBERS, *site.EQUIPMENT_TAGS} <= set(equipment)
    assert set(codes(equipment["kind"][3])) == set(site.EQUIPMENT_KINDS)
    assert set(site.RESPONSIBLE) <= set(keyed(section(text, "### [[hazard_sources]]")))
    assert f"| {site.MINIMUM_KEEP_DAYS} |" in section(text, "### [history]")


def test_units_kinds_types_and_classes_are_listed() -> None:
    listed = section(PLANT_FOLDER, "### Units")
    words = {word for word in re.split(r"[,·\s]+", listed) if word}
    assert {unit for unit in UNITS if unit} - words == set()
    documented = keyed(section(PLANT_FOLDER, "## tags.csv"))
    assert [word for word in codes(documented["type"][2]) if word != "bool"] == list(tags.TYPES[1:])
    assert set(codes(documented["word_order"][2])) == set(tags.WORD_ORDERS)
    of_alarms = keyed(section(PLANT_FOLDER, "## alarms.csv"))
    assert tuple(codes(of_alarms["kind"][2])) == alarms.KINDS
    assert tuple(codes(of_alarms["class"][2])) == alarms.CLASSES


def test_generated_alarms_are_listed_with_their_priorities() -> None:
    documented = keyed(section(PLANT_FOLDER, "### Generated alarms"))
    for alarm_id, priority, _, _ in SYSTEM:
        assert documented[alarm_id][1] == str(priority)
    checked = read_plant(DEPLOY / "plant.example", registry)
    found: dict[str, str] = {item.kind: str(item.priority) for item in checked.plant.definitions if item.generated}
    shown = {"bypass": "<interlock>.bypass", "link": "<device>.link", "blind": "<hazard_source>.blind.<device>"}
    shown["channel"] = "channel.<id>"
    assert {kind: documented[name][1] for kind, name in shown.items()} == {kind: found[kind] for kind in shown}


def test_the_shown_mistakes_are_what_the_check_prints(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "plant"
    shutil.copytree(DEPLOY / "plant.example", folder)
    for name, before, after in (
        ("plant.toml", "level = 4", "level = 5"),
        ("plant.toml", "unit_id", "unitid"),
        ("tags.csv", "12,m,normal", "12,M,normal"),
        ("alarms.csv", "LT-101,H,", "LT-111,H,"),
    ):
        text = (folder / name).read_text(encoding="utf-8")
        assert before in text
        (folder / name).write_text(text.replace(before, after), encoding="utf-8")
    assert check_folder(folder, "en") == 1
    printed = capsys.readouterr().err.replace(str(folder), "FOLDER").splitlines()
    shown = re.findall(r"^ {4}(.*)$", section(PLANT_FOLDER, "## How mistakes look"), re.MULTILINE)
    assert printed == shown


def test_the_example_plant_passes_without_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    assert check_folder(DEPLOY / "plant.example", "zh") == 0
    assert capsys.readouterr().err == ""
    plant = read_plant(DEPLOY / "plant.example", registry).plant
    assert {device.kind for device in plant.devices} == {"opcua", "modbus"}
    assert {channel.kind for channel in plant.channels} == {"wecom_webhook", "mqtt"}
    assert plant.interlocks
    assert plant.history_keep_days >= site.MINIMUM_KEEP_DAYS


# --- HTTP -------------------------------------------------------------------------------------


def api() -> FastAPI:
    made = new_app("0")
    add_routes(made)
    return made


def test_every_route_is_named_and_every_named_route_exists() -> None:
    document = openapi.document(api())
    routes = {f"{method.upper()} {path}" for path, operations in document["paths"].items() for method in operations}
    named = {word for row in rows(section(API, "## Routes")) for word in codes(row[0])}
    assert named - routes == {"GET /api/v1/openapi.json"}  # not in its own document
    assert routes - named == set()


def test_every_query_parameter_is_named() -> None:
    document = openapi.document(api())
    documented = {word: row[1] for row in rows(section(API, "## Routes")) for word in codes(row[0])}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "query":
                    assert f"`{parameter['name']}`" in documented[f"{method.upper()} {path}"], (path, parameter["name"])


def test_the_messages_of_the_stream_are_shown_with_their_fields() -> None:
    schemas = openapi.document(api())["components"]["schemas"]
    text = section(API, "## The stream")
    for name in ("StreamTags", "StreamAlarm"):
        for field in schemas[name]["properties"]:
            assert f'"{field}":' in text, f"{name}.{field}"
    for kind in ("snapshot", "tags", "alarm", "alarms"):
        assert f"`{kind}`" in text
    closing = {row[0] for row in rows(text)}
    stream = importlib.import_module("monitor.api.stream")
    client = importlib.import_module("monitor.api.client")
    codes_of_code = {stream.LOGGED_OUT, stream.RESTARTING, stream.NOT_UNDERSTOOD, client.OVERFLOW_CODE}
    assert closing == {str(code) for code in codes_of_code}


def test_the_changelog_has_an_unreleased_part() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert section(text, "## [Unreleased]").count("\n- ") >= 5


def test_the_documents_that_must_exist_do() -> None:
    wanted = {"architecture", "decisions", "glossary", "plant-folder", "operations", "api", "development"}
    assert wanted <= {path.stem for path in files() if path.parent == DOCS and path.suffix == ".md"}
