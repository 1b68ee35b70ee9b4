"""Order lines of an invented shop: a day's file is a pure function of the seed and the day.

The files have what real ones have: blank names, lines twice, returns, corrections of earlier days that
arrive late (the same ``order_line_id``, a later ``updated_at``), and some lines that cannot be used. Only raw
words of PCG64 and integer arithmetic are used, which NumPy promises to keep: bytes are the same everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

HEADER = "order_line_id,updated_at,date,product_id,product_name,quantity,unit_price"

LINES = (1250, 1200, 1230, 1310, 1480, 1720, 960)  # on an average Monday, Tuesday, …
OPENS, OPEN_FOR = 7 * 3600, 14 * 3600  # seconds
LATE = (
    3  # days after which a line is corrected no more; corrections stay within a week, which starts on Monday
)

# Of a thousand lines
RETURNS, DISCOUNTS, CORRECTIONS = 25, 80, 6
BLANK_NAME, TWICE = range(0, 12), range(12, 17)  # by the line's fate
BAD_DATE, BAD_QUANTITY, BAD_PRICE, NO_PRODUCT, RAGGED = 17, 18, 19, 20, 21

PRODUCTS = (  # name, price in cents, how often it sells against the others
    ("Beeswax Candle, 20 cm", 690, 95),
    ("Bread Board, Oak", 3450, 28),
    ("Brass Picture Hook, Pack of 10", 480, 40),
    ("Ceramic Butter Dish", 2290, 22),
    ("Cotton Apron, Navy", 2650, 26),
    ("Cotton Tea Towel, Striped", 790, 110),
    ("Enamel Mug, White", 950, 120),
    ("Enamel Pie Dish", 1490, 34),
    ("Espresso Cup and Saucer", 1120, 70),
    ("Felt Coaster, Set of 4", 850, 52),
    ("Fountain Pen, Fine Nib", 3990, 18),
    ("Glass Carafe, 1 l", 1890, 36),
    ("Glass Storage Jar, 0.5 l", 690, 88),
    ("Glass Storage Jar, 1 l", 890, 74),
    ("Hand Soap, Lavender", 640, 130),
    ("Hand Soap, Olive", 640, 105),
    ("Incense Cones, Cedar", 520, 48),
    ("Jute Shopping Bag", 550, 140),
    ("Kitchen Scissors", 1790, 30),
    ("Leather Key Ring", 1250, 44),
    ("Linen Napkin, Set of 2", 1680, 38),
    ("Linen Table Runner", 3290, 16),
    ("Matches in a Glass Bottle", 980, 58),
    ("Mortar and Pestle, Granite", 2890, 14),
    ("Notebook A5, Dotted", 1090, 115),
    ("Notebook A6, Plain", 690, 98),
    ("Paper Lampshade, 40 cm", 1590, 24),
    ("Pepper Mill, Beech", 3150, 20),
    ("Plant Pot, Terracotta 12 cm", 420, 125),
    ("Plant Pot, Terracotta 18 cm", 790, 82),
    ("Porcelain Bowl, 15 cm", 1240, 66),
    ("Recipe Box, Tin", 1990, 18),
    ("Salt Cellar with Lid", 1450, 27),
    ("Serving Tray, Birch", 2790, 21),
    ("Sewing Kit in a Tin", 1190, 33),
    ("Storm Lantern, Small", 2390, 29),
    ("Watering Can, 1.5 l", 2590, 31),
    ("Wooden Spoon, Cherry", 590, 112),
    ("Wool Blanket, Grey", 8900, 9),
    ("Wrapping Paper, 5 Sheets", 740, 64),
)

PRICES = np.array([cents for _, cents, _ in PRODUCTS], np.int64)
POPULARITY = np.cumsum([weight for _, _, weight in PRODUCTS])
QUANTITIES = np.array([1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4, 4, 6, 6, 8, 10, 12, 24], np.int64)

Words = npt.NDArray[np.uint64]
Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Lines:
    """The order lines of one day as they are meant; arrays of one length, in the order of time.

    Attributes:
        seconds: Since midnight, UTC.
        products: Indexes of ``PRODUCTS``.
        quantities: Negative for a return.
        cents: Unit prices.
        fates: 0 to 999; what goes wrong where the line is written.
    """

    day: date
    seconds: Integers
    products: Integers
    quantities: Integers
    cents: Integers
    fates: Integers


def order_lines(seed: int, day: date) -> Lines:
    """What was ordered on a day."""
    percent = 100 + int(_below(_words(seed, day, 0, (1,)), 17)[0]) - 8
    words = _words(seed, day, 1, (7, LINES[day.weekday()] * percent // 100))
    moments = (_below(words[0], OPEN_FOR) + _below(words[1], OPEN_FOR)) // 2
    products = np.searchsorted(POPULARITY, _below(words[2], int(POPULARITY[-1])), side="right")
    quantities = QUANTITIES[_below(words[3], len(QUANTITIES))]
    return Lines(
        day=day,
        seconds=np.sort(OPENS + moments),
        products=products,
        quantities=np.where(_below(words[4], 1000) < RETURNS, -1, quantities),
        cents=np.where(_below(words[5], 1000) < DISCOUNTS, PRICES[products] * 9 // 10, PRICES[products]),
        fates=_below(words[6], 1000),
    )


def day_file(seed: int, day: date) -> str:
    """The content of the file of one day: its order lines, and late corrections of up to three days before.

    Args:
        seed: Another seed, another shop.
        day: The UTC day.
    """
    today = order_lines(seed, day)
    fates = today.fates.tolist()
    rows = [row for row, fate in zip(_rows(today), fates, strict=True) for row in _written(row, fate)]
    for back in range(1, min(LATE, day.weekday()) + 1):
        rows += _corrections(seed, day, back)
    return "\n".join([HEADER, *(",".join(row) for row in rows), ""])


def _rows(lines: Lines) -> list[list[str]]:
    """The lines as fields of text."""
    columns = (
        lines.seconds.tolist(),
        lines.products.tolist(),
        lines.quantities.tolist(),
        lines.cents.tolist(),
    )
    day, compact = lines.day.isoformat(), f"{lines.day:%Y%m%d}"
    rows = []
    for number, (second, product, quantity, cents) in enumerate(zip(*columns, strict=True), 1):
        moment = f"{day}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"
        name = PRODUCTS[product][0]
        rows.append(
            [
                f"{compact}-{number:05}",
                moment,
                moment,
                f"P-{product + 1:03}",
                f'"{name}"' if "," in name else name,
                str(quantity),
                f"{cents // 100}.{cents % 100:02}",
            ]
        )
    return rows


def _written(row: list[str], fate: int) -> list[list[str]]:
    """What is written of a line: nearly always the line."""
    number, updated, moment, product, name, quantity, price = row
    if fate in BLANK_NAME:
        return [[number, updated, moment, product, "", quantity, price]]
    if fate in TWICE:
        return [row, row]
    wrong = {
        BAD_DATE: [number, updated, f"{moment[:8]}32", product, name, quantity, price],
        BAD_QUANTITY: [number, updated, moment, product, name, "some", price],
        BAD_PRICE: [number, updated, moment, product, name, quantity, "n/a"],
        NO_PRODUCT: [number, updated, moment, "", name, quantity, price],
        RAGGED: row[:-1],
    }
    return [wrong.get(fate, row)]


def _corrections(seed: int, day: date, back: int) -> list[list[str]]:
    """Lines of an earlier day with one more piece each, as a day's file brings them."""
    earlier = order_lines(seed, day - timedelta(days=back))
    chosen = _below(_words(seed, day, 1 + back, (len(earlier.fates),)), 1000) < CORRECTIONS
    rows = _rows(replace(earlier, quantities=earlier.quantities + 1))
    return [
        [row[0], f"{day.isoformat()}T{row[1][11:]}", *row[2:]]
        for row, correct in zip(rows, chosen.tolist(), strict=True)
        if correct
    ]


def _words(seed: int, day: date, purpose: int, shape: tuple[int, ...]) -> Words:
    """Random 64-bit words of their own for each seed, day and purpose."""
    stream = np.random.PCG64(np.random.SeedSequence((seed, day.toordinal(), purpose)))
    words: Words = stream.random_raw(int(np.prod(shape))).reshape(shape)
    return words


def _below(words: Words, bound: int) -> Integers:
    """Words as integers from 0 to ``bound - 1``."""
    return (words % np.uint64(bound)).astype(np.int64)
