/** The application: from a request of node:http to its answer. */

import { methodNotAllowed, notFound } from "./errors.mjs";

const COLLECTION = ["GET", "HEAD", "OPTIONS"];
const BINDING = ["GET", "HEAD", "DELETE", "OPTIONS"];
const SERVICE_SID = /^IS[0-9a-f]{32}$/;
const BINDING_SID = /^BS[0-9a-f]{32}$/;
const HOST = /^([\w.-]+|\[[\da-f:.]+\])(:\d+)?$/i;

export class Application {
  /** `parts` holds a class for each of Store, Credentials, Parameters, Paging, Representation and Answers. */
  constructor(world, parts) {
    this.store = new parts.Store(world);
    this.credentials = new parts.Credentials(world);
    this.parameters = new parts.Parameters();
    this.paging = new parts.Paging();
    this.representation = new parts.Representation();
    this.answers = new parts.Answers();
  }

  /** Answer a request. Never throws. */
  async handle(request, response) {
    request.resume(); // a body changes nothing, but must be read
    let answer;
    try {
      answer = await this.answer(request);
    } catch (error) {
      answer = this.answers.error(error);
    }
    this.answers.write(request, response, answer);
  }

  /** The answer to a request, `{status, headers, body}`. Throws what goes wrong. */
  async answer(request) {
    const [path, query] = this.split(request.url);
    const route = this.route(path);
    if (route === undefined) throw notFound();
    if (this.isPreflight(request)) return this.answers.preflight(route.methods);
    const isOperation = route.methods.includes(request.method) && request.method !== "OPTIONS";
    if (!isOperation) throw methodNotAllowed(route.methods);
    const accountSid = await this.accountSid(request);
    return this.operation(request, route, query, accountSid);
  }

  /** A path and a query, as they were sent. */
  split(target) {
    const local = target.replace(/^https?:\/\/[^/?]*/i, "");
    const mark = local.indexOf("?");
    return mark === -1 ? [local, ""] : [local.slice(0, mark), local.slice(mark + 1)];
  }

  /** What a path stands for, `{methods, serviceSid, sid}`; undefined where it is not in the contract. */
  route(path) {
    const match = this.pattern().exec(path);
    if (match === null) return undefined;
    const [, serviceSid, sid] = match;
    return { methods: sid === undefined ? COLLECTION : BINDING, serviceSid, sid };
  }

  pattern() {
    return /^\/v2\/Services\/([^/]+)\/Bindings(?:\/([^/]+))?$/;
  }

  isPreflight(request) {
    return request.method === "OPTIONS" && request.headers["access-control-request-method"] !== undefined;
  }

  async accountSid(request) {
    return this.credentials.accountSid(request);
  }

  /** Perform one of the three operations for an account. */
  async operation(request, route, query, accountSid) {
    const origin = this.origin(request);
    if (route.sid === undefined) return this.list(origin, route.serviceSid, this.parameters.ofList(query), accountSid);
    this.parameters.ofBinding(query);
    const service = await this.service(accountSid, route.serviceSid);
    this.check(BINDING_SID, route.sid);
    if (request.method === "DELETE") return this.delete(service, route.sid);
    return this.fetch(origin, service, route.sid);
  }

  async list(origin, serviceSid, wanted, accountSid) {
    const position = this.paging.position(serviceSid, wanted);
    const service = await this.service(accountSid, serviceSid);
    const found = await this.store.page(service, wanted, position, wanted.pageSize);
    const url = this.representation.collectionUrl(origin, service);
    const bindings = found.bindings.map((binding) => this.representation.binding(origin, service, binding));
    return { status: 200, body: { bindings, meta: this.paging.meta(url, serviceSid, wanted, found) } };
  }

  async fetch(origin, service, sid) {
    const binding = await this.store.fetch(service, sid);
    if (binding === undefined) throw notFound();
    return { status: 200, body: this.representation.binding(origin, service, binding) };
  }

  async delete(service, sid) {
    if (!(await this.store.delete(service, sid))) throw notFound();
    return { status: 204 };
  }

  async service(accountSid, serviceSid) {
    this.check(SERVICE_SID, serviceSid);
    const service = await this.store.service(accountSid, serviceSid);
    if (service === undefined) throw notFound();
    return service;
  }

  check(pattern, sid) {
    if (!pattern.test(sid)) throw notFound();
  }

  /** Scheme and host as the client asked for them; the socket's own address where no URL can hold that host. */
  origin(request) {
    const { host = "" } = request.headers;
    const { localAddress, localPort } = request.socket;
    return HOST.test(host) ? `http://${host}` : `http://${localAddress}:${localPort}`;
  }
}
