// Runs a box under Node: `node run.mjs BOX.wasm [ARG...]`.
//
// Belongs here: the command line, what becomes of the program's end. Does not: how its threads take
// turns (turns.mjs).
//
// A box is a preview 1 command, so node:wasi serves its imports; the program gets the standard
// streams, the clock and random bytes, no files and no environment but what --env names.
import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";

import { canTakeTurns, takeTurns } from "./turns.mjs";

// As docker run: failures of the runner itself, and of a program that a signal would have ended.
const OWN_FAILURE = 125;
const ABORTED = 134;

class Exit extends Error {
  constructor(status) {
    super(`the program ended with status ${status}`);
    this.status = status;
  }
}

function parsed(words) {
  const place = words.findIndex((word, i) => !word.startsWith("-") && words[i - 1] !== "--env");
  const { values } = parseArgs({
    args: place < 0 ? words : words.slice(0, place),
    options: { env: { type: "string", multiple: true, default: [] } },
  });
  if (place < 0) throw new Error("usage: run.mjs [--env NAME=VALUE]... BOX.wasm [ARG...]");
  const pairs = values.env.map((pair) => {
    const [name, ...value] = pair.split("=");
    return [name, value.join("=")];
  });
  return { box: words[place], args: words.slice(place), env: Object.fromEntries(pairs) };
}

async function run(words) {
  const { box, args, env } = parsed(words);
  // Where it is imported it warns of being an experiment, which is no news of the program's.
  process.removeAllListeners("warning");
  const { WASI } = await import("node:wasi");
  const wasi = new WASI({ version: "preview1", args, env });
  const imports = wasi.getImportObject();
  imports.wasi_snapshot_preview1.proc_exit = (status) => {
    throw new Exit(status >>> 0);
  };
  const turns = canTakeTurns() ? takeTurns(imports.wasi_snapshot_preview1) : undefined;
  const module = await WebAssembly.compile(await readFile(box));
  const instance = await WebAssembly.instantiate(module, imports);
  if (!turns) return started(wasi, instance);
  wasi.finalizeBindings(instance);
  await turns(instance);
}

// Without a way to switch stacks: a thread runs to its end where it is started or waited for.
function started(wasi, instance) {
  wasi.start(instance);
}

function ended(error) {
  if (error instanceof Exit) return error.status;
  const own = !(error instanceof WebAssembly.RuntimeError || error instanceof RangeError);
  process.stderr.write(`${own ? "run.mjs: " : "the program was ended: "}${error?.message ?? error}\n`);
  return own ? OWN_FAILURE : ABORTED;
}

// Threads that still wait are suspended stacks: they end with the process.
process.exit(
  await run(process.argv.slice(2)).then(
    () => 0,
    (error) => ended(error),
  ),
);
