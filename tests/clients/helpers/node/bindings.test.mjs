// The official SDK on the helper: what it makes of faults, and what it sends.
import assert from "node:assert/strict";
import { test } from "node:test";

import clientAt from "../../loopback/loopback.js";
import { start } from "./chat-bindings.mjs";

const server = await start("--world", "../world.json");
const { bindings } = clientAt(server.url, server.account_sid, server.auth_token).chat.v2.services(server.service_sid);

test("a list that failed once is right when it is asked for again", async () => {
  await server.setFaults({ operation: "listBindings", first: 1, code: 503 });
  await assert.rejects(bindings.list(), { status: 503, code: 20503 });
  assert.equal((await bindings.list()).length, 3);
  await server.assertRequests("listBindings 503", "listBindings 200");
});

test("a walk asks for each page", async () => {
  const walked = await bindings.list({ pageSize: 1 });
  assert.deepEqual(walked.map((binding) => binding.identity), ["alice", "alice", "a,b"]);
  await server.assertRequests(...Array(3).fill("listBindings 200"));
});

test("a filter is sent as one value", async () => {
  assert.equal((await bindings.list({ identity: ["a,b"] })).length, 1);
  const [{ query }] = await server.requests();
  assert.equal(query, "Identity=a%2Cb");
});

const first = "BS00000000000000000000000000000001";
for (const run of ["one test", "the next, which finds it again"]) {
  test(`a deletion in ${run}`, async () => {
    assert.equal(await bindings(first).remove(), true);
    await server.assertRequests("deleteBinding 204");
    await assert.rejects(bindings(first).fetch(), { status: 404, code: 20404 });
    await server.assertRequests("fetchBinding 404");
  });
}
