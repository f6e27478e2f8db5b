// Use the generated client as its reader would, and print what it gives, a JSON document on each line.

import process from "node:process";

import {
    type ApiError,
    ApiErrorFromJSON,
    type Binding,
    type BindingList,
    BindingsApi,
    BindingType,
    Configuration,
    ResponseError,
} from "chat-bindings-client";

const identities = process.argv.slice(2);

function setting(name: string): string {
    const value = process.env[name];
    if (value === undefined) throw new Error(`${name} is not set`);
    return value;
}

const serviceSid = setting("SERVICE_SID");
const sid = setting("BINDING_SID");

function tell(step: string, told: object): void {
    process.stdout.write(`${JSON.stringify({ step, ...told })}\n`);
}

function apiAs(password: string): BindingsApi {
    const basePath = setting("BASE_URL");
    return new BindingsApi(new Configuration({ basePath, username: setting("ACCOUNT_SID"), password }));
}

const sids = (page: BindingList): string[] => page.bindings.map((binding) => binding.sid);

async function* pages(api: BindingsApi, pageSize: number): AsyncGenerator<BindingList> {
    let pageToken: string | undefined;
    for (;;) {
        const page = await api.listBindings({ serviceSid, pageSize, pageToken });
        yield page;
        if (page.meta.nextPageUrl === null) return;
        pageToken = new URL(page.meta.nextPageUrl).searchParams.get("PageToken") ?? undefined;
    }
}

const iso = (time: Date): string => time.toISOString().replace(".000Z", "Z");

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
    user: binding.links.user,
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

const api = apiAs(setting("AUTH_TOKEN"));
for (const identity of identities) {
    tell("identity", { identity, sids: sids(await api.listBindings({ serviceSid, identity: [identity] })) });
}
const bindingType = [BindingType.Apn, BindingType.Fcm];
tell("filtered", { sids: sids(await api.listBindings({ serviceSid, bindingType, identity: identities })) });
const walk: BindingList[] = [];
for await (const page of pages(api, Number(setting("PAGE_SIZE")))) walk.push(page);
tell("walked", { pages: walk.map(sids) });
const meta = walk[0]!.meta;
tell("meta", {
    page: meta.page,
    page_size: meta.pageSize,
    first: meta.previousPageUrl === null,
    key: meta.key,
});

tell("fetched", { binding: properties(await api.fetchBinding({ serviceSid, sid })) });
await api.deleteBinding({ serviceSid, sid });
await tellError("fetched again", api.fetchBinding({ serviceSid, sid }));
await tellError("deleted again", api.deleteBinding({ serviceSid, sid }));
await tellError("too large", api.listBindings({ serviceSid, pageSize: 1001 }));
await tellError("unauthorized", apiAs("0".repeat(32)).listBindings({ serviceSid }));
