import { deleteBinding, fetchBinding, listBindings } from "./client/index.js";
import { client } from "./client/client.gen.js";
import { Failure, report, setting } from "./checks.js";

client.setConfig({ baseUrl: setting("BASE_URL"), auth: () => `${setting("ACCOUNT_SID")}:${setting("AUTH_TOKEN")}` });
const path = { ServiceSid: setting("SERVICE_SID") };

function given<T>(answer: { data?: T; error?: { code: number }; response?: Response }): T {
  if (answer.error) throw new Failure(answer.response?.status ?? 0, answer.error.code);
  return answer.data as T;
}

await report({
  list: async (query) => given(await listBindings({ path, query })),
  fetch: async (Sid) => given(await fetchBinding({ path: { ...path, Sid } })).endpoint,
  remove: async (Sid) => {
    given(await deleteBinding({ path: { ...path, Sid } }));
  },
});
