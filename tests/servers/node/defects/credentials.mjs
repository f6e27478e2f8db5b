/** Defects of telling who asks. */

import { setTimeout as pause } from "node:timers/promises";

import { Application } from "../application.mjs";
import { Credentials } from "../credentials.mjs";
import { ApiError, unauthorized } from "../errors.mjs";

/** The account of the request that is under way, as the developer believed: there is one such variable a process. */
let currentAccountSid;

export const CREDENTIAL_DEFECTS = [
  {
    name: "starts-with-token",
    clause: "AUTH-09",
    defect: "`token.startsWith(password)`, left from the days of short tokens, takes any beginning, the empty one too.",
    parts: {
      Credentials: class extends Credentials {
        isSecret(secret, password) {
          return secret.startsWith(password);
        }
      },
    },
  },
  {
    name: "logins-in-an-object",
    clause: "AUTH-03",
    defect: "Logins are the properties of an object: the user `constructor` is found, and has no secret, a 500.",
    parts: {
      Credentials: class extends Credentials {
        async accountSid(request) {
          const [user, password] = this.userAndPassword(request.headers.authorization ?? "");
          const login = Object.fromEntries(this.logins)[user];
          if (login === undefined || !this.isSecret(login.secret, password)) throw unauthorized();
          return login.accountSid;
        }
      },
    },
  },
  {
    name: "atob-throws",
    clause: "AUTH-04",
    defect: "`atob` throws at what is no base64, and nobody catches it: a 500 in place of a 401.",
    parts: {
      Credentials: class extends Credentials {
        userAndPassword(authorization) {
          const [scheme, base64 = ""] = authorization.split(/ +/);
          if (scheme.toLowerCase() !== "basic") throw unauthorized();
          return super.userAndPassword(`Basic ${btoa(atob(base64))}`);
        }
      },
    },
  },
  {
    name: "no-challenge",
    clause: "AUTH-05",
    defect: "A hand-made middleware says `res.status(401).json(...)`, without WWW-Authenticate.",
    parts: {
      Credentials: class extends Credentials {
        async accountSid(request) {
          try {
            return await super.accountSid(request);
          } catch ({ status, code, message }) {
            throw new ApiError(status, code, message);
          }
        }
      },
    },
  },
  {
    name: "login-on-the-socket",
    clause: "AUTH-16",
    defect: "`request.socket.account ??= login(request)`: whoever comes next on a connection is logged in.",
    parts: {
      Credentials: class extends Credentials {
        async accountSid(request) {
          request.socket.accountSid ??= await super.accountSid(request);
          return request.socket.accountSid;
        }
      },
    },
  },
  {
    name: "account-in-a-module",
    clause: "RACE-03",
    defect: "The current account is a variable of the module: after an await it is that of the latest request.",
    parts: {
      Application: class extends Application {
        async accountSid(request) {
          currentAccountSid = await super.accountSid(request);
          await pause(5); // the look-up of the account in the database
          return currentAccountSid;
        }
      },
    },
  },
];
