"""What the compare.py of each data set shares: read a running hub over its HTTP API, hold it against a truth table,
print figures.

Needs httpx. Settings by option or environment: --url / HUB_URL (default http://127.0.0.1:8000), --key / HUB_KEY
(scope members:read).
Exit 0: every check holds. 1: some do not. 2: the hub could not be read.
"""
import argparse, csv, datetime as dt, os, sys, time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import httpx

SHOWN = 5           # examples printed for a failed check
READERS = 4         # requests at a time


def table(folder, name):
    with open(os.path.join(folder, name + '.csv'), newline='', encoding='utf-8') as f: return list(csv.DictReader(f))


class Hub:
    def __init__(self, url, key):
        self.http = httpx.Client(base_url=url.rstrip('/') + '/api/v1', headers={'Authorization': f'Bearer {key}'}, timeout=30)

    def get(self, path, **params):
        """The JSON answer, or None for 404."""
        for wait in (1, 2, 4, 8, 0):
            r = self.http.get(path, params=params)
            if r.status_code != 429: break
            time.sleep(float(r.headers.get('Retry-After') or wait))
        if r.status_code == 404: return None
        r.raise_for_status()
        return r.json()

    def items(self, path, **params):
        page = self.get(path, **params)
        while page:
            yield from page['items']
            if not page.get('next'): return
            page = self.get(path, **params, cursor=page['next'])

    def many(self, read, ids):
        with ThreadPoolExecutor(READERS) as pool: return dict(zip(ids, pool.map(read, ids)))

    def members(self, ids): return self.many(lambda m: self.get(f'/members/{quote(m, safe="")}') or {}, ids)
    def awards(self, ids): return self.many(lambda m: list(self.items(f'/members/{quote(m, safe="")}/badges')), ids)
    def goals(self, ids, window, whose='members'): return self.many(lambda m: {g['goal']: g for g in self.items(f'/{whose}/{quote(m, safe="")}/goals', window=window) if g['window'] == window}, ids)

    def metrics(self, ids, window, whose='members'):
        """id -> metric -> its plain value, None where it has none."""
        def read(m):
            a = self.get(f'/{whose}/{quote(m, safe="")}/metrics', window=window) or {'metrics': {}}
            return {k: v['value'] if isinstance(v, dict) else v for k, v in a['metrics'].items()}
        return self.many(read, ids)

    def board(self, key, window, need=20, among=None):
        """The first `need` places, over as many pages as it takes, and whether the board is final."""
        more = {'among': among} if among else {}
        page = self.get(f'/leaderboards/{key}', window=window, limit=min(need, 50), **more) or {'items': []}
        final, rows = page.get('final'), list(page['items'])
        while len(rows) < need and page.get('next'):
            page = self.get(f'/leaderboards/{key}', window=window, limit=min(need, 50), **more, cursor=page['next'])
            rows += page['items']
        return rows, final


def number(v): return None if v is None else float(v)
def moment(s): return dt.datetime.fromisoformat(s.replace('Z', '+00:00'))
def standing(award): return not award.get('revoked') and not award.get('kept')      # what the whole log says; a kept award is what some earlier reading said
def near(a, b): return a is not None and abs(float(a) - float(b)) < 6e-7      # answers round what is no finite decimal to 6 places


class Report:
    def __init__(self): self.failed = 0

    def check(self, what, wrong, of, allowed=0):
        """wrong: a list of examples."""
        ok = len(wrong) <= allowed
        self.failed += not ok
        print(f'{"ok  " if ok else "FAIL"} {what}: {len(wrong)} of {of} differ' + (f' (allowed {allowed})' if allowed else ''))
        if not ok:
            for x in wrong[:SHOWN]: print('       ', x)

    def end(self):
        print('all checks hold' if not self.failed else f'{self.failed} checks failed')
        sys.exit(1 if self.failed else 0)


def start(doc):
    p = argparse.ArgumentParser(description=doc)
    p.add_argument('--url', default=os.environ.get('HUB_URL', 'http://127.0.0.1:8000'))
    p.add_argument('--key', default=os.environ.get('HUB_KEY', ''))
    a = p.parse_args()
    hub = Hub(a.url, a.key)
    try:
        if hub.get('/members', limit=1) is None: raise SystemExit('no members')
    except httpx.HTTPError as e:
        print('the hub could not be read:', e); sys.exit(2)
    return hub, Report()


def badge_key(name): return name.lower().replace(' ', '_').replace('-', '_')


def compare_badges(hub, report, folder, members, enlightened):
    """truth_badges_rule and truth_enlightened (a folder of its own): met exactly (holders, times, first day).
    truth_badges_actual: figures beside those that the rule itself reaches.
    -> member -> awards, for more questions."""
    rule = {(badge_key(r['badge']), r['actor_id']): r for r in table(folder, 'truth_badges_rule') + table(enlightened, 'truth_enlightened')}
    actual = {(badge_key(r['badge']), r['actor_id']): r for r in table(folder, 'truth_badges_actual')}
    awards, got = hub.awards(members), {}
    for m, mine in awards.items():
        for a in filter(standing, mine): got.setdefault((a['badge'], m), []).append(moment(a['earned_at']).astimezone(dt.timezone.utc))
    bars = {badge_key(r['badge']): r for r in table(folder, 'truth_badges_agreement')}
    for b in [*bars, 'enlightened']:
        mine, by_rule, real = ({m for k, m in t if k == b} for t in (got, rule, actual))
        hit, bar = len(mine & real), bars.get(b, {})
        precision, recall = hit / len(mine) if mine else 0, hit / len(real) if real else 0
        print(f'     {b}: {len(mine)} holders, against the site precision {precision:.3f} (rule {bar.get("precision", "-")}), recall {recall:.3f} (rule {bar.get("recall", "-")})')
        report.check(f'{b} holders by the rule', sorted(mine ^ by_rule), len(by_rule))
        both = mine & by_rule
        report.check(f'{b} times', [(m, len(got[b, m]), rule[b, m]['times']) for m in sorted(both) if len(got[b, m]) != int(rule[b, m]['times'])], len(both))
        report.check(f'{b} first day', [(m, min(got[b, m]).date().isoformat(), rule[b, m]['first_date']) for m in sorted(both)
                                        if rule[b, m]['first_date'] and min(got[b, m]).date().isoformat() != rule[b, m]['first_date']], len(both))
    return awards


def compare_board(hub, report, key, rows, window, rank, score='points', who='actor_id', among=None, need=20, in_order=True):
    """Every row of the truth has its rank and score; the order inside ties; and no window of history is final (the
    last one may run still: not asked).
    """
    wrong, n, windows, final = [], 0, {}, []
    for r in rows: windows.setdefault((r[window], r[among] if among else None), []).append(r)
    last = max(w for w, _ in windows)
    for (w, a), truth in sorted(windows.items(), key=str):
        got, is_final = hub.board(key, w, max(need, len(truth)), a)
        if is_final is not False and w != last: final.append((w, a, is_final))
        place = {x['id']: x for x in got}
        for i, r in enumerate(truth):
            n += 1
            x = place.get(r[who])
            if not x: wrong.append((w, r[who], 'absent'))
            elif x['rank'] != int(r[rank]) or number(x['score']) != number(r[score]): wrong.append((w, r[who], f'rank {x["rank"]} score {x["score"]}', f'truth {r[rank]}, {r[score]}'))
            elif in_order and got[i]['id'] != r[who]: wrong.append((w, r[who], f'order: place {i + 1} is {got[i]["id"]}'))
    report.check(f'board {key}, {len(windows)} windows, ranks by {rank}', wrong, n)
    report.check(f'board {key}: windows before live_from are not final', final, len(windows))


def compare_streaks(report, members, rows, key, longest, current=None):
    """members: id -> the API's member. `current`: the truth's own where the hub's clock stands at the data's end; 0
    where the last active day is long past;
    left out in between, where two readings of "today" differ by a day."""
    wrong, wrong_now, seen = [], [], 0
    for r in rows:
        m = members[r['actor_id']]
        s = next((x for x in m.get('streaks', []) if x['streak'] == key), None)
        if s is None: wrong.append((r['actor_id'], 'not listed')); continue
        if s['longest'] != int(r[longest]): wrong.append((r['actor_id'], s['longest'], 'truth', r[longest]))
        if current and m.get('as_of'):
            today, end, last = moment(m['as_of']).date(), dt.date.fromisoformat(r['as_of']), dt.date.fromisoformat(r['last_active_day'])
            if (today - last).days > 2: expected = 0
            elif abs((today - end).days) <= 1 and last == end: expected = int(r[current])
            else: continue
            seen += 1
            if s['current'] != expected: wrong_now.append((r['actor_id'], s['current'], 'expected', expected))
    report.check(f'streak {key}, longest', wrong, len(rows))
    if current: report.check(f'streak {key}, current', wrong_now, seen)


def compare_values(report, what, got, metric, rows, column, who='actor_id', same=None):
    """A metric's plain value against a column; no value counts as 0."""
    same = same or (lambda a, b: float(a or 0) == float(b))
    report.check(what, [(r[who], got[r[who]].get(metric), r[column]) for r in rows if not same(got[r[who]].get(metric), r[column])], len(rows))
