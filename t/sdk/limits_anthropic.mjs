// The real Anthropic client within a tenant's limits; its streams say what they
// took by themselves, and go on as they are.

import Anthropic from "@anthropic-ai/sdk";
import { base, is, raises, settled, test } from "./tap.mjs";

const client = (token, more = {}) =>
  new Anthropic({ apiKey: `tok-a-${token}`, baseURL: base, timeout: 20_000, ...more });
const request = { model: "m", max_tokens: 10, messages: [{ role: "user", content: "hello" }] };
const ask = (c) => c.messages.create(request);
const hello = "Hello from Virginia.";

await test("anthropic: a rate is waited for", async () => {
  const c = client("rate");
  const both = await Promise.all([ask(c), ask(c)]);
  return both.map((r) => is(r.content[0].text, hello)).find(Boolean);
});

const type = (e) => is(e.error?.error?.type, "rate_limit_error");
const hour = client("hour");
await test("anthropic: the only one of an hour", async () =>
  is((await ask(hour)).content[0].text, hello));
await raises("anthropic: RateLimitError when retries do not help", () => ask(hour),
  Anthropic.RateLimitError, 429, undefined,
  (e) => type(e) ?? is(e.headers.get("anthropic-ratelimit-requests-remaining"), "0")
    ?? is(Number(e.headers.get("retry-after")) > 3000, true));

const budget = client("budget");
await test("anthropic: the only one of a day", async () =>
  is((await ask(budget)).content[0].text, hello));
await settled();
await raises("anthropic: a spent budget", () => ask(budget),
  Anthropic.RateLimitError, 429, undefined,
  (e) => type(e) ?? is(e.error.error.details?.error_code, "insufficient_quota")
    ?? is(e.headers.get("x-should-retry"), "false"));

const counted = client("counted");
await test("anthropic: a stream", async () => {
  const events = [];
  const stream = counted.messages.stream(request).on("streamEvent", (e) => events.push(e.type));
  const message = await stream.finalMessage();
  return is(message.content[0].text, hello) ?? is(message.usage.output_tokens, 3)
    ?? is(events.filter((e) => e === "message_delta").length, 1)
    ?? is(events.at(-1), "message_stop");
});
await test("anthropic: byte for byte what the endpoint says", async () => {
  const raw = async (to, key) => {
    const r = await fetch(`${to}/v1/messages`, { method: "POST",
      headers: { "content-type": "application/json", "x-api-key": key,
        "anthropic-version": "2023-06-01" },
      body: JSON.stringify({ ...request, stream: true }) });
    return r.text();
  };
  return is(await raw(base, "tok-a-counted"), await raw(process.env.IG_DIRECT, "none"));
});
