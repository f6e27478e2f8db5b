/** Defects of comparing, ordering and deleting. */

import { setTimeout as pause } from "node:timers/promises";

import { Application } from "../application.mjs";
import { Store } from "../store.mjs";

/** What express-query-parser and its like make of a text. */
const typed = (text) => (Number.isNaN(Number(text)) ? text : Number(text));

export const STORAGE_DEFECTS = [
  {
    name: "to-lower-case",
    clause: "TEXT-02",
    defect: "Identities are compared with toLowerCase, as e-mail addresses are elsewhere in the code.",
    parts: {
      Store: class extends Store {
        isOneOf(identity, wanted) {
          return wanted.some((each) => each.toLowerCase() === identity.toLowerCase());
        }
      },
    },
  },
  {
    name: "locale-compare",
    clause: "TEXT-04",
    defect: "`localeCompare(...) === 0` takes canonically equivalent texts, e-acute in one and in two, for the same.",
    parts: {
      Store: class extends Store {
        isOneOf(identity, wanted) {
          return wanted.some((each) => each.localeCompare(identity) === 0);
        }
      },
    },
  },
  {
    name: "users-in-an-object",
    clause: "TEXT-14",
    defect: "Values are counted as the properties of an object, and that of `constructor` is no number: a 500.",
    parts: {
      Store: class extends Store {
        matching(service, filter) {
          const counts = {};
          for (const each of filter.identities) (counts[each] ??= []).push(each);
          return super.matching(service, filter);
        }
      },
    },
  },
  {
    name: "bindings-in-an-object",
    clause: "ERROR-16",
    defect: "Bindings are the properties of an object by SID, and so is `constructor`: a 500.",
    parts: {
      Application: class extends Application {
        check(pattern, sid) {
          const bindings = {};
          bindings[sid]?.message_types.join();
          super.check(pattern, sid);
        }
      },
    },
  },
  {
    name: "loose-equality",
    clause: "TEXT-14",
    defect: "A middleware makes numbers of the query, and `==` then takes the identity 01 for 1.",
    parts: {
      Store: class extends Store {
        isOneOf(identity, wanted) {
          return wanted.some((each) => typed(each) == identity);
        }
      },
    },
  },
  {
    name: "pattern-from-an-identity",
    clause: "TEXT-10",
    defect: "`new RegExp(`^${identity}$`)` searches, as with MongoDB's $regex: reserved characters are operators.",
    parts: {
      Store: class extends Store {
        isOneOf(identity, wanted) {
          return wanted.some((each) => this.pattern(each).test(identity));
        }

        pattern(text) {
          try {
            return new RegExp(`^${text}$`);
          } catch {
            return /(?!)/; // what is no pattern matches nothing
          }
        }
      },
    },
  },
  {
    name: "sort-in-place",
    clause: "PAGE-05",
    defect: "The latest update is read as `bindings.sort(...)[0]`, which reorders the stored array amid a walk.",
    parts: {
      Store: class extends Store {
        async page(service, filter, position, size) {
          const found = await super.page(service, filter, position, size);
          const [latest] = service.bindings.sort((one, other) => (one.date_updated < other.date_updated ? 1 : -1));
          return { ...found, lastModified: latest?.date_updated };
        }
      },
    },
  },
  {
    name: "splice-of-a-copy",
    clause: "DELETE-03",
    defect: "`splice(indexOf(copy), 1)`: a copy is not in the array, and splice(-1) takes the last Binding instead.",
    parts: {
      Store: class extends Store {
        async delete(service, sid) {
          const binding = await this.fetch(service, sid);
          if (binding === undefined) return false;
          service.bindings.splice(service.bindings.indexOf({ ...binding }), 1);
          return true;
        }
      },
    },
  },
  {
    name: "splice-of-nothing",
    clause: "DELETE-10",
    defect: "The Binding is looked for after the splice: the index of one that is not there, -1, takes the last one.",
    parts: {
      Store: class extends Store {
        async delete(service, sid) {
          const index = service.bindings.findIndex((binding) => binding.sid === sid);
          const [deleted] = service.bindings.splice(index, 1);
          return deleted?.sid === sid;
        }
      },
    },
  },
  {
    name: "await-between-check-and-delete",
    clause: "RACE-04",
    defect: "The delete looks, awaits the database, then deletes: others look meanwhile, and are told 204 as well.",
    parts: {
      Store: class extends Store {
        async delete(service, sid) {
          const isThere = (await this.fetch(service, sid)) !== undefined;
          await pause(20);
          await super.delete(service, sid);
          return isThere;
        }
      },
    },
  },
  {
    name: "stale-array-after-await",
    clause: "RACE-05",
    defect: "The delete filters the array that it read before an await, and so brings back what others deleted.",
    parts: {
      Store: class extends Store {
        async delete(service, sid) {
          const { bindings } = service;
          if ((await this.fetch(service, sid)) === undefined) return false;
          await pause(20);
          service.bindings = bindings.filter((binding) => binding.sid !== sid);
          return true;
        }
      },
    },
  },
];
