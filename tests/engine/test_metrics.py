"""Counting requests over processes, and Prometheus' text form."""

import os
import threading

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from ordercenter.engine import metrics
from ordercenter.engine.metrics import Figure, RequestMeter, RequestMeterMiddleware, render


def values(meter: RequestMeter) -> dict[str, float]:
    lines = render([meter.figure()]).splitlines()
    samples = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name.removeprefix("ordercenter_request_seconds"): float(v) for name, v in samples}


@pytest.mark.parametrize("in_files", [True, False])
def test_histogram_is_cumulative_and_keeps_the_sum(tmp_path, in_files):
    meter = RequestMeter(tmp_path if in_files else None)

    for seconds in (0.003, 0.04, 0.04, 99.0):
        meter.observe("api", 200, seconds)

    seen = values(meter)
    assert seen['_bucket{area="api",status="2xx",le="0.005"}'] == 1
    assert seen['_bucket{area="api",status="2xx",le="0.05"}'] == 3
    assert seen['_bucket{area="api",status="2xx",le="10.0"}'] == 3
    assert seen['_bucket{area="api",status="2xx",le="+Inf"}'] == 4
    assert seen['_count{area="api",status="2xx"}'] == 4
    assert seen['_sum{area="api",status="2xx"}'] == pytest.approx(99.083)


def test_a_time_on_the_limit_belongs_to_it(tmp_path):
    meter = RequestMeter(tmp_path)

    meter.observe("api", 200, 0.1)

    assert values(meter)['_bucket{area="api",status="2xx",le="0.1"}'] == 1
    assert values(meter)['_bucket{area="api",status="2xx",le="0.05"}'] == 0


def test_nothing_counted_means_no_lines(tmp_path):
    assert values(RequestMeter(tmp_path)) == {}


def test_a_forked_process_counts_for_itself_and_both_are_added_up(tmp_path):
    meter = RequestMeter(tmp_path)
    meter.observe("admin", 200, 0.1)

    pid = os.fork()
    if pid == 0:
        meter.observe("admin", 200, 0.1)
        meter.observe("admin", 500, 0.1)
        os._exit(0)
    os.waitpid(pid, 0)

    assert values(meter)['_count{area="admin",status="2xx"}'] == 2
    assert values(meter)['_count{area="admin",status="5xx"}'] == 1
    assert len(list(tmp_path.glob("*.counts"))) == 2


def test_threads_lose_no_count(tmp_path):
    meter = RequestMeter(tmp_path)

    def count() -> None:
        for _ in range(2000):
            meter.observe("api", 200, 0.001)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert values(meter)['_count{area="api",status="2xx"}'] == 8000


def test_a_half_made_file_of_another_process_is_passed_over(tmp_path):
    (tmp_path / "1.counts").write_bytes(b"\0" * 10)
    meter = RequestMeter(tmp_path)
    meter.observe("api", 200, 0.1)

    assert values(meter)['_count{area="api",status="2xx"}'] == 1


def test_clear_forgets_the_counts_of_earlier_processes(tmp_path):
    RequestMeter(tmp_path).observe("api", 200, 0.1)

    metrics.clear(tmp_path)

    assert values(RequestMeter(tmp_path)) == {}


@pytest.mark.parametrize(
    ("path", "area"),
    [
        ("/admin/orders/order/", "admin"),
        ("/api/v1/orders/", "api"),
        ("/scan/", "scan"),
        ("/", "other"),
        ("/administrator", "other"),
        ("/../admin", "other"),
    ],
)
def test_area_is_the_first_part_of_a_known_path(path, area):
    assert metrics.area_of(path) == area


def test_middleware_counts_a_crash_as_500(tmp_path, monkeypatch):
    monkeypatch.setattr(metrics, "meter", RequestMeter(tmp_path))

    def crash(request):
        raise ValueError

    with pytest.raises(ValueError):
        RequestMeterMiddleware(crash)(RequestFactory().get("/api/"))
    RequestMeterMiddleware(lambda request: HttpResponse(status=304))(RequestFactory().get("/api/"))

    assert values(metrics.meter)['_count{area="api",status="5xx"}'] == 1
    assert values(metrics.meter)['_count{area="api",status="3xx"}'] == 1


def test_labels_are_escaped():
    figure = Figure("a_b", "Meaning.")
    figure.add(1.5, name='say "hi"\\\nnow')

    expected = '# HELP a_b Meaning.\n# TYPE a_b gauge\na_b{name="say \\"hi\\"\\\\\\nnow"} 1.5\n'
    assert render([figure]) == expected
