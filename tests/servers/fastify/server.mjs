/** The contract on Fastify, written from openapi/bindings.yaml alone. */

import { parseArgs } from "node:util";

import { createApp, parts } from "./app.mjs";
import { defects } from "./defects.mjs";
import { Store } from "./store.mjs";

const { values } = parseArgs({
  options: { world: { type: "string" }, defect: { type: "string" }, list: { type: "boolean" } },
});
if (values.list) {
  console.log(JSON.stringify(defects.map(({ name, clause, defect }) => ({ name, clause, defect }))));
} else {
  const defect = defects.find(({ name }) => name === values.defect);
  if (values.defect !== undefined && defect === undefined) throw new Error(`there is no defect ${values.defect}`);
  const app = createApp(new Store(values.world), { ...parts, ...defect?.parts });
  console.log(`listening at ${await app.listen({ host: "127.0.0.1", port: 0 })}`);
}
