import { openPage } from '../demo/browser.ts';
import { Program } from './program.ts';
import { rowsOf, textOf, click, isState } from './tools.ts';
import { sleep } from '../suite.ts';
const program = new Program('perfect-negotiation', ['--port=0', ...process.argv.slice(2)]);
const [url] = await program.printed(/http:\/\/\S+/);
const page = await openPage.firefox();
await page.goto(url);
await isState(page, 'connected');
await page.evaluate(`(() => { const s = RTCPeerConnection.prototype.setLocalDescription; const r = RTCPeerConnection.prototype.setRemoteDescription; window.L = []; const f = (d) => d && (d.type + ' ' + /a=setup:\\w+/.exec(d.sdp)?.[0] + ' ' + /a=ice-ufrag:\\S+/.exec(d.sdp)?.[0]); RTCPeerConnection.prototype.setLocalDescription = async function (...a) { const b=this.signalingState; try { await s.apply(this, a); L.push(['local', b, f(this.localDescription), this.signalingState]); } catch (e) { L.push(['local', String(e)]); throw e; } }; RTCPeerConnection.prototype.setRemoteDescription = async function (...a) { const b=this.signalingState; try { await r.apply(this, a); L.push(['remote', b, f(a[0]), this.signalingState]); } catch (e) { L.push(['remote', f(a[0]), String(e)]); throw e; } }; })()`);
for (let i = 0; i < 2; i++) {
  await sleep(1500);
  console.log('click', i);
  await click(page, 'glare');
  for (let k = 0; k < 4; k++) { await sleep(500); console.log(JSON.stringify(await rowsOf(page, 'sides')), await textOf(page, 'signaling'), await textOf(page, 'status')); }
}
console.log((program as any).output ?? '');
console.log(JSON.stringify(await page.evaluate('window.L'), null, 1));
await page.close(); program.kill(); process.exit(0);
