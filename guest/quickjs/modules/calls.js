// Calls of the host, and of the host's functions: what requests and replies mean.
//
// answer, ready, prepare, described, noteRejection, tellRejections are called by the C side.
import { ask, write } from "boxer:machine";
import { getcwd } from "os";

const found = new Map(); // "module:function" -> function
const inspect = (value) => globalThis.__boxer_inspect?.(value) ?? String(value);

/** What a function of the host raised. `type`: the name of its class there. */
export class HostError extends Error {
  constructor(message, type = "HostError") {
    super(message);
    this.name = type;
    this.type = type;
  }
}

/** This run was not given that function of the host. */
export class NotOfferedError extends HostError {
  constructor(message) {
    super(message, "NotOfferedError");
  }
}

/** Calls a function of the host with a list of arguments. Throws `HostError`. */
export function askHost(name, args, named = {}) {
  const told = ask({ f: name, a: args, k: named });
  if (told === null)
    throw new NotOfferedError(
      `${name}: this run was given no functions of the host: box.pool(host={...})`,
    );
  if (Array.isArray(told)) return told[0];
  if (told.type === "NotOfferedError") throw new NotOfferedError(told.message);
  throw new HostError(told.message, told.type);
}

const extensions = new Map();
export const needed = new Set();

/** What the host offers under a name: `kv.get("a")`. */
export function extension(name) {
  needed.add(name);
  let made = extensions.get(name);
  if (made === undefined) {
    made = new Proxy(function () {}, {
      get: (methods, method) =>
        typeof method !== "string" || method === "then"
          ? undefined // no promise, and nothing to be shown
          : (methods[method] ??= (...args) => askHost(`${name}.${method}`, args)),
      apply: (_, __, args) => askHost(name, args),
    });
    extensions.set(name, made);
  }
  return made;
}

/** `import host from "boxer:host"`: each name of the host's. */
export const everything = new Proxy(
  {},
  { get: (_, name) => (typeof name === "string" && name !== "then" ? extension(name) : undefined) },
);

// What the host has is told before the freeze; who asks for more is told by the host.
const host = { offer: () => null, needed: () => [...needed].sort() };

function importModule(name) {
  if (name === "boxer.host") return host;
  if (name === "boxer.functions") return import("boxer:functions");
  if (name.startsWith("boxer."))
    throw new TypeError(`a box in JavaScript has no \`${name}\`: that is Python's`);
  const file = /\.[cm]?[jt]s$/.test(name) ? name : name.replaceAll(".", "/");
  return import(file.startsWith("/") ? file : `${getcwd()[0]}/${file}`.replace("//", "/"));
}

async function find(target) {
  const colon = target.lastIndexOf(":");
  let value = await importModule(colon < 0 ? target : target.slice(0, colon));
  for (const part of colon < 0 ? [] : target.slice(colon + 1).split(".")) value = value?.[part];
  if (colon >= 0 && typeof value !== "function")
    throw new TypeError(`\`${target}\` is no function that the module exports`);
  return value;
}

function withNames(args, named) {
  for (const _ in named) return [...args, named];
  return args;
}

export function answer({ f, a, k }) {
  const known = found.get(f);
  if (known !== undefined) return known.apply(undefined, withNames(a, k));
  return find(f).then((value) => {
    know(f, value);
    return value(...withNames(a, k));
  });
}

/** What is called by that name. Before the freeze: each call's machine need not find it then. */
export const know = (name, value) => found.set(name, value);

export async function ready({ modules, functions = [] }) {
  for (const name of modules) await find(name);
  for (const name of functions) await find(name).then((value) => know(name, value), () => null); // the call says it
  return null;
}

export async function prepare(target) {
  const value = await find(target);
  if (target.includes(":")) await value();
}

// Without those of the modules beside this one.
const ownFrames = ({ stack }) => String(stack ?? "").replace(/^.*\(boxer:.*\n?/gm, "");

export function described(error) {
  if (!(error instanceof Error))
    return { type: "Error", message: inspect(error), traceback: `Uncaught ${inspect(error)}\n` };
  const lines = [];
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++)
    lines.push(`${depth ? "Caused by " : ""}${at.name}: ${at.message}\n${ownFrames(at)}`);
  return { type: String(error.name), message: String(error.message), traceback: lines.join("") };
}

const MOST_TOLD = 5;
const rejected = new Map();

export function noteRejection(promise, reason, isHandled) {
  if (isHandled) rejected.delete(promise);
  else rejected.set(promise, reason);
}

export function tellRejections() {
  const count = rejected.size;
  for (const reason of [...rejected.values()].slice(0, MOST_TOLD))
    write(2, `A promise failed, and nobody looked: ${described(reason).traceback}`);
  rejected.clear();
  return count;
}

// What is no object of its own, as plain data. Called by the C side.
globalThis.__boxer_plain = (value) => {
  if (value instanceof Map) {
    for (const key of value.keys())
      if (typeof key !== "string") throw new TypeError("a Map has names that are no strings");
    return Object.fromEntries(value);
  }
  if (value instanceof Set) return [...value];
  if (value instanceof Error || value instanceof Promise || value instanceof RegExp)
    throw new TypeError(`a call's result must be plain data, not ${value.constructor.name}`);
  if (value instanceof Number || value instanceof String || value instanceof Boolean)
    throw new TypeError(`a call's result must be plain data, not new ${value.constructor.name}()`);
  return { ...value };
};
