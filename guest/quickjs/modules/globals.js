// What programs expect to be there: console, timers, text, random numbers, fetch.
import { decode, encode, fill, now, random, write } from "boxer:machine";
import { askHost } from "boxer:calls";
import * as os from "os";
import { loadScript } from "std";

const define = (values) => {
  for (const [name, value] of Object.entries(values))
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
};

Math.random = random; // QuickJS's own would go on from the frozen machine's

function quoted(text) {
  return JSON.stringify(text).replace(/^"|"$/g, "'").replace(/\\"/g, '"');
}

function entries(value, seen) {
  const names = Object.keys(value);
  return names.slice(0, 100).map((name) => {
    const key = /^[A-Za-z_$][\w$]*$/.test(name) ? name : quoted(name);
    return `${key}: ${shown(value[name], seen)}`;
  });
}

function list(value, seen) {
  const items = Array.from(value).slice(0, 100).map((one) => shown(one, seen));
  if (value.length > 100) items.push(`... ${value.length - 100} more items`);
  return items;
}

const around = (items, open, close) => (items.length ? `${open} ${items.join(", ")} ${close}` : open + close);

function shownObject(value, seen) {
  if (value instanceof Error) return `${value.name}: ${value.message}\n${value.stack ?? ""}`.trimEnd();
  if (value instanceof Date) return isNaN(value) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (value instanceof Promise) return "Promise {}";
  const name = value.constructor?.name ?? "Object";
  if (Array.isArray(value)) return around(list(value, seen), "[", "]");
  if (ArrayBuffer.isView(value)) return `${name}(${value.length}) ${around(list(value, seen), "[", "]")}`;
  if (value instanceof Set) return `Set(${value.size}) ${around(list([...value], seen), "{", "}")}`;
  if (value instanceof Map) {
    const items = [...value].map(([key, one]) => `${shown(key, seen)} => ${shown(one, seen)}`);
    return `Map(${value.size}) ${around(items, "{", "}")}`;
  }
  return (name === "Object" ? "" : `${name} `) + around(entries(value, seen), "{", "}");
}

function shown(value, seen = []) {
  if (typeof value === "string") return seen.length ? quoted(value) : value;
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "symbol") return value.toString();
  if (typeof value === "function") return `[Function: ${value.name || "(anonymous)"}]`;
  if (value === null || typeof value !== "object") return Object.is(value, -0) ? "-0" : String(value);
  if (seen.includes(value)) return "[Circular]";
  if (seen.length > 4) return Array.isArray(value) ? "[Array]" : "[Object]";
  return shownObject(value, [...seen, value]);
}
define({ __boxer_inspect: shown });

function formatted(args) {
  if (typeof args[0] !== "string" || !args[0].includes("%")) return args.map((one) => shown(one)).join(" ");
  let at = 1;
  const text = args[0].replace(/%[sdifjoOc%]/g, (mark) => {
    if (mark === "%%") return "%";
    if (at >= args.length) return mark;
    const value = args[at++];
    if (mark === "%s") return shown(value);
    if (mark === "%d" || mark === "%i" || mark === "%f")
      return String(mark === "%i" ? parseInt(value) : Number(value));
    return mark === "%c" ? "" : mark === "%j" ? JSON.stringify(value) : shown(value);
  });
  return [text, ...args.slice(at).map((one) => shown(one))].join(" ");
}

let indent = "";
const say = (stream) => (...args) => write(stream, `${indent}${formatted(args).replaceAll("\n", `\n${indent}`)}\n`);
const [out, err] = [say(1), say(2)];
const counts = new Map();
const began = new Map();
define({
  console: {
    log: out, info: out, debug: out, dir: out, table: out, warn: err, error: err,
    trace: (...args) => err(`Trace: ${formatted(args)}\n${new Error().stack}`),
    assert: (holds, ...args) => holds || err("Assertion failed", ...args),
    group: (...args) => { if (args.length) out(...args); indent += "  "; },
    groupEnd: () => { indent = indent.slice(2); },
    count: (label = "default") => {
      counts.set(label, (counts.get(label) ?? 0) + 1);
      out(`${label}: ${counts.get(label)}`);
    },
    time: (label = "default") => void began.set(label, now()),
    timeEnd: (label = "default") => out(`${label}: ${(now() - (began.get(label) ?? now())).toFixed(3)}ms`),
  },
  print: (...args) => write(1, `${args.map(String).join(" ")}\n`),
  __loadScript: loadScript,
  scriptArgs: [],
});

// Timers by number, as elsewhere; those of `os` are objects.
const timers = new Map();
let lastTimer = 0;
function begin(call, delay, args, again) {
  const id = ++lastTimer;
  const run = () => {
    if (again) timers.set(id, os.setTimeout(run, delay));
    else timers.delete(id);
    call(...args);
  };
  delay = Math.max(again ? 1 : 0, Number(delay) || 0);
  timers.set(id, os.setTimeout(run, delay));
  return id;
}
function end(id) {
  if (timers.has(id)) os.clearTimeout(timers.get(id));
  timers.delete(id);
}
define({
  setTimeout: (call, delay, ...args) => begin(call, delay, args, false),
  setInterval: (call, delay, ...args) => begin(call, delay, args, true),
  setImmediate: (call, ...args) => begin(call, 0, args, false),
  clearTimeout: end, clearInterval: end, clearImmediate: end,
  queueMicrotask: (call) => void Promise.resolve().then(call),
  performance: { now, timeOrigin: 0 },
});

function bytesOf(value) {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return new Uint8Array(value);
}

class TextEncoder {
  encoding = "utf-8";
  encode(text = "") { return encode(String(text).toWellFormed()); }
  encodeInto(text, into) {
    let read = 0, written = 0;
    for (const one of String(text).toWellFormed()) {
      const bytes = encode(one);
      if (written + bytes.length > into.length) break;
      into.set(bytes, written);
      written += bytes.length;
      read += one.length;
    }
    return { read, written };
  }
}

class TextDecoder {
  constructor(label = "utf-8", { fatal = false, ignoreBOM = false } = {}) {
    if (!/^\s*(utf-?8|unicode-1-1-utf-8)\s*$/i.test(label)) throw new RangeError(`there is no encoding ${label} here, but utf-8`);
    Object.assign(this, { encoding: "utf-8", fatal, ignoreBOM });
  }
  decode(given = new Uint8Array()) {
    let text = decode(bytesOf(given));
    if (!this.ignoreBOM && text.startsWith("\uFEFF")) text = text.slice(1);
    if (this.fatal && encode(text).length !== bytesOf(given).length - (this.ignoreBOM ? 0 : 3 * (bytesOf(given)[0] === 0xef && bytesOf(given)[1] === 0xbb && bytesOf(given)[2] === 0xbf)))
      throw new TypeError("the bytes are no UTF-8");
    return text;
  }
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
function btoa(text) {
  let made = "";
  for (let at = 0; at < text.length; at += 3) {
    const codes = [0, 1, 2].map((i) => text.charCodeAt(at + i));
    if (codes.some((code) => code > 255)) throw new RangeError("btoa: a character is beyond Latin-1");
    const bits = (codes[0] << 16) | ((codes[1] || 0) << 8) | (codes[2] || 0);
    for (let i = 0; i < 4; i++) made += at + i > text.length ? "=" : LETTERS[(bits >> (18 - 6 * i)) & 63];
  }
  return made;
}
function atob(text) {
  const given = String(text).replace(/[\t\n\f\r ]/g, "").replace(/={1,2}$/, "");
  if (given.length % 4 === 1 || /[^A-Za-z0-9+/]/.test(given)) throw new RangeError("atob: this is no base64");
  let made = "", bits = 0, held = 0;
  for (const letter of given) {
    bits = (bits << 6) | LETTERS.indexOf(letter);
    held += 6;
    if (held >= 8) made += String.fromCharCode((bits >> (held -= 8)) & 255);
  }
  return made;
}

define({
  TextEncoder, TextDecoder, btoa, atob,
  crypto: {
    getRandomValues: (view) => (fill(bytesOf(view)), view),
    randomUUID: () => {
      const bytes = fill(new Uint8Array(16));
      bytes[6] = (bytes[6] & 15) | 64;
      bytes[8] = (bytes[8] & 63) | 128;
      const hex = Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
    },
  },
});

class Headers {
  #held = new Map();
  constructor(given = {}) {
    const pairs = given instanceof Headers || Array.isArray(given) ? given : Object.entries(given);
    for (const [name, value] of pairs) this.append(name, value);
  }
  append(name, value) {
    const before = this.get(name);
    this.set(name, before === null ? value : `${before}, ${value}`);
  }
  set(name, value) { this.#held.set(String(name).toLowerCase(), String(value)); }
  get(name) { return this.#held.get(String(name).toLowerCase()) ?? null; }
  has(name) { return this.#held.has(String(name).toLowerCase()); }
  delete(name) { this.#held.delete(String(name).toLowerCase()); }
  forEach(call) { for (const [name, value] of this.#held) call(value, name, this); }
  keys() { return this.#held.keys(); }
  values() { return this.#held.values(); }
  entries() { return this.#held.entries(); }
  [Symbol.iterator]() { return this.#held.entries(); }
}

class Response {
  #body;
  constructor(body = new Uint8Array(), { status = 200, headers = {}, url = "" } = {}) {
    this.#body = typeof body === "string" ? encode(body) : bytesOf(body);
    Object.assign(this, { status, url, ok: status >= 200 && status < 300, headers: new Headers(headers), bodyUsed: false });
  }
  async bytes() {
    if (this.bodyUsed) throw new TypeError("the body was read already");
    this.bodyUsed = true;
    return this.#body;
  }
  async arrayBuffer() { const one = await this.bytes(); return one.buffer.slice(one.byteOffset, one.byteOffset + one.length); }
  async text() { return new TextDecoder().decode(await this.bytes()); }
  async json() { return JSON.parse(await this.text()); }
}

/** HTTP by the host's extension `fetch`, under the policy that it was given. */
async function fetch(url, { method = "GET", headers = {}, body = "", redirect = "follow" } = {}) {
  const sent = typeof body === "string" ? encode(body) : bytesOf(body ?? "");
  let told;
  try {
    told = askHost("fetch.request", [String(method).toUpperCase(), String(url), Object.fromEntries(new Headers(headers)), sent, redirect === "follow"]);
  } catch (error) {
    throw new TypeError(`fetch failed: ${error.message}`, { cause: error });
  }
  return new Response(told.body, told);
}
define({ Headers, Response, fetch });
