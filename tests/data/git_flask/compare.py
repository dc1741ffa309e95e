"""A hub with this folder's program and data against the truth: commit counts (git shortlog), monthly boards,
organizations, badges, points, active days, streaks.
"""
import datetime as dt, os, sys
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from hubcompare import compare_board, compare_streaks, compare_values, moment, standing, start, table

DATA = READY = HERE

hub, report = start(__doc__)
total, plain = table(DATA, 'truth_shortlog'), table(DATA, 'truth_shortlog_nomerges')
everybody = sorted(r['actor_id'] for r in total)
got = hub.metrics(everybody, 'all')
compare_values(report, 'commits and merges (git shortlog)', got, 'all_commits', total, 'commits')
compare_values(report, 'commits without merges', got, 'commits', plain, 'commits')
boards = table(DATA, 'truth_leaderboard_month')
compare_board(hub, report, 'month_commits', boards, 'month', 'rank_competition')
compare_board(hub, report, 'month_dense', boards, 'month', 'rank_dense')
domains = table(READY, 'truth_organizations')
best = [r for r in domains if int(r['rank_competition']) <= 10]
compare_board(hub, report, 'quarter_domains', [r for r in best if r['window'] != 'all'], 'window', 'rank_competition', 'commits', 'organization', need=100, in_order=False)
compare_board(hub, report, 'all_time_domains', [r for r in best if r['window'] == 'all'], 'window', 'rank_competition', 'commits', 'organization', need=100, in_order=False)
ever = [r for r in domains if r['window'] == 'all']
compare_values(report, 'commits of every organization', hub.metrics([r['organization'] for r in ever], 'all', 'organizations'), 'commits', ever, 'commits', 'organization')

# badges, counted here from the events: a month (UTC) of 20 commits, each time; and six of those
month = {}
for e in table(READY, 'events'):
    if e['type'] == 'commit':
        key = e['actor_id'], moment(e['at']).astimezone(dt.timezone.utc).strftime('%Y-%m')
        month[key] = month.get(key, 0) + 1
busy = {a: sorted(m for b, m in month if b == a and month[b, m] >= 20) for a in {a for (a, m), n in month.items() if n >= 20}}
awards = hub.awards(everybody)
mine = {a: sorted(x['window'] for x in w if x['badge'] == 'busy_month' and standing(x)) for a, w in awards.items()}
report.check('busy_month, each window', [(a, mine[a], busy.get(a)) for a in everybody if mine[a] != busy.get(a, [])], len(busy))
half = {a for a, w in awards.items() if any(x['badge'] == 'half_year' and standing(x) for x in w)}
report.check('half_year (six busy months)', sorted(half ^ {a for a, m in busy.items() if len(m) >= 6}), len(half))

streaks = table(DATA, 'truth_streaks')
members = hub.members(everybody)
points = {r['actor_id']: int(r['commits']) for r in plain}
report.check('points', [(a, m.get('points'), points.get(a, 0)) for a, m in members.items() if m.get('points', {}).get('balance') != points.get(a, 0)], len(members))
for rule, days, weeks, active in (('own', 'own_days', 'own_weeks', 'own_active'), ('UTC', 'utc_days', 'utc_weeks', 'utc_active')):
    rows = [r for r in streaks if r['day_rule'] == rule]
    compare_values(report, f'active days, {rule} clock (take: days)', got, active, rows, 'active_days')
    compare_streaks(report, members, rows, days, 'longest_days', 'current_days')
    compare_streaks(report, members, rows, weeks, 'longest_iso_weeks')
report.end()
