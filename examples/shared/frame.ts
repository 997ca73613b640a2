import { readFileSync } from 'node:fs';

const shared = (name: string): URL => new URL(`page/${name}`, import.meta.url);

/** Puts parts in the place of their names in a text: `{{name}}`. */
export function fill(text: string, parts: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\{\{(\w+)\}\}/g, (_, part: string) => parts[part] ?? '');
}

/** What a page shows around its own part. */
export interface Frame {
  readonly title: string;
  readonly heading: string;
  readonly about: string;
  /** What there is to see and to do, as HTML. */
  readonly hint?: string;
  /** What the page's own part is: the content of `<main>`. */
  readonly body: string;
  /** Where the status begins. Default `connecting`. */
  readonly state?: string;
  readonly status?: string;
  /** Buttons beside the status. */
  readonly actions?: string;
  readonly footer?: string;
}

/** Where the frame lies, whose kind of file a page is. */
export const FRAME: URL = shared('frame.html');

/** A whole page, with `{{videos}}` and `{{figures}}` for cards that many have. */
export function pageIn(frame: Frame): string {
  const cards = { videos: readFileSync(shared('videos.html'), 'utf8'), figures: readFileSync(shared('figures.html'), 'utf8') };
  const defaults = { state: 'connecting', status: 'connecting', actions: '', hint: '', footer: 'Signalling is HTTP on 127.0.0.1; the connection itself is WebRTC.' };
  return fill(readFileSync(FRAME, 'utf8'), { ...defaults, ...frame, body: fill(frame.body, cards) });
}
