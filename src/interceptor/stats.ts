/** A snapshot of a chain. */
export interface InterceptorChainStats {
  /** Their names, the nearest to the wire first. */
  readonly interceptors: readonly string[];
  readonly localStreams: number;
  readonly remoteStreams: number;
  /** Drops of the chain and of all its interceptors by name, as in `interceptor.unread`. */
  readonly dropped: ReadonlyMap<string, number>;
}
