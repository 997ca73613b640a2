import { EMPTY, type GroupName, type KeyAgreement, randomBytes } from '../../core/index.ts';
import {
  Alert,
  CERTIFICATE_TYPE_ECDSA_SIGN,
  CERTIFICATE_TYPE_RSA_SIGN,
  EMPTY_RENEGOTIATION_INFO_SCSV,
  ExtensionType,
  HandshakeType,
  RANDOM_BYTES,
  VERSION_DTLS_1_2,
} from '../constants.ts';
import { decodePointFormats, decodeSupportedVersions, decodeU16List, decodeUseSrtp, encodeUseSrtp } from '../handshake/extensions.ts';
import { HandshakeFailure } from '../handshake/failure.ts';
import {
  type ClientHello,
  decodeCertificateVerify,
  decodeClientHello,
  decodeClientKeyExchange,
  encodeCertificateMessage,
  encodeCertificateRequest,
  encodeServerHello,
  encodeServerKeyExchange,
  encodeServerParams,
} from '../handshake/packets.ts';
import type { HandshakeMessage } from '../handshake/reassembly.ts';
import { checkRenegotiationInfo, EMPTY_RENEGOTIATION_INFO, requireExtendedMasterSecret, UNCOMPRESSED_ONLY } from './hello.ts';
import type { Outbox } from './outbox.ts';
import type { HandshakeRole } from './role.ts';
import type { Session } from './session.ts';
import { type CipherSuite, groupId, schemeId } from './suites.ts';

/** What the server waits for. */
type Phase = 'client-hello' | 'certificate' | 'client-key-exchange' | 'certificate-verify' | 'change-cipher-spec' | 'finished' | 'complete';

/** The server's side of a full handshake with a client that has a certificate (RFC 5246 7.3). */
export class ServerHandshake implements HandshakeRole {
  readonly #session: Session;
  readonly #outbox: Outbox;
  #phase: Phase = 'client-hello';
  #agreement: KeyAgreement | undefined;

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

  start(): void {}

  changeCipherSpec(): void {
    this.#phase = 'finished';
  }

  receive(message: HandshakeMessage): void {
    const { type, sequence, body, epoch } = message;
    if (type !== EXPECTED[this.#phase] || epoch !== (this.#phase === 'finished' ? 1 : 0))
      throw new HandshakeFailure(Alert.unexpectedMessage, 'protocol', `message ${type} while waiting for ${this.#phase}`);
    const session = this.#session;
    // These two speak of what came before them.
    if (type === HandshakeType.certificateVerify) this.#checkCertificateVerify(body);
    if (type === HandshakeType.finished) session.checkFinished('client', body);
    session.transcript.add(type, sequence, body);
    switch (this.#phase) {
      case 'client-hello':
        this.#outbox.numberFrom(sequence);
        this.#onClientHello(decodeClientHello(body));
        this.#phase = 'certificate';
        break;
      case 'certificate':
        session.takeCertificate(body);
        this.#phase = 'client-key-exchange';
        break;
      case 'client-key-exchange':
        session.deriveKeys(this.#agreement as KeyAgreement, decodeClientKeyExchange(body));
        this.#agreement = undefined;
        this.#phase = 'certificate-verify';
        break;
      case 'certificate-verify':
        this.#phase = 'change-cipher-spec';
        break;
      default:
        this.#sendFinished();
    }
  }

  #checkCertificateVerify(body: Uint8Array): void {
    const { scheme, signature } = decodeCertificateVerify(body);
    this.#session.checkSignature(scheme, this.#session.transcript.bytes(), signature);
  }

  #sendFinished(): void {
    this.#outbox.changeCipherSpec();
    this.#outbox.message(HandshakeType.finished, this.#session.finishedData('server'));
    this.#outbox.finish();
    this.#phase = 'complete';
  }

  #onClientHello(hello: ClientHello): void {
    const session = this.#session;
    checkVersions(hello);
    if (!hello.compressionMethods.includes(0)) throw new HandshakeFailure(Alert.illegalParameter, 'protocol', 'no null compression');
    requireExtendedMasterSecret(hello.extensions);
    checkRenegotiationInfo(hello.extensions);
    const formats = hello.extensions.get(ExtensionType.ecPointFormats);
    if (formats !== undefined && !decodePointFormats(formats).includes(0)) throw new HandshakeFailure(Alert.illegalParameter, 'negotiation', 'no uncompressed points');
    session.suite = this.#chooseSuite(hello);
    session.srtpProfile = this.#chooseProfile(hello);
    session.clientRandom = hello.random.slice();
    session.serverRandom = randomBytes(session.environment.random, RANDOM_BYTES);
    this.#sendServerHello(hello, session.suite);
    this.#sendKeyExchange(hello);
  }

  #sendServerHello(hello: ClientHello, suite: CipherSuite): void {
    const session = this.#session;
    const extensions = new Map<number, Uint8Array>([[ExtensionType.extendedMasterSecret, EMPTY]]);
    if (hello.extensions.has(ExtensionType.renegotiationInfo) || hello.cipherSuites.includes(EMPTY_RENEGOTIATION_INFO_SCSV))
      extensions.set(ExtensionType.renegotiationInfo, EMPTY_RENEGOTIATION_INFO);
    if (hello.extensions.has(ExtensionType.ecPointFormats)) extensions.set(ExtensionType.ecPointFormats, UNCOMPRESSED_ONLY);
    if (session.srtpProfile !== undefined) extensions.set(ExtensionType.useSrtp, encodeUseSrtp({ profiles: [session.srtpProfile], mki: EMPTY }));
    this.#outbox.message(
      HandshakeType.serverHello,
      encodeServerHello({ version: VERSION_DTLS_1_2, random: session.serverRandom, sessionId: EMPTY, cipherSuite: suite.id, compressionMethod: 0, extensions }),
    );
    this.#outbox.message(HandshakeType.certificate, encodeCertificateMessage([session.config.certificate.der]));
  }

  #sendKeyExchange(hello: ClientHello): void {
    const session = this.#session;
    const agreement = session.crypto.generateKeyAgreement(this.#chooseGroup(hello), session.environment.random);
    this.#agreement = agreement;
    const offered = hello.extensions.get(ExtensionType.signatureAlgorithms);
    // Without the extension the client takes SHA-1 only (RFC 5246 7.4.1.4.1), and that is not offered here.
    const scheme = session.chooseScheme(offered === undefined ? [] : decodeU16List(offered, 'dtls.signature-algorithms'));
    const params = encodeServerParams(groupId(agreement.group), agreement.publicKey);
    const signature = session.config.certificate.key.sign(scheme, session.keyExchangeSignedData(params));
    this.#outbox.message(HandshakeType.serverKeyExchange, encodeServerKeyExchange(params, schemeId(scheme), signature));
    this.#outbox.message(
      HandshakeType.certificateRequest,
      encodeCertificateRequest({ certificateTypes: Uint8Array.of(CERTIFICATE_TYPE_ECDSA_SIGN, CERTIFICATE_TYPE_RSA_SIGN), signatureSchemes: session.schemes.map(schemeId) }),
    );
    this.#outbox.message(HandshakeType.serverHelloDone, EMPTY);
    this.#outbox.finish();
  }

  #chooseSuite(hello: ClientHello): CipherSuite {
    const authentication = this.#session.config.certificate.key.kind === 'rsa-2048' ? 'rsa' : 'ecdsa';
    const suite = this.#session.suites.find((s) => s.authentication === authentication && hello.cipherSuites.includes(s.id));
    if (suite === undefined) throw new HandshakeFailure(Alert.handshakeFailure, 'negotiation', 'no cipher suite in common');
    return suite;
  }

  #chooseGroup(hello: ClientHello): GroupName {
    const extension = hello.extensions.get(ExtensionType.supportedGroups);
    const offered = extension === undefined ? [] : decodeU16List(extension, 'dtls.supported-groups');
    const group = this.#session.groups.find((g) => offered.includes(groupId(g)));
    if (group === undefined) throw new HandshakeFailure(Alert.handshakeFailure, 'negotiation', 'no group in common');
    return group;
  }

  #chooseProfile(hello: ClientHello): number | undefined {
    const { srtpProfiles, srtpRequired } = this.#session.config;
    const extension = hello.extensions.get(ExtensionType.useSrtp);
    const offered = extension === undefined ? [] : decodeUseSrtp(extension).profiles;
    const profile = srtpProfiles.find((p) => offered.includes(p));
    if (profile === undefined && srtpRequired) throw new HandshakeFailure(Alert.handshakeFailure, 'negotiation', 'no SRTP profile in common');
    return profile;
  }
}

/** DTLS 1.2 must be among the client's versions (RFC 6347 4.2.1, RFC 8446 4.2.1). */
function checkVersions(hello: ClientHello): void {
  const extension = hello.extensions.get(ExtensionType.supportedVersions);
  // Versions are ones' complement: larger is older. The first byte is 0xfe for every DTLS.
  const speaks12 = extension === undefined ? hello.version >> 8 === 0xfe && hello.version <= VERSION_DTLS_1_2 : decodeSupportedVersions(extension).includes(VERSION_DTLS_1_2);
  if (!speaks12) throw new HandshakeFailure(Alert.protocolVersion, 'negotiation', 'the client does not speak DTLS 1.2');
}

const EXPECTED: Readonly<Record<Phase, number>> = {
  'client-hello': HandshakeType.clientHello,
  certificate: HandshakeType.certificate,
  'client-key-exchange': HandshakeType.clientKeyExchange,
  'certificate-verify': HandshakeType.certificateVerify,
  'change-cipher-spec': -1,
  finished: HandshakeType.finished,
  complete: -1,
};
