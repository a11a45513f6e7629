"""The help of the command line in Chinese: what each command and option says, by its English text."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import typer
from typer import rich_utils

from monitor.cli.endpoint import LANGUAGE_VARIABLE

if TYPE_CHECKING:
    from typer._click.core import Command  # what `typer.main.get_command` returns; typer has no public name for it

WORDS_OF_TYPER: Final = {
    "ARGUMENTS_PANEL_TITLE": "参数",
    "OPTIONS_PANEL_TITLE": "选项",
    "COMMANDS_PANEL_TITLE": "命令",
    "ERRORS_PANEL_TITLE": "错误",
    "REQUIRED_LONG_STRING": "[必填]",
    "DEFAULT_STRING": "[默认：{}]",
    "ENVVAR_STRING": "[环境变量：{}]",
}
"""Names in typer's module for its own words around ours."""

HELP: Final[Mapping[str, str]] = {
    "Redline 红线: watches major hazard sources. Read-only towards the plant; it is not a protection layer.": (
        "红线 Redline：重大危险源报警监视。对装置只读；不是保护层，不代替联锁。"
    ),
    "Show this message and exit.": "显示本帮助",
    "print the version": "显示版本",
    "zh or en": "语言，zh 或 en",
    "List the variables of an OPC UA server: path, address, type, value, unit, range.": (
        "列出 OPC UA 服务器的变量：路径、地址、类型、数值、单位、量程"
    ),
    "plant folder, or opc.tcp://host:port": "装置文件夹，或 opc.tcp://主机:端口",
    "device of the plant folder": "装置文件夹中的设备",
    "part of path or address; * and ? match": "路径或地址的一部分；可用 * 和 ?",
    "variables at most": "最多列出多少个变量",
    "rows of tags.csv": "输出为 tags.csv 的行",
    "for --csv": "与 --csv 一起用",
    "ENDPOINT only: none, sign or sign_and_encrypt": "仅用于 ENDPOINT：none、sign 或 sign_and_encrypt",
    "folder with our certificate and whom we trust": "存放本机证书和受信任证书的文件夹",
    "ENDPOINT only: user name": "仅用于 ENDPOINT：用户名",
    "ENDPOINT only: environment variable that holds the password": "仅用于 ENDPOINT：存放密码的环境变量",
    "Read every tag once through the drivers and show value, quality and status: the proof before commissioning.": (
        "经驱动把每个位号读一遍，显示数值、质量和状态：投用前的核对"
    ),
    "ENDPOINT only: nsu=...;s=...": "仅用于 ENDPOINT：nsu=...;s=...",
    "Read like the service does and print every changed value and link state.": (
        "像服务那样持续读取，显示每次数值和连接的变化"
    ),
    "how long; 0: until Ctrl-C": "持续多少秒；0：直到 Ctrl-C",
    "ENDPOINT only: seconds between two reads": "仅用于 ENDPOINT：两次读取间隔的秒数",
    "Check a plant folder: every mistake at once, with file, line and column.": (
        "检查装置文件夹：一次列出全部错误，注明文件、行和列"
    ),
    "plant folder with plant.toml, tags.csv, alarms.csv, interlocks.toml": (
        "装置文件夹，内有 plant.toml、tags.csv、alarms.csv、interlocks.toml"
    ),
    "Approve the plant folder as it stands: what runs is compared with it from the next start on (service stopped).": (
        "批准当前的装置文件夹：下次启动起，运行内容与它对照（先停服务）"
    ),
    "person id of plant.toml who approves": "批准人，plant.toml 中的人员编号",
    "why, e.g. the number of the management of change": "原因，如变更管理单号",
    "folder of journal and history (REDLINE_STATE_DIR)": "日志和历史所在的文件夹（REDLINE_STATE_DIR）",
    "Run the monitor on a plant folder until it is stopped.": "对装置文件夹运行监视服务，直到停止",
    "address to listen on (REDLINE_HOST)": "监听地址（REDLINE_HOST）",
    "port to listen on (REDLINE_PORT)": "监听端口（REDLINE_PORT）",
    "start although journal rows are missing": "日志缺行也启动",
    "folder with other rules (alarms.csv, rules.toml) to judge beside; raises nothing": (
        "另一套规则（alarms.csv、rules.toml）的文件夹，并行判断，不报警"
    ),
    "Copy the journal with board, outbox and accounts while the service runs, and verify the copy.": (
        "服务运行时备份日志（含报警状态、待发推送、账号），并校验备份"
    ),
    "state folder": "状态文件夹",
    "new or empty folder for the copy": "存放备份的新文件夹或空文件夹",
    "history too (service stopped)": "连历史数据一起备份（先停服务）",
    "Put a backup back; what stood in the state folder is moved aside.": "恢复备份；状态文件夹中原有的内容移到一边",
    "folder that `backup` made": "`backup` 生成的文件夹",
    "state folder of a stopped service": "已停服务的状态文件夹",
    "although the journal there knows newer rows": "即使那里的日志更新也恢复",
    "Play a recording through the rules as fast as the machine can: alarms, counts, ISA-18.2 figures, differences.": (
        "用录下的数据快速回放规则：报警、次数、ISA-18.2 指标、差异"
    ),
    "recording: .csv, history.duckdb, or the folder that holds it": "录下的数据：.csv、history.duckdb 或其所在文件夹",
    "plant folder with the new rules: what would differ": "新规则的装置文件夹：结果会有何不同",
    "seconds of one sweep of a history": "历史数据每次扫描的秒数",
    "RFC 3339; a history only": "RFC 3339 时间；仅用于历史数据",
    "how many alarms are listed": "列出多少条报警",
    "one JSON object": "输出一个 JSON 对象",
    "Run the whole chain on this machine: simulated plant, WeCom, MQTT broker, monitor, console.": (
        "在本机运行整条链路：模拟装置、企业微信、MQTT、监视服务、控制台"
    ),
    "port of the console": "控制台端口",
    "play one incident, print the table and one line of JSON": "演练一次事故，输出表格和一行 JSON",
    "keep journal and logs in this folder": "日志保存在此文件夹",
    "Start one simulator: `redline simulate plant|wecom|observe ...` (its own options follow).": (
        "启动一个模拟器：`redline simulate plant|wecom|observe ...`（后面是它自己的选项）"
    ),
    "Accounts of one plant: add, list, set a password, disable, enable, tokens (service stopped).": (
        "账号：添加、列出、改密码、停用、启用、令牌（先停服务）"
    ),
    "Add an account; its password is asked for, or made and shown when the input is not a terminal.": (
        "添加账号；在终端中询问密码，否则自动生成并显示"
    ),
    "plant folder": "装置文件夹",
    "one of viewer, operator, shift_leader, engineer, safety, manager, admin": (
        "角色：viewer、operator、shift_leader、engineer、safety、manager、admin 之一"
    ),
    "person id of plant.toml; none for a program": "plant.toml 中的人员编号；程序账号不填",
    "state folder (REDLINE_STATE_DIR)": "状态文件夹（REDLINE_STATE_DIR）",
    "Set a new password; its sessions and tokens end.": "设置新密码；该账号的登录和令牌全部失效",
    "Disable an account: it can no longer log in, its sessions and tokens end; the journal keeps its name.": (
        "停用账号：不能再登录，登录和令牌失效；日志中保留其姓名"
    ),
    "Enable a disabled account again, with the password it had.": "重新启用账号，密码不变",
    "List the accounts.": "列出账号",
    "Bearer tokens for programs: add, list, revoke (service stopped).": "程序用的令牌：添加、列出、吊销（先停服务）",
    "Make a token for the account of a program (one without a person); it is shown now and never again.": (
        "为程序账号（无人员）生成令牌；只显示这一次"
    ),
    "how long it is valid": "有效期",
    "List what is valid for an account: name and end; a log-in of the program stands there too.": (
        "列出账号的有效令牌：名称和到期时间；程序的登录也在其中"
    ),
    "Revoke a token by the name that `list` shows.": "按 `list` 显示的名称吊销令牌",
    "The journal: verify it, show the public key of its anchors.": "日志：校验、显示签名锚点的公钥",
    "Follow the chain of all rows and check the signed anchors; also while the service runs.  Exit 1: altered.": (
        "沿链校验每一条记录和签名锚点；服务运行时也可以。退出码 1：被改动过"
    ),
    "state folder, or a copied journal.sqlite": "状态文件夹，或复制出来的 journal.sqlite",
    "file with the public key kept elsewhere; no other key is believed": "另行保管的公钥文件；只信此公钥",
    "copy of anchors.jsonl kept elsewhere": "另行保管的 anchors.jsonl 副本",
    "Print the public key of the anchors: keep it where nobody of this machine can change it.": (
        "显示签名锚点的公钥：请保存到本机人员改不了的地方"
    ),
    "Modbus devices of a plant: plan of reads, units on a line, one address, a trial run.": (
        "Modbus 设备：读取计划、总线上的单元、读一个地址、试运行"
    ),
    "Print the requests that read the device, and how many one per tag would be.": (
        "列出读取设备的请求，并与逐点读取的次数比较"
    ),
    "id of a device of kind modbus": "modbus 类设备的编号",
    "Ask every unit of the device's line who it is (function code 43/14).": "询问总线上每个单元的身份（功能码 43/14）",
    "Read any address once and show its bytes and what they mean.": "读一次任意地址，显示字节及其含义",
    "hr:100, ir:100, co:100, di:100, hr:100.3, hr:100/10": "如 hr:100、ir:100、co:100、di:100、hr:100.3、hr:100/10",
    "type as in tags.csv": "类型，同 tags.csv",
    "ABCD, CDAB, BADC, DCBA; all of them when not given": "字节序 ABCD、CDAB、BADC、DCBA；不填则全部列出",
    "values in a row": "连续读多少个值",
    "Read the device as the service does, then tell requests, timeouts, late answers and overruns.": (
        "像服务那样读设备，然后给出请求、超时、迟到和超期的次数"
    ),
    "OPC UA security: our application certificate, and which servers we trust.": (
        "OPC UA 安全：本机应用证书，以及信任哪些服务器"
    ),
    "Make our own application certificate and its private key, or show the one there is.": (
        "生成本机应用证书和私钥，或显示已有的"
    ),
    "name or address of this machine": "本机名称或地址",
    "application URI (urn:HOST:redline)": "应用 URI（urn:HOST:redline）",
    "replace the one there is; it is kept beside": "替换已有证书；旧证书保留在旁边",
    "Trust the certificate of a server: from `rejected`, from any file, or as the server shows it now.": (
        "信任服务器证书：取自 `rejected`、任意文件，或服务器当前出示的证书"
    ),
    "certificate file, or opc.tcp://host:port": "证书文件，或 opc.tcp://主机:端口",
    "folder of trust; default: the one around FILE, else pki": "信任文件夹；默认是 FILE 所在的，否则为 pki",
    "show what is trusted and what was rejected": "显示受信任的和被拒绝的证书",
    "do not ask": "不再询问",
}


def asked_for(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """The language of the help: `--language` (`-l`) wherever it stands, else the environment, else Chinese."""
    given = environment.get(LANGUAGE_VARIABLE, "zh")
    for place, argument in enumerate(arguments):
        name, _, value = argument.partition("=")
        if name in ("--language", "-l"):
            given = value or (arguments[place + 1] if place + 1 < len(arguments) else given)
    return "en" if given == "en" else "zh"


def translate(command: "Command") -> None:
    """Put the Chinese help into a command and all below it."""
    for name, words in WORDS_OF_TYPER.items():
        setattr(rich_utils, name, words)
    _translate(command)


def _translate(command: "Command") -> None:
    command.help = HELP.get(command.help or "", command.help)
    context = typer.Context(command)
    for parameter in command.get_params(context):
        words = getattr(parameter, "help", None)
        if words:
            setattr(parameter, "help", HELP.get(words, words))  # noqa: B010 - click's type of a parameter has no help; typer's have
    for below in getattr(command, "commands", {}).values():
        _translate(below)
