// Every kind of field, given back.
import type { Decimal, Duration, LocalDate, LocalTime, Uuid, int } from "boxer";

enum Colour {
  Red = "red",
  Blue = "blue",
}

interface Tree {
  name: string;
  inner: Tree | null;
  data: Uint8Array;
}

export interface Kinds {
  nothing?: null;
  flag?: boolean;
  whole?: int;
  big?: bigint;
  real?: number;
  text?: string;
  data?: Uint8Array;
  moment?: Date;
  day?: LocalDate;
  clock?: LocalTime;
  span?: Duration;
  id?: Uuid;
  price?: Decimal;
  colour?: Colour;
  mode?: "a" | 1;
  list?: int[];
  pair?: [int, string];
  unique?: Set<string>;
  names?: Map<string, int>;
  either?: int | string | Uint8Array | null;
  tree?: Tree;
  anything?: unknown;
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new TypeError(`${what} is not what it should be`);
}

export function handler(given: Kinds): Kinds {
  if (given.data !== undefined) check(given.data instanceof Uint8Array, "data");
  if (given.moment !== undefined) check(given.moment instanceof Date, "moment");
  if (given.big !== undefined) check(typeof given.big === "bigint", "big");
  if (given.unique !== undefined) check(given.unique instanceof Set, "unique");
  if (given.names !== undefined) check(given.names instanceof Map, "names");
  if (given.colour !== undefined) check(given.colour === Colour.Red || given.colour === Colour.Blue, "colour");
  return given;
}
