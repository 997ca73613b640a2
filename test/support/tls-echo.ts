import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { TlsEcho } from '../../src/conformance/index.ts';
import { virtualRuntime, type VirtualWorld } from '../../src/runtime/virtual/index.ts';

/** Made for these tests alone: an authority, and a certificate of it for `turn.example`, with its key. */
const AUTHORITY = `-----BEGIN CERTIFICATE-----
MIIBmjCCAT+gAwIBAgIUMcFt0/r8On2RPQOtuvPadsMNUoYwCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOdGVzdCBhdXRob3JpdHkwIBcNMjYxMTIyMTMyODI2WhgPMjEy
NjEwMjkxMzI4MjZaMBkxFzAVBgNVBAMMDnRlc3QgYXV0aG9yaXR5MFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAE7Z6CMX1WAJSRt2Z4ADgSygbw2J4Eu+Zhomdc3rzU
Q+61UyLEqZWmHRI/irC5TMwN/bhDZFgZCk9JnZ/jYAWXaKNjMGEwHQYDVR0OBBYE
FJXT6x6YansfbmbVE39Rk0qv5BUAMB8GA1UdIwQYMBaAFJXT6x6YansfbmbVE39R
k0qv5BUAMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgIEMAoGCCqGSM49
BAMCA0kAMEYCIQDL97bzW4WwXuAujdldY789I+clm1KhfZrYMYTh2Gx+IwIhALs/
Xb7wGrejOlzwGANxzGpkSZj7C9tPYftwk3kj8y9P
-----END CERTIFICATE-----
`;
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIB1DCCAXqgAwIBAgIUPs31Jt0zU3sZD4ClmaMlPflCotowCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOdGVzdCBhdXRob3JpdHkwIBcNMjYxMTIyMTMyODI2WhgPMjEy
NjEwMjkxMzI4MjZaMBcxFTATBgNVBAMMDHR1cm4uZXhhbXBsZTBZMBMGByqGSM49
AgEGCCqGSM49AwEHA0IABFQOjz6ZUupGBaxGavtS4f4oKqFnTs1JsNNMxumk/qeB
9CYtHpo6R4qb9gLoO/FeO15xUBfk2BCZcuSa8AIFzQ2jgZ8wgZwwJwYDVR0RBCAw
HoIMdHVybi5leGFtcGxlgg4qLnR1cm4uZXhhbXBsZTAMBgNVHRMBAf8EAjAAMA4G
A1UdDwEB/wQEAwIHgDATBgNVHSUEDDAKBggrBgEFBQcDATAdBgNVHQ4EFgQULDZX
kkGkWluCdDxknnAjQHXhNSwwHwYDVR0jBBgwFoAUldPrHphqex9uZtUTf1GTSq/k
FQAwCgYIKoZIzj0EAwIDSAAwRQIhAMIYZNG/vtunqa76k5xhWWtwSFr/R3m2m+UO
FzMkOZY3AiASuBcGKuSxKzMeXa+Hv0K87mbvrp3Xp9WRKpQafIbjMA==
-----END CERTIFICATE-----
`;
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgMTXi3kdc6eC52gQ6
ZEYQFf7BiVQuX0YvQxoMi40vuQChRANCAARUDo8+mVLqRgWsRmr7UuH+KCqhZ07N
SbDTTMbppP6ngfQmLR6aOkeKm/YC6DvxXjtecVAX5NgQmXLkmvACBc0N
-----END PRIVATE KEY-----
`;

/** A server on loopback that speaks TLS and sends back what it gets. */
export async function startTlsEcho(): Promise<TlsEcho & { close(): void }> {
  const sockets = new Set<TLSSocket>();
  const server: Server = createServer({ key: KEY, cert: CERTIFICATE }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.pipe(socket);
  });
  server.on('tlsClientError', () => {}); // whoever does not trust us says so and goes
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { readonly port: number };
  return {
    remote: { address: '127.0.0.1', port },
    serverName: 'turn.example',
    trustedCertificates: [AUTHORITY],
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** The same in a virtual world. */
export const VIRTUAL_TLS: TlsEcho = { remote: { address: '192.0.2.2', port: 443 }, serverName: 'turn.example' };

export async function serveVirtualTls(world: VirtualWorld): Promise<void> {
  const server = world.host('server', { addresses: [VIRTUAL_TLS.remote.address] });
  server.tcp.serveTls(VIRTUAL_TLS.remote.port, [VIRTUAL_TLS.serverName]);
  await world.until(
    virtualRuntime(server).listenTcp({
      local: VIRTUAL_TLS.remote,
      onConnection: (socket) => ({ onData: (bytes) => socket.write(bytes), onClose: () => {} }),
      onClose: () => {},
    }),
  );
}
