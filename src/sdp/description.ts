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
const NONE: readonly SdpAttribute[] = Object.freeze([]);

/** The lines of one level, in their order, with an index of the attributes. What it says never changes once it is made. */
export class SdpSection {
  /** `undefined` while the text stands for them. */
  #lines: readonly SdpLine[] | undefined;
  #text = '';
  /** The number of the first line of the text, and how many have one: the others were added here, behind them. */
  #firstNumber = 0;
  #numbered = 0;
  #index: Map<string, SdpAttribute[]> | undefined;

  /** @param text - all lines as they stand in a description, where it is known */
  constructor(lines: readonly SdpLine[], text = '') {
    this.#lines = lines;
    this.#text = text;
  }

  get lines(): readonly SdpLine[] {
    return this.#lines ?? this.#text.split(LINE_END).slice(0, -1).map((text, i) => readLine(text, i < this.#numbered ? this.#firstNumber + i : 0));
  }

  /** All lines as they stand in a description, each with its end. */
  get text(): string {
    if (this.#text !== '' || this.#lines === undefined) return this.#text;
    const parts: string[] = [];
    for (const { type, value } of this.#lines) parts.push(type, '=', value, LINE_END);
    this.#text = parts.join(''); // added up, it would be a tree of strings for as long as it lives
    return this.#text;
  }

  /** Keeps the text alone, a tenth of the memory, for as long as nobody asks for an attribute: descriptions live as long as connections. */
  fold(): void {
    this.#index = undefined;
    if (this.#lines === undefined) return;
    void this.text; // from here on it stands for the lines
    this.#firstNumber = this.#lines[0]?.number ?? 0;
    this.#numbered = this.#lines.findIndex(({ number }) => number === 0);
    if (this.#numbered < 0) this.#numbered = this.#lines.length;
    this.#lines = undefined;
  }

  /** The value of the first attribute of this name; `undefined` when there is none. */
  attribute(name: string): string | undefined {
    return this.attributes(name)[0]?.value;
  }

  /** All attributes of this name, in order. */
  attributes(name: string): readonly SdpAttribute[] {
    this.#index ??= indexAttributes(this.lines);
    return this.#index.get(name) ?? NONE;
  }

  has(name: string): boolean {
    return this.attributes(name).length > 0;
  }

  /** The value of the first line of this type, as in `o`. */
  line(type: string): string | undefined {
    return this.lines.find((line) => line.type === type)?.value;
  }
}

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

  /**
   * @param lines - all lines, the `m=` line first
   * @param text - what they are, where it is known
   */
  constructor(media: MediaFields, lines: readonly SdpLine[], text?: string) {
    super(lines, text);
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
    return values.length === 0 ? this : new MediaSection(this, [...this.lines, ...values.map((value) => ({ type: 'a', value, number: 0 }))]);
  }
}

/** A session description (RFC 8866): the session level and the media sections. */
export interface SessionDescription {
  readonly session: SdpSection;
  readonly media: readonly MediaSection[];
}

/** Makes a section of lines such as `a=mid:0`; the `m=` line is made of the fields. */
export function makeMediaSection(media: MediaFields, lines: readonly string[]): MediaSection {
  const value = [media.kind, String(media.port), media.protocol, ...media.formats].join(' ');
  return new MediaSection(media, [{ type: 'm', value, number: 0 }, ...lines.map((line) => readLine(line, 0))]);
}

/** Makes the session level of lines such as `v=0`. */
export function makeSessionSection(lines: readonly string[]): SdpSection {
  return new SdpSection(lines.map((line) => readLine(line, 0)));
}

function readLine(text: string, number: number): SdpLine {
  return { type: text.slice(0, 1), value: text.slice(2), number };
}
