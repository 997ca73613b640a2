// Checks which room of src/ imports which, and that the protocol rooms stay without clock, chance and promises.
// Usage: node --import tsx tools/layers.ts [--mermaid]
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../src', import.meta.url));

interface Room {
  readonly layer: number;
  /** The rooms that it may import from, besides itself. */
  readonly imports: readonly string[];
  /** The packages that it may import; `node:` stands for all of Node's. */
  readonly packages?: readonly string[];
}

const L1 = ['stun', 'rtp', 'rtcp', 'sdp', 'codec', 'mdns', 'stats'] as const;
const L2 = ['turn', 'ice', 'dtls', 'srtp', 'sctp', 'datachannel', 'interceptor'] as const;
const PROTOCOLS = ['core', ...L1, ...L2, 'peer'] as const;
const BELOW_API = [...PROTOCOLS, 'crypto', 'runtime', 'driver'] as const;

/** The one table. A room that is not in it may not exist. */
export const ROOMS: Readonly<Record<string, Room>> = {
  core: { layer: 0, imports: [], packages: ['ipaddr.js'] },
  ...Object.fromEntries(L1.map((room) => [room, { layer: 1, imports: ['core'] }])),
  turn: { layer: 2, imports: ['core', 'stun'] },
  ice: { layer: 2, imports: ['core', 'stun', 'mdns'] },
  dtls: { layer: 2, imports: ['core'] },
  srtp: { layer: 2, imports: ['core', 'rtp', 'rtcp'] },
  sctp: { layer: 2, imports: ['core'] },
  datachannel: { layer: 2, imports: ['core', 'sctp'] },
  interceptor: { layer: 2, imports: ['core', 'rtp', 'rtcp', 'codec', 'stats'] },
  peer: { layer: 3, imports: ['core', ...L1, ...L2] },
  crypto: { layer: 3, imports: ['core'], packages: ['node:', '@noble/ciphers', '@noble/curves', '@noble/hashes'] },
  runtime: { layer: 4, imports: ['core', 'crypto'], packages: ['node:'] },
  driver: { layer: 4, imports: ['core', 'peer', 'runtime'] },
  api: { layer: 5, imports: BELOW_API },
  sim: { layer: 5, imports: ['core', 'peer', 'driver', 'runtime', 'api', 'crypto'] },
  conformance: { layer: 5, imports: ['crypto', 'runtime'] },
  pool: { layer: 6, imports: [...BELOW_API, 'api'], packages: ['node:'] },
  w3c: { layer: 6, imports: [...BELOW_API, 'api'] },
  media: { layer: 6, imports: [...BELOW_API, 'api'], packages: ['mediabunny'] },
};

/** What protocol rooms must not use, as a last look behind the compiler and the linter. */
const FORBIDDEN: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/\bDate\b/, 'Date'],
  [/\bMath\.random\b/, 'Math.random'],
  [/\bPromise\b/, 'Promise'],
  [/\basync\b/, 'async'],
  [/\bawait\b/, 'await'],
  [/\bsetTimeout\b|\bsetInterval\b|\bqueueMicrotask\b/, 'a timer of the platform'],
  [/\bconsole\./, 'console'],
  [/\bprocess\./, 'process'],
  [/\bglobalThis\b/, 'globalThis'],
];

export interface Import {
  readonly file: string;
  readonly line: number;
  readonly specifier: string;
}

/** A file's text with comments, and the content of strings and templates, blanked out; line breaks stay. */
export function blankText(code: string, keepStrings = false): string {
  const pattern = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`/g;
  return code.replace(pattern, (found) => (keepStrings && !found.startsWith('/') ? found : found.replace(/[^\n]/g, ' ')));
}

/** The modules that a file imports or re-exports, types included. */
export function importsOf(file: string, code: string): Import[] {
  const found: Import[] = [];
  const text = blankText(code, true);
  for (const match of text.matchAll(/\b(?:from|import)\s*\(?\s*(['"])([^'"\n]+)\1/g)) {
    found.push({ file, line: text.slice(0, match.index).split('\n').length, specifier: match[2] as string });
  }
  return found;
}

/** What is wrong with an import, or `undefined`. */
export function judgeImport({ file, specifier }: Import): string | undefined {
  const room = file.split('/')[0] as string;
  const rule = ROOMS[room];
  if (rule === undefined) return `the room ${room} is not in the table`;
  if (!specifier.startsWith('.')) {
    const allowed = (rule.packages ?? []).some((name) => (name.endsWith(':') ? specifier.startsWith(name) : specifier === name || specifier.startsWith(`${name}/`)));
    return allowed ? undefined : `${room} must not import the package ${specifier}`;
  }
  const target = posix.normalize(posix.join(posix.dirname(file), specifier));
  const targetRoom = target.split('/')[0] as string;
  if (targetRoom === '..') return `${specifier} leaves src`;
  if (!specifier.endsWith('.ts')) return `${specifier} does not end in .ts`;
  if (targetRoom === room || rule.imports.includes(targetRoom)) return undefined;
  return `${room} (layer ${rule.layer}) must not import ${targetRoom}`;
}

function* files(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* files(path);
    else if (entry.name.endsWith('.ts')) yield path;
  }
}

export interface Report {
  readonly problems: readonly string[];
  /** From room to room, with the number of imports. */
  readonly edges: ReadonlyMap<string, ReadonlyMap<string, number>>;
}

export function checkLayers(root: string = source): Report {
  const problems: string[] = [];
  const edges = new Map<string, Map<string, number>>();
  for (const path of files(root)) {
    const file = relative(root, path).split(sep).join('/');
    const room = file.split('/')[0] as string;
    const code = readFileSync(path, 'utf8');
    const targets = edges.get(room) ?? new Map<string, number>();
    edges.set(room, targets);
    for (const found of importsOf(file, code)) {
      const problem = judgeImport(found);
      if (problem !== undefined) problems.push(`src/${file}:${found.line}: ${problem}`);
      if (!found.specifier.startsWith('.')) continue;
      const target = posix.join(posix.dirname(file), found.specifier).split('/')[0] as string;
      if (target !== room) targets.set(target, (targets.get(target) ?? 0) + 1);
    }
    if ((PROTOCOLS as readonly string[]).includes(room)) problems.push(...forbiddenIn(`src/${file}`, code));
  }
  return { problems, edges };
}

export function forbiddenIn(file: string, code: string): string[] {
  return blankText(code)
    .split('\n')
    .flatMap((line, i) => FORBIDDEN.filter(([pattern]) => pattern.test(line)).map(([, what]) => `${file}:${i + 1}: the core must not use ${what}`));
}

/** The graph as text, lowest layer first. */
export function graphText({ edges }: Report): string {
  const rooms = [...edges.keys()].sort((a, b) => (ROOMS[a]?.layer ?? 9) - (ROOMS[b]?.layer ?? 9) || a.localeCompare(b));
  const width = Math.max(...rooms.map((room) => room.length));
  return rooms
    .map((room) => {
      const targets = [...(edges.get(room) ?? [])].sort((a, b) => b[1] - a[1]).map(([target, count]) => `${target} ${count}`);
      return `L${ROOMS[room]?.layer ?? '?'} ${room.padEnd(width)} → ${targets.join(', ') || 'nothing'}`;
    })
    .join('\n');
}

/** The graph for a page that renders mermaid; an edge that follows from others is left out. */
export function graphMermaid({ edges }: Report): string {
  const reaches = (from: string, to: string): boolean => [...(edges.get(from)?.keys() ?? [])].some((next) => next === to || reaches(next, to));
  const lines = [...edges].flatMap(([room, targets]) =>
    [...targets.keys()]
      .filter((target) => ![...targets.keys()].some((other) => other !== target && reaches(other, target)))
      .map((target) => `  ${room} --> ${target}`),
  );
  return ['graph TD', ...lines.sort()].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const report = checkLayers();
  if (report.problems.length === 0) console.log(process.argv.includes('--mermaid') ? graphMermaid(report) : graphText(report));
  for (const problem of report.problems) console.error(problem);
  process.exitCode = report.problems.length === 0 ? 0 : 1;
}
