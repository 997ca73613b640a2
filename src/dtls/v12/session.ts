import { concat, type CryptoProvider, DecodeError, EMPTY, type Environment, equalBytes, type GroupName, type KeyAgreement, RtcError, type SignatureScheme } from '../../core/index.ts';
import type { ResolvedConfig } from '../config.ts';
import { Alert } from '../constants.ts';
import { matchesFingerprint } from '../fingerprint.ts';
import { HandshakeFailure } from '../handshake/failure.ts';
import { decodeCertificateMessage } from '../handshake/packets.ts';
import { Transcript } from '../handshake/transcript.ts';
import type { RecordProtection } from '../record/protection.ts';
import { decodeCertificate, type LeafCertificate } from '../x509.ts';
import type { Agreed } from './concluded.ts';
import { extendedMasterSecret, type Role, type TrafficKeys, trafficKeys, verifyData } from './keys.ts';
import { authenticationOf, type CipherSuite, schemeId, schemeOf, schemesForKey, suitesOf } from './suites.ts';

/** What both sides of a handshake know and can do; the order of messages is the business of client and server. */
export class Session {
  readonly config: ResolvedConfig;
  readonly environment: Environment;
  readonly crypto: CryptoProvider;
  readonly role: Role;
  readonly transcript: Transcript = new Transcript();
  readonly suites: readonly CipherSuite[];
  readonly groups: readonly GroupName[];
  readonly schemes: readonly SignatureScheme[];
  clientRandom: Uint8Array = EMPTY;
  serverRandom: Uint8Array = EMPTY;
  suite: CipherSuite | undefined;
  srtpProfile: number | undefined;
  /** The peer's certificate, DER; it is the signalled one. */
  remoteCertificate: Uint8Array | undefined;
  #remoteLeaf: LeafCertificate | undefined;
  #master: Uint8Array | undefined;
  #keys: TrafficKeys | undefined;

  constructor(config: ResolvedConfig, environment: Environment) {
    this.config = config;
    this.environment = environment;
    this.crypto = environment.crypto;
    this.role = config.role;
    this.suites = suitesOf(config.aeads ?? this.crypto.aeads);
    this.groups = config.groups ?? this.crypto.groups;
    this.schemes = this.crypto.signatureSchemes;
  }

  /** The suite that was agreed on. */
  get agreedSuite(): CipherSuite {
    if (this.suite === undefined) throw new HandshakeFailure(Alert.internalError, 'protocol', 'no cipher suite yet');
    return this.suite;
  }

  /** What we seal with. */
  get localProtection(): RecordProtection | undefined {
    return this.#keys?.[this.role];
  }

  /** What we open with. */
  get remoteProtection(): RecordProtection | undefined {
    return this.#keys?.[this.role === 'client' ? 'server' : 'client'];
  }

  /** Takes the peer's Certificate message: believed only when its leaf is the one that was signalled (RFC 8122 5). */
  takeCertificate(body: Uint8Array): void {
    const chain = decodeCertificateMessage(body);
    const der = chain[0]?.slice(); // what it is a view of goes with the handshake
    // Both sides of a WebRTC connection authenticate (RFC 8827 6.5).
    if (der === undefined) throw new HandshakeFailure(Alert.handshakeFailure, 'certificate', 'the peer has no certificate');
    const fingerprints = this.config.remoteFingerprints;
    if (fingerprints !== undefined && !matchesFingerprint(this.crypto, der, fingerprints))
      throw new HandshakeFailure(Alert.badCertificate, 'fingerprint', 'the certificate is not the signalled one');
    try {
      this.#remoteLeaf = decodeCertificate(der);
    } catch (error) {
      if (error instanceof DecodeError) throw new HandshakeFailure(Alert.badCertificate, 'certificate', error.message);
      throw error;
    }
    if (this.#remoteLeaf.key.kind === 'unsupported') throw new HandshakeFailure(Alert.unsupportedCertificate, 'certificate', 'a key of no supported kind');
    this.remoteCertificate = der;
  }

  /** How the peer's certificate signs. */
  get remoteAuthentication(): 'ecdsa' | 'rsa' | undefined {
    const kind = this.#remoteLeaf?.key.kind;
    return kind === 'unsupported' ? undefined : kind;
  }

  /** Checks a signature of the peer's certificate key, made with a scheme that we offered. */
  checkSignature(id: number, data: Uint8Array, signature: Uint8Array): void {
    const leaf = this.#remoteLeaf;
    const scheme = schemeOf(id, this.schemes);
    if (leaf === undefined || scheme === undefined || authenticationOf(scheme) !== leaf.key.kind)
      throw new HandshakeFailure(Alert.illegalParameter, 'authentication', 'a signature scheme that was not offered or does not fit');
    if (!this.crypto.verify(scheme, leaf.publicKey, data, signature)) throw new HandshakeFailure(Alert.decryptError, 'authentication', 'a signature does not hold');
  }

  /** The scheme that we sign with, of those that the peer takes. */
  chooseScheme(offered: readonly number[]): SignatureScheme {
    const scheme = schemesForKey(this.config.certificate.key.kind).find((s) => this.schemes.includes(s) && offered.includes(schemeId(s)));
    if (scheme === undefined) throw new HandshakeFailure(Alert.handshakeFailure, 'negotiation', 'no signature scheme in common');
    return scheme;
  }

  /** ServerKeyExchange signs its parameters with both randoms in front (RFC 8422 5.4). */
  keyExchangeSignedData(params: Uint8Array): Uint8Array {
    return concat(this.clientRandom, this.serverRandom, params);
  }

  /** Completes the key agreement and derives all keys; the transcript must end with ClientKeyExchange (RFC 7627 4). */
  deriveKeys(agreement: KeyAgreement, peerPublicKey: Uint8Array): void {
    let premaster: Uint8Array;
    try {
      premaster = agreement.deriveSecret(peerPublicKey);
    } catch (error) {
      if (error instanceof RtcError) throw new HandshakeFailure(Alert.illegalParameter, 'authentication', 'the key share is not valid');
      throw error;
    }
    const suite = this.agreedSuite;
    this.#master = extendedMasterSecret(this.crypto, suite, premaster, this.transcript.hash(this.crypto, suite.hash));
    premaster.fill(0);
    this.#keys = trafficKeys(this.crypto, suite, this.#master, this.clientRandom, this.serverRandom);
  }

  /** verify_data over the transcript so far. */
  finishedData(role: Role): Uint8Array {
    const suite = this.agreedSuite;
    return verifyData(this.crypto, suite, this.#masterSecret(), role, this.transcript.hash(this.crypto, suite.hash));
  }

  /** Checks the peer's Finished, in constant time. */
  checkFinished(role: Role, body: Uint8Array): void {
    if (!equalBytes(this.finishedData(role), body)) throw new HandshakeFailure(Alert.decryptError, 'authentication', 'Finished does not hold');
  }

  /** After completion: what was agreed on, and the end of the rest. */
  conclude(): Agreed {
    const master = this.#masterSecret();
    const exporter = concat(master, this.clientRandom, this.serverRandom);
    master.fill(0);
    this.#master = undefined;
    return { suite: this.agreedSuite, srtpProfile: this.srtpProfile, remoteCertificate: this.remoteCertificate, exporter };
  }

  /** Overwrites the secret and lets go of the keys. */
  forget(): void {
    this.#master?.fill(0);
    this.#master = undefined;
    this.#keys = undefined;
    this.transcript.clear();
  }

  #masterSecret(): Uint8Array {
    if (this.#master === undefined) throw new HandshakeFailure(Alert.internalError, 'protocol', 'no master secret yet');
    return this.#master;
  }
}
