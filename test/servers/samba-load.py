"""Writes into the database of a Samba domain controller that is not running.

Usage: samba-load.py SMB_CONF PRIVATE_DIR < JSON

The JSON is a list of {"dn": ..., "attributes": {name: [value in base64, ...]}}. An entry that is there already is
changed. Links (member, manager, ...) may name entries that come later. An attribute without values is taken away
where the domain controller has set it by itself. A value of nTSecurityDescriptor is written in SDDL.
"""

import base64
import json
import sys

import ldb
from samba import Ldb
from samba.auth import system_session
from samba.dcerpc import security
from samba.ndr import ndr_pack
from samba.param import LoadParm
from samba.samdb import SamDB


def in_transactions(db, work):
    """Commits every 500 changes: the time of a transaction grows with the square of them."""
    for start in range(0, len(work), 500):
        with db_transaction(db):
            for change in work[start : start + 500]:
                change()


class db_transaction:
    def __init__(self, db):
        self.db = db

    def __enter__(self):
        self.db.transaction_start()

    def __exit__(self, kind, *_):
        if kind is None:
            self.db.transaction_commit()
        else:
            self.db.transaction_cancel()


def message(db, dn, attributes, flag):
    found = ldb.Message(ldb.Dn(db, dn))
    for name, values in attributes.items():
        found[name] = ldb.MessageElement([stored(db, name, base64.b64decode(value)) for value in values], flag, name)
    return found


def stored(db, name, value):
    if name != "nTSecurityDescriptor":
        return value
    return ndr_pack(security.descriptor.from_sddl(value.decode(), security.dom_sid(db.domain_sid)))


def main():
    conf, private = sys.argv[1:]
    parameters = LoadParm()
    parameters.load(conf)
    db = SamDB(url="tdb://%s/sam.ldb" % private, session_info=system_session(), lp=parameters)
    # A partition itself, without the modules that know the rules of Active Directory. Samba's own class of it
    # compares DNs by the upper case of Unicode.
    domain = Ldb("tdb://%s/sam.ldb.d/%s.ldb" % (private, str(db.domain_dn()).upper()), lp=parameters)
    link_ids = {}

    def is_link(name):
        if name not in link_ids:
            link_ids[name] = db.get_linkId_from_lDAPDisplayName(name)
        return link_ids[name] != 0

    def exists(dn):
        try:
            return len(db.search(dn, ldb.SCOPE_BASE, attrs=["1.1"])) > 0
        except ldb.LdbError as error:
            if error.args[0] == ldb.ERR_NO_SUCH_OBJECT:
                return False
            raise

    def write(dn, attributes):
        if exists(dn):
            db.modify(message(db, dn, attributes, ldb.FLAG_MOD_REPLACE))
        else:
            db.add(message(db, dn, attributes, ldb.FLAG_MOD_ADD))

    plain, links, removals = [], [], []
    for record in json.load(sys.stdin):
        dn, attributes = record["dn"], record["attributes"]
        own = {name: values for name, values in attributes.items() if values and not is_link(name)}
        linked = {name: values for name, values in attributes.items() if values and is_link(name)}
        gone = {name: [] for name, values in attributes.items() if not values}
        plain.append(lambda dn=dn, own=own: write(dn, own))
        if linked:
            links.append(lambda dn=dn, linked=linked: db.modify(message(db, dn, linked, ldb.FLAG_MOD_REPLACE)))
        if gone:
            removals.append(lambda dn=dn, gone=gone: domain.modify(message(domain, dn, gone, ldb.FLAG_MOD_DELETE)))
    in_transactions(db, plain)
    in_transactions(db, links)
    in_transactions(domain, removals)


main()
