import { readFileSync, writeFileSync } from 'node:fs';

const FILE = new URL('../README.md', import.meta.url);

/** Puts a text between the markers of the project's README. */
export function writeReadme(text: string): void {
  const before = readFileSync(FILE, 'utf8');
  const after = before.replace(/<!-- bench -->[^]*<!-- \/bench -->/, () => `<!-- bench -->\n${text}\n<!-- /bench -->`);
  if (!after.includes(text)) throw new Error('README.md has no place for the table: <!-- bench --> … <!-- /bench -->');
  writeFileSync(FILE, after);
}
