/** What a connection has done so far. */
export interface DtlsStats {
  readonly state: DtlsState;
  /** As on the wire; 0xfefd is DTLS 1.2. */
  readonly version: number | undefined;
  readonly cipherSuite: string | undefined;
  readonly srtpProfile: number | undefined;
  /** Records of application data that were sealed, and that were opened. */
  readonly recordsSent: number;
  readonly recordsReceived: number;
  /** Flights that were sent again. */
  readonly retransmissions: number;
  /** Drops by name, as in `dtls.replay`. */
  readonly dropped: ReadonlyMap<string, number>;
}

/** Where a connection stands; `closed` and `failed` are final. */
export type DtlsState = 'new' | 'connecting' | 'connected' | 'closed' | 'failed';
