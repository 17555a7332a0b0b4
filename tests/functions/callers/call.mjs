// Calls a function's box by the function protocol, with Node's own WASI alone.
//   node call.mjs BOX.wasm NAME=TEXT...     prints the reply's kind and JSON
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WASI } from "node:wasi";

const [box, ...words] = process.argv.slice(2);
const parameters = Object.fromEntries(words.map((word) => word.split("=", 2)));
const request = { f: "boxer.functions:call", a: [parameters], k: {} };
const body = Buffer.from("c" + JSON.stringify(request));
const size = Buffer.alloc(4);
size.writeUInt32LE(body.length);

const folder = mkdtempSync(join(tmpdir(), "function-"));
const [given, answered] = ["in", "out"].map((name) => join(folder, name));
writeFileSync(given, Buffer.concat([size, body]));
try {
  const wasi = new WASI({
    version: "preview1",
    args: ["function"],
    stdin: openSync(given, "r"),
    stdout: openSync(answered, "w"),
    returnOnExit: true,
  });
  const module = await WebAssembly.compile(readFileSync(box));
  wasi.start(await WebAssembly.instantiate(module, wasi.getImportObject()));
  const reply = readFileSync(answered);
  const frame = reply.subarray(4, 4 + reply.readUInt32LE(0));
  const isTagged = frame[0] === "~".charCodeAt(0);
  const text = isTagged ? frame.subarray(5, 5 + frame.readUInt32LE(1)) : frame.subarray(1);
  process.stdout.write(`${String.fromCharCode(frame[0])} ${text.toString()}\n`);
} finally {
  rmSync(folder, { recursive: true });
}
