/** The application: its routes, and what surrounds them. */

import { randomBytes } from "node:crypto";

import Fastify from "fastify";

import * as errors from "./errors.mjs";
import { meta, start } from "./paging.mjs";
import * as schemas from "./schemas.mjs";

const LIST = "/v2/Services/:serviceSid/Bindings";
const ONE = `${LIST}/:sid`;
const LONGEST_HEAD = 131_072; // Node.js has 16 KB, and a URL may have 60
const SCALARS = ["PageSize", "Page", "PageToken"];
const OTHERS = ["POST", "PUT", "PATCH", "OPTIONS", "TRACE"];

/** What a defect replaces. */
export const parts = {
  ...schemas,
  ...errors,
  meta,
  start,
  options: {},
  ajv: { removeAdditional: false },
  /** The user and the password of a request. */
  credentials({ headers }) {
    const [, encoded = ""] = /^basic +(\S+)$/i.exec(headers.authorization ?? "") ?? [];
    const [, user, password = ""] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, "base64").toString()) ?? [];
    return [user, password];
  },
  /** Of a parameter with one value that is sent more than once, the last one counts. */
  scalars(query) {
    for (const name of SCALARS) if (Array.isArray(query[name])) query[name] = query[name].at(-1);
    for (const name of ["PageSize", "Page"]) {
      if (Math.abs(Number(query[name])) === Infinity) throw errors.badParameter(`${name} is too large.`); // Ajv lets it in
    }
  },
  matches: (identities, identity) => identities.includes(identity),
  origin: (request) => `${request.protocol}://${request.host}`,
  segment: encodeURIComponent,
  bodies(app) {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (request, payload, done) => void payload.resume().on("end", () => done(null)));
  },
  headers(request, reply) {
    reply.headers({ "Twilio-Request-Id": `RQ${randomBytes(16).toString("hex")}`, "Cache-Control": "no-store" });
    if (request.headers.origin !== undefined) reply.header("Access-Control-Allow-Origin", "*");
  },
  extend() {},
};

export function createApp(store, using) {
  const fail = (error, request, reply) => {
    const told = using.translated(error);
    if (told.status === 401) reply.header("WWW-Authenticate", 'Basic realm="Chat"');
    return reply.code(told.status).send(using.body(told));
  };
  const app = Fastify({
    ajv: { customOptions: using.ajv },
    frameworkErrors(error, request, reply) {
      using.headers(request, reply);
      fail(error, request, reply);
    },
    http: { maxHeaderSize: LONGEST_HEAD },
    ...using.options,
  });
  using.bodies(app);
  app.addHook("onRequest", async (request, reply) => using.headers(request, reply));
  app.setErrorHandler(fail);
  app.setNotFoundHandler(async () => {
    throw errors.notFound();
  });
  using.extend(app);

  /** A route of the contract: who asks comes first, then whether the service is theirs, then the query. */
  const route = (method, url, querystring, response, handler) => {
    const schema = { querystring, response };
    const onRequest = async (request) => {
      const account = store.account(...(await using.credentials(request)));
      if (account === undefined) throw errors.unauthorized();
      request.bindings = store.bindings(account, request.params.serviceSid);
      if (request.bindings === undefined) throw errors.notFound();
    };
    app.route({ method, url, schema, onRequest, preValidation: async ({ query }) => using.scalars(query), handler });
  };
  const other = (url, allowed, methods) =>
    app.route({
      method: methods,
      url,
      async handler({ method, headers }, reply) {
        if (method === "OPTIONS" && headers["access-control-request-method"] !== undefined) {
          reply.header("Access-Control-Allow-Methods", allowed);
          reply.header("Access-Control-Allow-Headers", "Authorization, Content-Type");
          return reply.code(204).send();
        }
        reply.header("Allow", allowed);
        throw errors.methodNotAllowed();
      },
    });
  const found = ({ bindings, params }) => {
    const one = bindings.get(params.sid);
    if (one === undefined) throw errors.notFound();
    return one;
  };
  const serviceUrl = (request) => `${using.origin(request)}/v2/Services/${request.params.serviceSid}`;
  const shown = (binding, url) => ({
    ...binding,
    url: `${url}/Bindings/${binding.sid}`,
    links: { user: `${url}/Users/${using.segment(binding.identity)}` },
  });

  route("GET", LIST, using.listQuery, { 200: using.bindingList }, async (request) => {
    const { query, bindings, params } = request;
    const { BindingType: types, Identity: identities } = query;
    const isWanted = (each) =>
      (!types || types.includes(each.binding_type)) && (!identities || using.matches(identities, each.identity));
    const all = [...bindings.values()].filter(isWanted);
    const index = using.start(params.serviceSid, all, query);
    const url = serviceUrl(request);
    return {
      meta: using.meta(`${url}/Bindings`, params.serviceSid, all, index, query),
      bindings: all.slice(index, index + query.PageSize).map((each) => shown(each, url)),
    };
  });
  route("GET", ONE, using.noQuery, { 200: using.binding }, async (request) => shown(found(request), serviceUrl(request)));
  route("DELETE", ONE, using.noQuery, undefined, async (request, reply) => {
    request.bindings.delete(found(request).sid);
    return reply.code(204).send();
  });
  other(LIST, "GET, HEAD", [...OTHERS, "DELETE"]);
  other(ONE, "GET, HEAD, DELETE", OTHERS);
  return app;
}
