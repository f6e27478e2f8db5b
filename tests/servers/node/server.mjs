/**
 * The contract of openapi/bindings.yaml, kept in memory on plain node:http.
 *
 *     node server.mjs --world WORLD.json [--port N] [--defect NAME]    serve, until SIGTERM
 *     node server.mjs --list                                           the defects, as a JSON array
 */

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { parseArgs } from "node:util";

import { Answers } from "./answers.mjs";
import { Application } from "./application.mjs";
import { Credentials } from "./credentials.mjs";
import { DEFECTS } from "./defects.mjs";
import { malformedRequest, methodNotAllowed, notFound } from "./errors.mjs";
import { Paging } from "./paging.mjs";
import { Parameters } from "./parameters.mjs";
import { Representation } from "./representation.mjs";
import { Store } from "./store.mjs";

const RIGHT = { Answers, Application, Credentials, Paging, Parameters, Representation, Store };

const OPTIONS = {
  // Ten identities of 512 emoji make a URL of 61 kB; Node's own limit is 16 kB.
  maxHeaderSize: 256 * 1024,
  requireHostHeader: false, // Node's own refusal is not JSON
  keepAliveTimeout: 75_000, // after Node's own 5 s, a client that reuses a connection may meet its end
};

/** A server of node:http for a world document, with the parts of a defect in place of the right ones. */
function serverOf(world, parts) {
  const application = new parts.Application(world, parts);
  const handle = (request, response) => application.handle(request, response);
  const server = createServer(OPTIONS, handle);
  server.on("checkExpectation", handle);
  server.on("connect", (request, socket) => refuse(socket, application.answers, notFound()));
  server.on("clientError", (error, socket) => {
    if (error.code === "ECONNRESET" || !socket.writable) socket.destroy();
    else refuse(socket, application.answers, unreadable(error, application));
  });
  return server;
}

function refuse(socket, answers, error) {
  socket.end(answers.raw(answers.error(error)));
}

/** What to say to a request that Node's parser refuses; it knows only the registered methods. */
function unreadable(error, application) {
  const [, target] = /^[A-Z-]+ (\S+) HTTP\/1\.[01]\r\n/.exec(error.rawPacket) ?? [];
  if (error.code !== "HPE_INVALID_METHOD" || target === undefined) return malformedRequest();
  const route = application.route(application.split(target)[0]);
  return route === undefined ? notFound() : methodNotAllowed(route.methods);
}

function partsOf(name) {
  if (name === undefined) return RIGHT;
  const defect = DEFECTS.find((each) => each.name === name);
  if (defect === undefined) {
    console.error(`there is no defect ${name}: see --list`);
    process.exit(2);
  }
  return { ...RIGHT, ...defect.parts };
}

function listen(world, port, parts) {
  const server = serverOf(world, parts);
  server.listen(port, "127.0.0.1", () => console.log(`listening at http://127.0.0.1:${server.address().port}`));
  process.on("SIGTERM", () => {
    server.close();
    server.closeAllConnections();
  });
}

const { values } = parseArgs({
  options: {
    world: { type: "string" },
    port: { type: "string", default: "0" },
    defect: { type: "string" },
    list: { type: "boolean", default: false },
  },
});
if (values.list) console.log(JSON.stringify(DEFECTS.map(({ name, clause, defect }) => ({ name, clause, defect }))));
else listen(JSON.parse(readFileSync(values.world, "utf8")), Number(values.port), partsOf(values.defect));
