/** The calls of a generated client, whatever its form is. A call that fails throws a Failure. */
export interface Calls {
  list(query: Query): Promise<Page>;
  /** The endpoint of a Binding. */
  fetch(sid: string): Promise<string>;
  remove(sid: string): Promise<void>;
}

export interface Query {
  Identity?: string[];
  BindingType?: ("apn" | "gcm" | "fcm")[];
  PageSize?: number;
  PageToken?: string;
}

export interface Page {
  meta: { next_page_url: string | null };
  bindings: { sid: string }[];
}

/** An error of the API. */
export class Failure extends Error {
  constructor(
    readonly status: number,
    readonly code: number,
  ) {
    super(`${status} ${code}`);
  }
}

export function setting(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

export const authorization =
  "Basic " + Buffer.from(`${setting("ACCOUNT_SID")}:${setting("AUTH_TOKEN")}`).toString("base64");

/** Call each operation and print what came of it, as one line of JSON. */
export async function report(calls: Calls): Promise<void> {
  const sid = setting("SID");
  const sids = (page: Page) => page.bindings.map((each) => each.sid);
  const walked = [];
  let next: string | null = "";
  while (next !== null) {
    const token: string | null = next ? new URL(next).searchParams.get("PageToken") : null;
    const page: Page = await calls.list({ PageSize: 20, ...(token === null ? {} : { PageToken: token }) });
    walked.push(sids(page));
    next = page.meta.next_page_url;
  }
  const told = {
    fetched: await calls.fetch(sid),
    identities: sids(await calls.list({ Identity: ["alice", "a,b"] })),
    types: sids(await calls.list({ BindingType: ["apn", "fcm"] })),
    walked,
    refused: await failure(calls.list({ PageSize: 1001 })),
    removed: await calls.remove(sid).then(() => true),
    gone: await failure(calls.fetch(sid)),
  };
  console.log(JSON.stringify(told));
}

async function failure(call: Promise<unknown>): Promise<number[]> {
  const error: unknown = await call.then(
    () => new Error("it did not fail"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Failure)) throw error;
  return [error.status, error.code];
}
