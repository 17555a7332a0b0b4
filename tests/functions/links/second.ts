// The second of a chain in mixed languages: asks the host, and the next link, in between.
import type { Context, Next } from "boxer";
import { kv } from "boxer:host";

export default async function handler(
  words: string[],
  next: Next<string[], string[]>,
  context: Context,
): Promise<string[]> {
  kv.set("seen", new TextEncoder().encode(words.join()));
  if (!context.linked) throw new Error("there is no next link");
  return ["js", ...next([...words, "js"]), "js"];
}
