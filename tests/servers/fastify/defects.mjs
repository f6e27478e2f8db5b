/** What Fastify teams get wrong: the clause that is meant to catch it, the defect in a sentence, and other parts. */

import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";

import { badParameter } from "./errors.mjs";
import { parts } from "./app.mjs";

const hook = (name, run) => ({ extend: (app) => app.addHook(name, run) });
const nothing = () => {};

/** The query before it is validated. */
const query = (change) => ({ scalars: (found, request) => (parts.scalars(found), change(found, request)) });

const listQuery = (changes) => ({ listQuery: { ...parts.listQuery, properties: { ...parts.listQuery.properties, ...changes } } });
const bindingSchema = (change) => {
  const binding = structuredClone(parts.binding);
  change(binding.properties, binding);
  const bindingList = structuredClone(parts.bindingList);
  bindingList.properties.bindings.items = binding;
  return { binding, bindingList };
};
const metaSchema = (change) => {
  const bindingList = structuredClone(parts.bindingList);
  change(bindingList.properties.meta.properties);
  return { bindingList };
};
const payload = (change) =>
  hook("preSerialization", async (request, reply, body) => (reply.statusCode < 300 ? change(body, request) : body));

export const defects = [
  {
    name: "removes-additional",
    clause: "LIST-14",
    defect: "Fastify's own options of Ajv remove what the schema does not have: a misspelt filter shows everybody.",
    parts: { ajv: {} },
  },
  {
    name: "loads-in-an-object",
    clause: "ERROR-16",
    defect: "Those who wait for a Binding stand in an object by SID, and its `constructor` has no `push`: 500.",
    parts: (() => {
      const waiting = {};
      return hook("preHandler", async ({ params: { sid } }) => {
        if (sid === undefined) return;
        (waiting[sid] ??= []).push(sid);
        delete waiting[sid];
      });
    })(),
  },
  {
    name: "failures-in-an-object",
    clause: "AUTH-03",
    defect: "Attempts to log in are listed by user in an object, and its `constructor` is no list: 500.",
    parts: (() => {
      const attempts = {};
      return {
        credentials(request) {
          const [user, password] = parts.credentials(request);
          if (user) attempts[user] = [...(attempts[user] ?? []), Date.now()].slice(-5);
          return [user, password];
        },
      };
    })(),
  },
  {
    name: "in-for-seen",
    clause: "TEXT-14",
    defect: "`identity in seen` finds what the object inherits, and the filter loses the identity `constructor`.",
    parts: query((found) => {
      const seen = {};
      if (!Array.isArray(found.Identity ?? [])) found.Identity = [found.Identity];
      const first = found.Identity?.filter((each) => !(each in seen) && (seen[each] = true));
      if (first?.length === 0) delete found.Identity;
      else if (first) found.Identity = first;
    }),
  },
  {
    name: "infinity-passes-the-maximum",
    clause: "ERROR-16",
    defect: "Ajv makes Infinity of 400 digits, which no maximum is put to, and which the serializer cannot write: 500.",
    parts: { scalars: (found) => Object.assign(found, lastOf(found)) },
  },
  {
    name: "scalars-sent-twice",
    clause: "PAGE-27",
    defect: "A PageSize that is sent twice is an array, which is no integer: 400.",
    parts: { scalars: nothing },
  },
  {
    name: "token-sent-twice",
    clause: "PAGE-36",
    defect: "A PageToken that is sent twice is an array, and `token.split` is no function: 500.",
    parts: {
      ...listQuery({ PageToken: {} }),
      scalars(found) {
        const { PageToken: token } = found;
        parts.scalars(found);
        if (token !== undefined) found.PageToken = token;
      },
    },
  },
  {
    name: "size-of-the-token",
    clause: "PAGE-37",
    defect: "A token stands for the whole query that it came with, and a PageSize beside it is ignored.",
    parts: (() => {
      const sizes = new Map();
      return {
        ...query((found) => {
          if (sizes.has(found.PageToken)) found.PageSize = sizes.get(found.PageToken);
        }),
        meta(url, serviceSid, all, index, wanted) {
          const meta = parts.meta(url, serviceSid, all, index, wanted);
          const token = new URLSearchParams(meta.next_page_url?.split("?")[1]).get("PageToken");
          sizes.set(token, String(wanted.PageSize));
          return meta;
        },
      };
    })(),
  },
  {
    name: "parse-int",
    clause: "PAGE-25",
    defect: "PageSize is a text for the schema, and parseInt reads its first digits: `10abc` is 10.",
    parts: query((found) => {
      for (const name of ["PageSize", "Page"]) if (found[name] !== undefined) found[name] = parseInt(found[name], 10);
      if (Number.isNaN(found.PageSize)) found.PageSize = "x";
      if (Number.isNaN(found.Page)) found.Page = "x";
    }),
  },
  {
    name: "or-the-default",
    clause: "PAGE-25",
    defect: "`Number(query.PageSize) || 50`: what is no number, and 0, is the default.",
    parts: query((found) => {
      if (found.PageSize !== undefined) found.PageSize = Number(found.PageSize) || 50;
    }),
  },
  {
    name: "numbers-lose-digits",
    clause: "PAGE-32",
    defect: "Page has no maximum, and a number of JavaScript loses the digits beyond 2^53.",
    parts: listQuery({ Page: { type: "integer", minimum: 0, default: 0 } }),
  },
  {
    name: "bits-of-a-page",
    clause: "PAGE-32",
    defect: "`page | 0` makes an integer of 32 bits.",
    parts: query((found) => {
      if (/^\d+$/.test(found.Page)) found.Page = String(Number(found.Page) | 0);
    }),
  },
  {
    name: "empty-is-null",
    clause: "FILTER-15",
    defect: "A nullable Identity makes Ajv coerce an empty one to null, and null is no filter.",
    parts: query((found) => {
      if (found.Identity === "") delete found.Identity;
    }),
  },
  {
    name: "arrays-with-brackets",
    clause: "LIST-14",
    defect: "qs parses the query, in which `Identity[]` is Identity.",
    parts: query((found) => {
      for (const name of ["Identity", "BindingType"]) {
        if (found[`${name}[]`] !== undefined) found[name] = [found[name] ?? [], found[`${name}[]`]].flat();
        delete found[`${name}[]`];
      }
    }),
  },
  {
    name: "twenty-of-an-array",
    clause: "FILTER-16",
    defect: "qs cuts arrays at its arrayLimit of 20.",
    parts: query((found) => {
      if (Array.isArray(found.Identity)) found.Identity = found.Identity.slice(0, 20);
    }),
  },
  {
    name: "set-of-a-text",
    clause: "FILTER-03",
    defect: "An Identity that is sent once is a text, and `new Set(text)` has its letters.",
    parts: { matches: (identities, identity) => new Set(identities.length === 1 ? identities[0] : identities).has(identity) },
  },
  {
    name: "services-in-an-object",
    clause: "ERROR-16",
    defect: "Services are the properties of an object, and so is `constructor`: what is no service is a 500.",
    parts: hook("onRequest", async ({ params }) => {
      const found = {}[params.serviceSid];
      if (found !== undefined) found.bindings.get("");
    }),
  },
  {
    name: "users-in-an-object",
    clause: "AUTH-03",
    defect: "Logins are the properties of an object, and `constructor` has no secret to compare with: 500.",
    parts: {
      credentials(request) {
        const [user, password] = parts.credentials(request);
        const login = {}[user];
        if (login !== undefined) Buffer.from(login.secret);
        return [user, password];
      },
    },
  },
  {
    name: "identities-in-an-object",
    clause: "TEXT-14",
    defect: "An index of Bindings by identity is an object, in which `constructor` and `__proto__` are found: 500.",
    parts: query((found) => {
      for (const each of [found.Identity ?? []].flat()) if ({}[each] !== undefined) ({})[each].map(String);
    }),
  },
  {
    name: "locale-compare",
    clause: "TEXT-02",
    defect: "localeCompare with sensitivity base takes `A` for `a`, and letters with accents for those without.",
    parts: {
      matches: (identities, identity) =>
        identities.some((each) => each.localeCompare(identity, "en", { sensitivity: "base" }) === 0),
    },
  },
  {
    name: "patterns-of-identities",
    clause: "TEXT-13",
    defect: "`new RegExp('^' + identity + '$')` looks for identities: characters have a meaning, and may be no pattern.",
    parts: {
      matches: (identities, identity) => identities.some((each) => new RegExp(`^${each}$`).test(identity)),
    },
  },
  {
    name: "serializer-drops-what-is-not-listed",
    clause: "BINDING-01",
    defect: "The response's schema was written before credential_sid, and the serializer leaves out what it does not list.",
    parts: bindingSchema((properties) => delete properties.credential_sid),
  },
  {
    name: "serializer-empties-links",
    clause: "BINDING-18",
    defect: "`links: {type: object}` without properties is serialized as {}.",
    parts: bindingSchema((properties) => (properties.links = { type: "object" })),
  },
  {
    name: "serializer-writes-null-as-empty",
    clause: "LIST-05",
    defect: "A string that is not nullable is serialized as \"\" where it is null.",
    parts: metaSchema((properties) => (properties.next_page_url = properties.previous_page_url = { type: "string" })),
  },
  {
    name: "dates-are-date-times",
    clause: "BINDING-06",
    defect: "Dates are Date objects, which the serializer writes with milliseconds.",
    parts: {
      ...bindingSchema((properties) => (properties.date_created = { type: "string", format: "date-time" })),
      ...payload((body) => {
        for (const each of body?.bindings ?? [body]) if (each) each.date_created = new Date(each.date_created);
        return body;
      }),
    },
  },
  {
    name: "errors-of-fastify",
    clause: "ERROR-01",
    defect: "No error handler is set: errors are {statusCode, error, message}.",
    parts: {
      body: ({ status, message }) => ({ statusCode: status, error: "Error", message }),
    },
  },
  {
    name: "not-found-of-fastify",
    clause: "ERROR-01",
    defect: "The 404 of an unknown path is Fastify's own, `Route GET:/x not found`.",
    parts: hook("onSend", async (request, reply, payload) => {
      if (!request.is404) return payload;
      return JSON.stringify({ message: `Route ${request.method}:${request.url} not found`, error: "Not Found", statusCode: 404 });
    }),
  },
  {
    name: "bad-urls-of-fastify",
    clause: "ERROR-19",
    defect: "A path that cannot be decoded is answered before any hook, by Fastify's FST_ERR_BAD_URL.",
    parts: { options: { frameworkErrors: undefined } },
  },
  {
    name: "stack-of-an-error",
    clause: "ERROR-12",
    defect: "The message of an error is its stack.",
    parts: { translated: (error) => Object.assign(parts.translated(error), { message: error.stack }) },
  },
  {
    name: "types-of-bodies",
    clause: "DELETE-13",
    defect: "Fastify's parsers stay: a DELETE of a form's Content-Type is a 415, and one of JSON without a body a 400.",
    parts: { bodies: nothing },
  },
  {
    name: "merges-bodies",
    clause: "DELETE-16",
    defect: "`{...request.query, ...request.body}` are the parameters, and those of a body are unknown to a delete.",
    parts: {
      bodies(app) {
        app.removeAllContentTypeParsers();
        app.addContentTypeParser("*", { parseAs: "string" }, (request, body, done) => {
          if (request.method === "DELETE" && body.includes("PageSize")) done(badParameter("PageSize is unknown."));
          else done(null);
        });
      },
    },
  },
  {
    name: "no-head-routes",
    clause: "HTTP-20",
    defect: "exposeHeadRoutes is off, and HEAD a 404.",
    parts: { options: { exposeHeadRoutes: false } },
  },
  {
    name: "paths-without-case",
    clause: "HTTP-09",
    defect: "caseSensitive is off.",
    parts: { options: { caseSensitive: false } },
  },
  {
    name: "trusts-all-proxies",
    clause: "HTTP-13",
    defect: "`trustProxy: true` takes X-Forwarded-Host and X-Forwarded-Proto from anyone.",
    parts: { options: { trustProxy: true } },
  },
  {
    name: "long-parameters-are-refused",
    clause: "FILTER-18",
    defect: "Node.js' own limit of 16 KB stays, and a longer URL is a 431.",
    parts: { options: { http: {} } },
  },
  {
    name: "packs-without-vary",
    clause: "HTTP-18",
    defect: "Answers are packed in an onSend hook, without Vary.",
    parts: hook("onSend", async (request, reply, payload) => {
      if (!/\bgzip\b(?!;q=0)/.test(request.headers["accept-encoding"]) || !payload) return payload;
      reply.header("Content-Encoding", "gzip").removeHeader("Content-Length");
      return gzipSync(payload);
    }),
  },
  {
    name: "tag-of-the-path",
    clause: "HTTP-16",
    defect: "The ETag is made of the URL and the version, and is the same after a delete.",
    parts: hook("onSend", async (request, reply, payload) => {
      const tag = `W/"${createHash("sha1").update(request.url).digest("base64url")}"`;
      if (reply.statusCode === 200) reply.header("ETag", tag);
      if (request.headers["if-none-match"] !== tag) return payload;
      reply.code(304).removeHeader("Content-Length");
      return "";
    }),
  },
  {
    name: "headers-of-success-alone",
    clause: "HTTP-01",
    defect: "The request id is set in the handlers, and errors have none.",
    parts: hook("onSend", async (request, reply, payload) => {
      if (reply.statusCode >= 400) reply.removeHeader("Twilio-Request-Id");
      return payload;
    }),
  },
  {
    name: "account-in-a-module",
    clause: "RACE-03",
    defect: "The account is a variable of the module: after an await it is that of the latest request.",
    parts: (() => {
      let latest;
      return {
        async credentials(request) {
          latest = parts.credentials(request);
          await new Promise((resolve) => setTimeout(resolve, 1));
          return latest;
        },
      };
    })(),
  },
  {
    name: "any-method-on-a-list",
    clause: "ERROR-14",
    defect: "`app.all` serves the list by any method: a DELETE on it is a 200.",
    parts: { options: { rewriteUrl: (request) => (asGet(request), request.url) } },
  },
  {
    name: "encodes-twice",
    clause: "BINDING-18",
    defect: "encodeURIComponent is called on what URLSearchParams encodes, and once more on the segment.",
    parts: { segment: (identity) => encodeURIComponent(encodeURIComponent(identity)) },
  },
  {
    name: "encode-uri",
    clause: "BINDING-18",
    defect: "encodeURI leaves slashes and question marks alone.",
    parts: { segment: encodeURI },
  },
];

const lastOf = (found) =>
  Object.fromEntries(Object.entries(found).map(([name, value]) => [name, name.startsWith("P") && Array.isArray(value) ? value.at(-1) : value]));

function asGet(request) {
  if (request.method === "DELETE" && request.url.split("?")[0].endsWith("/Bindings")) request.method = "GET";
}
