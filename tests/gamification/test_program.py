"""Program files: what is read, what is a fault and where, what is suspect."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from hub.gamification import homepages, program
from hub.gamification.actions import Idle
from hub.gamification.badges import AtLeastOf, HasBadge, MetricAtLeast, PersonalBest, StreakAtLeast
from hub.gamification.conditions import All, Any_, None_
from hub.gamification.conditions import Test as Clause
from hub.gamification.goals import OfPrevious, Reward, TargetFor
from hub.gamification.points import Award, Cap
from hub.gamification.program import Program, Reading
from hub.gamification.streaks import Freezes
from hub.gamification.windows import DAY, HOUR, MINUTE, Calendar, Span

HARBOR = (Path(__file__).parent.parent / "data" / "harbor.yaml").read_text()
NOW = Calendar("UTC").instant("2026-11-23") or 0

HEAD = "program: {name: Club, time_zone: UTC}\n"
BASE = """
events:
  deal.won:
    attributes: {amount: {type: number, required: true}, deal: {type: text, required: true}, product: {type: text},
                 state: {type: text, one_of: [open, paid]}, day: {type: date}, first: {type: boolean},
                 course: {type: text}}
  deal.lost: {attributes: {deal: {type: text}, amount: {type: text}}}
  mdf.spent: {about: organization, attributes: {amount: {type: number}}}
metrics:
  deals: {event: deal.won, take: count}
  revenue: {event: deal.won, take: sum, of: amount}
  biggest: {event: deal.won, take: max, of: amount}
  by_deal: {event: deal.won, take: count, by: deal}
  by_course: {event: deal.won, take: count, by: course}
  states: {event: deal.won, take: latest, of: state, by: deal}
  spent: {event: mdf.spent, take: sum, of: amount}
"""


def read(text: str, **more: object) -> Reading:
    return program.read(text, now=NOW, **more)  # type: ignore[arg-type]


def extended(more: str) -> str:
    """The base program with more of it; a section that is there already goes on."""
    sections = {part.split(":", 1)[0]: part for part in _sections(HEAD + BASE)}
    for part in _sections(more):
        name, body = part.split(":", 1)
        known = sections.get(name)
        sections[name] = (
            f"{known.rstrip()}\n{body.lstrip(chr(10))}" if known and name in ("events", "metrics") else part
        )
    return "\n".join(part.rstrip("\n") for part in sections.values()) + "\n"


def _sections(text: str) -> list[str]:
    parts: list[str] = []
    for line in text.splitlines(keepends=True):
        if line[:1].isspace() or line.startswith(("}", "]")):
            parts[-1:] = [parts[-1] + line] if parts else []
        else:
            parts.append(line)
    return parts


def good(more: str = "", **options: object) -> Program:
    reading = read(extended(more), **options)
    assert [str(fault) for fault in reading.faults] == []
    assert reading.program is not None
    return reading.program


def told(more: str) -> list[tuple[str, str]]:
    return [(fault.path, fault.code) for fault in read(extended(more)).faults]


# What reads.


def test_the_example_reads_but_for_what_is_not_served_yet() -> None:
    faults = read(HARBOR).faults
    assert {fault.code for fault in faults} == {"not_supported_yet"}
    assert {fault.path for fault in faults} == {"surveys", "recognition"}


@pytest.fixture(scope="module")
def harbor() -> Program:
    reading = program.read(HARBOR, now=0, widgets=homepages.WIDGETS, not_yet=())
    assert [str(fault) for fault in reading.faults] == []
    assert [str(fault) for fault in reading.warnings] == []
    assert reading.program is not None
    return reading.program


def test_the_settings_of_the_example(harbor: Program) -> None:
    settings = harbor.settings
    assert (settings.name, settings.time_zone, settings.week_starts) == (
        "Harbor Partner Club",
        "Europe/Berlin",
        "monday",
    )
    assert settings.grace == 72 * HOUR
    assert settings.live_from == Calendar("Europe/Berlin").instant("2026-01-01")
    assert (settings.point_value, settings.currency) == (Fraction(1, 100), "EUR")
    assert harbor.roles["alliance_lead"].like == "partner_owner"
    assert set(program.BUILT_IN_ROLES) < set(harbor.roles)


def test_the_metrics_of_the_example(harbor: Program) -> None:
    metrics = harbor.metrics
    assert metrics["open_deals"].types == {"deal.registered": 1, "deal.won": -1, "deal.lost": -1}
    assert metrics["win_rate"].parts == ("deals_won", "deals_closed")
    assert metrics["win_rate"].minimum == 5
    assert metrics["revenue"].where == Clause("product", "not", "services")
    assert metrics["revenue"].unit == "EUR"
    assert metrics["modules_done"].by == "course"
    assert (metrics["claims"].numeric, metrics["claims"].show) == (False, ("amount",))
    assert metrics["mdf_available"].parts == ("mdf_total", "mdf_used")
    assert metrics["points_earned"].built_in


def test_the_rules_of_the_example(harbor: Program) -> None:
    rule = harbor.rules["won_deal"]
    assert rule.award == Award(1, "amount", 100)
    assert rule.where == Clause("amount", "at_least", 1000)
    assert rule.for_ == Clause("role", "in", ("sales_rep", "partner_owner"))
    assert (rule.once_per, rule.caps) == ("deal", (Cap(points=500, per="day"),))
    assert harbor.rules["view_asset"].cooldown == MINUTE
    assert harbor.caps["fair_use"].rules == ("won_deal", "view_asset")
    assert harbor.boosts["q4_push"].factor == Fraction(3, 2)
    assert list(harbor.rules) == ["won_deal", "view_asset", "day_in_hub"]


def test_the_badges_of_the_example(harbor: Program) -> None:
    badges = harbor.badges
    assert [tier.name for tier in badges["deal_maker"].tiers] == ["Bronze", "Silver", "Gold"]
    assert badges["explorer"].points == 100
    assert (badges["graduate"].repeat, badges["graduate"].by, badges["graduate"].window) == (True, "course", None)
    assert (badges["sprinter"].window, badges["sprinter"].by) == ("month", None)
    assert badges["marathon"].when == HasBadge("sprinter", None, 6)
    assert badges["regular"].tiers[1].when == StreakAtLeast("daily_visit", 21)
    assert badges["new_best"].best == PersonalBest("biggest_deal", 5000)
    when = AtLeastOf(2, (MetricAtLeast("deals_won", 3), MetricAtLeast("assets_seen", 10), HasBadge("regular")))
    assert badges["all_rounder"].when == when


def test_the_rest_of_the_example(harbor: Program) -> None:
    assert harbor.streaks["daily_visit"].freezes == Freezes(1, 7, 2)
    assert harbor.streaks["daily_visit"].holidays_of == "DE-BY"
    goal = harbor.goals["quarter_revenue"]
    assert goal.targets == (TargetFor(Clause("tier", "is", "gold"), 100000),)
    assert goal.reward == Reward(500)
    assert [prize.points for prize in harbor.leaderboards["top_sellers"].prizes] == [300, 200, 100]
    assert [level.at for level in harbor.levels] == [0, 1000, 5000]
    assert harbor.actions["register_deal"].when == Idle(14 * DAY)
    assert harbor.surveys.quiet == 14 * DAY
    assert [question.kind for question in harbor.surveys.surveys["onboarding_pulse"].questions] == ["scale", "text"]
    assert [giving.to for giving in harbor.recognition.give] == ["assigned", "own_organization"]
    assert harbor.homepages["sales_rep"][0].pinned
    assert harbor.homepages["sales_rep"][0].options == {"goal": "quarter_revenue"}


def test_an_almost_empty_program_is_a_program() -> None:
    found = read("program: {time_zone: UTC}").program
    assert found is not None
    assert set(found.metrics) == {"points_earned", "points_received", "recognitions_given", "recognitions_received"}


def test_the_hubs_own_events_need_no_declaration() -> None:
    found = good(
        "metrics:\n  praise: {event: hub.recognition.received, take: sum, of: points, where: {category: thanks}}\n"
    )
    assert found.metrics["praise"].where == Clause("category", "is", "thanks")


def test_no_and_12_30_are_text_and_numbers_are_exact() -> None:
    found = good("goals:\n  g: {metric: deals, window: month, target: 0.1, title: no, text: 12:30}\n")
    assert (found.goals["g"].title, found.goals["g"].text) == ({"": "no"}, {"": "12:30"})
    assert found.goals["g"].target == Decimal("0.1")


def test_a_text_may_have_translations() -> None:
    found = good("levels:\n  pro: {at: 0, title: {en: Pro, de: Profi, pt-BR: Craque, no: Proff}}\n")
    assert found.levels[0].title == {"en": "Pro", "de": "Profi", "pt-BR": "Craque", "no": "Proff"}


def test_conditions_combine() -> None:
    found = good(
        "points:\n  p: {event: deal.won, award: 1, where: {amount: {at_least: 1, less_than: 9.5}, any: [{product: a}, "
        "{none: [{state: [open, paid]}]}], first: true, day: {more_than: 2026-01-01}}}\n"
    )
    assert found.rules["p"].where == All(
        (
            Clause("amount", "at_least", 1),
            Clause("amount", "less_than", Decimal("9.5")),
            Any_((Clause("product", "is", "a"), None_((Clause("state", "in", ("open", "paid")),)))),
            Clause("first", "is", True),
            Clause("day", "more_than", "2026-01-01"),
        )
    )


def test_every_shape_that_is_served_reads() -> None:
    found = good("""
roles:
  contributor: {title: Contributor, like: sales_rep}
points:
  fine: {event: [deal.won, deal.lost], award: -5, once_per: true, from: 2026-01-01,
         cap: [{points: 9, per: week}, {times: 1}]}
  share: {event: deal.won, award: {points: 2, for_every: 0.5, of: amount, at_least: 1, at_most: 10},
          for: {role: contributor}}
boosts:
  b: {rules: share, factor: 1.5, until: 2027-01-01}
badges:
  tiered: {metric: revenue, within: quarter, repeat: true, tiers: [{name: A, at_least: 0.5}, {name: B, at_least: 1}]}
  reached: {when: {any: [{goal: growth}, {level: pro}, {streak: weeks, at_least: 4},
                         {badge: tiered, tier: B, times: 2}]}}
  spring: {when: {metric: deals, at_least: 1, within: {from: 2026-12-01, until: 2027-03-01}},
           secret: true, state: draft}
streaks:
  weeks: {event: deal.won, every: week, clock: event, at_least: 2, where: {amount: {at_least: 5}}}
goals:
  growth: {metric: revenue, window: quarter, target: {of_previous: 11/10},
           targets: [{for: {tag: x}, target: {of_previous: 2}}]}
  own: {metric: revenue, window: year, whose: organization}
leaderboards:
  board: {metric: revenue, window: {from: 2026-12-01, until: 2027-01-01}, among: tier, minimum: 0.5,
          ties: dense, direction: lowest}
levels:
  starter: {at: 0}
  pro: {at: 10}
homepages:
  contributor:
    - {widget: badges, only: [tiered], show: 3, size: full, offer: true, for: {any: [{tier: gold}, {region: [emea]}]}}
    - {widget: leaderboard, leaderboard: board, show: 5, title: {en: Best}}
""")
    assert found.badges["tiered"].window == "quarter"
    assert found.goals["growth"].target == OfPrevious(Fraction(11, 10))
    assert isinstance(found.leaderboards["board"].window, Span)
    assert found.homepages["contributor"][0].options == {"only": ["tiered"], "show": 3}


def test_a_widget_that_was_added_may_be_placed() -> None:
    widgets: Mapping[str, tuple[str, ...]] = {**homepages.SERVED, "weather": ("city",)}
    page = "homepages:\n  sales_rep: [{widget: weather, city: Kiel}]\n"
    assert good(page, widgets=widgets).homepages["sales_rep"][0].options == {"city": "Kiel"}
    assert told(page) == [("homepages.sales_rep[0].widget", "unknown")]


def test_a_published_program_is_read_again_whatever_became_of_its_widgets() -> None:
    page = "homepages:\n  sales_rep: [{widget: weather, city: Kiel}]\n"
    found = program.published(extended(page))
    assert found.homepages["sales_rep"][0].options == {"city": "Kiel"}
    with pytest.raises(ValueError, match="time_zone"):
        program.published("program: {}")


# Faults. Each row: what is added to the base program, and every fault it has.

FAULTS = [
    # the file
    ("nonsense: {}", "nonsense", "unknown_field"),
    ("levels: {a: {at: 0}, a: {at: 0}}", "levels.a", "duplicate"),
    ("levels: {a: &x {at: 0}}", "levels.a", "anchor"),
    ("levels: {a: *x}", "levels.a", "anchor"),
    ("levels: {a: !!map {at: 0}}", "levels.a", "tag"),
    ("levels: {a: {at: 0, owner: 5}}", "levels.a.owner", "type"),
    ("levels: {a: {at: 0, title: ''}}", "levels.a.title", "empty"),
    ("levels: {a: {at: 0, title: {english: x}}}", "levels.a.title.english", "key"),
    ("levels: {A: {at: 0}}", "levels.A", "key"),
    ("levels: {a: 5}", "levels.a", "type"),
    ("levels: 5", "levels", "type"),
    (f"levels: {{a: {{at: 0, text: {'x' * 2001}}}}}", "levels.a.text", "too_long"),
    # program
    ("program: {name: x}", "program.time_zone", "missing"),
    ("program: {time_zone: Europe/Berln}", "program.time_zone", "unknown"),
    ("program: {time_zone: UTC, week_starts: someday}", "program.week_starts", "value"),
    ("program: {time_zone: UTC, grace: 337h}", "program.grace", "too_large"),
    ("program: {time_zone: UTC, grace: 3}", "program.grace", "type"),
    ("program: {time_zone: UTC, live_from: soon}", "program.live_from", "date"),
    ("program: {time_zone: UTC, points: {value: 1 euro}}", "program.points.value", "value"),
    ("program: {time_zone: UTC, reversals: [crm, 5]}", "program.reversals[1]", "type"),
    # roles
    ("roles: {lead: {like: partner_ownr}}", "roles.lead.like", "unknown"),
    ("roles: {a: {like: b}, b: {like: a}}", "roles.a.like", "circle"),
    ("roles: {sales_rep: {like: marketing}}", "roles.sales_rep.like", "conflict"),
    # events
    ("events:\n  hub.visited: {}", "events.hub.visited", "reserved"),
    ("events:\n  event.reversed: {}", "events.event.reversed", "reserved"),
    ("events:\n  Deal.won: {}", "events.Deal.won", "key"),
    ("events:\n  x: {stage: sel}", "events.x.stage", "value"),
    ("events:\n  x: {attributes: {a: {type: float}}}", "events.x.attributes.a.type", "value"),
    ("events:\n  x: {attributes: {a: {}}}", "events.x.attributes.a.type", "missing"),
    ("events:\n  x: {attributes: {a: {type: number, one_of: [a]}}}", "events.x.attributes.a.one_of", "conflict"),
    ("events:\n  x: {attributes: {a: {type: text, one_of: [a, a]}}}", "events.x.attributes.a.one_of[1]", "duplicate"),
    # metrics
    ("metrics:\n  m: {event: deal.wn, take: count}", "metrics.m.event", "unknown"),
    ("metrics:\n  m: {take: count}", "metrics.m.event", "missing"),
    ("metrics:\n  m: {event: [], take: count}", "metrics.m.event", "empty"),
    ("metrics:\n  m: {event: event.reversed, take: count}", "metrics.m.event", "unknown"),
    ("metrics:\n  m: {event: deal.won, take: median}", "metrics.m.take", "value"),
    ("metrics:\n  m: {event: deal.won, take: sum}", "metrics.m.of", "missing"),
    ("metrics:\n  m: {event: deal.won, take: sum, of: amout}", "metrics.m.of", "unknown"),
    ("metrics:\n  m: {event: deal.won, take: sum, of: product}", "metrics.m.of", "type"),
    ("metrics:\n  m: {event: [deal.won, deal.lost], take: sum, of: amount}", "metrics.m.of", "type"),
    ("metrics:\n  m: {event: deal.won, take: count, of: amount}", "metrics.m.of", "conflict"),
    ("metrics:\n  m: {event: {deal.won: 1.5}, take: count}", "metrics.m.event.deal.won", "type"),
    ("metrics:\n  m: {event: {deal.wn: 1}, take: count}", "metrics.m.event.deal.wn", "unknown"),
    ("metrics:\n  m: {event: {deal.won: 1}, take: days}", "metrics.m.event", "conflict"),
    ("metrics:\n  m: {event: deal.won, take: count, total: sum}", "metrics.m.total", "conflict"),
    ("metrics:\n  m: {event: deal.won, take: count, clock: event}", "metrics.m.clock", "conflict"),
    ("metrics:\n  m: {event: deal.won, take: count, by: deal, show: [amount]}", "metrics.m.show", "conflict"),
    ("metrics:\n  m: {event: deal.won, take: latest, of: state, by: deal, show: [x]}", "metrics.m.show[0]", "unknown"),
    ("metrics:\n  m: {share: deals, of: deal}", "metrics.m.of", "unknown"),
    ("metrics:\n  m: {share: deals, of: revenue, take: count}", "metrics.m.take", "conflict"),
    ("metrics:\n  m: {share: states, of: deals}", "metrics.m", "type"),
    ("metrics:\n  m: {plus: [n]}\n  n: {plus: [m]}", "metrics.m", "circle"),
    ("metrics:\n  m: {plus: [m]}", "metrics.m", "circle"),
    ("metrics:\n  points_earned: {event: deal.won, take: count}", "metrics.points_earned", "reserved"),
    # conditions
    ("metrics:\n  m: {event: deal.won, take: count, where: {}}", "metrics.m.where", "empty"),
    ("metrics:\n  m: {event: deal.won, take: count, where: 5}", "metrics.m.where", "type"),
    ("metrics:\n  m: {event: deal.won, take: count, where: {any: []}}", "metrics.m.where.any", "empty"),
    ("metrics:\n  m: {event: deal.won, take: count, where: {any: {first: true}}}", "metrics.m.where.any", "type"),
    ("metrics:\n  m: {event: deal.won, take: count, where: {amout: 1}}", "metrics.m.where.amout", "unknown"),
    (
        "metrics:\n  m: {event: deal.won, take: count, where: {amount: {at_lest: 1}}}",
        "metrics.m.where.amount.at_lest",
        "unknown",
    ),
    ("metrics:\n  m: {event: deal.won, take: count, where: {amount: x}}", "metrics.m.where.amount", "type"),
    ("metrics:\n  m: {event: deal.won, take: count, where: {amount: true}}", "metrics.m.where.amount", "type"),
    ("metrics:\n  m: {event: deal.won, take: count, where: {amount: null}}", "metrics.m.where.amount", "missing"),
    (
        "metrics:\n  m: {event: deal.won, take: count, where: {product: {at_least: b}}}",
        "metrics.m.where.product.at_least",
        "type",
    ),
    (
        "metrics:\n  m: {event: deal.won, take: count, where: {amount: {starts_with: b}}}",
        "metrics.m.where.amount.starts_with",
        "type",
    ),
    ("metrics:\n  m: {event: deal.won, take: count, where: {amount: {in: 5}}}", "metrics.m.where.amount.in", "type"),
    (
        "metrics:\n  m: {event: deal.won, take: count, where: {amount: {present: 1}}}",
        "metrics.m.where.amount.present",
        "type",
    ),
    ("metrics:\n  m: {event: deal.won, take: count, where: {day: 2026-02-30}}", "metrics.m.where.day", "type"),
    ("metrics:\n  m: {event: deal.won, take: count, where: {state: payd}}", "metrics.m.where.state", "unknown"),
    (
        "metrics:\n  m: {event: [deal.won, deal.lost], take: count, where: {amount: 1}}",
        "metrics.m.where.amount",
        "type",
    ),
    ("points: {p: {event: deal.won, award: 1, for: {regio: emea}}}", "points.p.for.regio", "unknown"),
    ("points: {p: {event: deal.won, award: 1, for: {role: salesrep}}}", "points.p.for.role", "unknown"),
    ("points: {p: {event: deal.won, award: 1, for: {size: 50}}}", "points.p.for.size", "type"),
    # points, caps, boosts
    ("points: {p: {event: deal.won}}", "points.p.award", "missing"),
    ("points: {p: {event: deal.won, award: 1.5}}", "points.p.award", "type"),
    ("points: {p: {event: deal.won, award: lots}}", "points.p.award", "type"),
    ("points: {p: {event: deal.won, award: 1000000001}}", "points.p.award", "too_large"),
    ("points: {p: {event: deal.won, award: 0.00001}}", "points.p.award", "too_large"),
    ("points: {p: {event: deal.won, award: {points: 1, of: amount}}}", "points.p.award.for_every", "missing"),
    ("points: {p: {event: deal.won, award: {points: 1, for_every: 5}}}", "points.p.award.of", "missing"),
    (
        "points: {p: {event: deal.won, award: {points: 1, for_every: 0, of: amount}}}",
        "points.p.award.for_every",
        "too_small",
    ),
    (
        "points: {p: {event: deal.won, award: {points: 0, for_every: 1, of: amount}}}",
        "points.p.award.points",
        "too_small",
    ),
    ("points: {p: {event: deal.won, award: {points: 1, for_every: 1, of: product}}}", "points.p.award.of", "type"),
    ("points: {p: {event: deal.won, award: {points: 1, at_most: 1}}}", "points.p.award.at_most", "conflict"),
    (
        "points: {p: {event: deal.won, award: {points: 1, for_every: 1, of: amount, at_least: 2, at_most: 1}}}",
        "points.p.award.at_most",
        "order",
    ),
    ("points: {p: {event: deal.won, award: 1, once_per: dael}}", "points.p.once_per", "unknown"),
    ("points: {p: {event: deal.won, award: 1, cooldown: 5 minutes}}", "points.p.cooldown", "duration"),
    ("points: {p: {event: deal.won, award: 1, cap: {per: day}}}", "points.p.cap", "missing"),
    ("points: {p: {event: deal.won, award: 1, cap: [{times: 0}]}}", "points.p.cap[0].times", "too_small"),
    ("points: {p: {event: deal.won, award: 1, cap: {times: 1, per: fortnight}}}", "points.p.cap.per", "value"),
    ("points: {p: {event: deal.won, award: 1, from: 2026-02-01, until: 2026-01-01}}", "points.p.until", "order"),
    ("caps: {c: {rules: [won], points: 5}}", "caps.c.rules[0]", "unknown"),
    ("boosts: {b: {rules: [], factor: 2}}", "boosts.b.rules", "empty"),
    ("points: {p: {event: deal.won, award: 1}}\nboosts: {b: {rules: [p], factor: 3/0}}", "boosts.b.factor", "factor"),
    (
        "points: {p: {event: deal.won, award: 1}}\nboosts: {b: {rules: [p, p], factor: 2}}",
        "boosts.b.rules[1]",
        "duplicate",
    ),
    # badges
    ("badges: {b: {when: {}}}", "badges.b.when", "missing"),
    ("badges: {b: {when: {metric: deels, at_least: 1}}}", "badges.b.when.metric", "unknown"),
    ("badges: {b: {when: {metric: states, at_least: 1}}}", "badges.b.when.metric", "type"),
    ("badges: {b: {when: {metric: deals}}}", "badges.b.when.at_least", "missing"),
    ("badges: {b: {when: {metric: deals, at_least: 1, tier: x}}}", "badges.b.when.tier", "conflict"),
    ("badges: {b: {when: {metric: deals, streak: s, at_least: 1}}}", "badges.b.when.streak", "conflict"),
    ("badges: {b: {when: {streak: s, at_least: 1}}}", "badges.b.when.streak", "unknown"),
    ("badges: {b: {when: {level: s}}}", "badges.b.when.level", "unknown"),
    ("badges: {b: {when: {goal: s}}}", "badges.b.when.goal", "unknown"),
    ("badges: {b: {when: {all: []}}}", "badges.b.when.all", "empty"),
    (
        "badges: {b: {when: {at_least_of: {count: 2, conditions: [{metric: deals, at_least: 1}]}}}}",
        "badges.b.when.at_least_of.count",
        "too_large",
    ),
    (
        "badges: {b: {metric: deals, tiers: [{name: A, at_least: 1}], at_least: 5}}",
        "badges.b.at_least",
        "unknown_field",
    ),
    ("badges: {b: {tiers: [{name: A, at_least: 1}]}}", "badges.b.tiers", "conflict"),
    ("badges: {b: {metric: deals, when: {metric: deals, at_least: 1}}}", "badges.b.metric", "conflict"),
    (
        "badges: {b: {metric: deals, tiers: [{name: A, at_least: 5}, {name: B, at_least: 5}]}}",
        "badges.b.tiers[1].at_least",
        "order",
    ),
    (
        "badges: {b: {metric: deals, tiers: [{name: A, at_least: 5}, {name: A, at_least: 6}]}}",
        "badges.b.tiers[1].name",
        "duplicate",
    ),
    ("badges: {b: {personal_best: {metric: revenue, minimum: 1}}}", "badges.b.personal_best.metric", "type"),
    ("badges: {b: {personal_best: {metric: biggest}}}", "badges.b.personal_best.minimum", "missing"),
    ("badges: {b: {when: {metric: deals, at_least: 1}, repeat: true}}", "badges.b.repeat", "conflict"),
    (
        "badges: {b: {when: {all: [{metric: by_deal, at_least: 1}, {metric: by_course, at_least: 1}]}}}",
        "badges.b",
        "different_by",
    ),
    ("badges: {a: {when: {badge: b}}, b: {when: {badge: a}}}", "badges.a", "circle"),
    (
        "badges: {a: {metric: deals, tiers: [{name: A, at_least: 1}]}, b: {when: {badge: a, tier: B}}}",
        "badges.b.when",
        "unknown",
    ),
    ("badges: {b: {when: {metric: deals, at_least: 1}, on_reversal: end}}", "badges.b.on_reversal", "value"),
    ("badges: {b: {when: {metric: deals, at_least: 1}, points: -1}}", "badges.b.points", "too_small"),
    ("badges: {b: {when: {metric: deals, at_least: 1}, secret: yes}}", "badges.b.secret", "type"),
    (
        "goals: {g: {metric: deals, window: month, target: 1, whose: organization}}\nbadges: {b: {when: {goal: g}}}",
        "badges.b",
        "conflict",
    ),
    # streaks
    ("streaks: {s: {event: deal.won}}", "streaks.s.every", "missing"),
    ("streaks: {s: {event: deal.won, every: year}}", "streaks.s.every", "value"),
    ("streaks: {s: {event: deal.won, every: day, at_least: 0}}", "streaks.s.at_least", "too_small"),
    ("streaks: {s: {event: deal.won, every: day, freezes: {start: -1}}}", "streaks.s.freezes.start", "too_small"),
    ("streaks: {s: {event: deal.won, every: day, freezes: {max: 1001}}}", "streaks.s.freezes.max", "too_large"),
    (
        "streaks: {s: {event: deal.won, every: day, freezes: {earn_every: 0}}}",
        "streaks.s.freezes.earn_every",
        "too_small",
    ),
    ("streaks: {s: {event: deal.won, every: business_day, holidays: DE-XX}}", "streaks.s.holidays", "unknown"),
    ("streaks: {s: {event: deal.won, every: business_day, holidays: [soon]}}", "streaks.s.holidays[0]", "date"),
    # goals
    ("goals: {g: {metric: deals, target: 1}}", "goals.g.window", "missing"),
    ("goals: {g: {metric: deals, window: month, target: 0}}", "goals.g.target", "too_small"),
    ("goals: {g: {metric: deals, window: all, target: {of_previous: 2}}}", "goals.g.target", "conflict"),
    ("goals: {g: {metric: deals, window: month, target: {of_previous: -1}}}", "goals.g.target.of_previous", "factor"),
    ("goals: {g: {metric: deals, window: month, targets: [{target: 5}]}}", "goals.g.targets[0].for", "missing"),
    (
        "goals: {g: {metric: deals, window: {from: 2026-02-01, until: 2026-01-01}, target: 1}}",
        "goals.g.window",
        "window",
    ),
    # leaderboards
    ("leaderboards: {l: {metric: states, window: month}}", "leaderboards.l.metric", "type"),
    ("leaderboards: {l: {metric: deals, window: month, among: country}}", "leaderboards.l.among", "value"),
    ("leaderboards: {l: {metric: deals, window: month, show: 0}}", "leaderboards.l.show", "too_small"),
    (
        "leaderboards: {l: {metric: deals, window: month, whose: organization, among: organization}}",
        "leaderboards.l.among",
        "conflict",
    ),
    # levels
    ("levels: {a: {at: 1}}", "levels.a.at", "order"),
    ("levels: {a: {at: 0}, b: {at: 0}}", "levels.b.at", "order"),
    # not served yet
    ("surveys: {quiet: 14d}", "surveys", "not_supported_yet"),
    ("recognition: {undo: 24h}", "recognition", "not_supported_yet"),
    # homepages
    ("homepages: {sales_reps: [{widget: points}]}", "homepages.sales_reps", "unknown"),
    ("homepages: {sales_rep: [{widget: pointz}]}", "homepages.sales_rep[0].widget", "unknown"),
    ("homepages: {sales_rep: [{widget: survey}]}", "homepages.sales_rep[0].widget", "not_supported_yet"),
    ("homepages: {sales_rep: [{widget: points, goal: g}]}", "homepages.sales_rep[0].goal", "unknown_field"),
    ("homepages: {sales_rep: [{widget: streak}]}", "homepages.sales_rep[0].streak", "missing"),
    ("homepages: {sales_rep: [{widget: streak, streak: s}]}", "homepages.sales_rep[0].streak", "unknown"),
    ("homepages: {sales_rep: [{widget: points, size: huge}]}", "homepages.sales_rep[0].size", "value"),
    (
        "homepages: {sales_rep: [{widget: points, pinned: true, offer: true}]}",
        "homepages.sales_rep[0].offer",
        "conflict",
    ),
    ("homepages: {sales_rep: [{size: wide}]}", "homepages.sales_rep[0].widget", "missing"),
]


@pytest.mark.parametrize(("more", "path", "code"), FAULTS)
def test_a_fault_has_its_path_and_its_code_and_comes_alone(more: str, path: str, code: str) -> None:
    assert told(more) == [(path, code)]


# Sections that are not served yet are read and checked all the same.

LATER = [
    ("actions: {a: {event: deal.wn}}", "actions.a.event", "unknown"),
    ("actions: {a: {event: deal.won, link: 'javascript:x'}}", "actions.a.link", "link"),
    ("actions: {a: {event: deal.won, link: //evil.example}}", "actions.a.link", "link"),
    ("actions: {a: {event: deal.won, bonus: {points: 5}}}", "actions.a.bonus.within", "missing"),
    ("actions: {a: {event: deal.won, when: {goal: g, pace: behind}}}", "actions.a.when.goal", "unknown"),
    ("surveys: {s: {questions: []}}", "surveys.s.questions", "empty"),
    ("surveys: {s: {questions: [{key: a, ask: A, kind: choice}]}}", "surveys.s.questions[0].choices", "missing"),
    (
        "surveys: {s: {questions: [{key: a, ask: A, kind: scale, low: 5, high: 5}]}}",
        "surveys.s.questions[0].high",
        "order",
    ),
    ("surveys: {s: {questions: [{key: a, kind: text}]}}", "surveys.s.questions[0].ask", "missing"),
    ("recognition: {give: [{to: friends}]}", "recognition.give[0].to", "value"),
    ("recognition: {give: [{to: everyone, points: 5}]}", "recognition.give[0].points", "type"),
    ("recognition: {budgets: [{points: 5, per: month, category: x}]}", "recognition.budgets[0].category", "unknown"),
    ("streaks: {s: {event: deal.won, every: day, holidays: DE}}", "streaks.s.holidays", "conflict"),
    (
        "streaks: {s: {event: deal.won, every: day, freezes: {start: 3, max: 2}}}",
        "streaks.s.freezes.start",
        "too_large",
    ),
    (
        "goals: {g: {metric: deals, window: month, target: 1, whose: organization, reward: {points: 1}}}",
        "goals.g.reward",
        "conflict",
    ),
    (
        "badges: {b: {}}\n"
        "leaderboards: {l: {metric: deals, window: month, prizes: [{rank: 1, points: 1}, {rank: 1, badge: b}]}}",
        "leaderboards.l.prizes[1].rank",
        "duplicate",
    ),
    ("homepages: {sales_rep: [{widget: list, metric: deals}]}", "homepages.sales_rep[0].metric", "type"),
    (
        "homepages: {sales_rep: [{widget: links, links: [{title: A, link: ftp://x}]}]}",
        "homepages.sales_rep[0].links[0].link",
        "link",
    ),
]


@pytest.mark.parametrize(("more", "path", "code"), LATER)
def test_what_is_not_served_yet_is_checked_already(more: str, path: str, code: str) -> None:
    faults = read(extended(more), not_yet=(), widgets=homepages.WIDGETS).faults
    assert [(fault.path, fault.code) for fault in faults] == [(path, code)]


def test_a_fault_reads_as_a_sentence_with_a_suggestion() -> None:
    more = "points: {won_deal: {event: deal.won, award: {points: 1, for_every: 100, of: amout}}}"
    (fault,) = read(extended(more)).faults
    assert str(fault) == 'points.won_deal.award.of: deal.won has no attribute "amout"; did you mean "amount"?'


@pytest.mark.parametrize(
    ("more", "suggestion"),
    [
        ("points: {p: {evnt: deal.won, event: deal.won, award: 1}}", "event"),
        ("points: {p: {event: deal.wonn, award: 1}}", "deal.won"),
        ("points: {p: {event: deal.won, award: 1, for: {role: salesrep}}}", "sales_rep"),
        ("homepages: {sales_rep: [{widget: leader_board}]}", "leaderboard"),
        ("program: {time_zone: Europe/Berln}", "Europe/Berlin"),
        ("badges: {b: {when: {metric: reveneu, at_least: 1}}}", "revenue"),
    ],
)
def test_the_nearest_name_is_suggested(more: str, suggestion: str) -> None:
    assert [fault.suggestion for fault in read(extended(more)).faults] == [suggestion]


def test_all_faults_come_at_once() -> None:
    more = """
points:
  one: {event: deal.wn, award: x}
  two: {event: deal.won, award: 1, cap: {times: 0}, for: {role: nobody}}
badges:
  three: {when: {metric: none, at_least: 1}, points: -1}
levels: {four: {at: 5}}
"""
    assert {path for path, _ in told(more)} == {
        "points.one.event",
        "points.one.award",
        "points.two.cap.times",
        "points.two.for.role",
        "badges.three.when.metric",
        "badges.three.points",
        "levels.four.at",
    }


@pytest.mark.parametrize("text", ["", "[1]", "text", "5", "null", "# nothing\n"])
def test_a_file_that_is_no_mapping_is_no_program(text: str) -> None:
    assert [(fault.path, fault.code) for fault in read(text).faults] == [("", "type")]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("program: [", "line 1, column 11"),
        ("program:\n  a: b: c", "line 2, column 7"),
        ("a: 1\n\tb: 2", "line 2, column 1"),
    ],
)
def test_an_unreadable_file_names_line_and_column(text: str, place: str) -> None:
    (fault,) = read(text).faults
    assert (fault.path, fault.code) == ("", "unreadable")
    assert str(fault).startswith(place)


# Warnings.


@pytest.mark.parametrize(
    ("more", "path", "code"),
    [
        ("points: {p: {event: deal.won, award: 1, until: 2026-01-01}}", "points.p.until", "past"),
        (
            "goals: {g: {metric: deals, window: {from: 2025-01-01, until: 2026-01-01}, target: 1}}",
            "goals.g.window",
            "past",
        ),
        ("points: {p: {event: deal.won, award: 1, once_per: product}}", "points.p.once_per", "optional"),
        ("points: {p: {event: deal.won, award: 1}, q: {event: deal.won, award: 2}}", "points.q", "twice"),
        ("points: {p: {event: deal.won, award: 0}}", "points.p.award", "never"),
        ("streaks: {s: {event: deal.won, every: day, freezes: {max: 2}}}", "streaks.s.freezes", "never"),
        ("streaks: {s: {event: deal.won, every: business_day, holidays: LK}}", "streaks.s.holidays", "ends"),
        ("points: {p: {event: mdf.spent, award: 1}}", "points.p.event", "never"),
        ("badges: {b: {}}", "badges.b", "unreachable"),
        ("badges: {b: {when: {metric: spent, at_least: 1}}}", "badges.b", "unreachable"),
        (
            "badges: {a: {when: {metric: deals, at_least: 1}}, b: {when: {badge: a, times: 2}}}",
            "badges.b",
            "unreachable",
        ),
        (
            "leaderboards: {l: {metric: deals, window: month, whose: organization, for: {role: sales_rep}}}",
            "leaderboards.l.for",
            "unreachable",
        ),
        (
            "points: {p: {event: deal.won, award: 1, cap: {times: 1, per: {from: 2025-01-01, until: 2026-01-01}}}}",
            "points.p.cap",
            "past",
        ),
        (
            "metrics:\n  left: {plus: [spent], minus: [spent]}\nbadges: {b: {when: {metric: left, at_least: 1}}}",
            "badges.b",
            "unreachable",
        ),
        (
            "metrics:\n  part: {share: deals, of: spent}\nbadges: {b: {when: {metric: part, at_least: 1}}}",
            "badges.b",
            "unreachable",
        ),
        (
            "goals: {g: {metric: spent, window: month, target: 5}}\nbadges: {b: {when: {goal: g}}}",
            "badges.b",
            "unreachable",
        ),
        ("levels: {low: {at: 0}, high: {at: 5}}\nbadges: {b: {when: {level: high}}}", "badges.b", "unreachable"),
        (
            "badges: {b: {when: {all: [{metric: deals, at_least: 1}, {metric: spent, at_least: 1}]}}}",
            "badges.b",
            "unreachable",
        ),
        ("points: {p: {event: [deal.won, deal.lost], award: 1, once_per: deal}}", "points.p.once_per", "optional"),
        ("points: {p: {event: [deal.won, hub.visited], award: 1, once_per: deal}}", "points.p.once_per", "optional"),
    ],
)
def test_what_is_legal_but_suspect_is_a_warning(more: str, path: str, code: str) -> None:
    reading = read(extended(more))
    assert reading.program is not None
    assert [(warning.path, warning.code) for warning in reading.warnings] == [(path, code)]


def test_a_badge_that_needs_one_out_of_reach_is_out_of_reach_too() -> None:
    more = """
badges:
  top: {when: {all: [{badge: middle}, {metric: deals, at_least: 1}]}}
  middle: {when: {any: [{badge: bottom}, {badge: sketch}]}}
  bottom: {when: {metric: spent, at_least: 1}}
  sketch: {when: {metric: deals, at_least: 1}, state: draft}
  other: {when: {any: [{badge: bottom}, {metric: deals, at_least: 1}]}}
"""
    assert [warning.path for warning in read(extended(more)).warnings] == [
        "badges.top",
        "badges.middle",
        "badges.bottom",
    ]


def test_a_streak_of_events_about_organizations_is_nobodys() -> None:
    more = "streaks: {s: {event: mdf.spent, every: day}}\nbadges: {b: {when: {streak: s, at_least: 2}}}"
    warnings = [(warning.path, warning.code) for warning in read(extended(more)).warnings]
    assert warnings == [("streaks.s.event", "never"), ("badges.b", "unreachable")]


def test_what_comes_as_a_reward_is_no_badge_out_of_reach() -> None:
    more = (
        "goals: {g: {metric: deals, window: month, target: 1, reward: {badge: b}}}\n"
        "badges: {b: {}, c: {when: {badge: b, times: 2}}}"
    )
    assert read(extended(more), not_yet=()).warnings == ()


def test_any_two_rules_in_force_together_are_twins() -> None:
    more = """
points:
  before: {event: deal.won, award: 1, until: 2027-01-01}
  after: {event: deal.won, award: 2, from: 2027-01-01}
  also: {event: [deal.lost, deal.won], award: 3, from: 2027-02-01}
"""
    assert [str(warning) for warning in read(extended(more)).warnings] == [
        'points.also: pays for the same deal.won as "after"'
    ]


def test_rules_that_pay_at_different_times_or_for_different_things_are_no_twins() -> None:
    more = """
points:
  a: {event: deal.won, award: 1, until: 2027-01-01}
  b: {event: deal.won, award: 1, from: 2027-01-01}
  c: {event: deal.won, award: 1, for: {tier: gold}}
  d: {event: deal.won, award: {points: 1, for_every: 1, of: amount}}
  e: {event: deal.won, award: -1}
"""
    assert read(extended(more)).warnings == ()


def test_a_rule_whose_event_was_never_sent_is_suspect_where_the_log_is_known() -> None:
    more = "points: {p: {event: deal.won, award: 1}}"
    warnings = read(extended(more), sent={"deal.lost"}).warnings
    assert [(warning.path, warning.code) for warning in warnings] == [("points.p.event", "never_sent")]
    assert read(extended(more), sent={"deal.won"}).warnings == ()
    assert read(extended(more), sent=set()).warnings == ()


def test_nobody_sends_the_hubs_own_events() -> None:
    assert read(extended("points: {p: {event: hub.visited, award: 1}}"), sent={"deal.lost"}).warnings == ()


# Versions.


def test_a_later_version_keeps_the_types_of_its_attributes() -> None:
    old, new = (
        good(),
        read(extended("").replace("amount: {type: number, required", "amount: {type: integer, required")).program,
    )
    assert new is not None
    assert [fault.path for fault in program.changed(old, new)] == ["events.deal.won.attributes.amount.type"]
    assert program.changed(old, old) == []
