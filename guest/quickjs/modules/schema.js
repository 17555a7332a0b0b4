// Plain data and values by a JSON Schema: read (`reader`) and written (`writer`), with the path of
// whatever does not fit.
//
// A schema says in `js` what its values are where they are not plain data: Date, bigint, Map, Set,
// ArrayBuffer.
const MOST_ERRORS = 50;
const LONGEST_SHOWN = 60;

/** What does not fit. errors: [JSON Pointer, message]. */
export class InvalidError extends TypeError {
  constructor(errors) {
    super(errors.map(([path, message]) => `${path || "the value"}: ${message}`).join("; "));
    this.name = "InvalidError";
    this.errors = errors;
  }
}

// What has been found in the value at hand: [steps, message]. Empty while all is well, so that what
// fits costs a look at its length.
let found = [];

function fail(message) {
  found.push([[], message]);
}

function below(from, step) {
  for (let i = from; i < found.length; i++) found[i][0].unshift(step);
}

const pointer = (steps) =>
  steps.map((step) => "/" + String(step).replaceAll("~", "~0").replaceAll("/", "~1")).join("");

function kindOf(value) {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "an array";
  if (value instanceof Uint8Array || value instanceof ArrayBuffer) return "bytes";
  if (typeof value === "number") return Number.isInteger(value) ? "an integer" : "a number";
  const known = { string: "a string", boolean: "a boolean", bigint: "an integer", function: "a function" };
  if (typeof value in known) return known[typeof value];
  const name = value?.constructor?.name ?? "Object";
  return name === "Object" ? "an object" : name;
}

function shown(value) {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > LONGEST_SHOWN ? text.slice(0, LONGEST_SHOWN - 3) + "..." : text;
}

const wrong = (what, value) => fail(`must be ${what}, is ${kindOf(value)}`);

const FORMATS = {
  date: ["a date of ISO 8601", /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/],
  time: ["a time of ISO 8601", /^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?$/i],
  "date-time": [
    "a date and time of ISO 8601",
    /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])[Tt ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,9})?)?(Z|z|[+-]\d{2}:?\d{2})?$/,
  ],
  duration: [
    "a duration of ISO 8601, as `PT1M30S`",
    /^[+-]?P(?=.)(\d+W)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+([.,]\d{1,9})?S)?)?$/,
  ],
  uuid: ["a UUID", /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i],
  decimal: ["a decimal number", /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/],
};

// By a format, or as it is.
function text(schema) {
  const [what, form] = FORMATS[schema.format] ?? [];
  const isDay = schema.format === "date" || schema.format === "date-time";
  return (value) => {
    if (typeof value !== "string") wrong(what ?? "a string", value);
    else if (form && !(form.test(value) && (!isDay || isDate(value.slice(0, 10)))))
      fail(`is not ${what}: ${shown(value)}`);
    return value;
  };
}

function isDate(day) {
  const moment = new Date(`${day}T00:00:00Z`);
  return !isNaN(moment) && moment.toISOString().slice(0, 10) === day;
}

function boolean(value) {
  if (typeof value !== "boolean") wrong("a boolean", value);
  return value;
}

function nothing(value) {
  if (value !== null && value !== undefined) wrong("null", value);
  return null;
}

function number(value) {
  if (typeof value === "bigint") return Number(value);
  if (typeof value !== "number") wrong("a number", value);
  else if (!Number.isFinite(value)) fail("must be a finite number: JSON has no others");
  return value;
}

function integer(value) {
  if (typeof value === "bigint" || (Number.isInteger(value) && !Number.isSafeInteger(value)))
    fail("must be an integer within 2**53: a `bigint` may be larger");
  else if (!Number.isInteger(value)) wrong("an integer", value);
  return value;
}

function readBig(value) {
  if (typeof value === "bigint") return value;
  if (Number.isSafeInteger(value)) return BigInt(value);
  wrong("an integer", value);
}

function writeBig(value) {
  if (typeof value !== "bigint" && !Number.isSafeInteger(value)) wrong("a bigint", value);
  return value;
}

function readDate(schema) {
  const check = text(schema);
  return (value) => {
    const before = found.length;
    check(value);
    if (found.length > before) return undefined;
    const zoned = /[zZ]|[+-]\d{2}:?\d{2}$/.test(value.slice(10)) ? value : `${value}Z`;
    const straight = zoned.replace(/^(.{10})[t ]/, "$1T").replace(/z$/, "Z")
      .replace(/(\.\d{3})\d+/, "$1").replace(/([+-]\d{2})(\d{2})$/, "$1:$2");
    const made = new Date(straight);
    if (isNaN(made)) fail(`is not a date and time of ISO 8601: ${shown(value)}`);
    return made;
  };
}

function writeDate(value) {
  if (!(value instanceof Date)) return wrong("a Date", value);
  if (isNaN(value)) return fail("is no valid date");
  return value.toISOString();
}

function readBytes(value) {
  if (value instanceof Uint8Array) return value;
  if (typeof value !== "string") return wrong("bytes", value);
  // Of a caller who has JSON alone (RFC 4648 section 4).
  if (!/^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value))
    return fail("is not base64");
  return Uint8Array.from(atob(value), (one) => one.charCodeAt(0));
}

function writeBytes(value) {
  if (!(value instanceof Uint8Array || value instanceof ArrayBuffer)) wrong("bytes", value);
  return value;
}

// A text, of any length; of a caller who has a number, that number's.
function decimal(mine) {
  const check = text({ format: "decimal" });
  const isNumber = (value) => typeof value === "bigint" || Number.isFinite(value);
  return (value) => check(mine && isNumber(value) ? String(value) : value);
}

function oneOf(values) {
  const all = new Set(values);
  const names = values.slice(0, 10).map(shown).join(", ") + (values.length > 10 ? ", ..." : "");
  return (value) => {
    if (!all.has(value)) fail(`must be one of ${names}, is ${shown(value)}`);
    return value;
  };
}

// Converts the items where they lie (`mine`), or in a copy where one is another then.
function convertItems(value, codecOf, mine) {
  let made = value;
  for (let i = 0; i < value.length && found.length < MOST_ERRORS; i++) {
    const before = found.length;
    const one = codecOf(i)(value[i]);
    if (found.length > before) below(before, i);
    if (one !== value[i]) {
      if (made === value && !mine) made = [...value];
      made[i] = one;
    }
  }
  return made;
}

function array(schema, make, mine) {
  const fixed = (schema.prefixItems ?? []).map(make);
  const rest = schema.items === false ? () => fail("is one item too many") : make(schema.items ?? {});
  const codecOf = (place) => fixed[place] ?? rest;
  const least = schema.minItems ?? 0;
  const most = schema.maxItems ?? Infinity;
  const isSet = schema.js === "Set";
  return (given) => {
    const value = isSet && !mine && given instanceof Set ? [...given] : given;
    if (!Array.isArray(value)) return wrong(isSet && !mine ? "a Set" : "an array", given);
    if (value.length < least || value.length > most)
      return fail(
        fixed.length
          ? `must have ${least === most ? least : `${least} to ${most}`} items, has ${value.length}`
          : `must have a length of at ${value.length < least ? `least ${least}` : `most ${most}`}`,
      );
    if (schema.uniqueItems && new Set(value).size !== value.length) return fail("must hold nothing twice");
    const made = convertItems(value, codecOf, mine);
    return isSet && mine ? new Set(made) : made;
  };
}

function object(schema, make, mine) {
  const fields = new Map(Object.entries(schema.properties ?? {}).map(([name, one]) => [name, make(one)]));
  const required = schema.required ?? [];
  const others = schema.additionalProperties;
  const rest = others === false ? () => fail("is not a field of it") : make(others === true ? {} : (others ?? {}));
  const names = schema.propertyNames ? make({ type: "string", ...schema.propertyNames }) : undefined;
  const isMap = schema.js === "Map";
  const [least, most] = [schema.minProperties ?? 0, schema.maxProperties ?? Infinity];
  return (given) => {
    const value = isMap && !mine && given instanceof Map ? Object.fromEntries(given) : given;
    if (value === null || typeof value !== "object" || Array.isArray(value) || kindOf(value) === "bytes")
      return wrong(isMap && !mine ? "a Map" : "an object", given);
    let made = value;
    const held = Object.keys(value);
    for (let i = 0; i < held.length && found.length < MOST_ERRORS; i++) {
      const name = held[i];
      const one = value[name];
      if (one === undefined) continue; // as JSON.stringify leaves it out
      const before = found.length;
      const told = (fields.get(name) ?? rest)(one);
      if (names) names(name);
      if (found.length > before) below(before, name);
      if (told !== one) {
        if (made === value && !mine) made = { ...value };
        made[name] = told;
      }
    }
    for (let i = 0; i < required.length; i++)
      if (value[required[i]] === undefined || !Object.hasOwn(value, required[i])) {
        fail("is missing");
        below(found.length - 1, required[i]);
      }
    if (held.length < least) fail(`must have a length of at least ${least}`);
    if (held.length > most) fail(`must have a length of at most ${most}`);
    return isMap && mine ? new Map(Object.entries(made)) : made;
  };
}

const depth = (errors) => Math.max(...errors.map(([steps]) => steps.length));

// That of the choice that was most likely meant: wrong further inside, or in fewer places.
function nearer(one, other) {
  if (one === undefined || depth(one) < depth(other)) return other;
  return depth(one) > depth(other) || one.length <= other.length ? one : other;
}

function union(schemas, make) {
  const choices = schemas.map((schema) => [make(schema), schema.contentEncoding !== undefined]);
  const isNull = schemas.map((schema) => schema.type === "null");
  const texts = choices.filter(([, isBytes]) => !isBytes); // bytes from text are the last choice
  const order = [...texts, ...choices.filter(([, isBytes]) => isBytes)].map(([codec]) => codec);
  const others = isNull.filter((is) => !is).length;
  return (value) => {
    const outer = found;
    let best;
    for (let i = 0; i < order.length; i++) {
      found = [];
      const made = order[i](value);
      if (found.length === 0) {
        found = outer;
        return made;
      }
      if (value !== null) best = nearer(best, found);
    }
    found = outer;
    if (best !== undefined && (others === 1 || depth(best) > 0)) found.push(...best);
    else fail(`fits none of the ${others} types it may have`);
    return value;
  };
}

const LIMITS = {
  minimum: (value, bound) => value >= bound || `must be at least ${bound}`,
  maximum: (value, bound) => value <= bound || `must be at most ${bound}`,
  exclusiveMinimum: (value, bound) => value > bound || `must be more than ${bound}`,
  exclusiveMaximum: (value, bound) => value < bound || `must be less than ${bound}`,
  multipleOf: (value, step) => isMultiple(value, step) || `must be a multiple of ${step}`,
  minLength: (value, least) => lengthOf(value) >= least || `must have a length of at least ${least}`,
  maxLength: (value, most) => lengthOf(value) <= most || `must have a length of at most ${most}`,
  pattern: (value, rule) => new RegExp(rule, "u").test(value) || `must match ${rule}`,
};
const lengthOf = (value) => (typeof value === "string" ? [...value].length : value.length);

function isMultiple(value, step) {
  if (typeof value === "bigint") return value % BigInt(step) === 0n;
  const times = value / step;
  return Number.isInteger(step) ? value % step === 0 : Math.abs(times - Math.round(times)) < 1e-9;
}

function limited(schema, codec, mine) {
  const limits = Object.entries(LIMITS).filter(([name]) => schema[name] !== undefined);
  if (limits.length === 0) return codec;
  return (value) => {
    const before = found.length;
    const made = codec(value);
    for (const [name, holds] of limits) {
      if (found.length > before) break;
      const told = holds(mine ? made : value, schema[name]);
      if (told !== true) fail(`${told}, is ${shown(value)}`);
    }
    return made;
  };
}

/** Codecs of one way. mine: what is converted is plain data of ours, and becomes values. */
function maker(definitions, mine) {
  const known = new Map();
  const scalars = { boolean: () => boolean, null: () => nothing, number: () => number };

  function bare(schema) {
    if (schema === true) return (value) => value;
    if (schema === false) return () => fail("must not be there");
    if (schema.$ref !== undefined) return later(schema.$ref.replace("#/$defs/", ""));
    if (schema.js === "Decimal") return decimal(mine);
    if (schema.anyOf ?? schema.oneOf) return union(schema.anyOf ?? schema.oneOf, make);
    if (schema.enum) return oneOf(schema.enum);
    if ("const" in schema) return oneOf([schema.const]);
    if (Array.isArray(schema.type)) return union(schema.type.map((type) => ({ ...schema, type })), make);
    if (schema.type === "integer") return schema.js === "bigint" ? (mine ? readBig : writeBig) : integer;
    if (schema.type === "string") {
      if (schema.contentEncoding) return bytes(schema);
      if (schema.js === "Date") return mine ? readDate(schema) : writeDate;
      return text(schema);
    }
    if (schema.type === "array") return array(schema, make, mine);
    if (schema.type === "object") return object(schema, make, mine);
    return scalars[schema.type]?.() ?? ((value) => value);
  }

  function bytes(schema) {
    if (!mine) return writeBytes;
    if (schema.js !== "ArrayBuffer") return readBytes;
    return (value) => readBytes(value)?.buffer;
  }

  function later(name) {
    let codec;
    return (value) => (codec ??= known.get(name))(value);
  }

  const make = (schema) => limited(schema, bare(schema), mine);
  for (const [name, schema] of Object.entries(definitions)) known.set(name, make(schema));
  return make;
}

function converter(schema, mine) {
  const codec = maker(schema.$defs ?? {}, mine)(schema);
  return (value) => {
    if (found.length) found = [];
    let made;
    try {
      made = codec(value);
    } catch (error) {
      if (!(error instanceof InternalError)) throw error; // the stack
      throw new InvalidError([["", "is nested too deeply"]]);
    }
    if (found.length === 0) return made;
    throw new InvalidError(found.slice(0, MOST_ERRORS).map(([steps, message]) => [pointer(steps), message]));
  };
}

/** Plain data that came with a request, which may be changed, as values. */
export const reader = (schema) => converter(schema, true);

/** Values as plain data; they are left as they are. */
export const writer = (schema) => converter(schema, false);
