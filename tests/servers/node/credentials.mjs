/** HTTP Basic: which account a request is from. */

import { createHash, timingSafeEqual } from "node:crypto";

import { unauthorized } from "./errors.mjs";

const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i;

const digest = (text) => createHash("sha256").update(text).digest();

export class Credentials {
  constructor(world) {
    this.logins = new Map();
    for (const account of world.accounts) {
      this.logins.set(account.sid, { accountSid: account.sid, secret: account.auth_token });
      for (const key of account.keys ?? []) {
        this.logins.set(key.sid, { accountSid: account.sid, secret: key.secret });
      }
    }
  }

  /** The SID of the account that a request is from. Throws a 401. */
  async accountSid(request) {
    const [user, password] = this.userAndPassword(request.headers.authorization ?? "");
    const login = this.logins.get(user);
    if (login === undefined || !this.isSecret(login.secret, password)) throw unauthorized();
    return login.accountSid;
  }

  /** What stands in an Authorization header. Throws a 401 where it is not Basic. */
  userAndPassword(authorization) {
    const match = BASIC.exec(authorization);
    if (match === null) throw unauthorized();
    const text = this.decode(match[1]);
    const colon = text.indexOf(":");
    if (colon === -1) throw unauthorized();
    return [text.slice(0, colon), text.slice(colon + 1)];
  }

  decode(base64) {
    return Buffer.from(base64, "base64").toString("utf8");
  }

  isSecret(secret, password) {
    return timingSafeEqual(digest(secret), digest(password));
  }
}
