/** Defects of tokens, page URLs and `meta`. */

import { Paging } from "../paging.mjs";
import { Store } from "../store.mjs";

export const PAGING_DEFECTS = [
  {
    name: "offset-paging",
    clause: "PAGE-28",
    defect: "A token holds how many Bindings to skip, so a walk misses some where earlier ones are deleted meanwhile.",
    parts: {
      Paging: class extends Paging {
        token(serviceSid, filter, direction, { start }) {
          const skip = direction === "after" ? start + filter.pageSize : Math.max(start - filter.pageSize, 0);
          return this.signed({ list: this.list(serviceSid, filter), skip });
        }
      },
      Store: class extends Store {
        start(matching, position) {
          return position?.skip ?? 0;
        }
      },
    },
  },
  {
    name: "cursor-by-index",
    clause: "PAGE-29",
    defect: "The token's Binding is looked up with findIndex: once it is deleted, -1 + 1 begins the list anew.",
    parts: {
      Store: class extends Store {
        start(matching, position, size) {
          if (position?.direction !== "after") return super.start(matching, position, size);
          return matching.findIndex((binding) => binding.sid === position.key[1]) + 1;
        }
      },
    },
  },
  {
    name: "undefined-next-page",
    clause: "LIST-02",
    defect: "The next page of the last one is undefined, and JSON.stringify leaves out what is undefined.",
    parts: {
      Paging: class extends Paging {
        none() {
          return undefined;
        }
      },
    },
  },
  {
    name: "encode-uri-in-page-urls",
    clause: "TEXT-21",
    defect: "The page URLs are made with encodeURI, which leaves & + # and = alone: they lead to other filters.",
    parts: {
      Paging: class extends Paging {
        encode(value) {
          return encodeURI(value);
        }
      },
    },
  },
  {
    name: "unsigned-page-token",
    clause: "PAGE-20",
    defect: "A PageToken is JSON in base64, and what JSON.parse throws at any other text is a 500.",
    parts: {
      Paging: class extends Paging {
        signed(content) {
          return Buffer.from(JSON.stringify(content)).toString("base64url");
        }

        opened(token) {
          return JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
        }
      },
    },
  },
];
