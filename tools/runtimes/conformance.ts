// Runs a conformance suite on the platform that it is started on: `conformance.ts runtime|crypto`. Ends with the line `N passed, N failed`.
import { cryptoConformance } from '../../src/crypto/conformance.ts';
import { runtimeConformance } from '../../src/runtime/conformance.ts';
import { defaultRuntime } from '../../src/runtime/index.ts';
import { startTlsEcho } from '../../test/support/tls-echo.ts';

const suite = process.argv[2];
const runtime = defaultRuntime();
const cases =
  suite === 'crypto'
    ? cryptoConformance().map(({ name, run }) => ({ name, run: async (): Promise<void> => void (await run(runtime.crypto)) }))
    : runtimeConformance({ tls: await startTlsEcho() }).map(({ name, run }) => ({ name, run: (): Promise<void> => run(runtime) }));

let failed = 0;
for (const { name, run } of cases) {
  try {
    await run();
  } catch (error) {
    failed++;
    console.log(`✖ ${name}\n  ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}
console.log(`${cases.length - failed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
