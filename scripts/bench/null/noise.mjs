// Seeded randomness and the kinds of noise of the null bench, all with mean 0 and (where it exists) standard deviation 1.

/** Uniform numbers in [0, 1) from a seed. Source: G. Marsaglia, "Xorshift RNGs", J. Stat. Softw. 8 (2003), the 32-bit triple (13, 17, 5). */
export function uniform(seed) {
  let state = (seed * 2654435761 + 88172645) >>> 0 || 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
  for (let i = 0; i < 20; i++) next();
  return next;
}

const gauss = (draw) => Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw());
const student = (dof) => (draw) => {
  let sum = 0;
  for (let i = 0; i < dof; i++) sum += gauss(draw) ** 2;
  return gauss(draw) / Math.sqrt(sum / dof);
};
const SPREAD = Math.sqrt((Math.E - 1) * Math.E);

export const NOISE = {
  Gaussian: gauss,
  't, 3 dof': student(3),
  't, 2 dof': student(2),
  lognormal: (draw) => (Math.exp(gauss(draw)) - Math.exp(0.5)) / SPREAD,
  'lognormal, mirrored': (draw) => -(Math.exp(gauss(draw)) - Math.exp(0.5)) / SPREAD,
  exponential: (draw) => -Math.log(1 - draw()) - 1,
  '10 % ten times as wide': (draw) => gauss(draw) * (draw() < 0.1 ? 10 : 1),
  '5 % crash by 15 σ': (draw) => gauss(draw) - (draw() < 0.05 ? 15 : 0),
  'rounded to whole σ': (draw) => Math.round(gauss(draw)),
};
