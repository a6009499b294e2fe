/** A small generator of numbers in (0, 1), for its two seeds alone (splitmix32: a Weyl sequence through a finaliser). */
function generator(seed, stream) {
  let state = (Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b)) | 0;
  const next = () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state ^ (state >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32 + 2 ** -33;
  };
  // Streams that begin near each other part after a few steps.
  for (let i = 0; i < 4; i++) next();
  return next;
}

const normal = (u) => Math.sqrt(-2 * Math.log(u())) * Math.cos(2 * Math.PI * u());
const student = (dof) => (u) => {
  let squares = 0;
  for (let i = 0; i < dof; i++) squares += normal(u) ** 2;
  return normal(u) / Math.sqrt(squares / dof);
};
/** exp of a Gaussian, with mean 0 and standard deviation 1. */
const lognormal = (u) => (Math.exp(normal(u)) - Math.exp(0.5)) / Math.sqrt((Math.E - 1) * Math.E);
const exponential = (u) => -Math.log(u()) - 1;

/**
 * Noise between seeds: mean 0, standard deviation 1 (t with 2 degrees of freedom has none). `tail up` = long tail towards
 * better values. `scale` draws the candidate's own factor.
 */
export const NOISES = {
  Gaussian: { draw: normal },
  't, 3 dof': { draw: (u) => student(3)(u) / Math.sqrt(3) },
  't, 2 dof': { draw: student(2) },
  'lognormal, tail up': { draw: lognormal },
  'lognormal, tail down': { draw: (u) => -lognormal(u) },
  'exponential, tail up': { draw: exponential },
  'exponential, tail down': { draw: (u) => -exponential(u) },
  '5 % outliers of 10 σ': { draw: (u) => normal(u) * (u() < 0.05 ? 10 : 1) },
  'candidates with ½, 1 or 2 σ': { draw: normal, scale: (u) => 2 ** (Math.floor(3 * u()) - 1) },
  'candidates with 2 σ': { draw: normal, scale: () => 2 },
};

/** Values of any arm of one campaign: the k-th is the same whoever asks, and in whatever order. */
export function world(noise, seed) {
  const arms = new Map();
  return (arm, k) => {
    let known = arms.get(arm);
    if (known === undefined) {
      const u = generator(seed, arm);
      known = { u, scale: arm === 0 || noise.scale === undefined ? 1 : noise.scale(u), values: [] };
      arms.set(arm, known);
    }
    while (known.values.length <= k) known.values.push(known.scale * noise.draw(known.u));
    return known.values[k];
  };
}
