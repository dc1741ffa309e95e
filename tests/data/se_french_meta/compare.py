"""A hub with this folder's program and data against the truth: badges, monthly boards, points and levels, active days
and streaks in UTC and in each member's own zone.
"""
import os, sys
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from hubcompare import compare_badges, compare_board, compare_streaks, compare_values, start, table

DATA = READY = HERE

hub, report = start(__doc__)
zone = {m['id']: m['time_zone'] for m in table(READY, 'members')}
compare_badges(hub, report, DATA, sorted(zone), READY)
boards = table(DATA, 'truth_leaderboard_month')
compare_board(hub, report, 'month_points', boards, 'month', 'rank_competition')
compare_board(hub, report, 'month_dense', boards, 'month', 'rank_dense')
worth = {'question.posted': 5, 'answer.posted': 10, 'comment.posted': 2, 'post.edited': 3}
points = dict.fromkeys(zone, 0)
for e in table(READY, 'events'): points[e['subject']] += worth.get(e['type'], 0)
members = hub.members(sorted(zone))
report.check('points of everybody', [(m, members[m].get('points'), n) for m, n in points.items() if members[m].get('points') != {'balance': n, 'earned': n}], len(points))
level = lambda n: 'pillar' if n >= 1000 else 'regular' if n >= 100 else 'newcomer'
report.check('levels', [(m, members[m].get('level'), level(n)) for m, n in points.items() if members[m].get('level', {}).get('key') != level(n)], len(points))
streaks = table(DATA, 'truth_streaks')
utc, own = [r for r in streaks if r['day_rule'] == 'UTC'], [r for r in streaks if r['day_rule'] == zone[r['actor_id']]]
got = hub.metrics(sorted({r['actor_id'] for r in utc}), 'all')
compare_values(report, 'active days in UTC (take: days)', got, 'days_active', utc, 'active_days')
compare_values(report, "active days by the member's own clock", got, 'own_days_active', own, 'active_days')
compare_streaks(report, members, utc, 'active_days', 'longest_days', 'current_days')
compare_streaks(report, members, utc, 'active_weeks', 'longest_iso_weeks')
compare_streaks(report, members, own, 'own_days', 'longest_days', 'current_days')
report.end()
