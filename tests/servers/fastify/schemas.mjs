/** The schemas of openapi/bindings.yaml, as Fastify compiles them. */

const text = { type: "string" };
const nullable = { type: "string", nullable: true };

export const listQuery = {
  type: "object",
  additionalProperties: false,
  properties: {
    BindingType: { type: "array", maxItems: 100, items: { type: "string", enum: ["apn", "gcm", "fcm"] } },
    Identity: { type: "array", maxItems: 100, items: { type: "string", minLength: 1, pattern: "^[^\\x00]*$" } },
    PageSize: { type: "integer", minimum: 1, maximum: 1000, default: 50 },
    Page: { type: "integer", minimum: 0, maximum: 2147483646, default: 0 },
    PageToken: text,
  },
};

export const noQuery = { type: "object", additionalProperties: false, properties: {} };

export const binding = {
  type: "object",
  properties: {
    sid: text,
    account_sid: text,
    service_sid: text,
    date_created: text,
    date_updated: text,
    endpoint: text,
    identity: text,
    binding_type: text,
    credential_sid: text,
    message_types: { type: "array", items: text },
    url: text,
    links: { type: "object", properties: { user: text } },
  },
};

export const bindingList = {
  type: "object",
  properties: {
    meta: {
      type: "object",
      properties: {
        page: { type: "integer" },
        page_size: { type: "integer" },
        first_page_url: text,
        previous_page_url: nullable,
        url: text,
        next_page_url: nullable,
        key: text,
      },
    },
    bindings: { type: "array", items: binding },
  },
};

export const error = {
  type: "object",
  properties: { code: { type: "integer" }, message: text, more_info: text, status: { type: "integer" } },
};
