// What is checked without running the library; one line each. `npm run check` builds, and so checks the types of the library, first.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { difference } from './api-report.ts';
import { checkLayers } from './layers.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Outcome {
  /** What was looked at, for the line of a check that passed. */
  readonly seen: string;
  readonly problems: readonly string[];
  readonly skipped?: boolean;
}

function lint(): Outcome {
  const { stdout, stderr, status, error } = spawnSync(process.execPath, ['node_modules/oxlint/bin/oxlint', '--format=unix'], { cwd: root, encoding: 'utf8' });
  const lines = `${stdout}${stderr}`.split('\n').filter((line) => line !== '' && !/^\d+ problems?$/.test(line));
  if (error !== undefined) return { seen: '', problems: [String(error)] };
  return { seen: 'no complaint', problems: status === 0 ? [] : lines };
}

const WORKSPACES = ['examples', 'interop', 'bench'];

/** The build sees the library, its tests and tools; what uses the library is looked at here. */
function types(): Outcome {
  const problems = WORKSPACES.flatMap((folder) => {
    const { stdout, status } = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', folder], { cwd: root, encoding: 'utf8' });
    return status === 0 ? [] : stdout.split('\n').filter(Boolean);
  });
  return { seen: `${WORKSPACES.join(', ')} compile`, problems };
}

function layers(): Outcome {
  const { problems, edges } = checkLayers();
  return { seen: `${edges.size} rooms, imports point down`, problems };
}

function attacks(): Outcome {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--import', 'tsx', 'tools/attacks.ts'], { cwd: root, encoding: 'utf8' });
  const total = /^all\s+(\S+)/m.exec(stdout)?.[1] ?? 'none';
  return { seen: `${total} rows have a test`, problems: status === 0 ? [] : stderr.split('\n').filter(Boolean) };
}

function api(): Outcome {
  const problem = difference();
  return { seen: 'docs/api.md is that of the build', problems: problem === undefined ? [] : [problem] };
}

/** What only makes sense on the machine where a file was written. The patterns are in pieces so as not to find themselves. */
const FOREIGN: readonly (readonly [pattern: RegExp, what: string])[] = [
  [new RegExp(`(?<![\\w.~-])/(?:${'work'}|${'home'}|${'root'}|${'Users'})/[\\w.-]`), 'an absolute path of a machine'],
  [new RegExp(`file:///(?:${'work'}|${'home'}|${'root'}|${'tmp'})/`), 'an absolute path of a machine'],
  [new RegExp(`"resolved": "https?:`), 'the host of a registry'],
  [new RegExp(`^\\s*(?:@[\\w-]+:)?${'registry'}\\s*=`), 'the host of a registry'],
];

/** Binary files, and data whose strings mean nothing. */
const NOT_TEXT = /\.(?:png|jpe?g|gif|ico|woff2?|ivf|ogg|h26[45]|obu|wav|webm|mp4|pcap|bin|wasm)$|^test\/vectors\/.*\.json$/;

/** Whether a line names a path that climbs out of the project from the folder of its file. */
function climbsOut(file: string, line: string): boolean {
  const depth = file.split('/').length - 1;
  return [...line.matchAll(/(?<![\w./-])(?:\.\.\/)+(?=\w)/g)].some(([climb]) => climb.length / 3 > depth);
}

function standsAlone(): Outcome {
  const { stdout, status } = spawnSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' });
  if (status !== 0) return { seen: 'not looked at: no git checkout', problems: [], skipped: true };
  const files = stdout.split('\0').filter((file) => file !== '' && !NOT_TEXT.test(file));
  const problems: string[] = [];
  for (const file of files) {
    const lines = readTracked(file).split('\n');
    lines.forEach((line, i) => {
      if (climbsOut(file, line)) problems.push(`${file}:${i + 1}: names a folder outside of the project`);
      for (const [pattern, what] of FOREIGN) if (pattern.test(line)) problems.push(`${file}:${i + 1}: names ${what}`);
    });
  }
  return { seen: `${files.length} files name nothing outside of the project`, problems };
}

/** A tracked file that was deleted but not yet committed is empty. */
function readTracked(file: string): string {
  try {
    return readFileSync(join(root, file), 'utf8');
  } catch {
    return '';
  }
}

const checks: readonly (readonly [name: string, run: () => Outcome])[] = [
  ['lint', lint],
  ['types', types],
  ['layers', layers],
  ['attacks', attacks],
  ['api', api],
  ['stands alone', standsAlone],
];

let [passed, failed, skippedCount] = [0, 0, 0];
for (const [name, run] of checks) {
  const { seen, problems, skipped } = run();
  if (problems.length > 0) failed++;
  else if (skipped) skippedCount++;
  else passed++;
  console.log(`${problems.length > 0 ? '✖' : '✔'} ${name}: ${problems.length > 0 ? `${problems.length} problem${problems.length > 1 ? 's' : ''}` : seen}`);
  for (const problem of problems) console.log(`    ${problem}`);
}
console.log(`${passed} passed, ${failed} failed${skippedCount > 0 ? `, ${skippedCount} skipped` : ''}`);
process.exitCode = failed > 0 ? 1 : 0;
