/** Pages: where they begin, their tokens and their `meta`. */

import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";

import { badParameter } from "./errors.mjs";
import { inOrder } from "./store.mjs";

const LARGEST_PAGE = 2147483646;
const key = randomBytes(32);

const sign = (text) => createHmac("sha256", key).update(text).digest("base64url");

/** A token is signed: of which service, whether a page stands after or before a Binding, and the place of that one. */
export function token(serviceSid, direction, { date_created, sid }) {
  const text = Buffer.from(JSON.stringify([serviceSid, direction, { date_created, sid }])).toString("base64url");
  return `${text}.${sign(text)}`;
}

function opened(serviceSid, token) {
  const [text, signature = ""] = token.split(".");
  const [given, right] = [signature, sign(text)].map((each) => Buffer.from(each));
  if (given.length !== right.length || !timingSafeEqual(given, right)) throw badParameter("PageToken is not one of ours.");
  const [service, direction, place] = JSON.parse(Buffer.from(text, "base64url"));
  if (service !== serviceSid) throw badParameter("PageToken belongs to another service.");
  return { direction, place };
}

/** The index at which a page begins. */
export function start(serviceSid, all, { PageToken, PageSize }) {
  if (PageToken === undefined) return 0;
  const { direction, place } = opened(serviceSid, PageToken);
  if (direction === "after") return all.filter((each) => inOrder(each, place) <= 0).length;
  return Math.max(all.filter((each) => inOrder(each, place) < 0).length - PageSize, 0);
}

/** The `meta` of the page that begins at an index. */
export function meta(url, serviceSid, all, index, query) {
  const { PageSize: size, Page: page } = query;
  const shown = all.slice(index, index + size);
  const pageUrl = (number, pageToken) => {
    const parameters = new URLSearchParams({ PageSize: size, Page: number });
    for (const type of query.BindingType ?? []) parameters.append("BindingType", type);
    for (const identity of query.Identity ?? []) parameters.append("Identity", identity);
    if (pageToken !== undefined) parameters.append("PageToken", pageToken);
    return `${url}?${parameters}`;
  };
  const next = () => pageUrl(Math.min(page + 1, LARGEST_PAGE), token(serviceSid, "after", shown.at(-1)));
  const previous = () => pageUrl(Math.max(page - 1, 0), token(serviceSid, "before", shown[0]));
  return {
    page,
    page_size: size,
    first_page_url: pageUrl(0),
    previous_page_url: index > 0 && shown.length > 0 ? previous() : null,
    url: pageUrl(page, query.PageToken),
    next_page_url: index + size < all.length ? next() : null,
    key: "bindings",
  };
}
