// Lists which rows of test/ATTACKS.md have a test that bears their id in its name.
// Usage: node --import tsx tools/attacks.ts [--open] [--strict A-JS,A-DMX,…]   (strict: fails when such a row is open)
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

export interface Attack {
  readonly id: string;
  /** As in `A-DTLS`. */
  readonly area: string;
  readonly title: string;
}

export function readCatalogue(text: string): Attack[] {
  return [...text.matchAll(/^\| (A-[A-Z]+-\d+) \| ([^|]+) \|/gm)].map(([, id = '', title = '']) => ({
    id,
    area: id.replace(/-\d+$/, ''),
    title: title.replaceAll(/[*`]/g, '').trim(),
  }));
}

/** The ids in the names of a file's tests. A test that is skipped or to be done proves nothing. */
export function idsIn(code: string): string[] {
  const names = code.matchAll(/\b(?:test|it|describe|suite)(?:\.only)?\(\s*(['"`])((?:\\.|(?!\1)[^\\])*)\1/g);
  return [...names].flatMap(([, , name = '']) => name.match(/A-[A-Z]+-\d+/g) ?? []);
}

function* testFiles(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== 'node_modules') yield* testFiles(path);
    else if (/\.(test|suite)\.ts$/.test(entry.name)) yield path;
  }
}

/** The files that prove each row. */
export function coverage(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const folder of ['test', 'interop']) {
    for (const path of testFiles(join(root, folder))) {
      for (const id of idsIn(readFileSync(path, 'utf8'))) found.set(id, (found.get(id) ?? new Set()).add(relative(root, path)));
    }
  }
  return found;
}

function main(): void {
  const attacks = readCatalogue(readFileSync(join(root, 'test/ATTACKS.md'), 'utf8'));
  const covered = coverage();
  const known = new Set(attacks.map(({ id }) => id));
  const openIds = attacks.filter(({ id }) => !covered.has(id));
  const areas = [...new Set(attacks.map(({ area }) => area))];
  console.log('area      covered  open');
  for (const area of areas) {
    const rows = attacks.filter((attack) => attack.area === area);
    const open = rows.filter(({ id }) => !covered.has(id));
    const numbers = open.length === rows.length ? 'all' : open.map(({ id }) => id.slice(area.length + 1)).join(' ');
    console.log(`${area.padEnd(9)} ${String(rows.length - open.length).padStart(3)}/${String(rows.length).padEnd(3)}  ${numbers}`);
  }
  console.log(`${'all'.padEnd(9)} ${String(attacks.length - openIds.length).padStart(3)}/${attacks.length}`);
  if (process.argv.includes('--open')) for (const { id, title } of openIds) console.log(`${id.padEnd(10)} ${title}`);

  const unknown = [...covered.keys()].filter((id) => !known.has(id));
  for (const id of unknown) console.error(`${id} is tested in ${[...(covered.get(id) ?? [])].join(', ')} but is no row of the catalogue`);
  const strictAt = process.argv.indexOf('--strict');
  const strict = strictAt < 0 ? [] : (process.argv[strictAt + 1] ?? '').split(',');
  const missing = openIds.filter(({ area, id }) => strict.includes(area) || strict.includes(id));
  for (const { id, title } of missing) console.error(`${id} has no test: ${title}`);
  process.exitCode = unknown.length + missing.length > 0 ? 1 : 0;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
