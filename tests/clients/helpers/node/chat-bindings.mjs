// A server for a test file: reset before each test, and ended with this process, even when that is killed.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, beforeEach } from "node:test";

const OPTIONS = "--control --port 0 --announce - --end-with-stdin --no-docs --log-level warning".split(" ");

/** Start a server with a world: "--demo", or "--world" and a file. */
export async function start(...world) {
  const runner = process.ppid; // this process outlives a runner that is killed
  setInterval(() => process.ppid === runner || process.exit(1), 500).unref();
  const child = spawn("chat-bindings", ["serve", ...world, ...OPTIONS], { stdio: ["pipe", "pipe", "inherit"] });
  const [line] = await once(createInterface(child.stdout), "line");
  const announced = JSON.parse(line);
  let since = 0;

  async function control(method, path, body) {
    const options = { method, body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
    const answer = await fetch(announced.control_url + path, options);
    const text = await answer.text();
    assert.ok(answer.ok, text);
    return text && JSON.parse(text);
  }

  beforeEach(() => control("POST", "/reset"));
  after(() => child.stdin.end());
  return {
    ...announced,
    /** Replace the rules of faults, until the end of the test. */
    setFaults: (...rules) => control("PUT", "/faults", { rules }),
    /** The requests that came since the last call, or since the start of the test. */
    async requests() {
      const { last, requests } = await control("GET", `/requests?since=${since}`);
      since = last;
      return requests;
    },
    /** Assert which requests came since then, such as "listBindings 200". */
    async assertRequests(...expected) {
      const came = (await this.requests()).map(({ operation, status }) => `${operation} ${status}`);
      assert.deepEqual(came, expected);
    },
  };
}
