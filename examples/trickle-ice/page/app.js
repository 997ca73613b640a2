import { connect } from '/connect.js';
import { $, showMessage, showRows } from '/page.js';

const rows = { here: [], there: [] };

/** RFC 8839 5.1: candidate:FOUNDATION COMPONENT PROTOCOL PRIORITY ADDRESS PORT typ TYPE … */
function add(side, candidate) {
  const [, , protocol, , address, port, , type] = candidate?.candidate?.split(' ') ?? [];
  rows[side].push([`${performance.now().toFixed(0)} ms`, type ?? 'no more', protocol?.toLowerCase() ?? '', type ? `${address}:${port}` : '']);
  showRows(side, rows[side]);
}

async function onState({ target: pc }) {
  if (pc.connectionState !== 'connected') return;
  $('connected').textContent = performance.now().toFixed(0);
  const stats = await pc.getStats();
  const { selectedCandidatePairId } = [...stats.values()].find(({ type }) => type === 'transport') ?? {};
  const pair = stats.get(selectedCandidatePairId);
  const name = (id) => (({ candidateType, address, port }) => `${candidateType} ${address ?? 'hidden'}:${port}`)(stats.get(id));
  if (pair) [$('local').textContent, $('remote').textContent] = [name(pair.localCandidateId), name(pair.remoteCandidateId)];
}

await connect({
  begin(pc, signal) {
    pc.addEventListener('connectionstatechange', onState);
    signal.addEventListener('sent', ({ detail }) => 'candidate' in detail && detail.candidate?.candidate !== '' && add('here', detail.candidate));
    signal.addEventListener('message', ({ detail }) => 'candidate' in detail && add('there', detail.candidate));
  },
  onWord: ({ problem }) => problem && showMessage(problem),
});
