import createClient from "openapi-fetch";

import type { components, paths } from "./client/api.js";
import { authorization, Failure, report, setting } from "./checks.js";

const client = createClient<paths>({ baseUrl: setting("BASE_URL"), headers: { Authorization: authorization } });
const path = { ServiceSid: setting("SERVICE_SID") };

function given<T>(answer: { data?: T; error?: components["schemas"]["Error"]; response: Response }): T {
  if (answer.error) throw new Failure(answer.response.status, answer.error.code);
  return answer.data as T;
}

await report({
  list: async (query) => given(await client.GET("/v2/Services/{ServiceSid}/Bindings", { params: { path, query } })),
  fetch: async (Sid) => {
    const params = { path: { ...path, Sid } };
    return given(await client.GET("/v2/Services/{ServiceSid}/Bindings/{Sid}", { params })).endpoint;
  },
  remove: async (Sid) => {
    given(await client.DELETE("/v2/Services/{ServiceSid}/Bindings/{Sid}", { params: { path: { ...path, Sid } } }));
  },
});
