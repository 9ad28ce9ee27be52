// The real Anthropic client through the module: every call that it makes, and
// the exception class for each refusal.

import Anthropic from "@anthropic-ai/sdk";
import { base, is, raises, test } from "./tap.mjs";

const SECRET = "igsecret-abcdefgh";
const client = (token, country) =>
  new Anthropic({
    apiKey: token,
    baseURL: base,
    defaultHeaders: country ? { "X-Forwarded-For": country } : {},
    timeout: 20_000,
  });
const us = client("tok-us");
const ask = (c, content, more = {}) =>
  c.messages.create({ model: "m", max_tokens: 10, messages: [{ role: "user", content }], ...more });

await test("anthropic messages", async () => {
  const r = await ask(us, "hello");
  return is(r.content[0].text, "Hello from Virginia.");
});
await test("anthropic messages with data of SA", async () => {
  const r = await ask(us, [{ type: "text", text: "id 20000" }, { type: "text", text: "00006" }]);
  return is(r.content[0].text, "Hello from Riyadh.");
});
await test("anthropic stream", async () => {
  const message = await us.messages
    .stream({ model: "m", max_tokens: 10, messages: [{ role: "user", content: "hello" }] })
    .finalMessage();
  return is(message.content[0].text, "Hello from Virginia.") ?? is(message.usage.output_tokens, 3);
});
await test("anthropic tools", async () => {
  const r = await ask(us, "hello", {
    system: [{ type: "text", text: "be kind", cache_control: { type: "ephemeral" } }],
    tools: [{ name: "weather", description: "the weather", input_schema: { type: "object" } }] });
  return is(r.content[0].name, "weather");
});
await test("anthropic tool result", async () => {
  const r = await us.messages.create({ model: "m", max_tokens: 10, messages: [
    { role: "user", content: "hello" },
    { role: "assistant", content: [{ type: "tool_use", id: "t", name: "weather", input: { city: "x" } }] },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "t", content: "sunny" }] }] });
  return is(r.content[0].text, "Hello from Virginia.");
});
await test("anthropic count_tokens", async () => {
  const r = await us.messages.countTokens({ model: "m", messages: [{ role: "user", content: "hello" }] });
  return is(r.input_tokens, 9);
});
await test("anthropic models", async () => {
  const ids = [];
  for await (const m of us.models.list()) {
    ids.push(m.id);
  }
  return is(ids.join(), "demo");
});

const type = (want) => (e) => is(e.error?.error?.type, want);
await raises("anthropic 401", () => ask(client("tok-none"), "hello"),
  Anthropic.AuthenticationError, 401, undefined, type("authentication_error"));
await raises("anthropic 403", () => ask(us, SECRET),
  Anthropic.PermissionDeniedError, 403, undefined,
  (e) => type("permission_error")(e) ?? (e.message.includes(SECRET) ? "it has the secret" : undefined));
await raises("anthropic 403, a stream", () => ask(us, SECRET, { stream: true }),
  Anthropic.PermissionDeniedError, 403);
await raises("anthropic 404", () => us.post("/v1/nothing", { body: { a: 1 } }),
  Anthropic.NotFoundError, 404);
await raises("anthropic 400", () => us.messages.create({ model: "m", max_tokens: 1 }),
  Anthropic.BadRequestError, 400, undefined, type("invalid_request_error"));
await raises("anthropic 451", () => ask(client("tok-sa", "10.2.0.1"), "hello"),
  Anthropic.APIError, 451);
await raises("anthropic 503", () => ask(client("tok-de", "10.2.0.1"), "hello"),
  Anthropic.InternalServerError, 503);
await raises("anthropic 413", () => ask(us, "x".repeat(3_000_000)), Anthropic.APIError, 413);
