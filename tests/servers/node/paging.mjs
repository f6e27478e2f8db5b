/** Pages: their tokens, their URLs and their `meta`. */

import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";

import { badParameter } from "./errors.mjs";
import { LARGEST_PAGE } from "./parameters.mjs";
import { keyOf } from "./store.mjs";

const digest = (values) => createHash("sha256").update(JSON.stringify(values)).digest("base64url").slice(0, 16);

export class Paging {
  constructor() {
    this.secret = randomBytes(32);
  }

  /** The `meta` of a page. `wanted` are the parameters of the request, `found` is the store's page. */
  meta(collectionUrl, serviceSid, wanted, found) {
    const url = (page, pageToken) => this.url(collectionUrl, wanted, page, pageToken);
    const token = (direction) => this.token(serviceSid, wanted, direction, found);
    return {
      key: "bindings",
      page: wanted.page,
      page_size: wanted.pageSize,
      url: url(wanted.page, wanted.pageToken),
      first_page_url: url(0),
      next_page_url: found.hasNext ? url(Math.min(wanted.page + 1, LARGEST_PAGE), token("after")) : this.none(),
      previous_page_url: found.hasPrevious ? url(Math.max(wanted.page - 1, 0), token("before")) : null,
    };
  }

  /** What stands for a next page that there is not. */
  none() {
    return null;
  }

  /** The URL of a page of the same list. */
  url(collectionUrl, { types, identities, pageSize }, page, token) {
    const query = token === undefined ? [] : [["PageToken", token]];
    query.push(["PageSize", pageSize], ["Page", page]);
    query.push(...types.map((type) => ["BindingType", type]));
    query.push(...identities.map((identity) => ["Identity", identity]));
    return `${collectionUrl}?${query.map(([name, value]) => `${name}=${this.encode(String(value))}`).join("&")}`;
  }

  encode(value) {
    return encodeURIComponent(value);
  }

  /** The token of the page before or after a page: signed, and good for this list alone. */
  token(serviceSid, filter, direction, { bindings }) {
    const key = keyOf(direction === "after" ? bindings.at(-1) : bindings[0]);
    return this.signed({ list: this.list(serviceSid, filter), direction, key });
  }

  /** Where a token points, as the store takes it. Throws a 400 for what is no token of this list. */
  position(serviceSid, filter) {
    if (filter.pageToken === undefined) return undefined;
    const { list, ...position } = this.opened(filter.pageToken);
    if (list !== this.list(serviceSid, filter)) throw badParameter("PageToken belongs to another list.");
    return position;
  }

  /** What tells one list from another, whatever the order of its filters. */
  list(serviceSid, { types, identities }) {
    return digest([serviceSid, types.toSorted(), identities.toSorted()]);
  }

  signed(content) {
    const text = Buffer.from(JSON.stringify(content)).toString("base64url");
    return `${text}.${this.signature(text)}`;
  }

  opened(token) {
    const dot = token.lastIndexOf(".");
    const text = token.slice(0, dot);
    const [given, right] = [token.slice(dot + 1), this.signature(text)].map((signature) => Buffer.from(signature));
    if (given.length !== right.length || !timingSafeEqual(given, right)) {
      throw badParameter("PageToken must be taken from a page URL, as it stands there.");
    }
    return JSON.parse(Buffer.from(text, "base64url").toString("utf8"));
  }

  signature(text) {
    return createHmac("sha256", this.secret).update(text).digest("base64url");
  }
}
