import { readFileSync } from 'node:fs';

/** What the README of an example says. */
export interface Readme {
  /** What the example is, in a sentence. */
  readonly about: string;
  /** What there is to see and to do, as paragraphs; one that is indented is of commands. */
  readonly hints: readonly string[];
}

/** Reads it: a heading, what it is, the commands, and then what one sees. */
export function readmeOf(folder: URL): Readme {
  const [, about = '', ...rest] = readFileSync(new URL('README.md', folder), 'utf8').trim().split(/\n\n+/);
  return { about, hints: rest.filter((paragraph) => !/^[|#]/.test(paragraph)) };
}

/** A paragraph without its marks, for a terminal or a heading. */
export const plain = (paragraph: string): string => paragraph.replaceAll('`', '').replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('\n', ' ');

/** A paragraph as HTML: of its marks only code is kept, of commands those that do not start the example itself. */
export function html(paragraph: string): string {
  const escaped = paragraph.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  if (!escaped.startsWith('    ')) return `<p>${plain(escaped.replaceAll(/`([^`]*)`/g, '<code>$1</code>'))}</p>`;
  const others = escaped.split('\n').filter((line) => !line.includes('npm '));
  return others.map((line) => `<p><code>${line.trim()}</code></p>`).join('');
}
