/** One thing to try, with a name that is unique in its suite. */
export interface Case {
  readonly name: string;
  /** Resolves with a note for the report, rejects with what went wrong. */
  run(): Promise<string>;
}

/** What belongs to one peer. */
export interface Suite {
  readonly name: string;
  /** Why it cannot run on this machine; undefined when it can. */
  missing(): Promise<string | undefined>;
  cases(): readonly Case[] | Promise<readonly Case[]>;
}

export interface Result {
  readonly suite: string;
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly timeMs: number;
  readonly note: string;
}

export const sleep = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Rejects when `promise` takes longer than `ms`. */
export async function within<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until `condition` holds, which may throw to give up. */
export async function until(condition: () => boolean | Promise<boolean>, ms: number, what: string | (() => string)): Promise<void> {
  const end = performance.now() + ms;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`${typeof what === 'string' ? what : what()}: not within ${ms} ms`);
    await sleep(10);
  }
}

/** Runs the cases of a suite one after the other and tells of each as it ends. */
export async function runSuite(suite: Suite, strict: boolean, tell: (result: Result) => void): Promise<void> {
  const reason = await suite.missing();
  if (reason !== undefined) {
    tell({ suite: suite.name, name: '', outcome: strict ? 'failed' : 'skipped', timeMs: 0, note: reason });
    return;
  }
  for (const test of await suite.cases()) {
    const start = performance.now();
    let outcome: Result['outcome'] = 'passed';
    let note: string;
    try {
      note = await within(test.run(), 120_000, 'the whole case');
    } catch (error) {
      outcome = 'failed';
      note = error instanceof Error ? error.message : String(error);
    }
    tell({ suite: suite.name, name: test.name, outcome, timeMs: performance.now() - start, note });
  }
}
