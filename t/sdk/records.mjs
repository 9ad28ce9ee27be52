// records.mjs SCHEMA FILE   checks each line of an audit file; prints what is
// wrong and exits with 1, or prints the number of lines.

import { readFileSync } from "node:fs";
import Ajv2020 from "ajv/dist/2020.js";

const [schemaFile, file] = process.argv.slice(2);
const ajv = new Ajv2020.default({ allErrors: true, strict: false });
const valid = ajv.compile(JSON.parse(readFileSync(schemaFile, "utf8")));

let n = 0;
for (const line of readFileSync(file, "utf8").split("\n").filter(Boolean)) {
  n++;
  if (!valid(JSON.parse(line))) {
    for (const e of valid.errors) {
      console.log(`line ${n}: ${e.instancePath} ${e.message}`);
    }
    process.exitCode = 1;
  }
}
console.log(`${n} lines`);
