import type { DtlsMachine } from '../../dtls/index.ts';
import { profileParameters, type SrtpConfig } from '../../srtp/index.ts';
import { EXPORTER_LABEL } from './constants.ts';

/**
 * The SRTP keys of a DTLS association (RFC 5764 4.2): client key, server key, client salt, server salt, one after the other.
 * `undefined` when use_srtp was not agreed upon. The caller overwrites them after use.
 */
export function srtpKeysOf(dtls: DtlsMachine, role: 'client' | 'server'): SrtpConfig | undefined {
  const profile = dtls.srtpProfile;
  if (profile === undefined) return undefined;
  const { keyBytes, saltBytes } = profileParameters(profile);
  const material = dtls.exportKeyingMaterial(EXPORTER_LABEL, 2 * (keyBytes + saltBytes));
  const salts = 2 * keyBytes;
  const client = { key: material.subarray(0, keyBytes), salt: material.subarray(salts, salts + saltBytes) };
  const server = { key: material.subarray(keyBytes, salts), salt: material.subarray(salts + saltBytes) };
  const [local, remote] = role === 'client' ? [client, server] : [server, client];
  return { profile, localKey: local.key, localSalt: local.salt, remoteKey: remote.key, remoteSalt: remote.salt };
}

/** Overwrites keys that are no longer needed. */
export function forgetKeys({ localKey, localSalt, remoteKey, remoteSalt }: SrtpConfig): void {
  for (const secret of [localKey, localSalt, remoteKey, remoteSalt]) secret.fill(0);
}
