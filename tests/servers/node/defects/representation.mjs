/** Defects of writing a Binding. */

import { Representation } from "../representation.mjs";

export const REPRESENTATION_DEFECTS = [
  {
    name: "to-iso-string",
    clause: "BINDING-06",
    defect: "Date.toISOString() writes milliseconds: 2016-10-21T11:37:03.000Z.",
    parts: {
      Representation: class extends Representation {
        date(text) {
          return new Date(text).toISOString();
        }
      },
    },
  },
  {
    name: "split-of-nothing",
    clause: "BINDING-15",
    defect: "Message types are stored a line each, and `''.split('\\n')` is not empty: it is [''].",
    parts: {
      Representation: class extends Representation {
        messageTypes(types) {
          return types.join("\n").split("\n");
        }
      },
    },
  },
  {
    name: "encode-uri-in-links",
    clause: "BINDING-18",
    defect: "`links.user` is made with encodeURI, which leaves slashes, question marks and number signs alone.",
    parts: {
      Representation: class extends Representation {
        encode(identity) {
          return encodeURI(identity);
        }
      },
    },
  },
  {
    name: "brackets-in-links",
    clause: "BINDING-19",
    defect: "`links.user` has its brackets decoded again, since they looked better so.",
    parts: {
      Representation: class extends Representation {
        encode(identity) {
          return super.encode(identity).replaceAll("%5B", "[").replaceAll("%5D", "]");
        }
      },
    },
  },
];
