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
  /** What went wrong before the case passed. */
  readonly stumble?: string;
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

const CASE_LIMIT_MS = 120_000;
/** Cases of one run that may fail at first. */
export const MAX_STUMBLES = 4;

/** Runs the cases of a suite one after the other and tells of each as it ends. */
export async function runSuite(suite: Suite, strict: boolean, tell: (result: Result) => void): Promise<void> {
  const reason = await suite.missing();
  if (reason !== undefined) tell({ suite: suite.name, name: '', outcome: strict ? 'failed' : 'skipped', timeMs: 0, note: reason });
  else for (const test of await suite.cases()) tell({ suite: suite.name, ...(await runCase(test, CASE_LIMIT_MS)) });
}

/** Runs a case, and once more if it fails: peers are programs of others, on a machine with other work. The report tells of it. */
export async function runCase(test: Case, limitMs: number): Promise<Omit<Result, 'suite'>> {
  const first = await attempt(test, limitMs);
  if (first.outcome === 'passed') return first;
  const second = await attempt(test, limitMs);
  return second.outcome === 'passed' ? { ...second, stumble: first.note } : second;
}

async function attempt(test: Case, limitMs: number): Promise<Omit<Result, 'suite'>> {
  const start = performance.now();
  const result = (outcome: Result['outcome'], note: string): Omit<Result, 'suite'> => ({ name: test.name, outcome, timeMs: performance.now() - start, note });
  return within(test.run(), limitMs, 'the whole case').then(
    (note) => result('passed', note),
    (error: unknown) => result('failed', error instanceof Error ? error.message : String(error)),
  );
}
