// schema.mjs SCHEMA FILE...   one line a file: "ok FILE" or "bad FILE why"

import { readFileSync } from "node:fs";
import Ajv2020 from "ajv/dist/2020.js";
import { parse } from "yaml";

const [schemaFile, ...files] = process.argv.slice(2);
const ajv = new Ajv2020.default({ allErrors: true, strict: false });
const valid = ajv.compile(JSON.parse(readFileSync(schemaFile, "utf8")));

for (const file of files) {
  const data = parse(readFileSync(file, "utf8"), { version: "1.2", schema: "core" });
  if (valid(data)) {
    console.log(`ok ${file}`);
  } else {
    const why = valid.errors.map((e) => `${e.instancePath} ${e.message}`);
    console.log(`bad ${file} ${why.slice(0, 5).join("; ")}`);
  }
}
