import { DecodeError, Reader, Writer } from '../../core/index.ts';
import { MAX_CERTIFICATE_BYTES, MAX_CERTIFICATE_CHAIN, NAMED_CURVE, RANDOM_BYTES } from '../constants.ts';
import { decodeExtensions, decodeU16s, encodeExtensions, encodeU16List, type Extensions } from './extensions.ts';

// Bodies of handshake messages. Decoders return views of their input and throw DecodeError on anything malformed.

/** ClientHello (RFC 6347 4.2.1). */
export interface ClientHello {
  readonly version: number;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly cookie: Uint8Array;
  readonly cipherSuites: readonly number[];
  readonly compressionMethods: Uint8Array;
  readonly extensions: Extensions;
}

/** ServerHello (RFC 5246 7.4.1.3). */
export interface ServerHello {
  readonly version: number;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  readonly cipherSuite: number;
  readonly compressionMethod: number;
  readonly extensions: Extensions;
}

/** HelloVerifyRequest (RFC 6347 4.2.1). */
export interface HelloVerifyRequest {
  readonly version: number;
  readonly cookie: Uint8Array;
}

/** ServerKeyExchange of the ECDHE suites (RFC 8422 5.4). */
export interface ServerKeyExchange {
  readonly group: number;
  readonly publicKey: Uint8Array;
  /** The signed part, as it came. */
  readonly params: Uint8Array;
  readonly scheme: number;
  readonly signature: Uint8Array;
}

/** CertificateRequest (RFC 5246 7.4.4); the names of authorities mean nothing here and are passed over. */
export interface CertificateRequest {
  readonly certificateTypes: Uint8Array;
  readonly signatureSchemes: readonly number[];
}

/** CertificateVerify (RFC 5246 7.4.8). */
export interface CertificateVerify {
  readonly scheme: number;
  readonly signature: Uint8Array;
}

export function decodeClientHello(body: Uint8Array): ClientHello {
  const r = new Reader(body, 'dtls.client-hello');
  const version = r.u16();
  const random = r.view(RANDOM_BYTES);
  const sessionId = atMost(r.vector8(), 32, 'dtls.client-hello');
  const cookie = r.vector8();
  const cipherSuites = decodeU16s(r.vector16(), 'dtls.client-hello');
  const compressionMethods = r.vector8();
  const extensions = decodeExtensions(r);
  r.done();
  return { version, random, sessionId, cookie, cipherSuites, compressionMethods, extensions };
}

export function encodeClientHello(hello: ClientHello): Uint8Array {
  const w = new Writer(512).u16(hello.version).append(hello.random);
  w.vector8(hello.sessionId).vector8(hello.cookie).append(encodeU16List(hello.cipherSuites)).vector8(hello.compressionMethods);
  encodeExtensions(w, hello.extensions);
  return w.finish();
}

export function decodeServerHello(body: Uint8Array): ServerHello {
  const r = new Reader(body, 'dtls.server-hello');
  const version = r.u16();
  const random = r.view(RANDOM_BYTES);
  const sessionId = atMost(r.vector8(), 32, 'dtls.server-hello');
  const cipherSuite = r.u16();
  const compressionMethod = r.u8();
  const extensions = decodeExtensions(r);
  r.done();
  return { version, random, sessionId, cipherSuite, compressionMethod, extensions };
}

export function encodeServerHello(hello: ServerHello): Uint8Array {
  const w = new Writer(128).u16(hello.version).append(hello.random).vector8(hello.sessionId);
  w.u16(hello.cipherSuite).u8(hello.compressionMethod);
  encodeExtensions(w, hello.extensions);
  return w.finish();
}

export function decodeHelloVerifyRequest(body: Uint8Array): HelloVerifyRequest {
  const r = new Reader(body, 'dtls.hello-verify-request');
  const version = r.u16();
  const cookie = r.vector8();
  r.done();
  return { version, cookie };
}

export function encodeHelloVerifyRequest({ version, cookie }: HelloVerifyRequest): Uint8Array {
  return new Writer(64).u16(version).vector8(cookie).finish();
}

/** The chain of a Certificate message, leaf first; empty when the client has none (RFC 5246 7.4.6). */
export function decodeCertificateMessage(body: Uint8Array): Uint8Array[] {
  const r = new Reader(body, 'dtls.certificate');
  const list = new Reader(r.vector24(), 'dtls.certificate');
  r.done();
  const chain: Uint8Array[] = [];
  while (list.left > 0) {
    if (chain.length === MAX_CERTIFICATE_CHAIN) throw new DecodeError('dtls.certificate', 'the chain is too long');
    const der = list.vector24();
    if (der.length === 0) throw new DecodeError('dtls.certificate', 'an empty certificate');
    chain.push(atMost(der, MAX_CERTIFICATE_BYTES, 'dtls.certificate'));
  }
  return chain;
}

export function encodeCertificateMessage(chain: readonly Uint8Array[]): Uint8Array {
  const w = new Writer(1024);
  return w
    .vector(3, () => {
      for (const der of chain) w.vector24(der);
    })
    .finish();
}

export function decodeServerKeyExchange(body: Uint8Array): ServerKeyExchange {
  const r = new Reader(body, 'dtls.server-key-exchange');
  if (r.u8() !== NAMED_CURVE) throw new DecodeError('dtls.server-key-exchange', 'no named curve');
  const group = r.u16();
  const publicKey = r.vector8();
  const params = body.subarray(0, r.at);
  const scheme = r.u16();
  const signature = r.vector16();
  r.done();
  return { group, publicKey, params, scheme, signature };
}

/** ServerECDHParams, the part that is signed together with both randoms (RFC 8422 5.4). */
export function encodeServerParams(group: number, publicKey: Uint8Array): Uint8Array {
  return new Writer(128).u8(NAMED_CURVE).u16(group).vector8(publicKey).finish();
}

export function encodeServerKeyExchange(params: Uint8Array, scheme: number, signature: Uint8Array): Uint8Array {
  return new Writer(512).append(params).u16(scheme).vector16(signature).finish();
}

export function decodeCertificateRequest(body: Uint8Array): CertificateRequest {
  const r = new Reader(body, 'dtls.certificate-request');
  const certificateTypes = r.vector8();
  const signatureSchemes = decodeU16s(r.vector16(), 'dtls.certificate-request');
  r.vector16();
  r.done();
  return { certificateTypes, signatureSchemes };
}

export function encodeCertificateRequest({ certificateTypes, signatureSchemes }: CertificateRequest): Uint8Array {
  return new Writer(64).vector8(certificateTypes).append(encodeU16List(signatureSchemes)).u16(0).finish();
}

/** The client's public point (RFC 8422 5.7). */
export function decodeClientKeyExchange(body: Uint8Array): Uint8Array {
  const r = new Reader(body, 'dtls.client-key-exchange');
  const publicKey = r.vector8();
  r.done();
  return publicKey;
}

export function encodeClientKeyExchange(publicKey: Uint8Array): Uint8Array {
  return new Writer(128).vector8(publicKey).finish();
}

export function decodeCertificateVerify(body: Uint8Array): CertificateVerify {
  const r = new Reader(body, 'dtls.certificate-verify');
  const scheme = r.u16();
  const signature = r.vector16();
  r.done();
  return { scheme, signature };
}

export function encodeCertificateVerify({ scheme, signature }: CertificateVerify): Uint8Array {
  return new Writer(512).u16(scheme).vector16(signature).finish();
}

function atMost(bytes: Uint8Array, limit: number, what: string): Uint8Array {
  if (bytes.length > limit) throw new DecodeError(what, `a field of ${bytes.length} bytes`);
  return bytes;
}
