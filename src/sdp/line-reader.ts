import type { SdpLimits } from './config.ts';
import type { SectionText } from './description.ts';
import { refuse } from './syntax.ts';

const CARRIAGE_RETURN = 13;
const EQUALS = 0x3d;
const SMALL_A = 0x61;
const SMALL_Z = 0x7a;
const LINE_ENDS = /[\r\n]+/;

/** Where reading stands: on one line, which is of the form `x=value`. What is read stays a piece of the text that came. */
export class LineReader {
  readonly #text: string;
  readonly #limits: SdpLimits;
  /** Counted from 1. */
  number: number = 0;
  /** The character code of its letter; 0 behind the last line. */
  type: number = 0;
  value: string = '';
  /** Where it begins. */
  at: number = 0;
  #next = 0;
  /** Where there are characters that no value has: not before this line. */
  #nul: number;
  #carriageReturn = -1;
  /** All lines so far end in CRLF. */
  #isCanonical = true;

  constructor(text: string, limits: SdpLimits) {
    this.#text = text;
    this.#limits = limits;
    const nul = text.indexOf('\0');
    this.#nul = nul < 0 ? text.length : nul;
    this.advance();
  }

  /** Goes to the next line. Returns its type. */
  advance(): number {
    const text = this.#text;
    const at = this.#next;
    const number = ++this.number;
    this.at = at;
    this.type = 0;
    if (at === text.length) return 0;
    if (number > this.#limits.maxLines) refuse(number, `more than ${this.#limits.maxLines} lines`);
    const newline = text.indexOf('\n', at);
    let end = newline < 0 ? text.length : newline;
    this.#next = newline < 0 ? end : newline + 1;
    if (end > at && text.charCodeAt(end - 1) === CARRIAGE_RETURN) end--;
    if (this.#next !== end + 2) this.#isCanonical = false;
    if (end - at > this.#limits.maxLineLength) refuse(number, `longer than ${this.#limits.maxLineLength} characters`);
    if (end === at) {
      // Empty lines are let through where text editors leave them: at the very end.
      if (!onlyLineEnds(text, at)) refuse(number, 'an empty line');
      this.#isCanonical = false;
      return 0;
    }
    const type = text.charCodeAt(at);
    if (type < SMALL_A || type > SMALL_Z || end - at < 2 || text.charCodeAt(at + 1) !== EQUALS) refuse(number, 'not of the form x=value');
    // RFC 8866 9, byte-string: NUL, CR and LF are in no value.
    if (this.#nul < end) refuse(number, 'a NUL character');
    if (this.#carriageReturn < at) {
      const found = text.indexOf('\r', at);
      this.#carriageReturn = found < 0 ? text.length : found;
    }
    if (this.#carriageReturn < end) refuse(number, 'a carriage return inside the line');
    this.type = type;
    this.value = text.slice(at + 2, end);
    return type;
  }

  /** What stands before this line, from the line on that began there and had that number. */
  since(at: number, number: number): SectionText {
    const piece = this.#text.slice(at, this.at);
    return { text: this.#isCanonical ? piece : withLineEnds(piece), firstNumber: number, numbered: this.number - number };
  }
}

function onlyLineEnds(text: string, at: number): boolean {
  for (let i = at; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code !== 10 && code !== CARRIAGE_RETURN) return false;
  }
  return true;
}

function withLineEnds(lines: string): string {
  return lines.split(LINE_ENDS).filter((line) => line !== '').concat('').join('\r\n');
}
