# innocent: dates, time zones, decimals, fractions
import calendar
import datetime as dt
import time
import uuid
from datetime import date, datetime, timedelta, timezone
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from numbers import Rational

CENT = Decimal("0.01")


def instalments(amount: Decimal, months: int, start: date):
    share = (amount / months).quantize(CENT, ROUND_HALF_EVEN)
    for i in range(months):
        year, month = divmod(start.month - 1 + i, 12)
        year, month = start.year + year, month + 1
        day = min(start.day, calendar.monthrange(year, month)[1])
        yield date(year, month, day), share if i < months - 1 else amount - share * (months - 1)


def ago(then: datetime, now: datetime) -> str:
    seconds = int((now - then).total_seconds())
    for name, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= size:
            n = seconds // size
            return f"{n} {name}{'s' * (n != 1)} ago"
    return "just now"


plan = list(instalments(Decimal("100"), 3, date(2024, 1, 31)))
print(plan[1][0].isoformat(), sum(share for _, share in plan), *(str(share) for _, share in plan))
now = datetime(2024, 3, 1, 12, tzinfo=timezone.utc)
print(ago(now - timedelta(hours=25), now), now.astimezone(dt.timezone(timedelta(hours=2))).strftime("%H:%M %Z"))
with localcontext() as context:
    context.prec = 6
    print(Decimal(1) / 7, Fraction(3, 4) + Fraction("0.25"), isinstance(Fraction(1), Rational))
print(datetime.fromisoformat("2024-02-29").weekday(), time.strftime("%Y", time.gmtime(0)), uuid.UUID(int=1).hex[-3:])
