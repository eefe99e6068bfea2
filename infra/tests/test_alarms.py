"""How long each fault goes on before an alarm, and that nothing else sets one off.

CloudWatch is simulated by the minute on the template's own alarms. An alarm looks at sliding windows:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation-window.html
It looks a little further back than it needs, and counts missing data only where too little is there:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

import math
from collections import defaultdict
from itertools import accumulate, count, takewhile
from random import Random

import pytest

from infra import ROOT
from infra.tests.test_template import TEMPLATE

CHECK_MINUTES = 15
RATES = (1, 4, 10, 30, 1000)  # requests an hour
HOUR, DAY = 60, 24 * 60
WARM_UP = 4 * HOUR
TRIALS = 20
# How many minutes late CloudWatch has a metric, and how many periods further back than needed it looks.
DELAY, MARGIN = 2, 2
TWO_CHECKS = 2 * CHECK_MINUTES + DELAY + 3
# The most minutes that may pass before an alarm, at each of RATES.
PROMISED = {
    "outage": [TWO_CHECKS] * 4 + [10],
    "table gone": [TWO_CHECKS] * 4 + [10],
    "throttled": [TWO_CHECKS] * 4 + [10],
    "expired credential": [TWO_CHECKS] * 5,
    "settings overwritten": [TWO_CHECKS] * 5,
    "hook gone": [TWO_CHECKS] * 5,
    # A probe signs with the stack's own secret: only HubSpot's requests show that HubSpot has another.
    "wrong secret": [12 * HOUR, 4 * HOUR, HOUR, 20, 15],
}
SLOW, FAST = 1500, 20  # milliseconds


class Metrics:
    """What each minute of the simulated time published, by metric and last dimension."""

    def __init__(self, minutes):
        self.minutes = minutes
        self.values = defaultdict(lambda: [[] for _ in range(minutes)])

    def add(self, name, time, value=1):
        """Publishes a value."""
        self.values[name][int(time)].append(value)

    def datapoints(self, name, period, statistic):
        """Returns a statistic of the period that ends with each minute; None where it has no data."""
        series = self.values[name]
        if statistic in ("Sum", "SampleCount"):
            totals = [0, *accumulate(map(sum if statistic == "Sum" else len, series))]
            counts = [0, *accumulate(map(len, series))]
            spans = [(max(0, end - period), end) for end in range(1, self.minutes + 1)]
            return [
                totals[end] - totals[start] if counts[end] > counts[start] else None for start, end in spans
            ]
        rank = 1 if statistic == "Maximum" else float(statistic.removeprefix("p")) / 100
        points = []
        for end in range(1, self.minutes + 1):
            values = sorted(value for minute in series[max(0, end - period) : end] for value in minute)
            points.append(values[math.ceil(rank * len(values)) - 1] if values else None)
        return points


class Alarm:
    """An alarm of the template."""

    def __init__(self, name, properties):
        self.name = name
        simple = {"Id": "value", "MetricStat": properties | {"Metric": properties}}
        self.metrics = properties.get("Metrics", [simple])
        self.periods, self.threshold = properties["EvaluationPeriods"], properties["Threshold"]
        self.to_alarm = properties.get("DatapointsToAlarm", self.periods)
        self.is_below = properties["ComparisonOperator"] == "LessThanThreshold"
        self.missing_is_breaching = properties["TreatMissingData"] == "breaching"

    def first(self, metrics, start):
        """Returns the first minute from `start` at which the alarm is on, or None."""
        series, expression = {}, None
        for one in self.metrics:
            if "Expression" in one:
                expression = compile(one["Expression"], self.name, "eval")
                continue
            stat = one["MetricStat"]
            metric, period = stat["Metric"], seconds(stat["Period"]) // 60
            statistic = stat.get("Stat") or stat.get("Statistic") or stat["ExtendedStatistic"]
            series[one["Id"]] = metrics.datapoints(key(metric), period, statistic)
        points = list(next(iter(series.values())))
        if expression:
            rows = zip(*series.values(), strict=True)
            points = [eval(expression, {"FILL": fill}, dict(zip(series, row, strict=True))) for row in rows]  # noqa: S307
        if not any(map(self.breaches, points[start - self.periods * period :])):
            return None
        return next((at for at in range(start, metrics.minutes) if self.is_on(points, at, period)), None)

    def is_on(self, points, at, period):
        """Tells whether enough of the latest datapoints breach the threshold."""
        window = [points[at - back * period] for back in range(self.periods + MARGIN) if at >= back * period]
        real = [point for point in window if point is not None]
        latest = (real if len(real) >= self.periods else window)[: self.periods]
        return sum(map(self.breaches, latest)) >= self.to_alarm

    def breaches(self, point):
        """Tells whether a datapoint breaches the threshold."""
        if point is None:
            return self.missing_is_breaching
        return point < self.threshold if self.is_below else point > self.threshold


def fill(point, value):
    """Does what FILL does in CloudWatch's metric math."""
    return value if point is None else point


def seconds(period):
    """Returns a period, which may stand in a mapping."""
    if isinstance(period, dict):
        mapping, _, name = period["Fn::FindInMap"]
        return TEMPLATE["Mappings"][mapping][str(CHECK_MINUTES)][name]
    return period


def key(metric):
    """Returns a metric's name with its last dimension's value."""
    value = metric["Dimensions"][-1]["Value"]
    return f"{metric['MetricName']} {next(iter(value.values())) if isinstance(value, dict) else value}"


# Those that tell somebody: CodeDeploy alone acts on the canary's.
ALARMS = [
    Alarm(name, resource["Properties"])
    for name, resource in TEMPLATE["Resources"].items()
    if resource["Type"] == "AWS::CloudWatch::Alarm" and "AlarmActions" in resource["Properties"]
]


def request(metrics, time, sender, fault, random):
    """Publishes what API Gateway and the webhook publish of a request; returns its status."""
    blip = random.random()
    if fault == "throttled":
        status = 429
    elif fault == "outage" or blip < 1 / 2000:
        status = 500
    elif sender in ("stranger", "forged") or (fault == "wrong secret" and sender == "HubSpot"):
        status = 401
    else:
        status = 503 if fault == "table gone" else 200
    metrics.add("Count Api", time)
    metrics.add("4xx Api", time, int(400 <= status < 500))
    metrics.add("5xx Api", time, int(status >= 500))
    if status == 429:
        metrics.add("ThrottledRequests Api", time)
    if status in (200, 401, 503):
        metrics.add("Latency NumbersWebhookFunction", time, SLOW if blip > 1999 / 2000 else FAST)
    if status == 401 and sender != "stranger":
        metrics.add("WrongSignatures NumbersWebhookFunction", time)
    if status == 200:
        metrics.add("Requests answered", time)
        metrics.add("StaleResponses NumbersWebhookFunction", time, int(blip > 1998 / 2000))
    return status


def check(metrics, time, fault, random):
    """Publishes what the hook's scheduled check publishes."""
    if fault == "hook gone":
        return
    metrics.add("CheckRuns DeployHookFunction", time)
    webhook = request(metrics, time, "probe", fault, random) != 200
    findings = {
        "webhook": webhook,
        "settings": fault == "settings overwritten",
        "credential": fault == "expired credential",
    }
    for finding, found in findings.items():
        metrics.add(f"CheckFailed {finding}", time, int(found))


def times(random, rate, minutes):
    """Returns when things happen that happen so often an hour, independently of each other."""
    steps = accumulate(random.expovariate(rate / HOUR) for _ in count())
    return list(takewhile(lambda time: time < minutes, steps))


def simulate(random, rate, minutes, fault=None, since=math.inf):
    """Returns the metrics of a stack, healthy until a fault begins."""
    metrics = Metrics(minutes)
    events = [(time, "HubSpot") for time in times(random, rate, minutes)]
    events += [(time, "stranger") for time in times(random, 2, minutes)]
    scans = times(random, 1 / 168, minutes)
    events += [(time, "stranger") for time in scans for _ in range(300)]
    # A deploy, or an operator's verification, sends as many forged requests as signed ones.
    deploys = [start + offset for start in range(720, minutes - 2, DAY) for offset in (0, 0.4, 1.2)]
    events += [(time, sender) for time in deploys for sender in ("forged", "probe")]
    offset = random.uniform(0, CHECK_MINUTES)
    events += [
        (offset + at + random.random(), "check")
        for at in range(0, minutes - CHECK_MINUTES - 1, CHECK_MINUTES)
    ]
    for time, sender in sorted(events):
        now = fault if time >= since else None
        if sender == "check":
            check(metrics, time, now, random)
        elif not (now == "settings overwritten" and sender == "HubSpot"):
            request(metrics, time, sender, now, random)
    return metrics


@pytest.mark.parametrize("fault", PROMISED)
def test_fault_sets_off_an_alarm_in_time(fault):
    for rate, promised in zip(RATES, PROMISED[fault], strict=True):
        for trial in range(TRIALS):
            random = Random(f"{fault} {rate} {trial}")  # noqa: S311 - a simulation
            since = WARM_UP + random.uniform(0, CHECK_MINUTES)
            metrics = simulate(random, rate, WARM_UP + promised + HOUR, fault, since)
            alarms = [at for alarm in ALARMS if (at := alarm.first(metrics, int(since))) is not None]
            assert alarms, f"nothing at {rate} an hour (trial {trial})"
            assert min(alarms) + 1 - since + DELAY <= promised, f"at {rate} an hour (trial {trial})"


@pytest.mark.parametrize("rate", RATES)
def test_healthy_month_sets_off_nothing(rate):
    random = Random(f"healthy {rate}")  # noqa: S311 - a simulation
    metrics = simulate(random, rate, WARM_UP + 30 * DAY)
    assert [alarm.name for alarm in ALARMS if alarm.first(metrics, WARM_UP) is not None] == []


def test_filter_counts_the_reasons_that_the_webhook_logs():
    pattern = TEMPLATE["Resources"]["WrongSignaturesFilter"]["Properties"]["FilterPattern"]
    files = (ROOT / "functions").rglob("signature.rs")
    sources = "".join(file.read_text(encoding="utf-8") for file in files)
    assert [reason for reason in pattern.split('"')[1::2] if f'"{reason}"' not in sources] == []
