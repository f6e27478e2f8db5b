/**
 * What Node teams get wrong: servers with one defect each, to prove that `verify` sees it.
 *
 * An entry is `{name, clause, defect, parts}`: the clause that is meant to catch it, the defect in a sentence, and the
 * classes that stand in for those of the right server.
 */

import { CREDENTIAL_DEFECTS } from "./defects/credentials.mjs";
import { HTTP_DEFECTS } from "./defects/http.mjs";
import { PAGING_DEFECTS } from "./defects/paging.mjs";
import { PARAMETER_DEFECTS } from "./defects/parameters.mjs";
import { REPRESENTATION_DEFECTS } from "./defects/representation.mjs";
import { STORAGE_DEFECTS } from "./defects/storage.mjs";

export const DEFECTS = [
  ...REPRESENTATION_DEFECTS,
  ...PARAMETER_DEFECTS,
  ...STORAGE_DEFECTS,
  ...PAGING_DEFECTS,
  ...CREDENTIAL_DEFECTS,
  ...HTTP_DEFECTS,
];
