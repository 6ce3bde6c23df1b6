"""A real Prometheus reads the metrics of mcp-quickstart, and an alert rule fires when tokens are refused.

    python prometheus.py path/to/mcp-quickstart path/to/prometheus path/to/promtool

Prints a line per check.
"""

import contextlib
import json
import pathlib
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from checking import check, conclude
from quickstart import Quickstart

RULES = """
groups:
  - name: oauth
    rules:
      - alert: TokensRefused
        expr: sum by (reason) (increase(oauth_events_total{event="denied", level="warning"}[30s])) > 3
        annotations:
          summary: "Tokens are refused: {{ $labels.reason }}"
      - alert: KeysUnavailable
        expr: oauth_keys{state="unavailable"} == 1
"""

CONFIGURATION = """
global: {{ scrape_interval: 1s, evaluation_interval: 1s }}
rule_files: [ {folder}/rules.yml ]
scrape_configs:
  - job_name: mcp
    static_configs: [ {{ targets: [ "{target}" ] }} ]
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def get(url: str, token: str | None = None) -> tuple[int, str]:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


class Prometheus:
    """A running Prometheus with its data in a folder."""

    def __init__(self, program: str, folder: pathlib.Path, target: str) -> None:
        (folder / "rules.yml").write_text(RULES, encoding="utf-8")
        (folder / "prometheus.yml").write_text(CONFIGURATION.format(folder=folder, target=target), encoding="utf-8")
        self.url = f"http://127.0.0.1:{free_port()}"
        self.process = subprocess.Popen(
            [
                program,
                f"--config.file={folder}/prometheus.yml",
                f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address={self.url.removeprefix('http://')}",
                "--log.level=error",
            ]
        )

    def __enter__(self) -> "Prometheus":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def ask(self, path: str, **parameters: str) -> dict:
        query = urllib.parse.urlencode(parameters)
        with contextlib.suppress(OSError):
            status, text = get(f"{self.url}/api/v1/{path}?{query}")
            if status == 200:
                return json.loads(text)["data"]
        return {}

    def values(self, query: str) -> list[dict]:
        return self.ask("query", query=query).get("result", [])


def wait_for(name: str, condition, seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.25)
    check(name, bool(condition()))


def main(quickstart: str, prometheus: str, promtool: str) -> None:
    port = free_port()
    operations = f"127.0.0.1:{port}"
    with Quickstart(quickstart, "--operations-port", str(port)) as server:
        status, text = get(f"http://{operations}/healthz")
        check("/healthz is 200", (status, text) == (200, "ok\n"), status)
        for _ in range(3):
            get(server.resource)
            get(server.resource, "opaque")
        wait_for("/readyz is 200 when the keys are there", lambda: get(f"http://{operations}/readyz")[0] == 200, 20)
        status, text = get(f"http://{operations}/metrics")
        check("/metrics is 200", status == 200, status)
        judged = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False)
        check("promtool check metrics has nothing to say", judged.returncode == 0, judged.stdout + judged.stderr)
        series = 'oauth_events_total{event="denied",reason="token_parts",level="warning"}'
        check("refusals are counted by reason", f"{series} 3\n" in text, text)
        check("every family has a type", "# TYPE http_request_duration_seconds histogram\n" in text, text)
        with tempfile.TemporaryDirectory() as name, Prometheus(prometheus, pathlib.Path(name), operations) as monitor:
            wait_for("Prometheus reads the counters", lambda: bool(monitor.values("oauth_events_total")))
            healthy = monitor.values('oauth_keys{state="healthy"}')
            check("the keys are healthy", [item["value"][1] for item in healthy] == ["1"], healthy)
            check("the age of the keys is read", bool(monitor.values("oauth_keys_age_seconds")))
            latency = "histogram_quantile(0.9, sum by (le) (http_request_duration_seconds_bucket))"
            check("a quantile comes from the histogram", bool(monitor.values(latency)))
            check("connections are read", bool(monitor.values("http_connections_open")))

            def fires() -> bool:
                get(server.resource, "opaque")
                alerts = monitor.ask("alerts").get("alerts", [])
                return any(
                    alert["labels"].get("alertname") == "TokensRefused"
                    and alert["labels"].get("reason") == "token_parts"
                    and alert["state"] == "firing"
                    for alert in alerts
                )

            wait_for("the alert on refused tokens fires, with its reason", fires)
            silent = [a for a in monitor.ask("alerts")["alerts"] if a["labels"]["alertname"] == "KeysUnavailable"]
            check("the alert on keys does not", silent == [], silent)


if __name__ == "__main__":
    conclude(main, 3, __doc__)
