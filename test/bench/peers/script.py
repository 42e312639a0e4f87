"""A script as one writes it by hand for this one directory and table: python-ldap, and an upsert with pymysql for each page.

usage: script.py LDAP_URL BIND_DN BASE_DN DB_HOST DB_PORT DB_USER DATABASE, passwords in LDAP_PASSWORD and DB_PASSWORD
"""
import os
import sys

import ldap
import pymysql
from ldap.controls import SimplePagedResultsControl

url, bind_dn, base, host, port, user, database = sys.argv[1:]

columns = [
    "external_id", "username", "email", "display_name", "given_name", "surname", "title", "town", "department",
    "employee_number", "phones", "created_by", "state",
]
attributes = [
    "entryUUID", "uid", "mail", "displayName", "givenName", "sn", "title", "l", "departmentNumber", "employeeNumber",
    "telephoneNumber",
]
written_once = {"external_id", "created_by"}
upsert = "insert into users (%s) values (%s) on duplicate key update %s" % (
    ", ".join(columns),
    ", ".join(["%s"] * len(columns)),
    ", ".join(f"{column} = values({column})" for column in columns if column not in written_once),
)


def row(entry):
    def values(name):
        return sorted(value.decode() for value in entry.get(name, []))

    def first(name):
        return next(iter(values(name)), None)

    mail = first("mail")
    return (
        first("entryUUID"), first("uid"), mail and mail.strip().lower(), first("displayName"), first("givenName"),
        first("sn"), first("title"), first("l"), int(first("departmentNumber")), int(first("employeeNumber")),
        "; ".join(values("telephoneNumber")) or None, "sync", "active",
    )


directory = ldap.initialize(url)
directory.simple_bind_s(bind_dn, os.environ["LDAP_PASSWORD"])
db = pymysql.connect(
    host=host, port=int(port), user=user, password=os.environ["DB_PASSWORD"], database=database, charset="utf8mb4"
)
page = SimplePagedResultsControl(True, size=1000, cookie="")
wanted = "(&(objectClass=inetOrgPerson)(employeeType=active))"
with db.cursor() as cursor:
    while True:
        message = directory.search_ext(base, ldap.SCOPE_SUBTREE, wanted, attributes, serverctrls=[page])
        _, entries, _, controls = directory.result3(message)
        cursor.executemany(upsert, [row(entry) for _, entry in entries])
        db.commit()
        page.cookie = controls[0].cookie
        if not page.cookie:
            break
