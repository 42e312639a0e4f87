#!/usr/bin/env python3
"""An independent reading of directory and table: python-ldap and pymysql, and a mapping of its own. Prints what differs.

usage: oracle.py LDAP_URL BIND_DN BIND_PASSWORD SUFFIX DB_HOST DB_PORT DB_USER DB_PASSWORD DATABASE [CONDITION]
       oracle.py LDAP_URL BIND_DN BIND_PASSWORD SUFFIX sqlite FILE "" "" "" [CONDITION]

CONDITION: of the rows that are compared.
"""
import ldap
import sqlite3
import sys
from ldap.controls import SimplePagedResultsControl
import pymysql

url, bind_dn, bind_password, suffix, host, port, user, password, database = sys.argv[1:10]
condition = sys.argv[10] if len(sys.argv) > 10 else "1 = 1"


def entries():
    connection = ldap.initialize(url)
    connection.simple_bind_s(bind_dn, bind_password)
    control = SimplePagedResultsControl(True, size=500, cookie="")
    wanted = "(&(objectClass=inetOrgPerson)(employeeType=active))"
    while True:
        message = connection.search_ext(
            "ou=people," + suffix, ldap.SCOPE_SUBTREE, wanted, ["*", "entryUUID"], serverctrls=[control]
        )
        _, data, _, controls = connection.result3(message)
        yield from data
        cookie = next(c.cookie for c in controls if c.controlType == control.controlType)
        if not cookie:
            return
        control.cookie = cookie


def text(attributes, name):
    values = sorted(value.decode("utf-8") for value in attributes.get(name, []))
    return values[0] if values else None


def expected():
    for dn, attributes in entries():
        number = text(attributes, "employeeNumber")
        mail = text(attributes, "mail")
        phones = sorted(value.decode("utf-8") for value in attributes.get("telephoneNumber", []))
        yield text(attributes, "entryUUID"), (
            text(attributes, "uid"),
            mail.strip().lower() if mail else None,
            text(attributes, "displayName"),
            text(attributes, "givenName"),
            text(attributes, "sn"),
            text(attributes, "title"),
            text(attributes, "l"),
            int(text(attributes, "departmentNumber")),
            int(number) if number else None,
            "; ".join(phones) or None,
            "sync",
            "active",
        )


if host == "sqlite":
    db = sqlite3.connect(port)
else:
    db = pymysql.connect(host=host, port=int(port), user=user, password=password, database=database, charset="utf8mb4")
cursor = db.cursor()
cursor.execute(
    "select external_id, username, email, display_name, given_name, surname, title, town, department,"
    " employee_number, phones, created_by, state from users where " + condition
)
rows = {row[0]: row[1:] for row in cursor}
people = dict(expected())
for key in sorted(people.keys() | rows.keys()):
    if people.get(key) != rows.get(key):
        print(key, "directory:", people.get(key), "table:", rows.get(key))
print(len(people), "people,", len(rows), "rows")
