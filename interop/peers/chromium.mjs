// Debian's Chromium as a peer. As a program: the signaling convention of README.md.
// As a module: launchChromium() → { page, handle(request), close() }.
// Options: --send (fake camera and microphone; --sendonly: nothing back), --codec=VP8|VP9|H264|AV1|H265, --acodec=opus|PCMU|…,
//          --size=640x360, --fps=15 (of the camera), --simulcast (three layers, rids h m l, where it offers),
//          --mdns (.local candidates; excludes --send), --loopback (127.0.0.1 and ::1 candidates as well), --flags=… (extra switches, separated by spaces), --sink (do not echo)
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { blankPage } from './lib/blank-page.mjs';
import { options, serve } from './lib/serve.mjs';

export const chromiumFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--autoplay-policy=no-user-gesture-required',
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
];

export async function launchChromium(opts = {}) {
  const args = [...chromiumFlags, ...String(opts.flags ?? '').split(' ').filter(Boolean)];
  // A granted camera (the fake UI grants it) shows the host addresses too, so --mdns goes without media.
  if (opts.mdns) args.splice(args.indexOf('--use-fake-ui-for-media-stream'), 1);
  else args.push('--disable-features=WebRtcHideLocalIpsWithMdns');
  if (opts.loopback) args.push('--allow-loopback-in-peer-connection');
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args,
  }); // playwright makes a fresh profile directory and removes it on close
  const blank = await blankPage();
  const page = await browser.newPage();
  await page.goto(blank.url);
  await page.addScriptTag({ content: readFileSync(new URL('./lib/page-peer.js', import.meta.url), 'utf8') });
  await page.evaluate((o) => window.peer.setup(o), opts);
  return {
    page,
    version: browser.version(),
    handle: (msg) => page.evaluate((m) => window.peer.handle(m), msg),
    close: async () => {
      await browser.close();
      blank.close();
    },
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const peer = await launchChromium(options());
  await serve(peer.handle, peer.close);
}
