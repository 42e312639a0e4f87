#!/usr/bin/env python3
"""An independent reading of directory and table after a run: python-ldap and pymysql, and a mapping of its own.

Reads a JSON document on stdin: where directory and database are, the rows before the run by external_id, the external_id
of those whom the run has rejected, what becomes of people who left, and whether the run was done: where it was not, a row
may also be as it was before. Prints what is wrong, line by line, then counts.
"""
import json
import sys

import ldap
import ldap.dn
import pymysql
from ldap.controls import SimplePagedResultsControl

given = json.load(sys.stdin)
columns = (
    "username, email, display_name, given_name, surname, title, town, department, employee_number, phones, created_by,"
    " state"
)


def entries():
    connection = ldap.initialize(given["url"])
    connection.simple_bind_s(given["bindDn"], given["bindPassword"])
    control = SimplePagedResultsControl(True, size=500, cookie="")
    wanted = "(&(objectClass=inetOrgPerson)(employeeType=active))"
    while True:
        message = connection.search_ext(
            given["base"], ldap.SCOPE_SUBTREE, wanted, ["*", "entryUUID"], serverctrls=[control]
        )
        _, data, _, controls = connection.result3(message)
        yield from data
        cookie = next(c.cookie for c in controls if c.controlType == control.controlType)
        if not cookie:
            return
        control.cookie = cookie


def texts(attributes, name):
    return sorted(value.decode("utf-8") for value in attributes.get(name, []))


def text(attributes, name):
    return next(iter(texts(attributes, name)), None)


def number(attributes, name):
    value = text(attributes, name)
    return int(value) if value and value.isdigit() else value


def row_of(dn, attributes):
    mail = text(attributes, "mail")
    # The name of the entry, of several.
    (name, username, _), = ldap.dn.str2dn(dn)[0]
    assert name == "uid"
    return (
        username,
        mail.strip().lower() if mail else None,
        text(attributes, "displayName"),
        text(attributes, "givenName"),
        text(attributes, "sn"),
        text(attributes, "title"),
        text(attributes, "l"),
        number(attributes, "departmentNumber"),
        number(attributes, "employeeNumber"),
        "; ".join(texts(attributes, "telephoneNumber")) or None,
        "sync",
        "active",
    )


def fits(row):
    _, _, display_name, given_name, surname, title, town, department, employee_number, _, _, _ = row
    long = any(len(value or "") > 100 for value in (given_name, surname, title, town))
    numbers = isinstance(department, int) and department <= 65535
    numbers = numbers and (employee_number is None or isinstance(employee_number, int))
    return numbers and not long and len(display_name or "") <= 200


db = pymysql.connect(**given["database"], charset="utf8mb4")
cursor = db.cursor()
cursor.execute("select external_id, " + columns + " from users")
rows = {row[0]: row[1:] for row in cursor}
people = {text(attributes, "entryUUID"): row_of(dn, attributes) for dn, attributes in entries()}
before = {key: tuple(row) for key, row in given["before"].items()}
rejected = set(given["rejected"])


def clashes(key, row):
    """Whether another row has what has to be unique, by the rules of the column."""
    cursor.execute(
        "select count(*) from users where external_id <> %s and (username = %s or email = %s)", (key, row[0], row[1])
    )
    return cursor.fetchone()[0] > 0


def wanted(key):
    if key in rejected or (key not in people and given["leavers"] == "ignore"):
        return before.get(key)
    if key not in people:
        return before[key][:-1] + ("inactive",)
    return people[key]


for key in sorted(people.keys() | rows.keys() | before.keys()):
    if rows.get(key) != wanted(key) and (given["done"] or rows.get(key) != before.get(key)):
        print(key, "wanted:", wanted(key), "table:", rows.get(key))
for key in sorted(rejected):
    if key not in people:
        print(key, "was rejected, and is nobody")
    elif fits(people[key]) and not clashes(key, people[key]):
        print(key, "was rejected for nothing:", people[key])
print(len(people), "people,", len(rows), "rows")
