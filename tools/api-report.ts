// Writes the public names of every subpath with their signatures to docs/api.md, from the declarations in dist.
// Usage: node --import tsx tools/api-report.ts [--check] [--dist folder]   (check: fails when the committed report differs)
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const reportFile = join(root, 'docs/api.md');

interface Declaration {
  readonly file: string;
  readonly name: string;
  readonly text: string;
}

/** What a declaration says of members that are there for the library alone. */
const INTERNAL = /\/\*\*(?:(?!\*\/)[\s\S])*@internal(?:(?!\*\/)[\s\S])*\*\/\s*/g;

/** A declaration file without members marked `@internal`: up to the semicolon that is in no brackets. */
function withoutInternal(code: string): string {
  let kept = '';
  let at = 0;
  for (const match of code.matchAll(INTERNAL)) {
    if (match.index < at) continue;
    kept += code.slice(at, match.index);
    at = match.index + match[0].length;
    for (let depth = 0; at < code.length && !(depth === 0 && code[at] === ';'); at++) {
      if ('({['.includes(code[at] as string)) depth++;
      else if (')}]'.includes(code[at] as string)) depth--;
    }
    at++;
  }
  return kept + code.slice(at);
}

/** A declaration file without comments, private members and members for the library alone. */
function strip(code: string): string {
  return withoutInternal(code)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*(?:#private;|private [^\n]*;|\/\/[^\n]*)\n/gm, '')
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{2,}/g, '\n');
}

/** The top-level statements of a declaration file; `tsc` indents everything that is not at the top. */
function statements(code: string): string[] {
  const found: string[] = [];
  for (const line of strip(code).split('\n')) {
    if (line === '') continue;
    const continues = /^[\s})\]|&]/.test(line) && found.length > 0;
    if (continues) found[found.length - 1] += `\n${line}`;
    else found.push(line);
  }
  return found;
}

const NAME = /^(?:export )?(?:declare )?(?:abstract )?(?:class|function|const|let|interface|type) ([\w$]+)/;

/** Overloads stand together. */
function declarationsOf(file: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const statement of statements(readFileSync(file, 'utf8'))) {
    const name = NAME.exec(statement)?.[1];
    if (name === undefined) continue;
    const text = statement.replace(/^export /, '').replace(/^declare /, '');
    found.set(name, found.has(name) ? `${found.get(name)}\n${text}` : text);
  }
  return found;
}

/** What a module exports, with the place where each name is declared. */
export function exportsOf(file: string): Map<string, Declaration> {
  if (!existsSync(file)) return new Map();
  const code = strip(readFileSync(file, 'utf8'));
  const own = declarationsOf(file);
  const found = new Map<string, Declaration>();
  const declaration = (from: string, name: string): Declaration => {
    const elsewhere = from === file ? undefined : exportsOf(from).get(name);
    return elsewhere ?? { file: from, name, text: own.get(name) ?? `// ${name} is declared elsewhere` };
  };
  for (const [name] of own) {
    if (new RegExp(`^export (?:declare )?(?:abstract )?(?:class|function|const|let|interface|type) ${name.replace('$', '\\$')}\\b`, 'm').test(code)) {
      found.set(name, declaration(file, name));
    }
  }
  const target = (specifier: string): string => join(dirname(file), specifier.replace(/\.js$/, '.d.ts').replace(/(?<!\.d)\.ts$/, '.d.ts'));
  for (const [, list = '', specifier] of code.matchAll(/^export (?:type )?\{([^}]*)\}(?: from ['"]([^'"]+)['"])?/gm)) {
    for (const item of list.split(',').map((text) => text.trim().replace(/^type /, '')).filter(Boolean)) {
      const [original = '', exported = original] = item.split(/ as /);
      if (specifier !== undefined && !specifier.startsWith('.')) found.set(exported, { file: specifier, name: original, text: `// from ${specifier}` });
      else found.set(exported, declaration(specifier === undefined ? file : target(specifier), original));
    }
  }
  for (const [, specifier = ''] of code.matchAll(/^export \* from ['"](\.[^'"]+)['"]/gm)) {
    for (const [name, there] of exportsOf(target(specifier))) found.set(name, there);
  }
  return found;
}

/** Subpaths from the narrowest to the widest, so that a name is shown where it is at home. */
function homeFirst(subpaths: readonly string[]): string[] {
  const wide = ['./rtc', './runtime', '.'];
  return [...subpaths.filter((subpath) => !wide.includes(subpath)), ...wide.filter((subpath) => subpaths.includes(subpath))];
}

export function report(dist: string): string {
  const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: Record<string, { types: string }> };
  const sections = new Map<string, string>();
  const homes = new Map<string, string>();
  for (const subpath of homeFirst(Object.keys(exports))) {
    const entry = join(dist, (exports[subpath]?.types ?? '').replace('./dist/', ''));
    const title = subpath === '.' ? 'sansrtc' : `sansrtc${subpath.slice(1)}`;
    if (!existsSync(entry)) {
      sections.set(subpath, `## \`${title}\`\n\nNot built.\n`);
      continue;
    }
    const all = [...exportsOf(entry)].sort(([a], [b]) => (a < b ? -1 : 1));
    const home = (d: Declaration): string => `${relative(dist, d.file)}#${d.name}`;
    const elsewhere = all.filter(([, d]) => homes.has(home(d)));
    const here = all.filter(([, d]) => !homes.has(home(d)));
    for (const [, d] of here) homes.set(home(d), title);
    const parts = [`## \`${title}\`\n`];
    if (here.length > 0) parts.push(`\`\`\`ts\n${here.map(([, d]) => d.text).join('\n')}\n\`\`\`\n`);
    for (const [place, names] of groupBy(elsewhere, home, homes)) parts.push(`From \`${place}\`: ${names.map((name) => `\`${name}\``).join(', ')}.\n`);
    sections.set(subpath, parts.join('\n'));
  }
  const order = Object.keys(exports).map((subpath) => sections.get(subpath));
  return `# Public API\n\nEvery exported name by subpath, without comments. Written by \`node --import tsx tools/api-report.ts\`.\n\n${order.join('\n')}`;
}

function groupBy(entries: readonly (readonly [string, Declaration])[], home: (d: Declaration) => string, homes: ReadonlyMap<string, string>): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [name, d] of entries) {
    const place = homes.get(home(d)) ?? '';
    groups.set(place, [...(groups.get(place) ?? []), name]);
  }
  return groups;
}

/** Whether the committed report is that of the build; the first line that differs otherwise. */
export function difference(dist: string = join(root, 'dist')): string | undefined {
  if (!existsSync(reportFile)) return 'docs/api.md does not exist';
  const [now, then] = [report(dist).split('\n'), readFileSync(reportFile, 'utf8').split('\n')];
  const at = now.findIndex((line, i) => line !== then[i]);
  if (at < 0 && now.length === then.length) return undefined;
  return `docs/api.md differs from the build at line ${at < 0 ? now.length : at + 1}; node --import tsx tools/api-report.ts writes it anew`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const distAt = process.argv.indexOf('--dist');
  const dist = distAt < 0 ? join(root, 'dist') : (process.argv[distAt + 1] as string);
  if (process.argv.includes('--check')) {
    const problem = difference(dist);
    if (problem !== undefined) console.error(problem);
    process.exitCode = problem === undefined ? 0 : 1;
  } else {
    mkdirSync(dirname(reportFile), { recursive: true });
    writeFileSync(reportFile, report(dist));
  }
}
