const POWERS = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));
/** Far more than the error of the correction, far less than what decides a rounding but in one of millions. */
const UNSURE = 1e-9;
const HALF = 134_217_729; // 2^27 + 1, which splits a double into two halves of 26 bits (Veltkamp)

/**
 * The double nearest to `(high · 10^9 + low) · 10^scale`, or NaN when this arithmetic cannot tell for sure. Both are below 10^9, so up to
 * 18 digits. Up to 15 digits one exact operation does it (Clinger 1990); beyond, the quotient is
 * computed with its own error (Dekker 1971), and it is only unsure when it lies next to the middle between two doubles.
 */
export function decimal(high: number, low: number, scale: number): number {
  if (scale < -22 || scale > 22) return Number.NaN;
  if (high < 1e6) {
    const whole = high * 1e9 + low;
    return scale < 0 ? whole / (POWERS[-scale] ?? 1) : whole * (POWERS[scale] ?? 1);
  }
  if (scale > 0) return Number.NaN;
  // whole + rest is the integer, exactly: 10^9 is 2^9 · 5^9, so that the product needs no more than 51 bits.
  const product = high * 1e9;
  const whole = product + low;
  const rest = low - (whole - product);
  const divisor = POWERS[-scale] ?? 1;
  const quotient = whole / divisor;
  const back = quotient * divisor;
  const remainder = whole - back - productError(quotient, divisor, back) + rest;
  const correction = remainder / divisor;
  const above = quotient + correction * (1 + UNSURE);
  return above === quotient + correction * (1 - UNSURE) ? above : Number.NaN;
}

/** `a · b - product`, exactly. */
function productError(a: number, b: number, product: number): number {
  const aScaled = HALF * a;
  const aHigh = aScaled - (aScaled - a);
  const aLow = a - aHigh;
  const bScaled = HALF * b;
  const bHigh = bScaled - (bScaled - b);
  const bLow = b - bHigh;
  return aLow * bLow - (product - aHigh * bHigh - aLow * bHigh - aHigh * bLow);
}
