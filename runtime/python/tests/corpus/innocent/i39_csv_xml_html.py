# innocent: conversions between formats
import configparser
import csv
import html
import io
import json
import xml.etree.ElementTree as ET
from urllib.parse import parse_qs, quote, urlencode, urlsplit
from xml.sax.saxutils import escape

TABLE = "name,score,note\r\nAda,9.5,\"says \"\"eval(x)\"\"\"\r\nBob,7,<b>&amp;</b>\r\n"


def rows():
    return list(csv.DictReader(io.StringIO(TABLE, newline="")))


def to_xml(found):
    root = ET.Element("people", version="1")
    for row in found:
        person = ET.SubElement(root, "person", {"name": row["name"]})
        for key in ("score", "note"):
            ET.SubElement(person, key).text = row[key]
    ET.indent(root)
    return ET.tostring(root, encoding="unicode")


def from_xml(text):
    root = ET.fromstring(text)
    return {p.get("name"): {c.tag: c.text for c in p} for p in root.iterfind("./person[score]")}


def to_html(found):
    cells = "".join(f"<td>{html.escape(v)}</td>" for row in found for v in row.values())
    return f"<table><tr>{cells}</tr></table>"


config = configparser.ConfigParser(interpolation=None)
config.read_string("[agent]\nmodel = small\nretries = 3\nexec = never\n")
print(to_xml(rows()).count("\n"), from_xml(to_xml(rows()))["Ada"]["note"], len(to_html(rows())))
print(config["agent"].getint("retries"), dict(config["agent"]), escape("<exec>"))
out = io.StringIO()
csv.writer(out, quoting=csv.QUOTE_MINIMAL).writerows([["a b", 1], ['"', 2]])
url = "https://example.org/search?" + urlencode({"q": "__builtins__", "page": 2}) + "#" + quote("é")
print(repr(out.getvalue()), parse_qs(urlsplit(url).query), json.dumps(rows(), indent=None)[:30], html.unescape("&lt;"))
