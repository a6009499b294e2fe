/** Beside a point, within the plot. */
export function place(tip: HTMLElement, plot: HTMLElement, x: number, y: number): void {
  const right = x + 14 + tip.offsetWidth > plot.clientWidth;
  tip.style.left = `${Math.max(0, right ? x - tip.offsetWidth - 14 : x + 14)}px`;
  tip.style.top = `${Math.max(0, y - tip.offsetHeight - 8)}px`;
}
