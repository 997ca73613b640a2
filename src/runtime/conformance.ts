import { Scope, type ScopedCase } from './conformance/harness.ts';
import { afterReadsCases, systemCases } from './conformance/system.ts';
import { clockCases, timerCases } from './conformance/time.ts';
import { tcpCases, tlsCases, type TlsEcho } from './conformance/tcp.ts';
import { udpCases } from './conformance/udp.ts';
import type { Runtime } from './runtime.ts';

export type { TlsEcho } from './conformance/tcp.ts';

/** One thing that every runtime must do. `run` rejects, or throws, with an explanation when it does not. */
export interface RuntimeConformanceCase {
  readonly name: string;
  run(runtime: Runtime): Promise<void>;
}

/** What the suite cannot bring along. */
export interface RuntimeConformanceOptions {
  /** A server that speaks TLS, as the runtime under test reaches it. Without one there are no cases about TLS. */
  readonly tls?: TlsEcho;
}

/**
 * What every runtime must do, as cases for any test runner. They use loopback addresses only and take about two seconds
 * of the runtime's time.
 *
 * @example
 * for (const { name, run } of runtimeConformance()) test(name, () => run(myRuntime()));
 */
export function runtimeConformance(options: RuntimeConformanceOptions = {}): readonly RuntimeConformanceCase[] {
  const tls = options.tls === undefined ? [] : tlsCases(options.tls);
  const cases: readonly ScopedCase[] = [...clockCases, ...timerCases, ...udpCases, ...tcpCases, ...tls, ...afterReadsCases, ...systemCases];
  return cases.map(({ name, run }) => ({
    name,
    async run(runtime) {
      const scope = new Scope(runtime);
      try {
        await run(scope);
      } finally {
        await scope.end();
      }
    },
  }));
}
