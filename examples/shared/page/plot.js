import uPlot from '/uplot.js';
import { color, onThemeChange } from '/theme.js';

/** A live plot of values over seconds. `series` has the name of each line and its colour; `unit` is that of the values. */
export class Plot {
  #plot;
  #data;
  #unit;
  #series;
  #windowS;
  #legend = Object.assign(document.createElement('p'), { className: 'legend' });

  constructor(element, unit, series, windowS) {
    this.#unit = unit;
    this.#series = series;
    this.#windowS = windowS;
    this.#data = [[], ...series.map(() => [])];
    const axis = { stroke: () => color('soft'), grid: { stroke: () => color('line'), width: 1 }, ticks: { show: false }, font: '12px system-ui' };
    this.#plot = new uPlot(
      {
        width: element.clientWidth,
        height: element.clientHeight,
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: false, range: (_, min, max) => [Math.max(min ?? 0, (max ?? 0) - windowS), Math.max(max ?? 0, windowS)] }, y: { range: (_, __, max) => [0, Math.max(max ?? 0, 0.1) * 1.15] } },
        axes: [{ ...axis, size: 30, values: (_, ticks) => ticks.map((t) => `${t} s`) }, { ...axis, size: 52 }],
        series: [{}, ...series.map(({ stroke }) => ({ stroke: () => color(stroke), width: 2, points: { show: false }, spanGaps: false }))],
      },
      this.#data,
      element,
    );
    new ResizeObserver(() => this.#plot.setSize({ width: element.clientWidth, height: element.clientHeight })).observe(element);
    onThemeChange(() => this.#plot.redraw());
    element.after(this.#legend);
    this.name(series.flatMap(({ name }) => name ?? []));
  }

  /** Says what the first lines are. */
  name(names) {
    const entries = names.map((name, i) => {
      const entry = Object.assign(document.createElement('span'), { textContent: name });
      entry.style.setProperty('--stroke', `var(--${this.#series[i].stroke})`);
      return entry;
    });
    this.#legend.replaceChildren(...entries, `in ${this.#unit}`);
  }

  /** Adds one value for each line; null where a line has none. */
  add(timeS, ...values) {
    const [times] = this.#data;
    times.push(timeS);
    for (const [i, value] of values.entries()) this.#data[i + 1].push(value);
    let old = 0;
    while (times[old] < timeS - this.#windowS) old++;
    if (old > 64) for (const list of this.#data) list.splice(0, old);
    this.#plot.setData(this.#data);
  }

  clear() {
    for (const list of this.#data) list.length = 0;
    this.#plot.setData(this.#data);
  }
}
