"""What a task finds around it and no config says: the clock, ids, the process and the machine."""

from __future__ import annotations

from collections.abc import Iterator

from flowgate.flow.values import Call, Ref, Value, callee, constant, method_of

_CLOCK = frozenset(
    f"time.{name}"
    for name in (
        "time time_ns monotonic monotonic_ns perf_counter perf_counter_ns process_time process_time_ns thread_time "
        "localtime gmtime ctime asctime strftime"
    ).split()
)
_CLOCK |= {f"datetime.{name}" for name in "datetime.now datetime.utcnow datetime.today date.today".split()}
_CLOCK |= {"pandas.Timestamp.now", "pandas.Timestamp.today", "pandas.Timestamp.utcnow", "timeit.default_timer"}
_CLOCK |= {"arrow.now", "arrow.utcnow", "pendulum.now", "pendulum.today", "django.utils.timezone.now"}
_IDS = frozenset(("uuid.uuid1", "uuid.uuid4", "uuid.getnode", "shortuuid.uuid", "ulid.ULID", "ulid.new"))
_PROCESS = frozenset(
    ("os.getpid", "os.getppid", "threading.get_ident", "threading.get_native_id", "multiprocessing.current_process")
)
_MACHINE = frozenset(("socket.gethostname", "socket.getfqdn", "platform.node", "os.uname", "platform.uname"))
# With arguments these tell of a time that is given, without them of the present one.
_GIVEN = {"time.strftime": 1, "time.localtime": 0, "time.gmtime": 0, "time.ctime": 0, "time.asctime": 0}
_CURRENT = ("metaflow.current.", "metaflow.metaflow_current.current.")


def ambient(value: Value) -> str:
    """What a value tells of its surroundings, in words; empty where it tells nothing of them."""
    if isinstance(value, Ref):
        return _of_task(value.dotted)
    name = callee(value)
    if not name or not isinstance(value, Call):
        return ""
    if name in _CLOCK:
        return "" if name in _GIVEN and len(value.args) > _GIVEN[name] else "the clock"
    if name == "pandas.to_datetime" and value.args and constant(value.args[0]) in ("now", "today"):
        return "the clock"
    if name == "numpy.datetime64" and value.args and constant(value.args[0]) in ("now", "today"):
        return "the clock"
    if name in _IDS:
        return "a random id"
    if name in _PROCESS:
        return "the process id"
    return "the machine's name" if name in _MACHINE else ""


def _of_task(name: str) -> str:
    if not name.startswith(_CURRENT):
        return ""
    field = name.rpartition("current.")[2]
    if field in ("run_id", "task_id", "pathspec", "origin_run_id"):
        return f"`current.{field}`"
    return "`current.retry_count`" if field == "retry_count" else ""


def reads_a_file(value: Value) -> bool:
    """Whether a call reads what stands under a path."""
    name = callee(value).rpartition(".")[2] or method_of(value)
    return name in ("open", "load", "loadtxt", "genfromtxt", "imread", "fromfile") or name.startswith("read_")


def ambient_parts(value: Value, stop: frozenset[str] = frozenset()) -> Iterator[tuple[Value, str]]:
    """Every ambient value in what a value is made of, with its words; not through calls of `stop`."""
    seen: set[int] = set()
    stack = [value]
    while stack:
        item = stack.pop()
        if id(item) in seen or callee(item) in stop:
            continue
        seen.add(id(item))
        if reads_a_file(item):
            continue  # what a file holds does not hang on what it is called
        what = ambient(item)
        if what:
            yield item, what
        stack.extend(item.parts())
