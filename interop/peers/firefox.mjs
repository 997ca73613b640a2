// Debian's Firefox ESR as a peer, driven over WebDriver BiDi. Same use as chromium.mjs.
// Options: --send (fake camera and microphone; --sendonly: nothing back), --codec=…, --acodec=…, --size=…, --fps=…, --mdns, --sink,
//          --prefs=JSON (more preferences)
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import puppeteer from 'puppeteer-core';
import { blankPage } from './lib/blank-page.mjs';
import { options, serve } from './lib/serve.mjs';

export const firefoxPrefs = {
  'media.navigator.streams.fake': true,
  'media.navigator.permission.disabled': true,
  'media.autoplay.default': 0,
  'media.peerconnection.ice.loopback': true,
  'media.gmp-manager.updateEnabled': false,
  'app.update.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'toolkit.telemetry.enabled': false,
  'browser.safebrowsing.update.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'http://127.0.0.1:9/',
};

export async function launchFirefox(opts = {}) {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
    headless: true,
    extraPrefsFirefox: {
      ...firefoxPrefs,
      'media.peerconnection.ice.obfuscate_host_addresses': Boolean(opts.mdns),
      ...JSON.parse(opts.prefs ?? '{}'),
    },
  });
  const blank = await blankPage();
  const page = await browser.newPage();
  await page.goto(blank.url);
  await page.evaluate(readFileSync(new URL('./lib/page-peer.js', import.meta.url), 'utf8'));
  await page.evaluate((o) => window.peer.setup(o), opts);
  return {
    page,
    version: await browser.version(),
    handle: (msg) => page.evaluate((m) => window.peer.handle(m), msg),
    close: async () => {
      await browser.close();
      blank.close();
    },
  };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const peer = await launchFirefox(options());
  await serve(peer.handle, peer.close);
}
