// The host's half of threads that take turns: the kernel of a box decides whose turn it is and asks
// for it in a slot (abi/boot.toml, `tasks`); JavaScript Promise Integration keeps the stacks.
//
// Invariants
// 1. One fiber runs; all others are suspended in `switch`, each with a function that wakes it.
// 2. A fiber goes on in a job of its own, when the one that asked for it is suspended.
// 3. What ends a fiber otherwise than by a switch ends the run; nothing of the program runs on.
//
// A slot is called from WebAssembly through the table, which holds functions of WebAssembly only: a
// module of a few bytes hands each call on. There are no processes: fork stays the guest's own
// answer, ENOSYS, and so does memory that would be exchanged.

const EINVAL = 22;
const ENOSYS = 38;
const MAIN = 0;
const MOST = 64;
// Places of u32 words in the block.
const [SWITCH, , DROP, , LIMIT, DUE, OTHERS, TICK_US, WATCHED, OFFSET, BITS] = Array(11).keys();
const TICK_US_DEFAULT = 5000;

export function canTakeTurns() {
  return typeof WebAssembly.Suspending === "function" && typeof WebAssembly.promising === "function";
}

// Wraps the imports, which are where ticks are noticed, and returns what runs an instance of them.
export function takeTurns(imports) {
  const state = { tick: () => {} };
  for (const [name, call] of Object.entries(imports)) {
    imports[name] = (...given) => {
      state.tick();
      return call(...given);
    };
  }
  return (instance) => runFibers(instance, state);
}

function runFibers(instance, state) {
  const { memory, boxer_tasks: block } = instance.exports;
  // Boxes and programs of a base without threads have no block.
  if (!block) return WebAssembly.promising(instance.exports._start)();
  const fibers = new Fibers(instance.exports);
  const words = () => new Uint32Array(memory.buffer);
  const start = block.value / 4;
  words()[start + LIMIT] = MOST;
  fill(instance.exports, words()[start + SWITCH], 3, new WebAssembly.Suspending(fibers.switch));
  fill(instance.exports, words()[start + DROP], 2, fibers.drop);
  state.tick = ticking(words, start);
  return fibers.run();
}

class Fibers {
  #wakers = new Map(); // of suspended fibers, by their number
  #running = MAIN;
  #begin;
  #main;
  #end;
  #over = new Promise((_, reject) => (this.#end = reject));

  constructor(exports) {
    this.#begin = WebAssembly.promising(exports.boxer_task_begin);
    this.#main = WebAssembly.promising(exports._start);
  }

  run() {
    return Promise.race([this.#main(), this.#over]);
  }

  // The slot: resolves when somebody switches back.
  switch = (to, leave, enter) => {
    if (leave || enter) return -ENOSYS;
    if (to === this.#running || to < 0 || to >= MOST) return -EINVAL;
    const suspended = new Promise((wake) => this.#wakers.set(this.#running, wake));
    this.#running = to;
    queueMicrotask(() => this.#goOn(to));
    return suspended;
  };

  drop = (fiber, space) => {
    if (space) return -ENOSYS;
    if (fiber === this.#running || fiber === MAIN) return -EINVAL;
    return fiber < 0 || this.#wakers.delete(fiber) ? 0 : -EINVAL;
  };

  #goOn(fiber) {
    const wake = this.#wakers.get(fiber);
    if (wake) {
      this.#wakers.delete(fiber);
      wake(0);
      return;
    }
    const left = () => this.#end(new Error("a thread of the program returned to its host"));
    this.#begin(fiber).then(left, this.#end);
  }
}

// Nothing interrupts WebAssembly here, so a tick is noticed when the program next asks its host for
// something: a thread that computes without that keeps its turn.
function ticking(words, start) {
  let last = performance.now();
  return () => {
    const all = words();
    const now = performance.now();
    if (!all[start + OTHERS] || (now - last) * 1000 < (all[start + TICK_US] || TICK_US_DEFAULT)) return;
    last = now;
    all[start + DUE] = 1;
    const watched = all[start + WATCHED] / 4;
    const place = watched && all[watched] ? (all[watched] + all[start + OFFSET]) / 4 : 0;
    if (place) all[place] |= all[start + BITS];
  };
}

// Puts `call`, of so many i32 parameters and an i32 result, into the table.
function fill(exports, index, parameters, call) {
  const type = [1, 0x60, parameters, ...Array(parameters).fill(0x7f), 1, 0x7f];
  const bytes = [
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, type),
    ...section(2, [1, ...name("h"), ...name("f"), 0, 0]),
    ...section(7, [1, ...name("f"), 0, 0]),
  ];
  const module = new WebAssembly.Module(new Uint8Array(bytes));
  const adapter = new WebAssembly.Instance(module, { h: { f: call } });
  exports.__indirect_function_table.set(index, adapter.exports.f);
}

function section(id, content) {
  return [id, content.length, ...content];
}

function name(text) {
  return [text.length, ...Buffer.from(text)];
}
