import { equalBytes, fromHex } from '../../core/index.ts';
import { Alert, ExtensionType, VERSION_DTLS_1_2 } from '../constants.ts';
import type { Extensions } from '../handshake/extensions.ts';
import { HandshakeFailure } from '../handshake/failure.ts';

/** renegotiation_info of a first handshake: an empty renegotiated_connection (RFC 5746 3.4). */
export const EMPTY_RENEGOTIATION_INFO: Uint8Array = Uint8Array.of(0);

/** ec_point_formats with the one format there is: uncompressed (RFC 8422 5.1.2). */
export const UNCOMPRESSED_ONLY: Uint8Array = Uint8Array.of(1, 0);

const SENTINEL_1_2 = fromHex('444f574e47524401');
const SENTINEL_1_1 = fromHex('444f574e47524400');

/**
 * Whether a server's random says that it was made to speak an older version than both sides know (RFC 8446 4.1.3).
 * `highest` is the newest version that the client offered.
 */
export function isDowngrade(serverRandom: Uint8Array, highest: number): boolean {
  const tail = serverRandom.subarray(24);
  // Versions are ones' complement: smaller is newer.
  return equalBytes(tail, SENTINEL_1_1) || (highest < VERSION_DTLS_1_2 && equalBytes(tail, SENTINEL_1_2));
}

/** Without the extended master secret a handshake is not bound to its own parameters (RFC 7627 5.2, 5.3). */
export function requireExtendedMasterSecret(extensions: Extensions): void {
  const extension = extensions.get(ExtensionType.extendedMasterSecret);
  if (extension === undefined) throw new HandshakeFailure(Alert.handshakeFailure, 'negotiation', 'extended_master_secret is missing');
  if (extension.length > 0) throw new HandshakeFailure(Alert.decodeError, 'protocol', 'extended_master_secret is not empty');
}

/** renegotiation_info of a first handshake must be empty (RFC 5746 3.4, 3.6). */
export function checkRenegotiationInfo(extensions: Extensions): void {
  const extension = extensions.get(ExtensionType.renegotiationInfo);
  if (extension !== undefined && !equalBytes(extension, EMPTY_RENEGOTIATION_INFO))
    throw new HandshakeFailure(Alert.handshakeFailure, 'negotiation', 'renegotiation_info of another handshake');
}
