import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Notifier, type Post, SendError } from '../../mcp-server/src/core/notify/notice.js';

export interface OpenedNotifier {
  notifier: Notifier;
  /** What the other end has got so far. */
  received(): { title: string; text: string }[];
  /** How it answers from now on: `ok`, or a failure of this kind. Throws for a kind that it cannot have. */
  fail(kind: Failure): void;
  /** Words that no error may hold. */
  secrets: string[];
  close(): Promise<void> | void;
}

/** Refused for good · not now · with a time to wait · nobody there. */
export type Failure = 'none' | 'refused' | 'busy' | 'patience' | 'silent';

export const POST: Post = {
  id: 'confirmed_gain:exp003',
  project: 'digits',
  events: ['confirmed_gain'],
  run: 'exp003',
  title: 'digits: exp003 is better, confirmed: +0.012 val_acc',
  text: 'lr 0.2 *bold* <b>&amp;</b> @here\nval_acc 0.9312, 精度 良い 🎉\n[link](http://127.0.0.1/x) `code`',
  at: '2026-03-04T05:06:07.000Z',
  urgent: false,
};

/** What every kind of channel must do. `failures`: those that its service can have. */
export function notifierContract(
  name: string,
  open: () => Promise<OpenedNotifier>,
  failures: readonly Failure[],
): void {
  describe(`Notifier: ${name}`, () => {
    let opened: OpenedNotifier;
    const signal = new AbortController().signal;
    beforeAll(async () => {
      opened = await open();
    });
    beforeEach(() => opened.fail('none'));
    afterAll(() => opened.close());

    const failure = async (): Promise<SendError> => {
      const error: unknown = await opened.notifier.send(POST, signal).catch((reason: unknown) => reason);
      if (!(error instanceof SendError)) throw new Error(`no SendError: ${String(error)}`, { cause: error });
      for (const secret of opened.secrets) expect(error.message).not.toContain(secret);
      expect(error.message.length).toBeLessThan(400);
      return error;
    };

    it('brings the title and the text, in every script, as they are', async () => {
      const before = opened.received().length;
      await opened.notifier.send(POST, signal);
      expect(opened.received().slice(before)).toEqual([{ title: POST.title, text: POST.text }]);
    });

    it('brings a message that is only a title, and one of full length', async () => {
      const before = opened.received().length;
      await opened.notifier.send({ ...POST, text: '' }, signal);
      await opened.notifier.send({ ...POST, text: '語'.repeat(1500) }, signal);
      const [short, long] = opened.received().slice(before);
      expect(`${short?.title}${short?.text}`).toContain(POST.title);
      expect(long?.text).toBe('語'.repeat(1500));
    });

    it('gives up at once when it is aborted', async () => {
      await expect(opened.notifier.send(POST, AbortSignal.abort())).rejects.toThrow();
    });

    if (failures.includes('refused'))
      it('says that a refusal is final', async () => {
        opened.fail('refused');
        expect(await failure()).toMatchObject({ final: true });
      });

    if (failures.includes('busy'))
      it('says that a passing failure may be tried again', async () => {
        opened.fail('busy');
        expect(await failure()).toMatchObject({ final: false, retryAfter: null });
      });

    if (failures.includes('patience'))
      it('says how long the service asks to wait', async () => {
        opened.fail('patience');
        expect(await failure()).toMatchObject({ final: false, retryAfter: 7000 });
      });

    if (failures.includes('silent'))
      it('does not outlive its signal when nobody answers', async () => {
        opened.fail('silent');
        const abort = new AbortController();
        const sending = opened.notifier.send(POST, abort.signal);
        setImmediate(() => abort.abort(new Error('enough')));
        await expect(sending).rejects.toThrow();
      });
  });
}
