// What a function of a box can import, for editors and `tsc`: `boxer fn new --lang ts` puts it here.

declare module "boxer" {
  /** A whole number, within 2**53. */
  export type int = number;
  /** Texts of ISO 8601: `2024-02-29`, `12:30:45`, `2024-02-29T12:30:45Z`, `PT1M30S`. */
  export type LocalDate = string;
  export type LocalTime = string;
  export type DateTime = string;
  export type Duration = string;
  export type Uuid = string;
  /** A decimal number as a text, of any length. */
  export type Decimal = string;

  /** Of the call that runs; a parameter of this type is given by the box. */
  export interface Context {
    /** Seconds since 1970 by which the call is ended. */
    readonly deadline: number | null;
    /** As in W3C Trace Context. */
    readonly traceparent: string | null;
    readonly name: string | null;
    readonly instance: string | null;
    readonly linked: boolean;
    /** Seconds until the deadline. */
    remaining(): number | null;
  }
  export function context(): Context;

  /** Calls the next link of a chain; a parameter of this type is given by the box. */
  export type Next<Asked, Got> = (value: Asked) => Got;
  export const next: Next<any, any>;

  /** What a function of the host raised. `type`: the name of its class there. */
  export class HostError extends Error {
    readonly type: string;
  }
  /** This run was not given that function of the host. */
  export class NotOfferedError extends HostError {}
}

declare module "boxer:host" {
  /** What a run gives, by name: `import { kv } from "boxer:host"`. */
  const host: { [extension: string]: any };
  export default host;
  export const kv: any, fetch: any, secrets: any, log: any, clock: any;
}

declare const console: {
  log(...values: unknown[]): void;
  info(...values: unknown[]): void;
  warn(...values: unknown[]): void;
  error(...values: unknown[]): void;
  debug(...values: unknown[]): void;
};
