/** Defects of reading the query. */

import { Parameters } from "../parameters.mjs";
import { Store } from "../store.mjs";

/** What qs and querystring make of a parameter: a text where it stands once, an array where it is repeated. */
const textOrArray = (values) => (values.length === 1 ? values[0] : values);

const QS_ARRAY_LIMIT = 5;

export const PARAMETER_DEFECTS = [
  {
    name: "broken-escapes-lose-their-sign",
    clause: "TEXT-17",
    defect: "A percent sign that begins no escape is taken out before decoding: `a%` finds the user a.",
    parts: {
      Parameters: class extends Parameters {
        decode(text) {
          return new URLSearchParams(`value=${text.replace(/%(?![0-9a-f]{2})/gi, "")}`).get("value");
        }
      },
    },
  },
  {
    name: "decode-uri-component-throws",
    clause: "TEXT-19",
    defect: "Nobody catches the URIError of decodeURIComponent, so what is not UTF-8 is a 500.",
    parts: {
      Parameters: class extends Parameters {
        decode(text) {
          return decodeURIComponent(text.replaceAll("+", " "));
        }
      },
    },
  },
  {
    name: "plus-is-kept",
    clause: "TEXT-05",
    defect: "decodeURIComponent alone, which is no parser of forms, leaves a `+` in a query a plus.",
    parts: {
      Parameters: class extends Parameters {
        decode(text) {
          return super.decode(text.replaceAll("+", "%2B"));
        }
      },
    },
  },
  {
    name: "decoded-twice",
    clause: "TEXT-07",
    defect: "The framework has decoded the query already, and a helper decodes each identity once more.",
    parts: {
      Parameters: class extends Parameters {
        identities(values = []) {
          return super.identities(values.map((value) => this.decodedAgain(value)));
        }

        decodedAgain(value) {
          try {
            return decodeURIComponent(value);
          } catch {
            return value;
          }
        }
      },
    },
  },
  {
    name: "text-decoder-drops-the-mark",
    clause: "TEXT-11",
    defect: "A TextDecoder drops a byte order mark, so no filter finds an identity that begins with U+FEFF.",
    parts: {
      Parameters: class extends Parameters {
        decode(text) {
          return new TextDecoder().decode(Buffer.from(super.decode(text)));
        }
      },
    },
  },
  {
    name: "set-of-a-text",
    clause: "FILTER-03",
    defect: "`new Set(query.Identity)` takes a single identity, which is a text and no array, letter by letter.",
    parts: {
      Parameters: class extends Parameters {
        identities(values = []) {
          return [...new Set(textOrArray(super.identities(values)))];
        }
      },
    },
  },
  {
    name: "includes-of-a-text",
    clause: "TEXT-01",
    defect: "`query.Identity.includes(identity)` on a single identity, a text and no array, also finds its parts.",
    parts: {
      Store: class extends Store {
        isOneOf(identity, wanted) {
          return textOrArray(wanted).includes(identity);
        }
      },
    },
  },
  {
    name: "array-compared-as-text",
    clause: "FILTER-04",
    defect: "A repeated Identity is an array, which `==` joins with commas before it compares.",
    parts: {
      Store: class extends Store {
        isOneOf(identity, wanted) {
          return textOrArray(wanted) == identity;
        }
      },
    },
  },
  {
    name: "qs-array-limit",
    clause: "FILTER-09",
    defect: "Express' qs, with its arrayLimit hardened, makes an object of many values, and the filter takes its text.",
    parts: {
      Parameters: class extends Parameters {
        identities(values = []) {
          const identities = super.identities(values);
          return identities.length > QS_ARRAY_LIMIT ? [String({ ...identities })] : identities;
        }
      },
    },
  },
  {
    name: "length-in-code-units",
    clause: "TEXT-12",
    defect: "The limit of 512 is put to String.length, which counts an emoji twice.",
    parts: {
      Parameters: class extends Parameters {
        isIdentity(text) {
          return super.isIdentity(text) && text.length <= 512;
        }
      },
    },
  },
  {
    name: "dot-without-line-feed",
    clause: "TEXT-11",
    defect: "The pattern `^.+$` is meant to take anything, but without its `s` flag a dot takes no line feed.",
    parts: {
      Parameters: class extends Parameters {
        isIdentity(text) {
          return super.isIdentity(text) && /^.+$/u.test(text);
        }
      },
    },
  },
  {
    name: "parse-int-page-size",
    clause: "PAGE-25",
    defect: "parseInt takes the digits at the beginning: `10abc` and `1.0` are page sizes.",
    parts: {
      Parameters: class extends Parameters {
        integer(text) {
          return parseInt(text, 10);
        }
      },
    },
  },
  {
    name: "number-or-zero",
    clause: "PAGE-26",
    defect: "`Number(query.Page) || 0` makes 0 of an empty Page, since Number('') is 0, and of what is no number.",
    parts: {
      Parameters: class extends Parameters {
        pageNumber(text) {
          return Number(text) || 0;
        }
      },
    },
  },
  {
    name: "number-of-an-array",
    clause: "PAGE-27",
    defect: "A PageSize that is sent twice is an array for Express, and Number of that is NaN: a 400.",
    parts: {
      Parameters: class extends Parameters {
        scalar(values) {
          return String(textOrArray(values));
        }
      },
    },
  },
];
