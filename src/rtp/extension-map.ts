import { RtcError } from '../core/index.ts';
import { MAX_EXTENSIONS, MAX_ONE_BYTE_ID, MAX_TWO_BYTE_ID } from './constants.ts';

/** The reserved id of one-byte headers; never given out, so that an element can always change its form (RFC 8285 4.2). */
const RESERVED_ID = 15;

/**
 * Which extension goes by which id, as one section of a session description negotiated it (RFC 8285 5). Both directions
 * are O(1); the id of an extension is 0 when it has none, and no element ever has id 0.
 */
export class ExtensionMap {
  readonly #allowMixed: boolean;
  readonly #maxExtensions: number;
  readonly #ids: Map<string, number> = new Map();
  readonly #uris: Map<number, string> = new Map();

  /**
   * @param options.allowMixed - whether `a=extmap-allow-mixed` was negotiated, and so ids up to 255; default false
   * @param options.maxExtensions - default {@link MAX_EXTENSIONS}
   */
  constructor(options: { readonly allowMixed?: boolean; readonly maxExtensions?: number } = {}) {
    this.#allowMixed = options.allowMixed ?? false;
    this.#maxExtensions = options.maxExtensions ?? MAX_EXTENSIONS;
  }

  /** Whether elements with two-byte headers may be sent. */
  get allowMixed(): boolean {
    return this.#allowMixed;
  }

  get size(): number {
    return this.#ids.size;
  }

  /**
   * Binds an id to an extension. Throws {@link RtcError} `ERR_INVALID_ARGUMENT` when the id is out of range, or when it or the
   * extension is bound otherwise, `ERR_RESOURCE` when the map is full.
   */
  set(id: number, uri: string): void {
    if (this.#ids.get(uri) === id) return;
    const highest = this.#allowMixed ? MAX_TWO_BYTE_ID : MAX_ONE_BYTE_ID;
    if (!(Number.isInteger(id) && id >= 1 && id <= highest)) throw new RtcError('ERR_INVALID_ARGUMENT', `extension id ${id}`);
    if (this.#ids.has(uri) || this.#uris.has(id)) throw new RtcError('ERR_INVALID_ARGUMENT', `extension id ${id} or its URI is taken`);
    if (this.#ids.size >= this.#maxExtensions) throw new RtcError('ERR_RESOURCE', `more than ${this.#maxExtensions} extensions`);
    this.#ids.set(uri, id);
    this.#uris.set(id, uri);
  }

  /** The id of an extension, which gets the lowest free one if it has none. Throws {@link RtcError} `ERR_RESOURCE`. */
  assign(uri: string): number {
    const known = this.#ids.get(uri);
    if (known !== undefined) return known;
    const highest = this.#allowMixed ? MAX_TWO_BYTE_ID : MAX_ONE_BYTE_ID;
    let id = 1;
    while (id <= highest && (id === RESERVED_ID || this.#uris.has(id))) id++;
    if (id > highest) throw new RtcError('ERR_RESOURCE', 'no extension id is left');
    this.set(id, uri);
    return id;
  }

  /** The id of an extension; 0 when it has none. */
  idOf(uri: string): number {
    return this.#ids.get(uri) ?? 0;
  }

  uriOf(id: number): string | undefined {
    return this.#uris.get(id);
  }

  /** All ids with their extensions, in the order of binding. */
  entries(): IterableIterator<[id: number, uri: string]> {
    return this.#uris.entries();
  }

  /** For `remapExtensions`: the id that each of ours has in another map, 0 where it has none. */
  tableTo(other: ExtensionMap): Uint8Array {
    const table = new Uint8Array(MAX_TWO_BYTE_ID + 1);
    for (const [id, uri] of this.#uris) table[id] = other.idOf(uri);
    return table;
  }
}
