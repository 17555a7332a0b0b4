// The box's one function: its signature, its calls. What guest/python/boxer/functions.py is there.
//
// /etc/boxer/function.json, as `boxer fn build` wrote it:
//     entry       file:function; default: the file's default export
//     path        the folder of the program
//     signature   what callers know
//     types       {"input", "output", "next"}: its schemas, which say in `js` what values are
//     parameters  in their order: {"name"}, {"rest"}, {"options": names}, {"given": "context" or "next"}
import { askHost, know, needed } from "boxer:calls";
import { InvalidError, reader, writer } from "boxer:schema";
import { getcwd } from "os";
import { loadFile } from "std";

const TOLD = "/etc/boxer/function.json";
const NOTHING = Object.freeze({});
let box; // {signature, load, dump, invoke}
let writeNext = (value) => value;
let readNext = (value) => value;

/** Of the call that runs. */
class Context {
  constructor(told) {
    this.deadline = told.deadline ?? null;
    this.traceparent = told.traceparent ?? null;
    this.name = told.name ?? null;
    this.instance = told.instance ?? null;
    this.linked = Boolean(told.linked);
  }
  /** Seconds until the deadline, or null. */
  remaining() {
    return this.deadline === null ? null : this.deadline - Date.now() / 1000;
  }
}
let told = NOTHING; // of the call that runs
let current; // the same, once somebody has asked

function begin(given) {
  told = given ?? NOTHING;
  current = undefined;
}

/** The call's context. */
export const context = () => (current ??= new Context(told));

/** Calls the next link of the chain and returns its result; where there is none, the value. */
export function next(value = null) {
  if (!told.linked) return value;
  return readNext(askHost("next", [writeNext(value)]));
}

function placed(parameter) {
  if (parameter.name !== undefined) return (given) => [given[parameter.name]];
  if (parameter.rest !== undefined) return (given) => given[parameter.rest] ?? [];
  if (parameter.given !== undefined) return () => [parameter.given === "next" ? next : context()];
  return (given) => {
    const options = {};
    for (const name of parameter.options) if (name in given) options[name] = given[name];
    return [options];
  };
}

function invoker(called, parameters) {
  const names = parameters.map(({ name }) => name);
  if (names.every((name) => name !== undefined)) {
    if (names.length === 1) return (given) => called(given[names[0]]);
    if (names.length === 2) return (given) => called(given[names[0]], given[names[1]]);
    return (given) => called(...names.map((name) => given[name]));
  }
  const places = parameters.map(placed);
  if (parameters.length === 2 && parameters[0].name && parameters[1].options)
    return (given) => called(given[names[0]], places[1](given)[0]);
  return (given) => called(...places.flatMap((place) => place(given)));
}

export async function at_freeze() {
  const text = loadFile(TOLD);
  if (text === null) throw new TypeError("this box is no function");
  const { entry, path = getcwd()[0], signature, types, parameters } = JSON.parse(text);
  const colon = entry.lastIndexOf(":");
  const [file, name] = colon < 0 ? [entry, "default"] : [entry.slice(0, colon), entry.slice(colon + 1)];
  const module = await import(`${path}/${file}`);
  const called = module[name];
  if (typeof called !== "function") throw new TypeError(`${file} exports no function \`${name}\``);
  if (types.next) [writeNext, readNext] = [writer(types.next.input), reader(types.next.output)];
  if (needed.size) signature.hosts = [...needed].sort();
  box = {
    signature,
    load: reader(types.input),
    dump: writer(types.output),
    invoke: invoker(called, parameters),
  };
}

export function open_function() {
  if (box) return box.signature;
  return at_freeze().then(() => box.signature);
}

const finish = (result, dump) =>
  result instanceof Promise ? result.then((value) => [dump(value)]) : [dump(result)];

function checked(value) {
  try {
    return box.dump(value);
  } catch (error) {
    if (!(error instanceof InvalidError)) throw error;
    const told = new TypeError(`the result does not fit its type: ${error.message}`);
    told.name = "ResultError";
    throw told;
  }
}

export function call(given, context) {
  if (!box) return at_freeze().then(() => call(given, context));
  begin(context);
  let read;
  try {
    read = box.load(given);
  } catch (error) {
    if (!(error instanceof InvalidError)) throw error;
    return { invalid: error.errors };
  }
  return finish(box.invoke(read), checked);
}

/** As `call`, without reading what is given and writing what comes: plain data both ways. */
export function call_as_it_is(given, context) {
  if (!box) return at_freeze().then(() => call_as_it_is(given, context));
  begin(context);
  return finish(box.invoke(given), (value) => value);
}

know("boxer.functions:call", call);
know("boxer.functions:call_as_it_is", call_as_it_is);
