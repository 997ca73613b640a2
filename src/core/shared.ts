/**
 * Settings are filled in for each connection, and are the same for most of a process. Where they are those of the last one, `share` returns
 * that one's, so that a thousand connections hold one object. Not for settings that name what belongs to one connection.
 */
export class SharedSettings<T extends object> {
  #last: T | undefined;

  share(settings: T): T {
    const last = this.#last;
    if (last !== undefined && isSame(settings, last)) return last;
    this.#last = settings;
    return settings;
  }
}

/** Of two objects with the same fields. */
function isSame<T extends object>(a: T, b: T): boolean {
  for (const field in a) if (a[field] !== b[field]) return false;
  return true;
}
