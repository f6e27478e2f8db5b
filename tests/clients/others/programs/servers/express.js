// A stub: express-openapi-validator checks requests and answers, and each operation answers with its example.
import { readFileSync } from "node:fs";
import express from "express";
import { middleware } from "express-openapi-validator";

const examples = JSON.parse(readFileSync(process.env.SPEC, "utf8")).components.examples;
const list = "/v2/Services/:ServiceSid/Bindings";
const app = express();
app.use(middleware({ apiSpec: process.env.SPEC, validateRequests: true, validateResponses: true }));
app.get(list, (request, answer) => {
  answer.set("Identities", JSON.stringify(request.query.Identity ?? []));
  answer.json(examples.one_page.value);
});
app.get(`${list}/:Sid`, (_, answer) => answer.json(examples.binding.value));
app.delete(`${list}/:Sid`, (_, answer) => answer.status(204).end());
app.use((error, _request, answer, _next) => {
  const example = { 400: "page_size_too_large", 401: "unauthorized" }[error.status] ?? "internal_server_error";
  answer.status(examples[example].value.status).json(examples[example].value);
});
app.listen(Number(process.env.PORT), "127.0.0.1");
