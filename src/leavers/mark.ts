/** What a row bears in the column `state.setBy` while it is inactive by the sync's own doing. */
export const mark = "idm-ldap-sync";
