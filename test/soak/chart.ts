const WIDTH = 900;
const PANEL = 240;
const LEFT = 80;
const RIGHT = 150;
const TOP = 40;
const GRID = 4;
const colours = ['#1f77b4', '#d62728', '#2ca02c', '#9467bd'] as const;

/** A line of a panel; values stand at the same times as those of the others. */
export interface Series {
  readonly name: string;
  readonly values: readonly number[];
}

export interface Panel {
  readonly title: string;
  readonly series: readonly Series[];
}

/** Panels under one another over the same times (in minutes), as an SVG document. */
export function chart(title: string, minutes: readonly number[], panels: readonly Panel[]): string {
  const height = TOP + panels.length * PANEL + 30;
  const last = minutes.at(-1) ?? 1;
  const x = (minute: number): number => LEFT + (minute / last) * (WIDTH - LEFT - RIGHT);
  const body = panels.map((panel, i) => draw(panel, TOP + i * PANEL, minutes, x));
  const foot = [0, 0.25, 0.5, 0.75, 1].map((part) =>
    text(x(part * last), height - 12, `${(part * last).toFixed(1)} min`, 'middle'),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}"`,
    ` font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>`,
    text(LEFT, 20, title, 'start'),
    ...body,
    ...foot,
    '</svg>\n',
  ].join('\n');
}

function draw(
  { title, series }: Panel,
  top: number,
  minutes: readonly number[],
  x: (minute: number) => number,
): string {
  const highest = Math.max(...series.flatMap(({ values }) => values)) * 1.05 || 1;
  const bottom = top + PANEL - 30;
  const y = (value: number): number => bottom - (value / highest) * (PANEL - 60);
  const grid = Array.from({ length: GRID + 1 }, (_, i) => (highest * i) / GRID).map(
    (value) =>
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(value)}" y2="${y(value)}" stroke="#ddd"/>` +
      text(LEFT - 6, y(value) + 4, rounded(value), 'end'),
  );
  const lines = series.map(({ name, values }, i) => {
    const colour = colours[i % colours.length] ?? 'black';
    const points = values.map((value, at) => `${x(minutes[at] ?? 0)},${y(value)}`).join(' ');
    const label = text(WIDTH - RIGHT + 8, top + 34 + i * 16, name, 'start', colour);
    return `<polyline points="${points}" fill="none" stroke="${colour}"/>${label}`;
  });
  return [text(LEFT, top + 18, title, 'start'), ...grid, ...lines].join('\n');
}

function rounded(value: number): string {
  return value >= 10 ? value.toFixed(0) : value.toFixed(1);
}

function text(x: number, y: number, words: string, anchor: string, colour = 'black'): string {
  const safe = words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="${colour}">${safe}</text>`;
}
