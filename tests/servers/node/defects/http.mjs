/** Defects of routing, framing, headers, errors and caches. */

import { Answers } from "../answers.mjs";
import { Application } from "../application.mjs";
import { badParameter } from "../errors.mjs";

/** The page of Express' finalhandler. */
const expressPage = (text) =>
  `<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n</head>\n<body>\n` +
  `<pre>${text}</pre>\n</body>\n</html>\n`;

const HTML = { "Content-Type": "text/html; charset=utf-8" };

/** An application that keeps its answers to lists and fetches under a key, until something is deleted. */
const cached = (key) =>
  class extends Application {
    answered = new Map();

    async operation(request, route, query, accountSid) {
      const [path] = this.split(request.url);
      if (request.method === "DELETE") {
        const list = path.slice(0, path.lastIndexOf("/"));
        for (const name of this.answered.keys()) if (name.startsWith(list)) this.answered.delete(name);
      }
      if (request.method !== "GET") return super.operation(request, route, query, accountSid);
      const name = key(path, query);
      if (!this.answered.has(name)) this.answered.set(name, await super.operation(request, route, query, accountSid));
      return this.answered.get(name);
    }
  };

export const HTTP_DEFECTS = [
  {
    name: "express-not-found",
    clause: "ERROR-02",
    defect: "`next()`, where nothing is found, leaves the 404 to Express: its own page, `Cannot GET ...`, in HTML.",
    parts: {
      Answers: class extends Answers {
        error(error) {
          const answer = super.error(error);
          if (error.status !== 404) return answer;
          return { ...answer, headers: HTML, body: expressPage("Cannot GET the path") };
        }
      },
    },
  },
  {
    name: "stack-in-errors",
    clause: "ERROR-12",
    defect: "The error handler answers with error.stack, as it was handy in development.",
    parts: {
      Answers: class extends Answers {
        errorBody(error) {
          return { ...super.errorBody(error), message: error.stack };
        }
      },
    },
  },
  {
    name: "preflight-after-login",
    clause: "HTTP-04",
    defect: "`app.use(login)` stands before `app.use(cors())`, so a preflight, which has no credentials, is a 401.",
    parts: {
      Application: class extends Application {
        async answer(request) {
          if (this.isPreflight(request)) await this.accountSid(request);
          return super.answer(request);
        }
      },
    },
  },
  {
    name: "routes-without-case",
    clause: "HTTP-09",
    defect: "Express' router takes paths in any case, unless `case sensitive routing` is set.",
    parts: {
      Application: class extends Application {
        pattern() {
          return new RegExp(super.pattern(), "i");
        }
      },
    },
  },
  {
    name: "length-of-the-text",
    clause: "HTTP-11",
    defect: "Content-Length is the text's length, in code units and not in bytes: the answer's end is left over.",
    parts: {
      Answers: class extends Answers {
        length(bytes) {
          return bytes.toString("utf8").length;
        }
      },
    },
  },
  {
    name: "length-with-204",
    clause: "DELETE-02",
    defect: "The helper that writes every answer announces the two bytes of `{}`, with a 204 as well.",
    parts: {
      Answers: class extends Answers {
        content(bytes) {
          return super.content(bytes ?? Buffer.from("{}"));
        }
      },
    },
  },
  {
    name: "body-parser",
    clause: "DELETE-13",
    defect: "Fastify refuses a delete that has a Content-Type of JSON and no body, or any type that it does not know.",
    parts: {
      Application: class extends Application {
        async operation(request, route, query, accountSid) {
          const type = request.headers["content-type"];
          const isEmpty = !Number(request.headers["content-length"]);
          if (request.method === "DELETE" && type !== undefined && (isEmpty || !type.startsWith("application/json"))) {
            throw badParameter("Body cannot be empty when content-type is set to 'application/json'");
          }
          return super.operation(request, route, query, accountSid);
        }
      },
    },
  },
  {
    name: "cache-without-query",
    clause: "PAGE-05",
    defect: "A cache of answers has the path as its key, without the query: all pages are the first that was asked.",
    parts: { Application: cached((path) => path) },
  },
  {
    name: "cache-without-account",
    clause: "TENANT-02",
    defect: "A cache of answers has the URL as its key, without the account: who comes second sees the first one's.",
    parts: { Application: cached((path, query) => `${path}?${query}`) },
  },
];
