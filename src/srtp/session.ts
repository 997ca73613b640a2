import { readU16, readU32 } from '../core/bytes.ts';
import { Counters, type Environment, RtcError } from '../core/index.ts';
import { resolveConfig, type SrtpConfig } from './config.ts';
import { EXTENSION_HEADER_BYTES, MAX_RTP_INDEX, RTCP_HEADER_BYTES, SEQUENCE_SPACE, SRTCP_ENCRYPTED, TAILROOM_BYTES } from './constants.ts';
import { addEmptyExtension, CRYPTEX_START, isCryptex, markCryptex, unmarkCryptex, wantsExtension } from './cryptex.ts';
import { HeaderEncryption } from './header-extensions.ts';
import { csrcBytes, hasVersion2, rtpHeaderBytes } from './packets.ts';
import { profileParameters } from './profiles.ts';
import { type ReceiveStream, Receivers } from './receivers.ts';
import { estimateIndex } from './rollover.ts';
import { Senders } from './senders.ts';
import type { SrtpStats } from './stats.ts';
import { createTransform, type Transform } from './transform.ts';

/**
 * SRTP and SRTCP between two ends under one pair of master keys (RFC 3711, RFC 7714). Packets are protected and opened in
 * place; what does not authenticate is counted, dropped and leaves no trace.
 *
 * @example
 * const srtp = new SrtpSession({ profile, localKey, localSalt, remoteKey, remoteSalt }, environment);
 * socket.send(srtp.protectRtp(packet)); // packet has 20 bytes of room behind it in its buffer
 * const opened = srtp.unprotectRtp(datagram);
 */
export class SrtpSession {
  /** Room that protection needs behind a packet, in bytes. */
  static readonly TAILROOM: number = TAILROOM_BYTES;

  readonly #profile: number;
  readonly #cryptex: boolean;
  readonly #maxRtcpPackets: number;
  readonly #counters: Counters = new Counters();
  readonly #local: Transform;
  readonly #remote: Transform;
  readonly #localHeaders: HeaderEncryption | undefined;
  readonly #remoteHeaders: HeaderEncryption | undefined;
  readonly #senders: Senders;
  readonly #rtpReceivers: Receivers;
  readonly #rtcpReceivers: Receivers;
  #closed = false;
  #rtpSent = 0;
  /** Also the index of the next SRTCP packet: all SSRCs count together, so no pair of SSRC and index comes twice. */
  #rtcpSent = 0;
  #rtpReceived = 0;
  #rtcpReceived = 0;

  /**
   * Throws `ERR_INVALID_ARGUMENT` for a configuration out of range, `ERR_NOT_SUPPORTED` for a profile that is unknown or that
   * the crypto provider has no ciphers for.
   */
  constructor(config: SrtpConfig, { crypto }: Pick<Environment, 'crypto'>) {
    const resolved = resolveConfig(config);
    const profile = profileParameters(resolved.profile);
    const { localKey, localSalt, remoteKey, remoteSalt, encryptedExtensionIds: ids } = resolved;
    this.#profile = resolved.profile;
    this.#cryptex = resolved.cryptex;
    this.#maxRtcpPackets = resolved.maxRtcpPackets;
    this.#local = createTransform(crypto, profile, localKey, localSalt);
    this.#remote = createTransform(crypto, profile, remoteKey, remoteSalt);
    this.#localHeaders = ids.length === 0 ? undefined : new HeaderEncryption(crypto, profile, localKey, localSalt, ids);
    this.#remoteHeaders = ids.length === 0 ? undefined : new HeaderEncryption(crypto, profile, remoteKey, remoteSalt, ids);
    this.#senders = new Senders(resolved.rtpReplayWindow, resolved.maxSendStreams);
    this.#rtpReceivers = new Receivers(resolved.rtpReplayWindow, resolved.maxUndeclaredStreams);
    this.#rtcpReceivers = new Receivers(resolved.rtcpReplayWindow, resolved.maxUndeclaredStreams);
  }

  /**
   * Gives an SSRC to one sender of this session. Throws `ERR_INVALID_STATE` when another has it or had it: two senders with
   * one SSRC would protect different packets alike (RFC 3711 9.1).
   */
  reserveSsrc(ssrc: number): void {
    this.#senders.reserve(ssrc >>> 0);
  }

  /** Ends the use of an SSRC. It cannot come back under these keys. */
  retireSsrc(ssrc: number): void {
    this.#senders.retire(ssrc >>> 0);
  }

  /** Tells of an SSRC that the peer was heard to use in signalling: its state is never given up for that of strangers. */
  declareRemote(ssrc: number): void {
    this.#rtpReceivers.declare(ssrc >>> 0);
    this.#rtcpReceivers.declare(ssrc >>> 0);
  }

  /** Takes {@link SrtpSession.declareRemote} back. What came stays known, so that it cannot be replayed, until room is needed. */
  undeclareRemote(ssrc: number): void {
    this.#rtpReceivers.undeclare(ssrc >>> 0);
    this.#rtcpReceivers.undeclare(ssrc >>> 0);
  }

  /**
   * Protects an RTP packet in its own buffer, which the caller owns and which has {@link SrtpSession.TAILROOM} bytes behind
   * the packet. Returns the SRTP packet, a view of the same buffer. Packets may come out of order within the replay window,
   * but each index of an SSRC is protected once: to send a packet again as it is, keep what was returned.
   *
   * Throws `ERR_INVALID_ARGUMENT` for what is no RTP packet or has no room, `ERR_INVALID_STATE` when SSRC and sequence number
   * were used before or the SSRC is retired, `ERR_RESOURCE` when indices or SSRCs are used up, `ERR_CLOSED` after the end.
   */
  protectRtp(packet: Uint8Array): Uint8Array {
    return this.#protectRtp(packet, false);
  }

  /**
   * Protects an RTP packet once more that went before, for a peer that asks for it and has no RTX. It must be the same to the last
   * byte, header extensions included: then what comes out is the same as well and tells nobody anything. A packet that differs would
   * give the key stream and, with AES-GCM, the authentication key away, and nothing here can tell.
   *
   * Throws as {@link SrtpSession.protectRtp} does, but `ERR_INVALID_STATE` for a packet that was not sent within the replay window.
   */
  repeatRtp(packet: Uint8Array): Uint8Array {
    return this.#protectRtp(packet, true);
  }

  /**
   * Checks and decrypts an SRTP packet in place. Returns the RTP packet, a view of it, or `undefined` for what is malformed,
   * forged, replayed or older than the window, which is counted in {@link SrtpSession.stats}.
   */
  unprotectRtp(packet: Uint8Array): Uint8Array | undefined {
    if (this.#closed) return this.#drop('srtp.closed');
    const length = packet.length - this.#remote.rtpOverheadBytes;
    const headerBytes = rtpHeaderBytes(packet, length);
    if (headerBytes < 0) return this.#drop('srtp.malformed');
    const cryptex = isCryptex(packet);
    // Without Cryptex the code of counter mode would hold, and the payload would come out as noise.
    if (cryptex && !this.#cryptex) return this.#drop('srtp.cryptex');
    const ssrc = readU32(packet, 8);
    const stream = this.#rtpReceivers.find(ssrc);
    const index = this.#openRtp(packet, stream, ssrc, cryptex ? CRYPTEX_START : headerBytes, length, cryptex ? csrcBytes(packet) : 0);
    if (index < 0) return undefined;
    if (this.#rtpReceivers.accept(stream, ssrc, index)) this.#counters.add('srtp.evicted');
    if (cryptex) unmarkCryptex(packet);
    else this.#remoteHeaders?.apply(ssrc, index, packet, headerBytes);
    this.#rtpReceived++;
    return new Uint8Array(packet.buffer, packet.byteOffset, length);
  }

  /**
   * Protects a compound or reduced-size RTCP packet as {@link SrtpSession.protectRtp} does, always encrypted. Throws
   * `ERR_RESOURCE` when the 2^31 − 1 indices are used up; other errors as there.
   */
  protectRtcp(packet: Uint8Array): Uint8Array {
    this.#checkOpen();
    const length = packet.length;
    if (length < RTCP_HEADER_BYTES || !hasVersion2(packet)) throw new RtcError('ERR_INVALID_ARGUMENT', 'not an RTCP packet');
    if (packet.byteOffset + length + TAILROOM_BYTES > packet.buffer.byteLength) throw noRoom();
    if (this.#rtcpSent >= this.#maxRtcpPackets) throw new RtcError('ERR_RESOURCE', 'the SRTCP indices of these keys are used up');
    const sealed = new Uint8Array(packet.buffer, packet.byteOffset, length + this.#local.rtcpOverheadBytes);
    this.#local.sealRtcp(readU32(packet, 4), this.#rtcpSent++, sealed, length);
    return sealed;
  }

  /** Checks and decrypts an SRTCP packet in place, as {@link SrtpSession.unprotectRtp} does. One that is not encrypted is dropped. */
  unprotectRtcp(packet: Uint8Array): Uint8Array | undefined {
    if (this.#closed) return this.#drop('srtcp.closed');
    const length = packet.length - this.#remote.rtcpOverheadBytes;
    if (length < RTCP_HEADER_BYTES || !hasVersion2(packet)) return this.#drop('srtcp.malformed');
    const word = readU32(packet, this.#remote.rtcpIndexAt(packet.length));
    if (word < SRTCP_ENCRYPTED) return this.#drop('srtcp.plain');
    const index = word & 0x7fff_ffff; // a small integer, as those of RTP are, so that engines keep both in one form
    const ssrc = readU32(packet, 4);
    const stream = this.#rtcpReceivers.find(ssrc);
    if (stream !== undefined && !stream.window.isNew(index)) return this.#drop(stream.window.isOld(index) ? 'srtcp.old' : 'srtcp.replay');
    if (!this.#remote.openRtcp(ssrc, index, packet, length)) return this.#drop('srtcp.forged');
    if (this.#rtcpReceivers.accept(stream, ssrc, index)) this.#counters.add('srtcp.evicted');
    this.#rtcpReceived++;
    return packet.subarray(0, length);
  }

  stats(): SrtpStats {
    return {
      profile: this.#profile,
      rtpPacketsSent: this.#rtpSent,
      rtcpPacketsSent: this.#rtcpSent,
      rtpPacketsReceived: this.#rtpReceived,
      rtcpPacketsReceived: this.#rtcpReceived,
      sendStreams: this.#senders.count,
      rtpReceiveStreams: this.#rtpReceivers.count,
      rtcpReceiveStreams: this.#rtcpReceivers.count,
      dropped: this.#counters.snapshot(),
    };
  }

  /** Overwrites the keys and ends the session. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#local.destroy();
    this.#remote.destroy();
    this.#localHeaders?.destroy();
    this.#remoteHeaders?.destroy();
    this.#rtpReceivers.clear();
    this.#rtcpReceivers.clear();
  }

  #protectRtp(packet: Uint8Array, again: boolean): Uint8Array {
    this.#checkOpen();
    const length = packet.length;
    const headerBytes = rtpHeaderBytes(packet, length);
    if (headerBytes < 0) throw new RtcError('ERR_INVALID_ARGUMENT', 'not an RTP packet');
    const { buffer, byteOffset } = packet; // each look at them is a call
    if (byteOffset + length + TAILROOM_BYTES > buffer.byteLength) throw noRoom();
    const ssrc = readU32(packet, 8);
    const sequence = readU16(packet, 2);
    const index = again ? this.#senders.again(ssrc, sequence) : this.#senders.take(ssrc, sequence);
    this.#rtpSent++;
    if (this.#cryptex) return this.#protectCryptex(packet, ssrc, index, headerBytes);
    const sealed = new Uint8Array(buffer, byteOffset, length + this.#local.rtpOverheadBytes);
    this.#localHeaders?.apply(ssrc, index, sealed, headerBytes);
    this.#local.sealRtp(ssrc, index, sealed, 0, headerBytes, length);
    return sealed;
  }

  #protectCryptex(packet: Uint8Array, ssrc: number, index: number, headerBytes: number): Uint8Array {
    const added = wantsExtension(packet) ? EXTENSION_HEADER_BYTES : 0;
    const end = packet.length + added;
    const sealed = new Uint8Array(packet.buffer, packet.byteOffset, end + this.#local.rtpOverheadBytes);
    if (added > 0) addEmptyExtension(sealed, packet.length);
    if (markCryptex(sealed)) this.#local.sealRtp(ssrc, index, sealed, csrcBytes(sealed), CRYPTEX_START, end);
    else this.#local.sealRtp(ssrc, index, sealed, 0, headerBytes, end);
    return sealed;
  }

  /** Opens a packet and returns its index, or −1 after counting why not. */
  #openRtp(packet: Uint8Array, stream: ReceiveStream | undefined, ssrc: number, start: number, length: number, csrcs: number): number {
    const sequence = readU16(packet, 2);
    if (stream === undefined) return this.#openFirst(packet, ssrc, sequence, start, length, csrcs);
    const { window } = stream;
    const index = estimateIndex(window.highest, sequence);
    if (!window.isNew(index) || index > MAX_RTP_INDEX) {
      this.#drop(window.isOld(index) || index > MAX_RTP_INDEX ? 'srtp.old' : 'srtp.replay');
      return -1;
    }
    if (this.#remote.openRtp(ssrc, index, packet, csrcs, start, length)) return index;
    this.#drop('srtp.forged');
    return -1;
  }

  /**
   * The first packet that comes of an SSRC may be one from just after the first wrap of its sequence number, when those before
   * were lost or come late. So it is tried in the second round too.
   */
  #openFirst(packet: Uint8Array, ssrc: number, sequence: number, start: number, length: number, csrcs: number): number {
    const again = sequence < SEQUENCE_SPACE / 2 ? packet.slice() : undefined; // a failed attempt may spoil the packet
    if (this.#remote.openRtp(ssrc, sequence, packet, csrcs, start, length)) return sequence;
    if (again !== undefined && this.#remote.openRtp(ssrc, SEQUENCE_SPACE + sequence, again, csrcs, start, length)) {
      packet.set(again);
      return SEQUENCE_SPACE + sequence;
    }
    this.#drop('srtp.forged');
    return -1;
  }

  #checkOpen(): void {
    if (this.#closed) throw new RtcError('ERR_CLOSED', 'the SRTP session is closed');
  }

  #drop(counter: string): undefined {
    this.#counters.add(counter);
    return undefined;
  }
}

function noRoom(): RtcError {
  return new RtcError('ERR_INVALID_ARGUMENT', 'no room behind the packet');
}
