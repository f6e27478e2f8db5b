/** A world in memory: accounts, keys, services and their Bindings. */

import { createHash, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";

const digest = (text) => createHash("sha256").update(text).digest();

export class Store {
  constructor(file) {
    this.logins = new Map();
    this.services = new Map();
    for (const account of JSON.parse(readFileSync(file, "utf8")).accounts) {
      this.logins.set(account.sid, { account: account.sid, secret: digest(account.auth_token) });
      for (const key of account.keys ?? []) {
        this.logins.set(key.sid, { account: account.sid, secret: digest(key.secret) });
      }
      for (const { sid, bindings } of account.services) {
        const rows = bindings.map((each) => ({ ...each, account_sid: account.sid, service_sid: sid }));
        rows.sort(inOrder);
        this.services.set(sid, { account: account.sid, bindings: new Map(rows.map((each) => [each.sid, each])) });
      }
    }
  }

  /** The account that credentials are of; undefined when they are wrong. */
  account(user, password) {
    const login = this.logins.get(user);
    return login && timingSafeEqual(login.secret, digest(password)) ? login.account : undefined;
  }

  /** The Bindings of an account's service by SID, in the order of their creation; undefined where there is none. */
  bindings(account, serviceSid) {
    const service = this.services.get(serviceSid);
    return service?.account === account ? service.bindings : undefined;
  }
}

const compare = (a, b) => (a < b ? -1 : Number(a > b));

/** The order of lists: that of creation. */
export const inOrder = (a, b) => compare(a.date_created, b.date_created) || compare(a.sid, b.sid);
