import { deleteBinding, fetchBinding, listBindings } from "./client/api.js";
import { authorization, Failure, report, setting } from "./checks.js";

const service = setting("SERVICE_SID");
const options = { headers: { Authorization: authorization } };

await report({
  list: async (query) => {
    const answer = await listBindings(service, query, options);
    if (answer.status !== 200) throw new Failure(answer.status, answer.data.code);
    return answer.data;
  },
  fetch: async (sid) => {
    const answer = await fetchBinding(service, sid, options);
    if (answer.status !== 200) throw new Failure(answer.status, answer.data.code);
    return answer.data.endpoint;
  },
  remove: async (sid) => {
    const answer = await deleteBinding(service, sid, options);
    if (answer.status !== 204) throw new Failure(answer.status, answer.data.code);
  },
});
