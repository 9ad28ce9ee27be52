// A small inference endpoint for the demo and the tests: it answers in the form
// of OpenAI, Anthropic and Ollama, streams included, and says where it "is".
// There is no model behind it.
//
//   node server.mjs --port 8101 --name riyadh --city Riyadh [--log FILE]
//
// Each request becomes a line of the log: who was asked, what for, how many
// bytes came.  --port 0 takes a free port; "ready PORT" is printed when it runs.

import { appendFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    name: { type: "string", default: "here" },
    city: { type: "string", default: "nowhere" },
    log: { type: "string" },
  },
});
const { name, city } = options;
const reply = `Hello from ${city}.`;
const words = reply.split(/(?<= )/);

function log(entry) {
  if (options.log) {
    appendFileSync(options.log, JSON.stringify(entry) + "\n");
  }
}

function json(res, status, data) {
  const text = JSON.stringify(data);
  res.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    "x-served-by": name,
  });
  res.end(text);
}

// events: [name or null, data]; a string goes out as it is
function stream(res, type, events, frame) {
  res.writeHead(200, { "content-type": type, "x-served-by": name });
  for (const event of events) {
    res.write(frame(event));
  }
  res.end();
}

const sse = (res, events) =>
  stream(res, "text/event-stream", events, ([event, data]) => {
    const text = typeof data === "string" ? data : JSON.stringify(data);
    return `${event ? `event: ${event}\n` : ""}data: ${text}\n\n`;
  });

const ndjson = (res, events) =>
  stream(res, "application/x-ndjson", events, (e) => JSON.stringify(e) + "\n");

function chat(q, res) {
  const base = { id: "chatcmpl-1", created: 1, model: q.model };
  const usage = { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 };
  const tool = q.tools?.[0]?.function?.name;
  if (q.stream) {
    const chunk = (delta, finish_reason = null) => [
      null,
      { ...base, object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason }] },
    ];
    return sse(res, [
      chunk({ role: "assistant", content: "" }),
      ...words.map((content) => chunk({ content })),
      chunk({}, "stop"),
      [null, { ...base, object: "chat.completion.chunk", choices: [], usage }],
      [null, "[DONE]"],
    ]);
  }
  const message = tool
    ? {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "call_1", type: "function", function: { name: tool, arguments: '{"city":"Riyadh"}' } }],
      }
    : { role: "assistant", content: reply };
  json(res, 200, {
    ...base,
    object: "chat.completion",
    choices: [{ index: 0, message, finish_reason: tool ? "tool_calls" : "stop" }],
    usage,
  });
}

function completions(q, res) {
  json(res, 200, {
    id: "cmpl-1",
    object: "text_completion",
    created: 1,
    model: q.model,
    choices: [{ index: 0, text: reply, finish_reason: "stop", logprobs: null }],
    usage: { prompt_tokens: 9, completion_tokens: 3, total_tokens: 12 },
  });
}

function responses(q, res) {
  const item = {
    id: "msg_1",
    type: "message",
    role: "assistant",
    status: "completed",
    content: [{ type: "output_text", text: reply, annotations: [] }],
  };
  const response = {
    id: "resp_1",
    object: "response",
    created_at: 1,
    status: "completed",
    model: q.model,
    output: [item],
    usage: { input_tokens: 9, output_tokens: 3, total_tokens: 12 },
  };
  if (!q.stream) {
    return json(res, 200, response);
  }
  let sequence_number = 0;
  const event = (type, data) => [type, { type, sequence_number: sequence_number++, ...data }];
  sse(res, [
    event("response.created", { response: { ...response, status: "in_progress", output: [] } }),
    ...words.map((delta) =>
      event("response.output_text.delta", { item_id: "msg_1", output_index: 0, content_index: 0, delta }),
    ),
    event("response.completed", { response }),
  ]);
}

function embeddings(q, res) {
  const bytes = Buffer.from(new Float32Array([0.5, -0.25, 1]).buffer);
  const embedding = q.encoding_format === "base64" ? bytes.toString("base64") : [0.5, -0.25, 1];
  const inputs = Array.isArray(q.input) ? q.input : [q.input];
  json(res, 200, {
    object: "list",
    model: q.model,
    data: inputs.map((_, index) => ({ object: "embedding", index, embedding })),
    usage: { prompt_tokens: 3, total_tokens: 3 },
  });
}

function messages(q, res) {
  const base = { id: "msg_1", type: "message", role: "assistant", model: q.model, stop_sequence: null };
  const usage = { input_tokens: 9, output_tokens: 3 };
  if (!q.stream) {
    const tool = q.tools?.[0]?.name;
    return json(res, 200, {
      ...base,
      content: tool
        ? [{ type: "tool_use", id: "toolu_1", name: tool, input: { city: "Riyadh" } }]
        : [{ type: "text", text: reply }],
      stop_reason: tool ? "tool_use" : "end_turn",
      usage,
    });
  }
  const event = (type, data) => [type, { type, ...data }];
  sse(res, [
    event("message_start", {
      message: { ...base, content: [], stop_reason: null, usage: { ...usage, output_tokens: 0 } },
    }),
    event("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
    ...words.map((text) => event("content_block_delta", { index: 0, delta: { type: "text_delta", text } })),
    event("content_block_stop", { index: 0 }),
    event("message_delta", { delta: { stop_reason: "end_turn", stop_sequence: null }, usage }),
    event("message_stop", {}),
  ]);
}

function ollama(q, res, wrap) {
  const base = { model: q.model, created_at: "2026-01-01T00:00:00Z" };
  const last = { ...base, ...wrap(""), done: true, done_reason: "stop", prompt_eval_count: 9, eval_count: 3 };
  if (q.stream === false) {
    return json(res, 200, { ...last, ...wrap(reply) });
  }
  ndjson(res, [...words.map((w) => ({ ...base, ...wrap(w), done: false })), last]);
}

const models = (anthropic) =>
  anthropic
    ? { data: [{ type: "model", id: "demo", display_name: "Demo", created_at: "2026-01-01T00:00:00Z" }],
        has_more: false, first_id: "demo", last_id: "demo" }
    : { object: "list", data: [{ id: "demo", object: "model", created: 1, owned_by: name }] };

const routes = {
  "POST /v1/chat/completions": chat,
  "POST /v1/completions": completions,
  "POST /v1/responses": responses,
  "POST /v1/embeddings": embeddings,
  "POST /v1/messages": messages,
  "POST /v1/messages/count_tokens": (q, res) => json(res, 200, { input_tokens: 9 }),
  "POST /api/chat": (q, res) => ollama(q, res, (content) => ({ message: { role: "assistant", content } })),
  "POST /api/generate": (q, res) => ollama(q, res, (response) => ({ response })),
  "GET /api/tags": (q, res) => json(res, 200, { models: [{ name: "demo", model: "demo", size: 1 }] }),
  "GET /v1/models": (q, res, req) => json(res, 200, models(req.headers["anthropic-version"])),
};

const server = createServer((req, res) => {
  const chunks = [];
  req.on("data", (c) => chunks.push(c));
  req.on("end", () => {
    const body = Buffer.concat(chunks);
    const path = req.url.replace(/\?.*/, "");
    log({ server: name, method: req.method, path, bytes: body.length,
          authorization: req.headers.authorization ?? req.headers["x-api-key"] ?? null });
    const route = routes[`${req.method} ${path}`];
    if (!route) {
      return json(res, 404, { error: { message: "no such path", type: "not_found_error", code: "not_found" } });
    }
    let q;
    try {
      q = body.length ? JSON.parse(body) : {};
    } catch {
      return json(res, 400, { error: { message: "not JSON", type: "invalid_request_error", code: "invalid" } });
    }
    route(q, res, req);
  });
});

if (options.log) {
  writeFileSync(options.log, "");
}
server.keepAliveTimeout = 60_000;
server.listen(Number(options.port), "127.0.0.1", () => {
  console.log(`ready ${server.address().port}`);
});
