"""Every setting of the product, each with its environment variable `KINDINBEELD_…`, in one documented place."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, NamedTuple

from deploy.nats_server import SYNC_INTERVAL
from events import DESKS, PARTS
from services.system import values
from services.system.errors import WrongUsage

PREFIX = "KINDINBEELD_"


class Described(NamedTuple):
    """One setting as documentation shows it."""

    variable: str
    default: str
    meaning: str


def _setting(default: Any, read: Callable[[str], Any], meaning: str) -> Any:
    return field(default=default, metadata={"read": read, "meaning": meaning})


@dataclass(frozen=True)
class Settings:
    """The settings of a system. The variable of `nats_url` is `KINDINBEELD_NATS_URL`, and so on.

    An option on the command line goes before the environment, the environment before the default. The data directory
    (`KINDINBEELD_DATA_DIR`) is not among them: it says whose settings these are (`services.system.DataDir`).
    """

    nats_url: str | None = field(
        default=None,
        repr=False,  # it may hold a password
        metadata={
            "read": values.address,
            "meaning": "Address of a ledger that runs elsewhere, several with commas; without it `up` starts its own.",
        },
    )
    nats_user: str | None = _setting(None, values.text, "User at that ledger.")
    nats_password: str | None = field(
        default=None, repr=False, metadata={"read": values.text, "meaning": "Password at that ledger."}
    )
    nats_ca: str | None = _setting(
        None,
        values.file,
        "File with the certificate of the authority that signed the ledger's (PEM); it is spoken to by TLS only then.",
    )
    replicas: int = _setting(
        1, values.whole(1, 5), "Copies of a stream when it is made: 1 on one machine, 3 in a cluster."
    )
    sync_interval: str = _setting(
        SYNC_INTERVAL,
        values.duration_or("always"),
        "Longest time until the embedded ledger is flushed to the disk itself, against loss of power; `always`: before"
        " each acknowledgement.",
    )
    database: str | None = field(
        default=None,
        repr=False,  # it may hold a password
        metadata={
            "read": values.database,
            "meaning": "PostgreSQL database (`postgresql://…`) for the live view and the stores of the desks; the"
            " password may also come from `PGPASSWORD` or `~/.pgpass`. Without it: SQLite files in the data directory.",
        },
    )
    port: int = _setting(8787, values.whole(0, 65535), "Port of the page on 127.0.0.1; 0: any free port.")
    page_url: str | None = _setting(
        None,
        values.site,
        "Address (`https://…/`) at which people reach the pages through a proxy of yours; with it everyone has to sign"
        " in to see exact figures.",
    )
    page_hosts: tuple[str, ...] = _setting(
        (),
        values.hosts,
        "Further names and addresses by which the pages are asked for inside your network (`page,10.0.0.7`), as by"
        " Prometheus; who asks by another name is not answered.",
    )
    oidc_issuer: str | None = _setting(
        None, values.web_address, "OpenID Connect issuer at which people sign in on the pages ([access](access.md))."
    )
    oidc_client_id: str | None = _setting(None, values.text, "As whom this system is known to the issuer.")
    oidc_client_secret: str | None = field(
        default=None,
        repr=False,
        metadata={"read": values.text, "meaning": "Its secret there; without one, a public client."},
    )
    oidc_claim: str = _setting(
        "kindinbeeld",
        values.text,
        "Claim of the ID token that tells somebody's role; `realm_access.roles` goes into objects.",
    )
    oidc_roles: Mapping[str, str] | None = _setting(
        None,
        values.roles,
        "Which values of that claim give which role, `crisis=national, vr-groningen=region:VR01`; without it the values"
        " are roles themselves.",
    )
    views_days: int = _setting(
        365,
        values.whole(0, 36_500),
        "Days for which the log of exact views is kept, as it holds names; 0: for good.",
    )
    desks: bool = _setting(True, values.yes_or_no, "Whether `up` runs the five desks too: yes or no.")
    desk_port: int = _setting(
        8801,
        values.whole(0, 65531),
        "Port of the first desk, school, on 127.0.0.1; wij, leerplicht, jeugdhulp and coordinator follow. 0: any free.",
    )
    desk_database: str | None = field(
        default=None,
        repr=False,  # it may hold a password
        metadata={
            "read": values.database,
            "meaning": "Another PostgreSQL database for the stores of the desks, a schema for each.",
        },
    )
    desk_body_bytes: int = _setting(
        1024 * 1024, values.whole(1024, 64 * 1024 * 1024), "Bytes of a request to a desk at most, by HTTP."
    )
    desk_batch: int = _setting(1_000, values.whole(1, 20_000), "Reports in a batch to a desk at most.")
    desk_rate: int = _setting(
        20_000, values.whole(1, 10**9), "Reports a second that one key may give a desk, on the average."
    )
    desk_burst: int = _setting(
        40_000, values.whole(1, 10**9), "Reports that one key may give a desk at once after a rest."
    )
    desk_connections: int = _setting(4_000, values.whole(1, 10**6), "Open connections to a desk at most.")
    workers: int = _setting(
        1,
        values.whole(1, PARTS + 1),
        "Workers that keep the live view together (`up --workers`, `view --part`); 1: it is one view. The same for the"
        " workers and the commands of a system.",
    )
    rebuild_from: int = _setting(
        200_000,
        values.whole(1, 10**12),
        "Messages ahead from which a view that knows fewer than those is built at once, as `rebuild` does, before it"
        " follows.",
    )
    audit_every: str = _setting(
        "1h",
        values.duration_or("0"),
        "How often a running system holds its live tables against the replay of the ledger; 0: never by itself.",
    )
    archive_every: str = _setting(
        "1m",
        values.duration_or("0"),
        "How often a running system brings its archive up to date at most; ten times as long as that takes is always"
        " left between. 0: never by itself.",
    )
    retention_days: int = _setting(
        0,
        values.whole(0, 36_500),
        "Days after the end of the last closure from which everyone is to be erased ([erasure](erasure.md)); 0: no term"
        " is set.",
    )
    metrics: bool = _setting(True, values.yes_or_no, "Whether the live view measures what it takes in: yes or no.")
    metrics_token: str | None = field(
        default=None,
        repr=False,
        metadata={
            "read": values.text,
            "meaning": "Bearer token with which Prometheus, which cannot sign in, is told everything by `/metrics` of"
            " the pages.",
        },
    )
    publisher: str | None = _setting(None, values.text, "Who publishes the open data: a name, for its metadata.")
    publisher_id: str | None = _setting(
        None,
        values.web_address,
        "The publisher's identifier (`https://…`) in a register of organisations, such as TOOI of the Dutch government,"
        " for the same.",
    )
    contact: str | None = _setting(
        None, values.mail, "Address of mail for questions about the open data, for its metadata."
    )
    otlp_endpoint: str | None = _setting(
        None,
        values.web_address,
        "Where traces go by OTLP over HTTP (`http://127.0.0.1:4318`); needs the extra `traces`. The standard"
        " `OTEL_EXPORTER_OTLP_ENDPOINT` does the same.",
    )
    log_format: str = _setting(
        "auto",
        values.one_of("auto", "json", "console"),
        "Logs on standard error: `json` lines, or `console` to be read.",
    )
    log_level: str = _setting(
        "info", values.one_of("debug", "info", "warning", "error"), "The least grave that is logged."
    )

    @property
    def database_of_desks(self) -> str | None:
        """The PostgreSQL database of the desks; None: files."""
        return self.desk_database or self.database

    @property
    def audit_seconds(self) -> int:
        """Seconds from one audit to the next; 0: never."""
        return values.seconds(self.audit_every)

    @property
    def archive_seconds(self) -> int:
        """Seconds from one build of the archive to the next, at least; 0: never."""
        return values.seconds(self.archive_every)

    def desk_port_of(self, desk: str) -> int:
        """Return the port of a desk on loopback; 0: any free one."""
        return self.desk_port and self.desk_port + DESKS.index(desk)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """Return the settings that the environment gives. An empty variable is as one not set.

        Raises WrongUsage, naming the variable and its rule (never its value), when one cannot be used.
        """
        environment = os.environ if environment is None else environment
        chosen: dict[str, Any] = {}
        for each in fields(cls):
            variable = PREFIX + each.name.upper()
            raw = environment.get(variable, "")
            if raw == "":
                continue
            try:
                chosen[each.name] = each.metadata["read"](raw)
            except ValueError as rule:
                raise WrongUsage(f"{variable}: must be {rule}") from None
        if ("oidc_issuer" in chosen) != ("oidc_client_id" in chosen):
            raise WrongUsage(f"{PREFIX}OIDC_ISSUER and {PREFIX}OIDC_CLIENT_ID: must be set together")
        return cls(**chosen)

    @classmethod
    def described(cls) -> tuple[Described, ...]:
        """Return each setting with its variable, default and meaning, for documentation and its test."""
        rows = [Described(PREFIX + "DATA_DIR", "the platform's data directory", "The directory of the system.")]
        for each in fields(cls):
            default = "" if each.default is None or each.default is MISSING else str(each.default)
            default = {"True": "yes", "False": "no"}.get(default, default)
            rows.append(Described(PREFIX + each.name.upper(), default, each.metadata["meaning"]))
        return tuple(rows)
