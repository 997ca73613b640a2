// npm run examples          a line for each example
// npm run example NAME      runs one; what follows the name is for the example
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readmeOf } from './readme.ts';

const folder = new URL('../', import.meta.url);

/** The examples, by name. */
export function examples(): readonly { readonly name: string; readonly about: string }[] {
  const names = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory() && existsSync(new URL(`${entry.name}/main.ts`, folder)));
  return names.map(({ name }) => ({ name, about: readmeOf(new URL(`${name}/`, folder)).about })).filter(({ name }) => name !== 'shared');
}

function list(): void {
  const all = examples();
  const width = Math.max(...all.map(({ name }) => name.length)) + 2;
  for (const { name, about } of all) console.log(`${name.padEnd(width)}${about}`);
  console.log('\nnpm run example NAME runs one; npm run example NAME -- --help shows its options.');
}

async function run(name: string, args: readonly string[]): Promise<void> {
  const main = new URL(`${name}/main.ts`, folder);
  if (!examples().some((example) => example.name === name)) {
    const near = examples().filter((example) => example.name.includes(name));
    console.error(`There is no example '${name}'. ${near.length > 0 ? `Perhaps: ${near.map((example) => example.name).join(', ')}` : 'npm run examples lists them.'}`);
    process.exit(2);
  }
  process.argv = [process.execPath, main.pathname, ...args];
  await import(main.href);
}

const [name, ...args] = process.argv.slice(2);
if (process.argv[1] !== fileURLToPath(import.meta.url)) {
  // imported for its list
} else if (name === undefined || name === '--list') list();
else await run(name, args);
