import type { LoggedRecord } from '../metric.js';

/** A record with the data split that its line names apart from the metric (`[VAL] loss: 0.1`); null for training or none. */
export interface ReadRecord extends LoggedRecord {
  split: 'val' | 'test' | null;
}

/** What the records of one template have in common. */
export interface Shape {
  readonly names: readonly string[];
  readonly split: ReadRecord['split'];
  /** An object that has all of the names. */
  readonly blank: Readonly<Record<string, number>>;
}

export const shapeOf = (names: readonly string[], split: ReadRecord['split']): Shape => ({
  names,
  split,
  blank: Object.fromEntries(names.map((name) => [name, 0.5])),
});

/** One record of a batch. It is the same object for all of them: what is to be kept has to be copied. */
export interface Row {
  line: number;
  at: number;
  step: number | null;
  epoch: number | null;
  shape: Shape;
  /** The batch's values; those of this row's names are the ones from `first` on. */
  values: Float64Array;
  first: number;
}

const PLACES = 4;

/**
 * Records in columns: most lines of a log become one, and an object for each, its metrics and their numbers would cost more than reading
 * the line. Its arrays are used again after each emptying.
 */
export class RecordBatch {
  #count = 0;
  #filled = 0;
  /** Line, offset, step and epoch of each; NaN for an unknown one. */
  #places = new Float64Array(PLACES * 1024);
  #values = new Float64Array(4096);
  readonly #shapes: Shape[] = [];

  get count(): number {
    return this.#count;
  }

  /** Adds a record. `slots` are where in `numbers` the values of its names stand; where it is -1 the value is the constant. */
  add(
    shape: Shape,
    line: number,
    at: number,
    step: number,
    epoch: number,
    numbers: Float64Array,
    slots: Int32Array,
    constants: Float64Array,
  ): void {
    const { length } = slots;
    if (PLACES * (this.#count + 1) > this.#places.length) this.#places = twice(this.#places);
    while (this.#filled + length > this.#values.length) this.#values = twice(this.#values);
    const places = this.#places;
    const place = PLACES * this.#count;
    places[place] = line;
    places[place + 1] = at;
    places[place + 2] = step;
    places[place + 3] = epoch;
    this.#shapes[this.#count++] = shape;
    const values = this.#values;
    const from = this.#filled;
    for (let i = 0; i < length; i += 1) {
      const slot = slots[i] ?? -1;
      values[from + i] = (slot < 0 ? constants[i] : numbers[slot]) ?? Number.NaN;
    }
    this.#filled = from + length;
  }

  /** Changes a value of the record added last. */
  amend(index: number, value: number): void {
    const names = this.#shapes[this.#count - 1]?.names.length ?? 0;
    this.#values[this.#filled - names + index] = value;
  }

  /** Shows its records, in order, and empties it. */
  drain(see: (row: Row) => void): void {
    const [places, values, shapes, count] = [this.#places, this.#values, this.#shapes, this.#count];
    const [shape] = shapes;
    this.#count = this.#filled = 0;
    if (shape === undefined) return;
    const row: Row = { line: 0, at: 0, step: null, epoch: null, shape, values, first: 0 };
    for (let i = 0; i < count; i += 1) {
      const place = PLACES * i;
      row.line = places[place] ?? 0;
      row.at = places[place + 1] ?? 0;
      row.step = known(places[place + 2]);
      row.epoch = known(places[place + 3]);
      row.shape = shapes[i] ?? shape;
      see(row);
      row.first += row.shape.names.length;
    }
  }

  /** The same, as an object each. */
  records(): ReadRecord[] {
    const records: ReadRecord[] = [];
    this.drain((row) => records.push(recordOf(row)));
    return records;
  }
}

/** A row as an object of its own. */
export function recordOf({ line, at, step, epoch, shape, values, first }: Row): ReadRecord {
  // A copy of an object that has all of its names already costs less than one that gets them one after the other.
  const metrics: Record<string, number> = { ...shape.blank };
  for (let i = 0; i < shape.names.length; i += 1)
    metrics[shape.names[i] ?? ''] = values[first + i] ?? Number.NaN;
  return { line, step, epoch, metrics, split: shape.split, at };
}

const known = (value: number | undefined): number | null =>
  value === undefined || Number.isNaN(value) ? null : value;

function twice(array: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * array.length);
  larger.set(array);
  return larger;
}
