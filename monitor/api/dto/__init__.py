"""What travels over HTTP, as models: the contract that the console and other programs build on (RFC 3339 UTC times)."""

from monitor.api.dto.alarms import Alarm, AlarmDetail, Explanation, ExplanationFigure
from monitor.api.dto.base import Dto, Problem, Text
from monitor.api.dto.commands import AlarmCommand, Ending, GroupAnswer, GroupCommand, Removal, SeenAlarm, Shelving
from monitor.api.dto.definitions import (
    DefinitionDrift,
    DefinitionHistory,
    DefinitionStep,
    Drift,
    Shadow,
    ShadowDifference,
)
from monitor.api.dto.devices import BadItem, Channel, Device, Diagnosis, Diagnostics, Health, Spread
from monitor.api.dto.figures import (
    Distribution,
    Figures,
    FiguresReport,
    JudgedFigure,
    Nuisance,
    NuisanceAlarm,
    NuisanceCriteria,
    TopAlarm,
)
from monitor.api.dto.floods import Flood, FloodBoard, FloodFold, FloodState
from monitor.api.dto.interlocks import (
    CauseTripPoint,
    EffectFeedback,
    Interlock,
    InterlockRate,
    Protection,
    ProtectionLayer,
)
from monitor.api.dto.journal import JournalPage, JournalRow, Push
from monitor.api.dto.permits import FunctionCheck, Permit, PermitApproval, PermitCheck, PermitComment, PermitRequest
from monitor.api.dto.positions import Horn, Position
from monitor.api.dto.sequence import Sequence, SequenceEvent
from monitor.api.dto.session import Login, Session
from monitor.api.dto.sources import BypassSince, Chemical, Equipment, Person, Source
from monitor.api.dto.stream import StreamAlarm, StreamAlarms, StreamFlood, StreamHorn, StreamTags
from monitor.api.dto.suppressions import DesignSuppression, SuppressedAlarm, SuppressionDto
from monitor.api.dto.tags import Forecast, Limits, Tag, Trend

__all__ = [
    "Alarm",
    "AlarmCommand",
    "AlarmDetail",
    "BadItem",
    "BypassSince",
    "CauseTripPoint",
    "Channel",
    "Chemical",
    "DefinitionDrift",
    "DefinitionHistory",
    "DefinitionStep",
    "DesignSuppression",
    "Device",
    "Diagnosis",
    "Diagnostics",
    "Distribution",
    "Drift",
    "Dto",
    "EffectFeedback",
    "Ending",
    "Equipment",
    "Explanation",
    "ExplanationFigure",
    "Figures",
    "FiguresReport",
    "Flood",
    "FloodBoard",
    "FloodFold",
    "FloodState",
    "Forecast",
    "FunctionCheck",
    "GroupAnswer",
    "GroupCommand",
    "Health",
    "Horn",
    "Interlock",
    "InterlockRate",
    "JournalPage",
    "JournalRow",
    "JudgedFigure",
    "Limits",
    "Login",
    "Nuisance",
    "NuisanceAlarm",
    "NuisanceCriteria",
    "Permit",
    "PermitApproval",
    "PermitCheck",
    "PermitComment",
    "PermitRequest",
    "Person",
    "Position",
    "Problem",
    "Protection",
    "ProtectionLayer",
    "Push",
    "Removal",
    "SeenAlarm",
    "Sequence",
    "SequenceEvent",
    "Session",
    "Shadow",
    "ShadowDifference",
    "Shelving",
    "Source",
    "Spread",
    "StreamAlarm",
    "StreamAlarms",
    "StreamFlood",
    "StreamHorn",
    "StreamTags",
    "SuppressedAlarm",
    "SuppressionDto",
    "Tag",
    "Text",
    "TopAlarm",
    "Trend",
]
