/** The query parameters: from what stands in the URL to values that keep the rules. */

import { badParameter, pageSizeTooLarge } from "./errors.mjs";

export const TYPES = ["apn", "gcm", "fcm"];
const KNOWN = ["BindingType", "Identity", "PageSize", "Page", "PageToken"];
const DEFAULT_PAGE_SIZE = 50;
const LARGEST_PAGE_SIZE = 1000;
export const LARGEST_PAGE = 2147483646;
const MOST_VALUES = 100;

export class Parameters {
  /** The parameters of a list: `{types, identities, pageSize, page, pageToken}`. Throws a 400. */
  ofList(query) {
    const values = this.grouped(query);
    for (const name of values.keys()) {
      if (!KNOWN.includes(name)) throw badParameter(`A list has no such parameter; it has ${KNOWN.join(", ")}.`);
    }
    return {
      types: this.types(values.get("BindingType")),
      identities: this.identities(values.get("Identity")),
      pageSize: this.pageSize(values.get("PageSize")),
      page: this.page(values.get("Page")),
      pageToken: values.get("PageToken")?.at(-1),
    };
  }

  /** Check that there are no parameters. Throws a 400. */
  ofBinding(query) {
    if (this.grouped(query).size > 0) throw badParameter("This operation has no query parameters.");
  }

  /** The values of each name, in their order. */
  grouped(query) {
    const values = new Map();
    for (const pair of query.split("&").filter((text) => text !== "")) {
      const equals = pair.includes("=") ? pair.indexOf("=") : pair.length;
      const name = this.decode(pair.slice(0, equals));
      values.set(name, [...(values.get(name) ?? []), this.decode(pair.slice(equals + 1))]);
    }
    return values;
  }

  /** Percent-decode a name or a value: a `+` is a space, and what is not UTF-8 is refused. */
  decode(text) {
    if (!/^[!-~]*$/.test(text)) throw badParameter("A query must be percent-encoded.");
    try {
      return decodeURIComponent(text.replaceAll("+", " "));
    } catch {
      throw badParameter("A query must be percent-encoded UTF-8.");
    }
  }

  types(values = []) {
    if (!values.every((type) => TYPES.includes(type))) throw badParameter("BindingType must be apn, gcm or fcm.");
    return this.distinct("BindingType", values);
  }

  identities(values = []) {
    if (!values.every((identity) => this.isIdentity(identity))) {
      throw badParameter("Identity must neither be empty nor hold a NUL.");
    }
    return this.distinct("Identity", values);
  }

  isIdentity(text) {
    return text !== "" && !text.includes("\0");
  }

  distinct(name, values) {
    if (values.length > MOST_VALUES) throw badParameter(`${name} may be given ${MOST_VALUES} times at most.`);
    return [...new Set(values)];
  }

  pageSize(values) {
    if (values === undefined) return DEFAULT_PAGE_SIZE;
    const size = this.integer(this.scalar(values));
    if (size > LARGEST_PAGE_SIZE) throw pageSizeTooLarge();
    if (!(size >= 1)) throw badParameter("PageSize must be an integer of 1 to 1000.");
    return size;
  }

  page(values) {
    if (values === undefined) return 0;
    const page = this.pageNumber(this.scalar(values));
    if (!(page >= 0 && page <= LARGEST_PAGE)) throw badParameter(`Page must be an integer of 0 to ${LARGEST_PAGE}.`);
    return page;
  }

  pageNumber(text) {
    return this.integer(text);
  }

  /** Of a parameter that is sent more than once, the last one counts. */
  scalar(values) {
    return values.at(-1);
  }

  /** The integer that ASCII digits stand for; NaN for any other text. */
  integer(text) {
    return /^[0-9]+$/.test(text) ? Number(text) : NaN;
  }
}
