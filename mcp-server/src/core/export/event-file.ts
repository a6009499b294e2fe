import { maskedCrc } from '../reading/sources/crc32c.js';
import { bytesField, doubleField, floatField, join, wholeField } from './protobuf.js';

/** A setting of a run, as TensorBoard's HPARAMS page shows it. */
export type Setting = string | number | boolean;

export interface EventRun {
  /** Metric → points, in the order in which they were measured. `t` in milliseconds. */
  curves: ReadonlyMap<string, readonly { x: number; value: number; t: number }[]>;
  settings: Readonly<Record<string, Setting>>;
  /** Runs that differ in the seed alone have the same group. */
  group: string;
  /** Milliseconds since 1970; null = not ended. */
  startedAt: number;
  endedAt: number | null;
  succeeded: boolean;
  /** Markdown, shown on the TEXT page. */
  summary: string;
}

const [DT_FLOAT, DT_STRING] = [1, 7];
const STATUS = { succeeded: 1, failed: 2 };

/**
 * An event file of TensorBoard with scalars, settings and a text. Formats: TFRecord (tensorflow/core/lib/io/record_writer.h),
 * Event and Summary (tensorflow/core/util/event.proto, framework/summary.proto), the settings as
 * tensorboard/plugins/hparams/plugin_data.proto has them. Values are 32-bit floats there.
 */
export function* eventFile(run: EventRun): Generator<Uint8Array> {
  const begin = run.startedAt / 1000;
  yield record(join([doubleField(1, begin), bytesField(3, 'brain.Event:2')]));
  yield event(begin, 0, [settingsValue(run), textValue('run', run.summary)]);
  for (const [tag, points] of run.curves) {
    for (const [index, { x, value, t }] of points.entries()) {
      // A step is a whole number there: epochs that are none are counted.
      const step = Number.isSafeInteger(x) && x >= 0 ? x : index + 1;
      yield event(t / 1000, step, [join([bytesField(1, tag), floatField(2, value)])]);
    }
  }
  if (run.endedAt !== null) yield event(run.endedAt / 1000, 0, [endValue(run, run.endedAt)]);
}

function record(data: Uint8Array): Uint8Array {
  const head = new Uint8Array(12);
  const view = new DataView(head.buffer);
  view.setUint32(0, data.length, true);
  view.setUint32(8, maskedCrc(head, 0, 8), true);
  const foot = new Uint8Array(4);
  new DataView(foot.buffer).setUint32(0, maskedCrc(data, 0, data.length), true);
  return join([head, data, foot]);
}

function event(seconds: number, step: number, values: readonly Uint8Array[]): Uint8Array {
  const summary = join(values.map((value) => bytesField(1, value)));
  return record(join([doubleField(1, seconds), wholeField(2, step), bytesField(5, summary)]));
}

/** `tag` with what a plugin of TensorBoard wants to know, and a tensor: those without one are passed over. */
function pluginValue(tag: string, plugin: string, content: Uint8Array, tensor: Uint8Array): Uint8Array {
  const data = join([bytesField(1, plugin), bytesField(2, content)]);
  return join([bytesField(1, tag), bytesField(9, bytesField(1, data)), bytesField(8, tensor)]);
}

const shapeOf = (size: number): Uint8Array => bytesField(2, bytesField(2, wholeField(1, size)));

/** It says nothing: what counts stands beside it. */
const nothing = (): Uint8Array =>
  join([wholeField(1, DT_FLOAT), shapeOf(1), bytesField(5, new Uint8Array(4))]);

function settingsValue(run: EventRun): Uint8Array {
  const settings = Object.entries(run.settings).map(([name, value]) =>
    bytesField(1, join([bytesField(1, name), bytesField(2, settingValue(value))])),
  );
  const start = join([...settings, bytesField(4, run.group), doubleField(5, run.startedAt / 1000)]);
  return pluginValue('_hparams_/session_start_info', 'hparams', bytesField(3, start), nothing());
}

/** google.protobuf.Value. */
function settingValue(value: Setting): Uint8Array {
  if (typeof value === 'number') return doubleField(2, value);
  return typeof value === 'boolean' ? wholeField(4, value ? 1 : 0) : bytesField(3, value);
}

function endValue(run: EventRun, endedAt: number): Uint8Array {
  const status = run.succeeded ? STATUS.succeeded : STATUS.failed;
  const end = join([wholeField(1, status), doubleField(2, endedAt / 1000)]);
  return pluginValue('_hparams_/session_end_info', 'hparams', bytesField(4, end), nothing());
}

function textValue(tag: string, text: string): Uint8Array {
  const tensor = join([wholeField(1, DT_STRING), shapeOf(1), bytesField(8, text)]);
  return pluginValue(tag, 'text', new Uint8Array(), tensor);
}
