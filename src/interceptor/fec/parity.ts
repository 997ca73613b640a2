import { readU32 } from '../../core/bytes.ts';
import { PROTECTED_FROM } from './constants.ts';
import type { FecFields } from './fields.ts';

/** Adds packets up without carry. What is added twice is gone, so that the parity of all but one, and of all, give the one. */
export class Parity {
  first: number = 0;
  second: number = 0;
  length: number = 0;
  timestamp: number = 0;
  /** Of what lies behind the fixed header; as long as the longest packet may be. */
  readonly payload: Uint8Array;

  constructor(payloadBytes: number) {
    this.payload = new Uint8Array(payloadBytes);
  }

  addPacket(bytes: Uint8Array): void {
    this.first ^= bytes[0] as number;
    this.second ^= bytes[1] as number;
    this.length ^= bytes.length - PROTECTED_FROM;
    this.timestamp ^= readU32(bytes, 4);
    const { payload } = this;
    const end = Math.min(bytes.length - PROTECTED_FROM, payload.length);
    for (let i = 0; i < end; i++) payload[i] = (payload[i] as number) ^ (bytes[i + PROTECTED_FROM] as number);
  }

  addFec(fields: FecFields): void {
    this.first ^= fields.first;
    this.second ^= fields.second;
    this.length ^= fields.length;
    this.timestamp ^= fields.timestamp;
    const { payload } = this;
    const end = Math.min(fields.payload.length, payload.length);
    for (let i = 0; i < end; i++) payload[i] = (payload[i] as number) ^ (fields.payload[i] as number);
  }
}
