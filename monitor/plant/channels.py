"""`[[channels]]` of `plant.toml`: the ways out of the plant."""

from dataclasses import fields
from typing import Final

from monitor.notify.people import Channel
from monitor.plant.record import Record

CHANNEL_KINDS: Final = ("wecom_webhook", "mqtt")


def read_channel(record: Record, channel_id: str) -> Channel:
    """Read one `[[channels]]` table; mistakes go to the record's report."""
    record.only([item.name for item in fields(Channel)])
    kind = record.choice("kind", CHANNEL_KINDS)
    if kind == "wecom_webhook" and not (record.is_given("url_env") or record.is_given("url_file")):
        zh = "企业微信群机器人地址是密钥，请用 url_env 指环境变量或 url_file 指文件"
        record.wrong(
            "url_env",
            zh,
            "the webhook address is a secret: name an environment variable (url_env) or a file (url_file)",
        )
    priorities = record.values.get("priorities", [1, 2])
    if not isinstance(priorities, list) or not all(item in (1, 2, 3, 4) for item in priorities):
        record.wrong("priorities", "应为 1 到 4 的列表，如 [1, 2]", "must be a list out of 1 to 4, such as [1, 2]")
        priorities = [1, 2]
    plain = Channel(id=channel_id, kind="mqtt")
    return Channel(
        id=channel_id,
        kind="mqtt" if kind == "mqtt" else "wecom_webhook",
        url_env=record.text("url_env", required=False),
        url_file=record.text("url_file", required=False),
        priorities=tuple(priorities),
        send_returned=record.flag("send_returned", default=True),
        send_acknowledged=record.flag("send_acknowledged", default=True),
        repeat_after_s=record.number("repeat_after_s", default=plain.repeat_after_s, minimum=10, maximum=3600) or 300.0,
        messages_per_minute=record.integer("messages_per_minute", default=18, minimum=1, maximum=20) or 18,
        mention=record.texts("mention"),
        host=record.text("host", required=False, default=plain.host),
        port=record.integer("port", default=plain.port, minimum=1, maximum=65535) or plain.port,
        username=record.text("username", required=False),
        password_env=record.text("password_env", required=False),
        password_file=record.text("password_file", required=False),
        topic_prefix=record.text("topic_prefix", required=False, default=plain.topic_prefix).strip("/"),
        keepalive_s=record.integer("keepalive_s", default=10, minimum=5, maximum=300) or 10,
    )
