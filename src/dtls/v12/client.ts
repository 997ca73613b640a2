import { EMPTY, type GroupName, randomBytes } from '../../core/index.ts';
import { Alert, ExtensionType, HandshakeType, MAX_HELLO_VERIFY_REQUESTS, RANDOM_BYTES, VERSION_DTLS_1_0, VERSION_DTLS_1_2 } from '../constants.ts';
import { decodePointFormats, decodeUseSrtp, encodeU16List, encodeUseSrtp } from '../handshake/extensions.ts';
import { HandshakeFailure } from '../handshake/failure.ts';
import {
  type CertificateRequest,
  decodeCertificateRequest,
  decodeHelloVerifyRequest,
  decodeServerHello,
  decodeServerKeyExchange,
  encodeCertificateMessage,
  encodeCertificateVerify,
  encodeClientHello,
  encodeClientKeyExchange,
  type ServerHello,
} from '../handshake/packets.ts';
import type { HandshakeMessage } from '../handshake/reassembly.ts';
import { checkRenegotiationInfo, EMPTY_RENEGOTIATION_INFO, isDowngrade, requireExtendedMasterSecret, UNCOMPRESSED_ONLY } from './hello.ts';
import type { Outbox } from './outbox.ts';
import type { HandshakeRole } from './role.ts';
import type { Session } from './session.ts';
import { groupId, schemeId } from './suites.ts';

/** What the client waits for. */
type Phase = 'server-hello' | 'certificate' | 'server-key-exchange' | 'request-or-done' | 'done' | 'change-cipher-spec' | 'finished' | 'complete';

const NO_EXTENSIONS: ReadonlyMap<number, Uint8Array> = new Map();

/** The client's side of a full handshake (RFC 5246 7.3, RFC 6347 4.2.4). */
export class ClientHandshake implements HandshakeRole {
  readonly #session: Session;
  readonly #outbox: Outbox;
  #phase: Phase = 'server-hello';
  #cookie: Uint8Array = EMPTY;
  #cookies = 0;
  #offered: ReadonlyMap<number, Uint8Array> = NO_EXTENSIONS;
  #group: GroupName | undefined;
  #serverPublicKey: Uint8Array = EMPTY;
  #request: CertificateRequest | undefined;

  constructor(session: Session, outbox: Outbox) {
    this.#session = session;
    this.#outbox = outbox;
  }

  get wantsChangeCipherSpec(): boolean {
    return this.#phase === 'change-cipher-spec';
  }

  get complete(): boolean {
    return this.#phase === 'complete';
  }

  start(): void {
    const { config, environment } = this.#session;
    this.#session.clientRandom = config.helloRandom ?? randomBytes(environment.random, RANDOM_BYTES);
    this.#sendHello();
  }

  changeCipherSpec(): void {
    this.#phase = 'finished';
  }

  receive(message: HandshakeMessage): void {
    // RFC 5246 7.4.1.1: no part of the handshake, and ignored while one is under way.
    if (message.type === HandshakeType.helloRequest && message.body.length === 0) return;
    if (this.#phase === 'server-hello' && message.type === HandshakeType.helloVerifyRequest) return this.#onHelloVerifyRequest(message);
    this.#expect(message);
    if (message.type === HandshakeType.finished) this.#session.checkFinished('server', message.body);
    this.#session.transcript.add(message.type, message.sequence, message.body);
    this.#advance(message);
  }

  #expect(message: HandshakeMessage): void {
    const wanted = EXPECTED[this.#phase];
    const epoch = this.#phase === 'finished' ? 1 : 0;
    if (!wanted.includes(message.type) || message.epoch !== epoch)
      throw new HandshakeFailure(Alert.unexpectedMessage, 'protocol', `message ${message.type} while waiting for ${this.#phase}`);
  }

  #advance({ type, body }: HandshakeMessage): void {
    switch (type) {
      case HandshakeType.serverHello:
        this.#onServerHello(decodeServerHello(body));
        break;
      case HandshakeType.certificate:
        this.#onCertificate(body);
        break;
      case HandshakeType.serverKeyExchange:
        this.#onServerKeyExchange(body);
        break;
      case HandshakeType.certificateRequest:
        this.#request = decodeCertificateRequest(body);
        this.#phase = 'done';
        break;
      case HandshakeType.serverHelloDone:
        if (body.length > 0) throw new HandshakeFailure(Alert.decodeError, 'protocol', 'ServerHelloDone is not empty');
        this.#sendKeys();
        break;
      default:
        this.#complete(); // Finished, checked before it entered the transcript
    }
  }

  /** A connection may live for days: what only the handshake needed does not. */
  #complete(): void {
    this.#phase = 'complete';
    this.#cookie = EMPTY;
    this.#offered = NO_EXTENSIONS;
    this.#serverPublicKey = EMPTY;
    this.#request = undefined;
  }

  #sendHello(): void {
    const session = this.#session;
    const extensions = new Map<number, Uint8Array>([
      [ExtensionType.extendedMasterSecret, EMPTY],
      [ExtensionType.renegotiationInfo, EMPTY_RENEGOTIATION_INFO],
      [ExtensionType.supportedGroups, encodeU16List(session.groups.map(groupId))],
      [ExtensionType.ecPointFormats, UNCOMPRESSED_ONLY],
      [ExtensionType.signatureAlgorithms, encodeU16List(session.schemes.map(schemeId))],
    ]);
    if (session.config.srtpProfiles.length > 0) extensions.set(ExtensionType.useSrtp, encodeUseSrtp({ profiles: session.config.srtpProfiles, mki: EMPTY }));
    this.#offered = extensions;
    const hello = encodeClientHello({
      version: VERSION_DTLS_1_2,
      random: session.clientRandom,
      sessionId: EMPTY,
      cookie: this.#cookie,
      cipherSuites: session.suites.map((suite) => suite.id),
      compressionMethods: Uint8Array.of(0),
      extensions,
    });
    session.transcript.clear(); // only the last hello counts (RFC 6347 4.2.1)
    this.#outbox.message(HandshakeType.clientHello, hello);
    this.#outbox.finish();
  }

  #onHelloVerifyRequest({ body, epoch }: HandshakeMessage): void {
    const { version, cookie } = decodeHelloVerifyRequest(body);
    // Its version says nothing about the version that will be spoken (RFC 6347 4.2.1).
    if (epoch !== 0 || (version !== VERSION_DTLS_1_0 && version !== VERSION_DTLS_1_2))
      throw new HandshakeFailure(Alert.protocolVersion, 'negotiation', 'HelloVerifyRequest of an unknown version');
    if (++this.#cookies > MAX_HELLO_VERIFY_REQUESTS) throw new HandshakeFailure(Alert.unexpectedMessage, 'protocol', 'too many HelloVerifyRequests');
    this.#cookie = cookie.slice();
    this.#sendHello();
  }

  #onServerHello(hello: ServerHello): void {
    const session = this.#session;
    if (hello.version !== VERSION_DTLS_1_2) throw new HandshakeFailure(Alert.protocolVersion, 'negotiation', 'the server does not speak DTLS 1.2');
    if (isDowngrade(hello.random, VERSION_DTLS_1_2)) throw new HandshakeFailure(Alert.illegalParameter, 'negotiation', 'the version was downgraded');
    const suite = session.suites.find(({ id }) => id === hello.cipherSuite);
    if (suite === undefined || hello.compressionMethod !== 0) throw new HandshakeFailure(Alert.illegalParameter, 'negotiation', 'a suite or compression that was not offered');
    for (const type of hello.extensions.keys())
      if (!this.#offered.has(type)) throw new HandshakeFailure(Alert.unsupportedExtension, 'negotiation', `extension ${type} was not offered`);
    requireExtendedMasterSecret(hello.extensions);
    checkRenegotiationInfo(hello.extensions);
    const formats = hello.extensions.get(ExtensionType.ecPointFormats);
    if (formats !== undefined && !decodePointFormats(formats).includes(0)) throw new HandshakeFailure(Alert.illegalParameter, 'negotiation', 'no uncompressed points');
    session.suite = suite;
    session.serverRandom = hello.random.slice();
    session.srtpProfile = this.#chosenProfile(hello);
    this.#phase = 'certificate';
  }

  #chosenProfile(hello: ServerHello): number | undefined {
    const { srtpProfiles, srtpRequired } = this.#session.config;
    const extension = hello.extensions.get(ExtensionType.useSrtp);
    if (extension === undefined) {
      if (srtpRequired) throw new HandshakeFailure(Alert.handshakeFailure, 'negotiation', 'use_srtp is missing');
      return undefined;
    }
    const { profiles, mki } = decodeUseSrtp(extension);
    const profile = profiles[0];
    // RFC 5764 4.1.1, 4.1.3: exactly one of ours, and the identifier that we sent: none.
    if (profile === undefined || profiles.length !== 1 || !srtpProfiles.includes(profile) || mki.length > 0)
      throw new HandshakeFailure(Alert.illegalParameter, 'negotiation', 'an SRTP profile or MKI that was not offered');
    return profile;
  }

  #onCertificate(body: Uint8Array): void {
    this.#session.takeCertificate(body);
    if (this.#session.remoteAuthentication !== this.#session.agreedSuite.authentication)
      throw new HandshakeFailure(Alert.illegalParameter, 'certificate', 'the certificate does not fit the cipher suite');
    this.#phase = 'server-key-exchange';
  }

  #onServerKeyExchange(body: Uint8Array): void {
    const session = this.#session;
    const exchange = decodeServerKeyExchange(body);
    this.#group = session.groups.find((group) => groupId(group) === exchange.group);
    if (this.#group === undefined) throw new HandshakeFailure(Alert.illegalParameter, 'negotiation', 'a group that was not offered');
    session.checkSignature(exchange.scheme, session.keyExchangeSignedData(exchange.params), exchange.signature);
    this.#serverPublicKey = exchange.publicKey.slice();
    this.#phase = 'request-or-done';
  }

  /** Answers ServerHelloDone with everything up to Finished. */
  #sendKeys(): void {
    const session = this.#session;
    const { certificate } = session.config;
    const agreement = session.crypto.generateKeyAgreement(this.#group as GroupName, session.environment.random);
    const scheme = this.#request === undefined ? undefined : session.chooseScheme(this.#request.signatureSchemes);
    if (scheme !== undefined) this.#outbox.message(HandshakeType.certificate, encodeCertificateMessage([certificate.der]));
    this.#outbox.message(HandshakeType.clientKeyExchange, encodeClientKeyExchange(agreement.publicKey));
    session.deriveKeys(agreement, this.#serverPublicKey);
    if (scheme !== undefined) {
      const signature = certificate.key.sign(scheme, session.transcript.bytes());
      this.#outbox.message(HandshakeType.certificateVerify, encodeCertificateVerify({ scheme: schemeId(scheme), signature }));
    }
    this.#outbox.changeCipherSpec();
    this.#outbox.message(HandshakeType.finished, session.finishedData('client'));
    this.#outbox.finish();
    this.#phase = 'change-cipher-spec';
  }
}

const EXPECTED: Readonly<Record<Phase, readonly number[]>> = {
  'server-hello': [HandshakeType.serverHello],
  certificate: [HandshakeType.certificate],
  'server-key-exchange': [HandshakeType.serverKeyExchange],
  'request-or-done': [HandshakeType.certificateRequest, HandshakeType.serverHelloDone],
  done: [HandshakeType.serverHelloDone],
  'change-cipher-spec': [],
  finished: [HandshakeType.finished],
  complete: [],
};
