# innocent: reads tables, groups them, writes reports in several forms beside the program
"""Reads tables, groups them, writes reports in several forms beside the program."""
import csv
import io
import statistics
import sys
from collections import defaultdict, namedtuple
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from operator import attrgetter, itemgetter
from pathlib import Path
from string import Template

Row = namedtuple("Row", "day name amount")
HERE = Path(__file__).resolve().parent
TEXT = "day,name,amount\n2024-01-01,a,1.50\n2024-01-02,b,2.25\n2024-01-02,a,3\n"
LINE = Template("$name: $amount")


def read(text):
    for record in csv.DictReader(io.StringIO(text)):
        yield Row(date.fromisoformat(record["day"]), record["name"], Decimal(record["amount"]))


def by(rows, key):
    groups = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return dict(sorted(groups.items()))


def cents(amount):
    return amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def main(folder=HERE):
    rows = sorted(read(TEXT), key=attrgetter("day", "name"))
    groups = by(rows, attrgetter("name"))
    totals = {name: cents(sum(row.amount for row in group)) for name, group in groups.items()}
    for name, amount in sorted(totals.items(), key=itemgetter(1), reverse=True):
        print(LINE.substitute(name=name, amount=amount))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(Row._fields)
    writer.writerows(row._replace(name=row.name.upper()) for row in rows)
    print(out.getvalue(), statistics.mean(float(row.amount) for row in rows))
    print((datetime(2024, 1, 1) + timedelta(days=1)).isoformat(), folder.name)
    return 0


sys.exit(main())
