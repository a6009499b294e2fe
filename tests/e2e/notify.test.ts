import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpStandIn, startHttp } from '../support/http-stand-in.js';
import { kill, makeProject, type TestProject, until } from '../support/project.js';

// Real supervisors and heralds, and a service on loopback.

let project: TestProject;
let http: HttpStandIn;
afterEach(async () => {
  await project.end();
  await http.close();
});

async function open(config = ''): Promise<void> {
  http = await startHttp();
  const files = {
    'config.yaml': `experiment: {metric: val_acc, direction: maximize, stop_grace: 1}\ngpu: {auto_detect: false}\n${config}`,
  };
  project = makeProject(files, { MY_HOOK: `${http.url}/hard-to-guess` });
  mkdirSync(project.userConfig);
  writeFileSync(
    join(project.userConfig, 'notify.yaml'),
    'channels: {hook: {kind: webhook, url: {env: MY_HOOK}}}\n',
  );
}
const workspace = (name: string): string => join(project.root, 'workspace', name);
const train = async (value: number): Promise<void> => {
  await project.json('launch', '--', 'sh', '-c', `echo epoch 1/1 val_acc=${value}`);
  await project.json('wait');
};

describe('news of real runs', () => {
  it('reach a webhook; no file of the project holds its address', async () => {
    await open();
    await train(0.7);
    await until(() => http.received.length > 0);
    expect(http.received[0]).toMatchObject({
      path: '/hard-to-guess',
      body: {
        events: ['ended'],
        title: expect.stringMatching(/: exp001 succeeded$/),
        text: expect.stringContaining('val_acc 0.7'),
      },
    });
    await until(() => readFileSync(workspace('notifications.jsonl'), 'utf8').includes('"sent"'));
    expect((await project.json('notify')).channels).toMatchObject([
      { channel: 'hook', to: 'the address in MY_HOOK', waiting: 0, failure: null },
    ]);
    expect(readFileSync(workspace('notifications.jsonl'), 'utf8')).not.toContain('hard-to-guess');
  });

  it('a service that never answers delays no ending; a herald that is killed loses nothing', async () => {
    await open();
    http.answer = null;
    await train(0.5);
    await until(() => http.received.length === 1);
    // The service still has not answered, and the next run ends all the same.
    await train(0.6);
    kill(JSON.parse(readFileSync(workspace('herald.json'), 'utf8')).pid);
    http.answer = { status: 200 };
    await train(0.7);
    const sent = (): string[] =>
      readFileSync(workspace('notifications.jsonl'), 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('{"kind":"sent"'))
        .flatMap((line) => JSON.parse(line).keys);
    const all = ['ended:exp001', 'ended:exp002', 'ended:exp003'];
    await until(() => all.every((key) => sent().includes(key)));
    expect(sent().sort()).toEqual(all);
  });

  it('a project can neither bring a channel nor write to one that is not the user’s', async () => {
    await open('notify: [stranger]\n');
    await train(0.7);
    const { channels, unknown } = await project.json('notify');
    expect([channels, unknown]).toEqual([[], ['stranger']]);
    writeFileSync(join(project.root, 'config.yaml'), 'notify: [{kind: command, argv: [touch, pwned]}]\n');
    expect(await project.run('notify', '--test')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('config.yaml'),
    });
    expect(http.received).toEqual([]);
  });
});

describe('notify --test', () => {
  it('sends now, and says what was wrong and what to do', async () => {
    await open();
    expect(await project.run('notify', '--test')).toMatchObject({ code: 0, stdout: 'hook: sent\n' });
    expect(http.received[0]?.body.title).toMatch(/a test message$/);
    http.answer = { status: 403, body: 'invalid_token' };
    const { code, stdout } = await project.run('notify', '--test', 'hook');
    expect([code, stdout]).toEqual([
      1,
      `hook: not sent: ${http.host} answered 403: invalid_token\n  → mend the channel in your notify.yaml (docs/notifications.md)\n`,
    ]);
    expect(await project.run('notify', '--test', 'hok')).toMatchObject({ code: 2 });
  });

  it('without a file of channels says where it belongs', async () => {
    await open();
    writeFileSync(join(project.userConfig, 'notify.yaml'), 'channels: {}\n');
    expect((await project.run('notify', '--test')).stderr).toContain('no channel is named for this project');
  });
});
