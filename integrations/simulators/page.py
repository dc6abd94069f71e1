"""The page at ``/``: what the simulators are, what was called, what arrived. In Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .world import World

_SYSTEMS = (
    ("taobao", "淘宝 / 天猫开放平台", "/router/rest"),
    ("kuaidi100", "快递100", "/poll, /poll/query.do, /autonumber/auto"),
    ("wecom", "企业微信群机器人", "/cgi-bin/webhook/send"),
    ("wechatpay", "微信支付 APIv3（退款）", "/v3/refund/domestic/refunds"),
    ("alipay", "支付宝（退款）", "/gateway.do"),
    ("partner", "合作方的系统（接收通知）", "/partner/…"),
    ("kingdee", "金蝶云星空", "/k3cloud/…kdsvc"),
)
_HEAD = """<!doctype html><html lang="zh-Hans"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="10">
<title>外部系统模拟器</title><style>
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:1.5rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}
th,td{border:1px solid #bbb;padding:.3rem .6rem;text-align:left;vertical-align:top}
pre{white-space:pre-wrap;margin:0;font:inherit}</style></head><body>"""


def render(world: World) -> bytes:
    """The whole page as UTF-8."""
    parts = [
        _HEAD,
        "<h1>外部系统模拟器</h1>",
        f"<p>模拟时间 {escape(world.clock.text())}。数据均为虚构，仅供演示与测试。</p>",
        _systems(world),
        _shops(world),
        _messages(world),
        "</body></html>",
    ]
    return "".join(parts).encode()


def _systems(world: World) -> str:
    rows = []
    for key, name, paths in _SYSTEMS:
        calls: Mapping[str, int] = world.counters.calls.get(key, {})
        refusals: Mapping[str, int] = world.counters.refusals.get(key, {})
        rows.append(
            f"<tr><td>{name}</td><td>{escape(paths)}</td><td>{_figures(calls)}</td>"
            f"<td>{_figures(refusals)}</td><td>{world.counters.bad_signatures[key]}</td></tr>"
        )
    head = "<tr><th>系统</th><th>地址</th><th>调用次数</th><th>拒绝</th><th>签名错误</th></tr>"
    return f"<h2>系统</h2><table>{head}{''.join(rows)}</table>"


def _shops(world: World) -> str:
    rows = []
    for seller in world.taobao.accounts.sellers.values():
        count = len(world.taobao.store.shop(seller.key))
        sent = sum(
            1 for s in world.taobao.store.shipments if s.shop == seller.key and not s.refused
        )
        rows.append(f"<tr><td>{escape(seller.nick)}</td><td>{count}</td><td>{sent}</td></tr>")
    head = "<tr><th>店铺</th><th>订单</th><th>已回传发货</th></tr>"
    return f"<h2>店铺</h2><table>{head}{''.join(rows)}</table>"


def _messages(world: World) -> str:
    rows = [
        f"<tr><td>{escape(m.at)}</td><td>…{escape(m.key[-4:])}</td>"
        f"<td><pre>{escape(m.text)}</pre></td></tr>"
        for m in list(world.robots.messages)[-20:][::-1]
    ]
    head = "<tr><th>时间</th><th>机器人</th><th>内容</th></tr>"
    body = "".join(rows) or '<tr><td colspan="3">暂无消息</td></tr>'
    return f"<h2>最近的企业微信消息</h2><table>{head}{body}</table>"


def _figures(counts: Mapping[str, int]) -> str:
    if not counts:
        return "无"
    return "<br>".join(f"{escape(name)}: {count}" for name, count in sorted(counts.items()))
