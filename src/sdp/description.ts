/** A line `type=value`. */
export interface SdpLine {
  /** One letter. */
  readonly type: string;
  readonly value: string;
  /** Where it stood, counted from 1; 0 for a line that was made here. */
  readonly number: number;
}

/** One `a=name:value` line. */
export interface SdpAttribute {
  /** What stands behind the colon; empty for a property attribute such as `a=rtcp-mux`. */
  readonly value: string;
  readonly line: number;
}

/** RFC 8866 5. */
const LINE_END = '\r\n';
const BEFORE_NAME: string = `${LINE_END}a=`;
const NONE: readonly SdpAttribute[] = Object.freeze([]);

/** What a section says, as text: its lines as they stand in a description, each with its end. */
export interface SectionText {
  readonly text: string;
  /** The number of the first line, and how many have one: the others were added here, behind them. */
  readonly firstNumber: number;
  readonly numbered: number;
}

/** Longer sections get an index of their attributes when the first is asked for; in shorter ones they are looked for in the text. */
const LONGEST_SEARCHED = 2000;

/**
 * The lines of one level, in their order. What it says never changes once it is made. It is kept as text, a tenth of the memory that
 * its lines would take: descriptions live as long as connections.
 */
export class SdpSection {
  readonly #text: string;
  readonly #firstNumber: number;
  readonly #numbered: number;
  #index: Map<string, SdpAttribute[]> | undefined;

  constructor({ text, firstNumber, numbered }: SectionText) {
    this.#text = text;
    this.#firstNumber = firstNumber;
    this.#numbered = numbered;
  }

  get lines(): readonly SdpLine[] {
    return this.#text.split(LINE_END).slice(0, -1).map((text, i) => ({ type: text.slice(0, 1), value: text.slice(2), number: this.#numberOf(i) }));
  }

  /** All lines as they stand in a description, each with its end. */
  get text(): string {
    return this.#text;
  }

  /** The text with attributes behind it, each as in `candidate:…`. */
  protected textWith(values: readonly string[]): SectionText {
    const lines = values.map((value) => `a=${value}${LINE_END}`);
    return { text: [this.#text].concat(lines).join(''), firstNumber: this.#firstNumber, numbered: this.#numbered };
  }

  /** Lets go of the index until the next attribute is asked for. */
  fold(): void {
    this.#index = undefined;
  }

  /** The value of the first attribute of this name; `undefined` when there is none. */
  attribute(name: string): string | undefined {
    if (this.#text.length > LONGEST_SEARCHED) return this.#indexed(name)[0]?.value;
    const at = this.#find(name, 0);
    return at < 0 ? undefined : this.#valueAt(at, name);
  }

  /** All attributes of this name, in order. */
  attributes(name: string): readonly SdpAttribute[] {
    if (this.#text.length > LONGEST_SEARCHED) return this.#indexed(name);
    let found: SdpAttribute[] | undefined;
    for (let at = this.#find(name, 0); at >= 0; at = this.#find(name, at)) {
      const attribute = { value: this.#valueAt(at, name), line: this.#numberAt(at) };
      if (found === undefined) found = [attribute];
      else found.push(attribute);
    }
    return found ?? NONE;
  }

  has(name: string): boolean {
    return this.#text.length > LONGEST_SEARCHED ? this.#indexed(name).length > 0 : this.#find(name, 0) >= 0;
  }

  /** The value of the first line of this type, as in `o`. */
  line(type: string): string | undefined {
    return this.lines.find((line) => line.type === type)?.value;
  }

  #indexed(name: string): readonly SdpAttribute[] {
    this.#index ??= indexAttributes(this.lines);
    return this.#index.get(name) ?? NONE;
  }

  /** Where the end of a line stands that has the next attribute of this name behind it; the first line of a section is none. */
  #find(name: string, from: number): number {
    const text = this.#text;
    for (let at = text.indexOf(name, from + BEFORE_NAME.length + 1); at >= 0; at = text.indexOf(name, at + 1)) {
      const behind = text.charCodeAt(at + name.length);
      if ((behind === COLON || behind === CARRIAGE_RETURN) && text.endsWith(BEFORE_NAME, at)) return at - BEFORE_NAME.length;
    }
    return -1;
  }

  #valueAt(at: number, name: string): string {
    const start = at + BEFORE_NAME.length + name.length;
    return this.#text.charCodeAt(start) === COLON ? this.#text.slice(start + 1, this.#text.indexOf(LINE_END, start)) : '';
  }

  #numberAt(at: number): number {
    let i = 1;
    for (let end = this.#text.indexOf(LINE_END); end < at; end = this.#text.indexOf(LINE_END, end + 1)) i++;
    return this.#numberOf(i);
  }

  #numberOf(i: number): number {
    return i < this.#numbered ? this.#firstNumber + i : 0;
  }
}

const COLON = 0x3a;
const CARRIAGE_RETURN = 0x0d;

// A Map, because the names come from the peer: `__proto__` must be a name like any other.
function indexAttributes(lines: readonly SdpLine[]): Map<string, SdpAttribute[]> {
  const index = new Map<string, SdpAttribute[]>();
  for (const { type, value, number } of lines) {
    if (type !== 'a') continue;
    const colon = value.indexOf(':');
    const name = colon < 0 ? value : value.slice(0, colon);
    const attribute = { value: colon < 0 ? '' : value.slice(colon + 1), line: number };
    const known = index.get(name);
    if (known) known.push(attribute);
    else index.set(name, [attribute]);
  }
  return index;
}

/** The fields of an `m=` line (RFC 8866 5.14). */
export interface MediaFields {
  /** `audio`, `video`, `application` … */
  readonly kind: string;
  /** 0 when the section is rejected, or `a=bundle-only` (RFC 9143 6). */
  readonly port: number;
  /** As in `UDP/DTLS/SCTP`. */
  readonly protocol: string;
  readonly formats: readonly string[];
}

/** One media section: its `m=` line and what follows until the next. */
export class MediaSection extends SdpSection implements MediaFields {
  readonly kind: string;
  readonly port: number;
  readonly protocol: string;
  readonly formats: readonly string[];
  /** `a=mid`. */
  readonly mid: string | undefined;

  /** @param content - all lines, the `m=` line first */
  constructor(media: MediaFields, content: SectionText) {
    super(content);
    this.mid = media instanceof MediaSection ? media.mid : this.attribute('mid');
    this.kind = media.kind;
    this.port = media.port;
    this.protocol = media.protocol;
    this.formats = media.formats;
  }

  /** The line number of the `m=` line. */
  get number(): number {
    return this.lines[0]?.number ?? 0;
  }

  /** The same section with attributes added at its end, each as in `candidate:…`. */
  withAttributes(values: readonly string[]): MediaSection {
    return values.length === 0 ? this : new MediaSection(this, this.textWith(values));
  }
}

/** A session description (RFC 8866): the session level and the media sections. */
export interface SessionDescription {
  readonly session: SdpSection;
  readonly media: readonly MediaSection[];
}

/** Makes a section of lines such as `a=mid:0`; the `m=` line is made of the fields. */
export function makeMediaSection(media: MediaFields, lines: readonly string[]): MediaSection {
  const head = `m=${media.kind} ${media.port} ${media.protocol} ${media.formats.join(' ')}`;
  return new MediaSection(media, { text: [head].concat(lines, '').join(LINE_END), firstNumber: 0, numbered: 0 });
}

/** Makes the session level of lines such as `v=0`. */
export function makeSessionSection(lines: readonly string[]): SdpSection {
  return new SdpSection({ text: lines.concat('').join(LINE_END), firstNumber: 0, numbered: 0 });
}
