"""Every entry of a program as one plain sentence, in the reader's language: what `hub program explain` prints and pages
say of a rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hub.gamification.actions import Action, Idle, Pace
from hub.gamification.badges import (
    AtLeastOf,
    Badge,
    HasBadge,
    HasLevel,
    MetricAtLeast,
    PersonalBest,
    StreakAtLeast,
    Tier,
    When,
)
from hub.gamification.conditions import Condition
from hub.gamification.events import Attribute, EventType
from hub.gamification.explain import Entry, Page, Placed, sole_amount
from hub.gamification.goals import Goal, OfPrevious, Reward, Target
from hub.gamification.homepages import Placement
from hub.gamification.leaderboards import Leaderboard, Prize
from hub.gamification.levels import Level
from hub.gamification.metrics import Metric
from hub.gamification.points import Award, Boost, Rule, SharedCap
from hub.gamification.program import Program, Role, Settings
from hub.gamification.recognition import Budget, Category, Giving, Recognition
from hub.gamification.streaks import Freezes, Streak
from hub.gamification.surveys import Survey, Surveys
from hub.wording import number
from hub.wording.phrases import Speaker, both, clauses, each, either, every, factor, inside, length, told, within
from hub.wording.texts import _, ngettext


def sentence(program: Program, entry: Entry) -> str:
    """What an entry says, as one sentence."""
    say: Callable[[Speaker, str, Any], str] = _SENTENCES[type(entry.thing)]
    text = say(Speaker(program), entry.key, entry.thing)
    return text[:1].upper() + text[1:] + "."


# The program, its roles, its events


def _settings(by: Speaker, _key: str, of: Settings) -> str:
    value: list[str] = []
    if of.point_value is not None and of.currency is not None:
        value = [_("one point is worth %(value)s", value=told(of.point_value, of.currency))]
    return "; ".join(
        [
            _("%(program)s keeps the calendar of %(zone)s", program=of.name, zone=of.time_zone),
            _("its weeks begin on %(day)s", day=_weekday(of.week_starts)),
            _("a window may change for %(length)s after its end", length=length(of.grace)),
            *(
                []
                if of.live_from is None
                else [_("what ended before %(date)s is history", date=by.instant(of.live_from))]
            ),
            *value,
        ]
    )


def _weekday(name: str) -> str:
    return {
        "monday": _("Monday"),
        "tuesday": _("Tuesday"),
        "wednesday": _("Wednesday"),
        "thursday": _("Thursday"),
        "friday": _("Friday"),
        "saturday": _("Saturday"),
        "sunday": _("Sunday"),
    }[name]


def _role(by: Speaker, key: str, of: Role) -> str:
    title = by.of("roles", key)
    if of.like is None:
        return _("%(role)s is a role with a homepage of its own", role=title)
    return _("%(role)s is a role with the homepage and rights of %(like)s", role=title, like=by.of("roles", of.like))


def _event(by: Speaker, key: str, of: EventType) -> str:
    must = [_attribute(by, key, one) for one in of.attributes.values() if one.required]
    may = [_attribute(by, key, one) for one in of.attributes.values() if not one.required]
    about = _("an organization") if of.about == "organization" else _("a member")
    return clauses(
        _("%(event)s is an event of %(whom)s", event=by.event(key), whom=about),
        [_("with %(attributes)s", attributes=both(must))] if must else [],
        _perhaps(both(may), bool(must)) if may else [],
        [] if of.about == "member" else _("and earns nobody anything"),
    )


def _perhaps(attributes: str, more: bool) -> str:
    if more:
        return _("and perhaps %(attributes)s", attributes=attributes)
    return _("perhaps with %(attributes)s", attributes=attributes)


def _attribute(by: Speaker, event: str, of: Attribute) -> str:
    kind = {
        "number": _("a number"),
        "integer": _("a whole number"),
        "text": _("a text"),
        "boolean": _("yes or no"),
        "date": _("a date"),
    }[of.type]
    if of.one_of:
        kind = either(of.one_of)
    if of.unit:
        kind = _("%(kind)s in %(unit)s", kind=kind, unit=of.unit)
    return _("%(name)s (%(kind)s)", name=by.attribute((event,), of.name), kind=kind)


# Metrics


def _metric(by: Speaker, key: str, of: Metric) -> str:
    title = by.of("metrics", key)
    if of.built_in:
        return _built_in(title, key)
    if of.share is not None and of.share_of is not None:
        return _share(by, title, of.share, of.share_of, of.minimum)
    if of.combined:
        return _balance(by, title, of)
    return "; ".join([_aggregate(by, title, of), *_objects(by, of)])


def _built_in(title: str, key: str) -> str:
    what = {
        "points_earned": _("all points that were earned, less deductions"),
        "points_received": _("all points that came in: earned, won, given by others or by hand"),
        "recognitions_given": _("how often a member thanked somebody"),
        "recognitions_received": _("how often a member was thanked"),
    }[key]
    return _("%(metric)s is %(what)s", metric=title, what=what)


def _share(by: Speaker, title: str, part: str, whole: str, minimum: int) -> str:
    enough = []
    if minimum:
        enough = [_("once %(whole)s is at least %(minimum)s", whole=by.of("metrics", whole), minimum=number(minimum))]
    return clauses(
        _(
            "%(metric)s is the share of %(part)s in %(whole)s",
            metric=title,
            part=by.of("metrics", part),
            whole=by.of("metrics", whole),
        ),
        enough,
    )


def _balance(by: Speaker, title: str, of: Metric) -> str:
    plus, minus = both([by.of("metrics", one) for one in of.plus]), both([by.of("metrics", one) for one in of.minus])
    if not of.minus:
        return _("%(metric)s is %(plus)s together", metric=title, plus=plus)
    if not of.plus:
        return _("%(metric)s is nothing less %(minus)s", metric=title, minus=minus)
    return _("%(metric)s is %(plus)s less %(minus)s", metric=title, plus=plus, minus=minus)


def _aggregate(by: Speaker, title: str, of: Metric) -> str:
    which, types = by.which(tuple(of.types), of.where), tuple(of.types)
    if of.take == "count":
        return _count(by, title, of, which)
    if of.take == "days":
        return _(
            "%(metric)s is on how many days there was a %(event)s, %(clock)s",
            metric=title,
            event=which,
            clock=_clock(of.clock),
        )
    attribute = by.attribute(types, of.of or "")
    texts = {
        "sum": _("%(metric)s adds up the %(of)s of each %(event)s", metric=title, of=attribute, event=which),
        "max": _("%(metric)s is the greatest %(of)s of any %(event)s", metric=title, of=attribute, event=which),
        "min": _("%(metric)s is the smallest %(of)s of any %(event)s", metric=title, of=attribute, event=which),
        "average": _("%(metric)s is the average %(of)s of each %(event)s", metric=title, of=attribute, event=which),
        "latest": _("%(metric)s is the newest %(of)s of any %(event)s", metric=title, of=attribute, event=which),
        "distinct": _("%(metric)s counts each %(of)s of any %(event)s once", metric=title, of=attribute, event=which),
    }
    return texts[of.take]


def _count(by: Speaker, title: str, of: Metric, which: str) -> str:
    if set(of.types.values()) == {1}:
        return _("%(metric)s counts each %(event)s", metric=title, event=which)
    weights = [
        _("each %(event)s as %(weight)s", event=by.which((name,), of.where), weight=number(weight))
        for name, weight in of.types.items()
    ]
    return _("%(metric)s counts %(events)s", metric=title, events=both(weights))


def _objects(by: Speaker, of: Metric) -> list[str]:
    if of.by is None:
        return []
    thing = by.attribute(tuple(of.types), of.by)
    if not of.numeric:
        return [_("each %(thing)s has its own", thing=thing)]
    whole = {
        "greatest": _("the greatest of them is the whole"),
        "sum": _("all of them together are the whole"),
        "count": _("how many there are is the whole"),
    }[of.total]
    return [_("each %(thing)s has its own, and %(whole)s", thing=thing, whole=whole)]


def _clock(name: str) -> str:
    return {
        "member": _("by the member's own calendar"),
        "program": _("by the program's calendar"),
        "event": _("by the date that the event itself shows"),
    }[name]


# Points


def _rule(by: Speaker, _key: str, of: Rule) -> str:
    which = by.which(of.types, of.where)
    return clauses(
        _pays(by, of, which),
        _bounds(by, of.award),
        _once(by, of),
        [] if of.cooldown is None else _("not again within %(length)s", length=length(of.cooldown)),
        [by.cap(cap) for cap in of.caps],
        by.force(of.from_, of.until),
        [] if of.for_ is None else _("to %(whom)s", whom=by.whom(of.for_)),
    )


def _pays(by: Speaker, of: Rule, which: str) -> str:
    if of.award.points < 0:
        return _("each %(event)s costs %(points)s", event=which, points=by.points(-of.award.points))
    return _("each %(event)s gives %(points)s", event=which, points=price(by, of))


def price(by: Speaker, of: Rule) -> str:
    """5 points; 1 point for every €100 of amount."""
    award, points = of.award, by.points(of.award.points)
    if award.of is None or award.for_every is None:
        return points
    amount = by.amount(of.types, award.of, award.for_every)
    if award.of == sole_amount(by.attributes(of.types)):
        return _("%(points)s for every %(amount)s", points=points, amount=amount)
    name = by.attribute(of.types, award.of)
    return _("%(points)s for every %(amount)s of %(name)s", points=points, amount=amount, name=name)


def _bounds(by: Speaker, of: Award) -> list[str]:
    least = [] if of.at_least is None else [_("at least %(points)s", points=by.points(of.at_least))]
    return least + ([] if of.at_most is None else [_("at most %(points)s at a time", points=by.points(of.at_most))])


def _once(by: Speaker, of: Rule) -> list[str]:
    if of.once_per is None:
        return []
    if of.once_per is True:
        return [_("only once ever")]
    return [_("once for each %(thing)s", thing=by.attribute(of.types, str(of.once_per)))]


def _cap(by: Speaker, _key: str, of: SharedCap) -> str:
    rules = both([by.of("rules", rule) for rule in of.rules])
    return ngettext(
        "%(rules)s gives %(limit)s",
        "%(rules)s together give %(limit)s",
        len(of.rules),
        rules=rules,
        limit=by.cap(of.cap),
    )


def _boost(by: Speaker, _key: str, of: Boost) -> str:
    rules = both([by.of("rules", rule) for rule in of.rules])
    times = factor(of.factor)
    return clauses(
        ngettext(
            "%(rules)s gives %(times)s the points",
            "%(rules)s give %(times)s the points",
            len(of.rules),
            rules=rules,
            times=times,
        ),
        by.force(of.from_, of.until),
        [] if of.for_ is None else _("to %(whom)s", whom=by.whom(of.for_)),
    )


# Badges


def _badge(by: Speaker, key: str, of: Badge) -> str:
    return clauses(
        _earned(by, key, of),
        _repeated(by, of),
        by.force(of.from_, of.until),
        by.audience(of.for_),
        [_("and brings %(points)s", points=by.points(of.points))] if of.points else [],
        [_("and is hidden until it is earned")] if of.secret else [],
        _state(of),
    )


def _earned(by: Speaker, key: str, of: Badge) -> str:
    title = by.of("badges", key)
    if of.tiers:
        return _("the badge %(badge)s has the tiers %(tiers)s", badge=title, tiers=_tiers(by, key, of.tiers))
    if of.best is not None:
        return _best(by, title, of.best)
    if of.when is None:
        return _("the badge %(badge)s is given by hand, or as a reward or a prize", badge=title)
    return _("the badge %(badge)s is earned when %(condition)s", badge=title, condition=when(by, of.when))


def _tiers(by: Speaker, key: str, tiers: tuple[Tier, ...]) -> str:
    return both(
        [
            _("%(tier)s when %(condition)s", tier=by.tier(key, tier.name), condition=when(by, tier.when))
            for tier in tiers
        ]
    )


def _best(by: Speaker, title: str, of: PersonalBest) -> str:
    return _(
        "the badge %(badge)s is earned each time a member beats her own %(metric)s, once that is at least %(least)s",
        badge=title,
        metric=inside(by.of("metrics", of.metric)),
        least=by.measured(of.metric, of.minimum),
    )


def _repeated(by: Speaker, of: Badge) -> list[str]:
    if not of.repeat:
        return []
    per = [] if of.window is None else [each(of.window)]
    if of.by is not None:
        types = [name for metric in by.program.metrics.values() if metric.by == of.by for name in metric.types]
        per.append(_("for each %(thing)s", thing=by.attribute(types, of.by)))
    return [_("once %(each)s", each=" ".join(per))]


def _state(of: Badge) -> list[str]:
    if of.state == "draft":
        return [_("but is a draft and not given yet")]
    return [_("but is locked: who has it keeps it, and nobody else gets it")] if of.state == "locked" else []


def when(by: Speaker, of: When) -> str:
    """A badge's condition: `Deals won reaches 5 within one month`."""
    if isinstance(of, AtLeastOf):
        return _several(by, of)
    if isinstance(of, MetricAtLeast):
        least = by.measured(of.metric, of.at_least)
        return " ".join(
            filter(
                None,
                [_("%(metric)s reaches %(least)s", metric=by.of("metrics", of.metric), least=least), within(of.within)],
            )
        )
    if isinstance(of, StreakAtLeast):
        return _("%(streak)s reaches %(run)s", streak=by.of("streaks", of.streak), run=_run(by, of))
    if isinstance(of, HasBadge):
        return _has(by, of)
    if isinstance(of, HasLevel):
        return _("the level %(level)s is reached", level=by.level(of.level))
    return _("the goal %(goal)s is reached", goal=by.of("goals", of.goal))


def _several(by: Speaker, of: AtLeastOf) -> str:
    parts = [f"({when(by, part)})" if isinstance(part, AtLeastOf) else when(by, part) for part in of.conditions]
    if of.count == len(parts):
        return both(parts)
    if of.count == 1:
        return either(parts)
    return _("%(count)s of these hold: %(parts)s", count=number(of.count), parts=both(parts))


def _has(by: Speaker, of: HasBadge) -> str:
    badge = by.of("badges", of.badge)
    if of.tier is not None:
        badge = _("%(badge)s in %(tier)s", badge=badge, tier=by.tier(of.badge, of.tier))
    if of.times == 1:
        return _("the badge %(badge)s is earned", badge=badge)
    return ngettext(
        "the badge %(badge)s is earned once",
        "the badge %(badge)s is earned %(times)s times",
        of.times,
        badge=badge,
        times=number(of.times),
    )


def _run(by: Speaker, of: StreakAtLeast) -> str:
    streak = by.program.streaks.get(of.streak)
    return periods(streak.every if streak else "day", of.at_least)


def periods(kind: str, count: int) -> str:
    """5 days in a row."""
    shown = number(count)
    return {
        "day": ngettext("%(count)s day", "%(count)s days in a row", count, count=shown),
        "business_day": ngettext("%(count)s business day", "%(count)s business days in a row", count, count=shown),
        "week": ngettext("%(count)s week", "%(count)s weeks in a row", count, count=shown),
        "month": ngettext("%(count)s month", "%(count)s months in a row", count, count=shown),
    }[kind]


# Streaks, goals, boards, levels


def _streak(by: Speaker, key: str, of: Streak) -> str:
    kind = {"day": _("days"), "business_day": _("business days"), "week": _("weeks"), "month": _("months")}[of.every]
    often = [] if of.at_least == 1 else [_("at least %(times)s times", times=number(of.at_least))]
    return clauses(
        _(
            "%(streak)s counts %(periods)s in a row with a %(event)s",
            streak=by.of("streaks", key),
            periods=kind,
            event=by.which(of.types, of.where),
        ),
        often,
        _clock(of.clock),
        _holidays(of),
        _freezes(of.freezes),
    )


def _holidays(of: Streak) -> list[str]:
    if of.holidays_of:
        return [_("without the public holidays of %(code)s", code=of.holidays_of)]
    if not of.holidays:
        return []
    return [
        ngettext(
            "without %(count)s holiday", "without %(count)s holidays", len(of.holidays), count=number(len(of.holidays))
        )
    ]


def _freezes(of: Freezes) -> list[str]:
    if not of.start and of.earn_every is None:
        return []
    start = ngettext(
        "%(count)s of them may be missed", "%(count)s of them may be missed", of.start, count=number(of.start)
    )
    more = [] if of.earn_every is None else [_("one more after every %(count)s in a row", count=number(of.earn_every))]
    return [*([start] if of.start else []), *more, _("at most %(count)s in hand", count=number(of.max))]


def _goal(by: Speaker, key: str, of: Goal) -> str:
    return clauses(
        _aim(by, key, of),
        [
            _("or %(target)s for %(whom)s", target=_target(by, of.metric, one.target), whom=_those(by, of, one.for_))
            for one in of.targets
        ],
        [_("for each organization")] if of.whose == "organization" and of.for_ is None else [],
        _for_whom(by, of),
        [] if of.reward is None else [_("and brings %(gift)s", gift=gift(by, of.reward))],
    )


def _aim(by: Speaker, key: str, of: Goal) -> str:
    goal, metric, window = by.of("goals", key), by.of("metrics", of.metric), every(of.window)
    if of.target is None:
        return _("%(goal)s is a target of one's own for %(metric)s %(window)s", goal=goal, metric=metric, window=window)
    target = _target(by, of.metric, of.target)
    if of.direction == "at_most":
        return _(
            "%(goal)s is to keep %(metric)s %(window)s at or below %(target)s",
            goal=goal,
            metric=metric,
            window=window,
            target=target,
        )
    return _(
        "%(goal)s is to bring %(metric)s %(window)s to %(target)s",
        goal=goal,
        metric=metric,
        window=window,
        target=target,
    )


def _target(by: Speaker, metric: str, of: Target) -> str:
    if isinstance(of, OfPrevious):
        return _("%(times)s what it was in the window before", times=factor(of.factor))
    return by.measured(metric, of)


def _for_whom(by: Speaker, of: Goal) -> list[str]:
    return [] if of.for_ is None else [_("for %(whom)s", whom=_those(by, of, of.for_))]


def _those(by: Speaker, of: Goal | Leaderboard, condition: Condition | None) -> str:
    """The people, or the organizations, that something is for."""
    if of.whose == "member":
        return by.whom(condition)
    return _("organizations") if condition is None else _("organizations %(whose)s", whose=by.whose(condition))


def gift(by: Speaker, of: Reward | Prize) -> str:
    """What a goal or a rank brings: `300 points and the badge Champion`."""
    points = [by.points(of.points)] if of.points else []
    badge = [] if of.badge is None else [_("the badge %(badge)s", badge=by.of("badges", of.badge))]
    return both([*points, *badge])


def _leaderboard(by: Speaker, key: str, of: Leaderboard) -> str:
    ranked = _("people") if of.whose == "member" and of.for_ is None else _those(by, of, of.for_)
    return clauses(
        _(
            "%(board)s ranks %(whom)s by %(metric)s %(window)s",
            board=by.of("leaderboards", key),
            whom=ranked,
            metric=by.of("metrics", of.metric),
            window=every(of.window),
        ),
        [_("the smallest first")] if of.direction == "lowest" else [],
        [] if of.minimum is None else _("from %(least)s on", least=by.measured(of.metric, of.minimum)),
        _among(of.among),
        _names(of) if of.whose == "member" else [],
        [_("rank %(rank)s wins %(gift)s", rank=number(prize.rank), gift=gift(by, prize)) for prize in of.prizes],
    )


def _among(name: str) -> list[str]:
    boards = {
        "region": _("on a board for each region"),
        "tier": _("on a board for each tier"),
        "type": _("on a board for each type of partner"),
        "organization": _("on a board for each organization"),
    }
    return [boards[name]] if name in boards else []


def _names(of: Leaderboard) -> str:
    return {
        "everyone": _("everybody by name"),
        "own_organization": _("people of other organizations without their name"),
        "nobody": _("nobody by name"),
    }[of.names]


def _level(by: Speaker, key: str, of: Level) -> str:
    if of.at == 0:
        return _("the level %(level)s is where everybody begins", level=by.level(key))
    return _("the level %(level)s is reached with %(points)s earned", level=by.level(key), points=by.points(of.at))


# Actions, surveys, recognition


def _action(by: Speaker, key: str, of: Action) -> str:
    return clauses(
        _(
            "%(action)s is suggested until there is a %(event)s",
            action=by.of("actions", key),
            event=by.which(of.types, of.where),
        ),
        _opens(by, of),
        by.audience(of.for_),
        []
        if of.bonus is None
        else _(
            "done within %(length)s it brings %(points)s",
            length=length(of.bonus.within),
            points=by.points(of.bonus.points),
        ),
        [] if of.again_after is None else _("and again %(length)s later", length=length(of.again_after)),
    )


def _opens(by: Speaker, of: Action) -> list[str]:
    if of.when is None:
        return []
    if isinstance(of.when, Idle):
        return [_("once there was none for %(length)s", length=length(of.when.length))]
    if isinstance(of.when, Pace):
        goal = by.of("goals", of.when.goal)
        ahead = _("while the goal %(goal)s is ahead", goal=goal)
        return [ahead if of.when.pace == "ahead" else _("while the goal %(goal)s is behind", goal=goal)]
    return [_("once %(condition)s", condition=when(by, of.when))]


def _survey(by: Speaker, key: str, of: Survey) -> str:
    asks = [by.title(question.ask, question.key) for question in of.questions]
    after = [] if not of.after else [_("after a %(event)s", event=by.events(of.after))]
    return clauses(
        _(
            "the survey %(survey)s asks %(questions)s",
            survey=by.title(of.title, key),
            questions=both([f"\u201c{ask}\u201d" for ask in asks]),
        ),
        after,
        _("for %(length)s", length=length(of.open_for)),
        [] if of.at_most_every is None else _("at most every %(length)s", length=length(of.at_most_every)),
        by.audience(of.for_),
        [_("and brings %(points)s for any answer", points=by.points(of.points))] if of.points else [],
        [_("and nobody learns who answered what")] if of.anonymous else [],
    )


def _surveys(_by: Speaker, _key: str, of: Surveys) -> str:
    count = ngettext(
        "there is %(count)s survey", "there are %(count)s surveys", len(of.surveys), count=number(len(of.surveys))
    )
    return clauses(
        count, [_("with %(length)s between any two for one person", length=length(of.quiet))] if of.quiet else []
    )


def _category(by: Speaker, key: str, of: Category) -> str:
    return _("%(category)s is something to thank people for", category=by.title(of.title, key))


def _recognition(by: Speaker, _key: str, of: Recognition) -> str:
    if not of.give:
        return _("nobody thanks anybody here")
    undone = _("thanks can be taken back for %(length)s", length=length(of.undo))
    return "; ".join([*(_giving(by, one) for one in of.give), *(_budget(by, one) for one in of.budgets), undone])


def _giving(by: Speaker, of: Giving) -> str:
    to = {
        "everyone": _("everybody"),
        "assigned": _("people of organizations they look after"),
        "own_organization": _("people of their own organization"),
    }[of.to]
    points = _("without points")
    if of.at_most is not None:
        points = _("with at most %(points)s each time", points=by.points(of.at_most))
    if of.per_person is not None:
        limit = _("%(points)s %(each)s for one person", points=by.points(of.per_person), each=each(of.per))
        points = _("%(points)s and %(limit)s", points=points, limit=limit)
    return _("%(whom)s can thank %(to)s %(points)s", whom=by.whom(of.for_), to=to, points=points)


def _budget(by: Speaker, of: Budget) -> str:
    amount = _("%(points)s %(each)s to give", points=by.points(of.points), each=each(of.per))
    if of.category is not None:
        category = by.program.recognition.categories.get(of.category)
        title = by.title(category.title if category else {}, of.category)
        amount = _("%(amount)s for %(category)s", amount=amount, category=title)
    return _("%(whom)s have %(amount)s", whom=by.whom(of.for_), amount=amount)


# Homepages


def _page(by: Speaker, key: str, of: Page) -> str:
    people = by.people_in(key)
    if not of.placements:
        return _("the homepage of %(people)s is empty", people=people)
    shown = both([_widget(by, placement) for placement in of.placements])
    return _("the homepage of %(people)s shows %(widgets)s", people=people, widgets=shown)


def _placed(by: Speaker, _key: str, of: Placed) -> str:
    size = {"small": [], "wide": [_("wide")], "full": [_("in full width")]}[of.placement.size]
    return clauses(
        _(
            "the homepage of %(people)s shows %(widget)s",
            widget=_widget(by, of.placement),
            people=by.people_in(of.role),
        ),
        size,
        [_("where it cannot be hidden or moved")] if of.placement.pinned else [],
        [_("shown once a member adds it")] if of.placement.offer else [],
        by.audience(of.placement.for_),
    )


#: Where the entry is declared that an option of a widget names.
_NAMED: Mapping[str, str] = {
    "goal": "goals",
    "badge": "badges",
    "streak": "streaks",
    "leaderboard": "leaderboards",
    "metric": "metrics",
}


def _widget(by: Speaker, of: Placement) -> str:
    """A widget by what it is about: its own title, else the entry it shows."""
    kind = _kind(of.widget)
    title = by.title(of.title, "")
    about = title or ", ".join(by.of(_NAMED[name], str(key)) for name, key in of.options.items() if name in _NAMED)
    return f"{kind} ({about})" if about else kind


def _kind(name: str) -> str:
    return {
        "progress_to_goal": _("progress to goal"),
        "points": _("points"),
        "badges": _("badges"),
        "requirements": _("what is still required"),
        "streak": _("streak"),
        "leaderboard": _("leaderboard"),
        "next_action": _("next step"),
        "survey": _("survey"),
        "recognition": _("recognition"),
        "kpi": _("key number"),
        "list": _("list"),
        "my_partners": _("my partners"),
        "contacts": _("contacts"),
        "links": _("links"),
    }.get(name, name)


_SENTENCES: Mapping[type, Callable[[Speaker, str, Any], str]] = {
    Settings: _settings,
    Role: _role,
    EventType: _event,
    Metric: _metric,
    Rule: _rule,
    SharedCap: _cap,
    Boost: _boost,
    Badge: _badge,
    Streak: _streak,
    Goal: _goal,
    Leaderboard: _leaderboard,
    Level: _level,
    Action: _action,
    Survey: _survey,
    Surveys: _surveys,
    Category: _category,
    Recognition: _recognition,
    Page: _page,
    Placed: _placed,
}
