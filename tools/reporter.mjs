// A reporter for node:test that says little: failures in full, what tests print, with TEST_DIAGNOSTICS also what they measured, and the
// counts for tools/test.ts as one line of JSON in the file that TEST_COUNTS names. Plain JavaScript, because node:test loads it before tsx.
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { inspect } from 'node:util';

const COUNT = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/;

export default async function* report(source) {
  const counts = {};
  for await (const { type, data } of source) {
    if (type === 'test:diagnostic') {
      const [, name, count] = COUNT.exec(data.message) ?? [];
      if (name === undefined) yield process.env.TEST_DIAGNOSTICS === undefined ? '' : `ℹ ${data.message}\n`;
      else if (data.nesting === 0) counts[name] = Number(count);
    }
    if (type === 'test:stdout' || type === 'test:stderr') yield data.message;
    // A parent whose child failed repeats nothing.
    if (type === 'test:fail' && data.details.error?.failureType !== 'subtestsFailed') yield failure(data);
  }
  if (process.env.TEST_COUNTS !== undefined) writeFileSync(process.env.TEST_COUNTS, JSON.stringify(counts));
}

function failure({ name, file, details }) {
  const error = details.error?.cause ?? details.error;
  const text = typeof error === 'string' ? error : inspect(error, { depth: 4, colors: process.stdout.isTTY });
  const where = file === undefined ? '' : `${relative(process.cwd(), file)}\n`;
  return `\n✖ ${name}\n${`${where}${text}`.replace(/^/gm, '  ')}\n`;
}
