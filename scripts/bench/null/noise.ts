// Seeded randomness and the kinds of noise of the null bench, all with mean 0 and (where it exists) standard deviation 1.

export type Draw = () => number;
export type Noise = (draw: Draw) => number;

/** Uniform numbers in [0, 1) from a seed. Source: G. Marsaglia, "Xorshift RNGs", J. Stat. Softw. 8 (2003), triple (13, 17, 5). */
export function uniform(seed: number): Draw {
  let state = (seed * 2_654_435_761 + 88_172_645) >>> 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4_294_967_296;
  };
  for (let i = 0; i < 20; i++) next();
  return next;
}

export const gauss: Noise = (draw) => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());

const student =
  (dof: number): Noise =>
  (draw) => {
    let sum = 0;
    for (let i = 0; i < dof; i++) sum += gauss(draw) ** 2;
    return gauss(draw) / Math.sqrt(sum / dof);
  };
const SPREAD = Math.sqrt((Math.E - 1) * Math.E);
const lognormal: Noise = (draw) => (Math.exp(gauss(draw)) - Math.exp(0.5)) / SPREAD;

export const NOISES: Readonly<Record<string, Noise>> = {
  Gaussian: gauss,
  't, 3 dof': student(3),
  't, 2 dof': student(2),
  lognormal,
  'lognormal, mirrored': (draw) => -lognormal(draw),
  exponential: (draw) => -Math.log(1 - draw()) - 1,
  'one in 10 ten times as wide': (draw) => gauss(draw) * (draw() < 0.1 ? 10 : 1),
  'one in 20 crashed by 15 σ': (draw) => gauss(draw) - (draw() < 0.05 ? 15 : 0),
  'rounded to whole σ': (draw) => Math.round(gauss(draw)),
};
