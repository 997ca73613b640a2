const body = document.getElementById('pairs');
const EVERY_MS = 1000;

function cell(text, isNumber) {
  const td = document.createElement('td');
  td.textContent = text;
  if (isNumber) td.className = 'number';
  return td;
}

function bytes(n = 0) {
  if (n < 10_000) return `${n} B`;
  return n < 10_000_000 ? `${(n / 1000).toFixed(0)} kB` : `${(n / 1e6).toFixed(0)} MB`;
}

function candidate(c) {
  if (!c) return '?';
  const address = c.address ?? c.ip ?? 'hidden address';
  return `${c.candidateType} ${address.includes(':') ? `[${address}]` : address || 'hidden address'}:${c.port ?? '?'}/${c.protocol ?? ''}`;
}

function row(pair, report, selected) {
  const tr = document.createElement('tr');
  if (selected) tr.className = 'selected';
  const ms = pair.currentRoundTripTime === undefined ? '–' : `${(pair.currentRoundTripTime * 1000).toFixed(1)} ms`;
  tr.append(
    cell(candidate(report.get(pair.localCandidateId))),
    cell(candidate(report.get(pair.remoteCandidateId))),
    cell(selected ? `${pair.state}, selected` : pair.state),
    cell(ms, true),
    cell(bytes(pair.bytesSent), true),
    cell(bytes(pair.bytesReceived), true),
  );
  return tr;
}

export function paths(link) {
  async function show() {
    const pc = link.pc;
    if (!pc) return;
    const report = await pc.getStats();
    if (link.pc !== pc) return;
    const all = [...report.values()];
    const chosen = all.find((s) => s.type === 'transport')?.selectedCandidatePairId;
    const isSelected = (pair) => (chosen ? pair.id === chosen : (pair.selected ?? (pair.nominated && pair.state === 'succeeded')));
    const pairs = all.filter((s) => s.type === 'candidate-pair').sort((a, b) => Number(isSelected(b)) - Number(isSelected(a)));
    if (pairs.length > 0) body.replaceChildren(...pairs.slice(0, 12).map((pair) => row(pair, report, isSelected(pair))));
  }
  setInterval(() => void show().catch(() => {}), EVERY_MS);
  link.addEventListener('state', () => void show().catch(() => {}));
}
