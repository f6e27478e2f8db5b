// Use the generated client as its reader would, and print what it gives, a JSON document on each line.

import { readFileSync } from "node:fs";
import process from "node:process";

import {
    type ApiError,
    ApiErrorFromJSON,
    type Binding,
    type BindingList,
    BindingsApi,
    type BindingType,
    Configuration,
    ResponseError,
} from "chat-bindings-client";

function setting(name: string): string {
    const value = process.env[name];
    if (value === undefined) throw new Error(`${name} is not set`);
    return value;
}

const serviceSid = setting("SERVICE_SID");
const sid = setting("BINDING_SID");

function tell(step: string, told: object): void {
    const text = JSON.stringify({ step, ...told }, (_, value: unknown) => (value === undefined ? null : value));
    process.stdout.write(`${text}\n`);
}

function apiAs(password: string): BindingsApi {
    const basePath = setting("BASE_URL");
    return new BindingsApi(new Configuration({ basePath, username: setting("ACCOUNT_SID"), password }));
}

const sids = (page: BindingList): (string | undefined)[] => page.bindings.map((binding) => binding.sid);

async function* pages(api: BindingsApi, pageSize: number): AsyncGenerator<BindingList> {
    let pageToken: string | undefined;
    for (;;) {
        const page = await api.listBindings({ serviceSid, pageSize, pageToken });
        yield page;
        if (page.meta.nextPageUrl === undefined) return;
        pageToken = new URL(page.meta.nextPageUrl).searchParams.get("PageToken") ?? undefined;
    }
}

const iso = (time?: Date): string | undefined => time?.toISOString().replace(".000Z", "Z");

const properties = (binding: Binding): object => ({
    sid: binding.sid,
    account_sid: binding.accountSid,
    service_sid: binding.serviceSid,
    date_created: iso(binding.dateCreated),
    date_updated: iso(binding.dateUpdated),
    endpoint: binding.endpoint,
    identity: binding.identity,
    binding_type: binding.bindingType,
    credential_sid: binding.credentialSid,
    message_types: binding.messageTypes,
    url: binding.url,
    user: binding.links?.user,
});

async function tellError(step: string, request: Promise<unknown>): Promise<void> {
    try {
        await request;
    } catch (raised) {
        if (!(raised instanceof ResponseError)) throw raised;
        const error: ApiError = ApiErrorFromJSON(await raised.response.json());
        const { code, message, moreInfo: info, status } = error;
        tell(step, { http: raised.response.status, code, message, info, status });
    }
}

interface Case {
    case: string;
    service: string;
    identities: string[] | null;
    types: BindingType[] | null;
}

async function tellCase(api: BindingsApi, given: Case): Promise<void> {
    const [bindingType, identity] = [given.types ?? undefined, given.identities ?? undefined];
    try {
        const page = await api.listBindings({ serviceSid: given.service, bindingType, identity });
        tell("case", { case: given.case, bindings: page.bindings.map(properties) });
    } catch (raised) {
        if (!(raised instanceof ResponseError)) throw raised;
        tell("case", { case: given.case, http: raised.response.status, text: await raised.response.text() });
    }
}

const api = apiAs(setting("AUTH_TOKEN"));
for (const each of JSON.parse(readFileSync(setting("CASES"), "utf-8")) as Case[]) await tellCase(api, each);
const walk: BindingList[] = [];
for await (const page of pages(api, Number(setting("PAGE_SIZE")))) walk.push(page);
tell("walked", { pages: walk.map(sids) });
const meta = walk[0]!.meta;
tell("meta", {
    page: meta.page,
    page_size: meta.pageSize,
    first: meta.previousPageUrl === undefined,
    key: meta.key,
});

tell("fetched", { binding: properties(await api.fetchBinding({ serviceSid, sid })) });
await api.deleteBinding({ serviceSid, sid });
await tellError("fetched again", api.fetchBinding({ serviceSid, sid }));
await tellError("deleted again", api.deleteBinding({ serviceSid, sid }));
await tellError("too large", api.listBindings({ serviceSid, pageSize: 1001 }));
await tellError("unauthorized", apiAs("0".repeat(32)).listBindings({ serviceSid }));
