// A stub: fastify-openapi-glue routes and checks, and each operation answers with its example.
import { readFileSync } from "node:fs";
import fastify from "fastify";
import glue from "fastify-openapi-glue";

const examples = JSON.parse(readFileSync(process.env.SPEC, "utf8")).components.examples;
const app = fastify();
app.setErrorHandler((error, _, reply) => {
  const example = { 400: "page_size_too_large", 401: "unauthorized" }[error.statusCode] ?? "internal_server_error";
  return reply.code(examples[example].value.status).send(examples[example].value);
});
await app.register(glue, {
  specification: process.env.SPEC,
  serviceHandlers: {
    listBindings: async (request, reply) => {
      reply.header("Identities", JSON.stringify(request.query.Identity ?? []));
      return examples.one_page.value;
    },
    fetchBinding: async () => examples.binding.value,
    deleteBinding: async (_, reply) => reply.code(204).send(),
  },
  securityHandlers: {
    account_sid_and_auth_token: ({ headers }) => {
      if (!headers.authorization) throw new Error("no credentials");
    },
  },
});
await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
